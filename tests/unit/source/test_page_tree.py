"""scanmend.source.pdf.page_tree: page trees that are wrong give the pages that there are, and a warning of others."""

from pathlib import Path

import pymupdf
import pytest

from raw_pdf import raw_pdf
from scanmend.errors import DocumentError
from scanmend.ocr.page import read_page
from scanmend.source.render import inspect
from scanmend.source.settings import ReadSettings, SourceLimits

LIMITS = SourceLimits(max_pages=10, max_megapixels=20, render_dpi=100)
READ = ReadSettings(("eng",), LIMITS, 60, pdf_text="only")
WORDS = ("First", "Second", "Third")
FONT = "<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"


def content(word: str) -> str:
    text = f"BT /F1 20 Tf 20 50 Td ({word} sheet of paper) Tj ET"
    return f"<</Length {len(text)}>> stream\n{text}\nendstream"


def page(number: int, keys: str = "/Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]") -> str:
    return f"<<{keys}/Contents {number} 0 R/Resources {FONT}>>"


def tree(path: Path, keys: str) -> Path:
    """Three pages, objects 3 to 5, below a root with these keys."""
    pages = [page(n) for n in (6, 7, 8)]
    root = f"<</Type/Pages{keys}>>"
    return raw_pdf(path, "<</Type/Catalog/Pages 2 0 R>>", root, *pages, *(content(word) for word in WORDS))


def read(path: Path, work: Path) -> tuple[list[str], list[str]]:
    """First word of each page, and the texts of what is warned of."""
    found = inspect(path, LIMITS)
    pages = [read_page(path, n, READ, work).page for n in range(1, found.pages + 1)]
    assert all(warning.code == "pages_missing" for warning in found.warnings)
    return [(p.raw.split() or [""])[0] for p in pages], [warning.text for warning in found.warnings]


@pytest.mark.parametrize(
    "count", ["/Count 3", "/Count 2", "/Count 0", "/Count -1", "/Count (three)", ""], ids=lambda text: text or "none"
)
def test_too_low_a_count_hides_nothing(tmp_path, count):
    """All pages are read, so there is nothing to warn of."""
    assert read(tree(tmp_path / "a.pdf", f"/Kids[3 0 R 4 0 R 5 0 R]{count}"), tmp_path) == ([*WORDS], [])


@pytest.mark.parametrize(
    ("kids", "count", "pages"),
    [
        ("3 0 R 4 0 R 5 0 R", 5, [*WORDS]),
        ("3 0 R 4 0 R 5 0 R", 2_000_000_000, [*WORDS]),
        ("3 0 R null 4 0 R 99 0 R 5 0 R", 5, [*WORDS]),
        ("99 0 R 4 0 R 5 0 R", 3, [*WORDS[1:]]),
        ("3 0 R 1 0 R 6 0 R (x) 5 0 R", 5, ["First", "Third"]),
        ("3 0 R 2 0 R 4 0 R 5 0 R", 4, [*WORDS]),
    ],
)
def test_pages_that_are_not_there(tmp_path, kids, count, pages):
    """Those that are there are read in their order, and the warning has both numbers."""
    found, (said,) = read(tree(tmp_path / "a.pdf", f"/Kids[{kids}]/Count {count}"), tmp_path)
    assert found == pages
    assert f"says that it has {count} pages, and holds {len(pages)};" in said


def test_a_page_without_a_tree(tmp_path):
    """The catalogue names the page itself, with its type or without."""
    for keys in ("/Type/Page/MediaBox[0 0 300 100]", "/MediaBox[0 0 300 100]"):
        path = raw_pdf(tmp_path / "a.pdf", "<</Type/Catalog/Pages 2 0 R>>", page(3, keys), content("Only"))
        assert read(path, tmp_path) == (["Only"], [])


def test_branches_that_promise_too_much(tmp_path):
    """Each page keeps what it inherited from its branch."""
    path = raw_pdf(
        tmp_path / "a.pdf",
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 5/MediaBox[0 0 300 100]>>",
        "<</Type/Pages/Parent 2 0 R/Kids[5 0 R]/Count 3/Rotate 90>>",
        "<</Type/Pages/Parent 2 0 R/Kids[6 0 R]/Count 2>>",
        page(7, "/Type/Page/Parent 3 0 R"),
        page(8, "/Type/Page/Parent 4 0 R"),
        content("First"),
        content("Second"),
    )
    first, second = (read_page(path, n, READ, tmp_path).page for n in (1, 2))
    assert ("First" in first.raw, "Second" in second.raw) == (True, True)
    assert (first.turned, second.turned) == (270, 0)
    assert len(inspect(path, LIMITS).warnings) == 1


def test_no_pages_at_all(tmp_path):
    """Nothing is made of nothing."""
    for root in ("/Kids[]/Count 0", "/Kids[2 0 R]/Count 1", "/Kids[null]/Count 0"):
        with pytest.raises(DocumentError):
            read(tree(tmp_path / "a.pdf", root), tmp_path)


def test_the_file_stays_as_it_is(tmp_path):
    path = tree(tmp_path / "a.pdf", "/Kids[3 0 R 4 0 R 5 0 R]/Count 5")
    before = path.read_bytes()
    read(path, tmp_path)
    assert path.read_bytes() == before


def test_a_sound_tree_of_many_pages(tmp_path):
    """A tree as others write it, with branches, is left alone."""
    with pymupdf.open() as pdf:
        for n in range(9):
            pdf.new_page(width=300, height=100).insert_text((20, 50), f"Number{n} of the pages")
        pdf.save(tmp_path / "a.pdf")
    assert read(tmp_path / "a.pdf", tmp_path) == ([f"Number{n}" for n in range(9)], [])
