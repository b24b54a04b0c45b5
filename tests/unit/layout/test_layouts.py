"""scanmend.layout on whole pages: drawn as PDFs in many layouts and languages, read as documents are."""

import pytest

import draw_layouts
from scanmend.source.pdf_text import extract_text
from scanmend.source.settings import ReadSettings, SourceLimits

READING = ReadSettings(("eng",), SourceLimits(max_pages=10, max_megapixels=20, render_dpi=100), 60.0)


@pytest.mark.parametrize("name", draw_layouts.ALL)
def test_rows_stay_whole_and_columns_apart(name, tmp_path):
    """Rows of tables and forms are lines; columns of prose, addresses and what stands beside them are not mixed."""
    layout = draw_layouts.ALL[name]()
    layout.save(str(tmp_path / "page.pdf"))
    found = extract_text(tmp_path / "page.pdf", 1, READING, frozenset())
    assert found is not None
    assert layout.faults(found.page.raw) == []
