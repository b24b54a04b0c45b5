"""Parts of a source: where they begin, what is dropped, and that no page is lost or doubled."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.assembly.parts import Dropped, SeenPage, parts_of
from scanmend.assembly.rules import Separator, Split
from scanmend.document import Mark
from scanmend.errors import DocumentError

BOX = (0, 0, 10, 10)
BARCODE = Split("barcode", pattern=r"DOC-(\d+)", separator="drop")
PATCH_T = Split("patch", codes=("T",), separator="drop")


def stack(text: str) -> list[SeenPage]:
    """Draw a stack: ``p`` text, ``-`` blank, ``T`` and ``2`` patch codes, ``a`` and ``b`` barcodes, ``x`` another."""
    marks = {
        "T": Mark("patch", "T", BOX),
        "2": Mark("patch", "2", BOX),
        "a": Mark("code128", "DOC-1", BOX),
        "b": Mark("qr", "DOC-2", BOX),
        "x": Mark("ean13", "4006381333931", BOX),
    }
    return [SeenPage(i, c == "-", (marks[c],) if c in marks else ()) for i, c in enumerate(text, 1)]


@pytest.mark.parametrize(
    ("pages", "split", "blank_pages", "expected"),
    [
        ("ppp", None, "keep", ["123"]),
        ("p-p", None, "drop", ["13"]),
        ("appbp", BARCODE, "keep", ["23", "5"]),
        ("pappbp", BARCODE, "keep", ["1", "34", "6"]),
        ("apxpb", BARCODE, "keep", ["234"]),
        ("TpTp", PATCH_T, "keep", ["2", "4"]),
        ("apTp2xbp", replace(BARCODE, codes=("T",)), "keep", ["2", "456", "8"]),
        ("Tp2p", PATCH_T, "keep", ["234"]),
        ("TTpT", PATCH_T, "keep", ["3"]),
        ("T-pT-p-", PATCH_T, "drop", ["3", "6"]),
        ("apbp", Split("barcode", pattern=r"DOC-\d+"), "keep", ["12", "34"]),
        ("abp", Split("barcode", pattern=r"DOC-\d+"), "keep", ["1", "23"]),
        ("p-pp--p", Split("blank"), "keep", ["12", "3456", "7"]),
        ("-p-pp--p-", Split("blank", separator="drop"), "keep", ["2", "45", "8"]),
        ("ppppp", Split("pages", every=2), "keep", ["12", "34", "5"]),
        ("pp--p", Split("pages", every=2), "drop", ["12", "5"]),
    ],
)
def test_which_pages_make_which_document(pages, split, blank_pages, expected):
    """A separator without pages behind it makes no document."""
    found = parts_of(stack(pages), split, blank_pages)
    assert ["".join(map(str, part.pages)) for part in found] == expected
    assert [(part.number, part.of) for part in found] == [(i, len(found)) for i in range(1, len(found) + 1)]


def test_a_part_knows_what_it_begins_with_and_what_it_leaves_out():
    """The value is the pattern's group; dropped pages are named with their marks."""
    first, second = parts_of(stack("a-pbp"), BARCODE, "drop")
    assert (first.separator, second.separator) == (Separator(1, "code128", "1"), Separator(4, "qr", "2"))
    assert [(d.page, d.why) for d in first.dropped] == [(1, "separator"), (2, "blank")]
    assert second.dropped == (Dropped(4, "separator", stack("a-pbp")[3].marks),)


def test_a_separator_without_pages_is_noted_where_it_says_something_else():
    """Both sides of one sheet say the same; a sheet whose document is missing says something else."""
    assert [part.unfilled for part in parts_of(stack("aap"), BARCODE, "keep")] == [()]
    assert [part.unfilled for part in parts_of(stack("bap"), BARCODE, "keep")] == [(Separator(1, "qr", "2"),)]
    assert [part.unfilled for part in parts_of(stack("apb"), BARCODE, "keep")] == [(Separator(3, "qr", "2"),)]


@pytest.mark.parametrize(
    ("pages", "split", "blank_pages"), [("TT", PATCH_T, "keep"), ("--", None, "drop"), ("T-", PATCH_T, "drop")]
)
def test_nothing_left_is_an_error(pages, split, blank_pages):
    """Never silently nothing."""
    with pytest.raises(DocumentError, match="no page would be left"):
        parts_of(stack(pages), split, blank_pages)


@given(
    pages=st.text("pT2abx-", min_size=1, max_size=30),
    split=st.none()
    | st.builds(
        Split, st.just("barcode"), st.sampled_from(["DOC-1", ".*"]), separator=st.sampled_from(["keep", "drop"])
    )
    | st.builds(Split, st.just("patch"), codes=st.just(("T",)), separator=st.sampled_from(["keep", "drop"]))
    | st.builds(Split, st.just("blank"), separator=st.sampled_from(["keep", "drop"]))
    | st.builds(Split, st.just("pages"), every=st.integers(1, 5)),
    blank_pages=st.sampled_from(["keep", "drop"]),
)
def test_parts_partition_the_pages(pages, split, blank_pages):
    """Each page is in one part, once, in order; what is kept is dropped nowhere; no part is empty."""
    try:
        found = parts_of(stack(pages), split, blank_pages)
    except DocumentError:
        assert "p" not in pages
        return
    assert all(part.pages for part in found)
    every = [n for part in found for n in sorted((*part.pages, *(dropped.page for dropped in part.dropped)))]
    assert every == list(range(1, len(pages) + 1))
    keeps_all = blank_pages == "keep" and (split is None or split.separator == "keep")
    assert not (keeps_all and any(part.dropped for part in found))
