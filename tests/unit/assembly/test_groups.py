"""scanmend.assembly.groups: who belongs together, in which order, and when no more are waited for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.assembly.groups import ANY_TWO, SUBFOLDER, Grouping, fronts_first, gather, in_order, page_order
from scanmend.errors import DocumentError

BY_NUMBER = Grouping(10.0, r"(.+)_\d+")
names = st.builds("{}_{}.jpg".format, st.sampled_from(["scan", "Letter", "a_b"]), st.integers(0, 10**6))


def gathered(seen, group=BY_NUMBER):
    """What is called how, of which files, until when."""
    files = {Path(name): since for name, since in seen.items()}
    return [(str(one.name), [str(f) for f in one.files], one.until) for one in gather(files, group)]


def test_files_with_the_same_first_group_belong_together():
    """In natural order, until the last of them has been there for the time; others stand alone."""
    seen = {"scan_10.jpg": 1.0, "scan_2.jpg": 4.0, "b_1.png": 2.0, "alone.pdf": 0.0}
    assert gathered(seen) == [("b", ["b_1.png"], 12.0), ("scan", ["scan_2.jpg", "scan_10.jpg"], 14.0)]


def test_a_document_s_files_are_in_one_folder():
    """The same names elsewhere are of another document."""
    found = gathered({"x/scan_1.jpg": 0.0, "y/scan_2.jpg": 0.0})
    assert [name for name, _, _ in found] == ["x/scan", "y/scan"]


def test_each_subfolder_is_a_document():
    """Called as the folder is; files of the inbox itself stand alone."""
    seen = {"a/2.jpg": 0.0, "a/1.jpg": 0.0, "a/b/1.jpg": 0.0, "c.jpg": 0.0}
    found = gathered(seen, Grouping(10.0, SUBFOLDER))
    assert [(name, files) for name, files, _ in found] == [("a", ["a/1.jpg", "a/2.jpg"]), ("a/b", ["a/b/1.jpg"])]


def test_what_has_no_name_left_is_called_as_its_first_file():
    """A pattern may leave nothing that tells more."""
    assert gathered({"002.jpg": 0.0, "001.jpg": 0.0}, Grouping(1.0, r"()\d+"))[0][0] == "001"
    assert gathered({"scan-001.jpg": 0.0}, Grouping(1.0, r"(.*?)\d+"))[0][0] == "scan"


def test_two_files_that_are_collated_wait_for_no_third():
    """Each two in order; the one that is left waits for its backs."""
    found = gathered({f"scan{n}.pdf": float(n) for n in (1, 2, 3)}, Grouping(10.0, ANY_TWO, collate=True))
    assert found == [("scan1", ["scan1.pdf", "scan2.pdf"], 2.0), ("scan3", ["scan3.pdf"], 13.0)]


@pytest.mark.parametrize(
    ("given_names", "order"),
    [
        (("back.pdf", "front.pdf"), ("front.pdf", "back.pdf")),
        (("x-even.pdf", "x-odd.pdf"), ("x-odd.pdf", "x-even.pdf")),
        (("10.pdf", "9.pdf"), ("9.pdf", "10.pdf")),
        (("feedback_2.pdf", "feedback_1.pdf"), ("feedback_1.pdf", "feedback_2.pdf")),
    ],
)
def test_which_file_has_the_backs(given_names, order):
    """The one whose name alone says so; else the later one."""
    assert fronts_first(map(Path, given_names)) == tuple(map(Path, order))


@given(st.lists(names, min_size=1, unique=True), st.data())
def test_every_file_is_in_exactly_one_document(listed, data):
    """Whatever comes, in whatever order; numbers count as numbers."""
    seen = {Path(name): data.draw(st.floats(0, 100)) for name in listed}
    found = gather(seen, BY_NUMBER)
    assert sorted(file for one in found for file in one.files) == sorted(seen)
    for one in found:
        numbers = [int(file.stem.rpartition("_")[2]) for file in one.files]
        assert numbers == sorted(numbers)
        assert one.since == min(seen[f] for f in one.files)
        assert one.until == max(seen[f] for f in one.files) + 10.0
    assert gather(dict(reversed(seen.items())), BY_NUMBER) == found


@given(st.lists(st.text(st.sampled_from("aB01٣.-_ "), min_size=1).filter(lambda n: n not in {".", ".."}), unique=True))
def test_any_names_have_one_order(listed):
    """The same, however the folder lists them."""
    files = [Path(name) for name in listed]
    assert in_order(files) == in_order(reversed(files))


@given(st.integers(0, 50))
def test_collated_pages_alternate(count):
    """Front, back, front, back; backs from the last to the first, and every page once."""
    order = page_order(("a", "b"), (count, count), collate=True)
    assert [number for i, number in order if i == 0] == list(range(1, count + 1))
    assert [number for i, number in order if i == 1] == list(range(count, 0, -1))
    assert [i for i, _ in order] == [0, 1] * count


@given(st.lists(st.integers(0, 5)))
def test_pages_follow_each_other_as_the_files_do(counts):
    """Every page of every file, once."""
    order = page_order([str(i) for i in range(len(counts))], counts, collate=False)
    assert order == [(i, n) for i in range(len(counts)) for n in range(1, counts[i] + 1)]


def test_other_counts_say_what_to_do():
    """With the names of both files; so does a file that came alone, and a third."""
    with pytest.raises(
        DocumentError, match=r"a\.pdf \(fronts\) has 5 pages, b\.pdf \(backs\) has 4 pages; .* Scan both"
    ):
        page_order(("a.pdf", "b.pdf"), (5, 4), collate=True)
    with pytest.raises(DocumentError, match=r"a\.pdf came alone: .*scanmend retry"):
        page_order(("a.pdf",), (5,), collate=True)
    with pytest.raises(DocumentError, match=r"a\.pdf, b\.pdf, c\.pdf cannot be collated: .* two files"):
        page_order(("a.pdf", "b.pdf", "c.pdf"), (1, 1, 1), collate=True)
