"""Some pages of a PDF: links, bookmarks and labels stay valid, and nothing of the other pages is left."""

import pymupdf
import pytest

from scanmend.outputs.pdf.selection import save_selection


@pytest.fixture
def source(tmp_path):
    """Six pages that refer to each other."""
    path = tmp_path / "source.pdf"
    with pymupdf.open() as pdf:
        for i in range(6):
            page = pdf.new_page(width=300, height=300)
            page.insert_text((20, 40), f"page {i + 1}")
        area = pymupdf.Rect(0, 0, 50, 50)
        pdf[2].insert_link({"kind": pymupdf.LINK_GOTO, "from": area, "page": 3})
        pdf[2].insert_link({"kind": pymupdf.LINK_GOTO, "from": pymupdf.Rect(60, 0, 110, 50), "page": 0})
        pdf[2].insert_link(
            {"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(120, 0, 170, 50), "uri": "https://example.org"}
        )
        pdf.set_toc([[1, "one", 1], [1, "three", 3], [2, "four", 4], [1, "six", 6]])
        pdf.set_page_labels([{"startpage": 0, "style": "r"}, {"startpage": 2, "style": "D", "prefix": "A-"}])
        pdf.save(path)
    return path


def test_what_leads_to_pages_that_stay_stays(source, tmp_path):
    """And what leads to the others goes."""
    assert save_selection(source, tmp_path / "out.pdf", [3, 4, 6]) == ()
    with pymupdf.open(tmp_path / "out.pdf") as pdf:
        assert [page.get_text().strip() for page in pdf] == ["page 3", "page 4", "page 6"]
        assert [page.get_label() for page in pdf] == ["A-1", "A-2", "A-4"]
        assert pdf.get_toc() == [[1, "three", 1], [2, "four", 2], [1, "six", 3]]
        links = [(link["kind"], link.get("page"), link.get("uri")) for link in pdf[0].get_links()]
        assert links == [(pymupdf.LINK_GOTO, 1, None), (pymupdf.LINK_URI, None, "https://example.org")]
        streams = [pdf.xref_stream(n) or b"" for n in range(1, pdf.xref_length()) if pdf.xref_is_stream(n)]
        assert not any(b"page 1" in stream or b"70616765 2031" in stream for stream in streams)


def test_the_same_bytes_each_time(source, tmp_path):
    """A document that a crash cut off is known again by its files."""
    for name in ("a.pdf", "b.pdf"):
        save_selection(source, tmp_path / name, [2, 5])
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_attachments_are_told_of(source, tmp_path):
    """They belong to the whole source."""
    with pymupdf.open(source) as pdf:
        pdf.embfile_add("data.xml", b"<invoice/>")
        pdf.save(tmp_path / "attached.pdf")
    (warning,) = save_selection(tmp_path / "attached.pdf", tmp_path / "out.pdf", [1])
    assert warning.code == "pdf_pages_taken_out"
    assert "attached" in warning.text
