"""scanmend.outputs.page_file: pages that lie on disk instead of in memory."""

from dataclasses import replace

import pytest

from sample_page import sample_page
from scanmend.document import without_glyphs
from scanmend.errors import StorageError
from scanmend.outputs.page_file import PageFile, saved_pages
from two_readers_page import two_readers_page


def test_pages_come_back_as_they_were_as_often_as_wanted(tmp_path):
    """In order, also in another process that knows nothing but the file."""
    filed = PageFile(tmp_path / "pages")
    assert (len(filed), list(filed)) == (0, [])
    for number in (1, 2, 3):
        filed.append(sample_page(number))
    assert len(filed) == 3
    assert list(filed) == list(filed) == [sample_page(1), sample_page(2), sample_page(3)]
    assert list(saved_pages(filed.path)) == [sample_page(1), sample_page(2), sample_page(3)]
    assert filed.at(1) == sample_page(2)
    with pytest.raises(StorageError, match="has no page 4"):
        filed.at(3)


def test_a_disk_that_is_full_is_not_the_document_s_fault(tmp_path):
    """The file is named, and the page does not count."""
    filed = PageFile(tmp_path / "gone" / "pages")
    with pytest.raises(StorageError, match=r"gone/pages cannot be written: No such file"):
        filed.append(sample_page())
    assert len(filed) == 0


def test_what_two_readers_said_comes_back(tmp_path):
    """All but the lattices, of which no trace stays, only how many lines there were."""
    page = without_glyphs(two_readers_page())
    filed = PageFile(tmp_path / "pages")
    filed.append(page)
    assert list(filed) == [page]
    assert (page.edits, page.numbers) == (two_readers_page().edits, two_readers_page().numbers)
    second = page.page.second
    assert (second.lines, second.found, second.read, second.seconds) == ((), 3, 2, 0.25)
    assert without_glyphs(page) == page
    assert b"-1.4" not in filed.path.read_bytes()
    plain = replace(page, page=replace(page.page, second=None), numbers=())
    bare = PageFile(tmp_path / "plain")
    bare.append(plain)
    assert filed.path.stat().st_size - bare.path.stat().st_size < 500
