"""scanmend.source.pdf.bounds: where a PDF ends within its file."""

import os

import pytest

from scanmend.source.pdf.bounds import ends_whole, find_end

PDF = b"%PDF-1.4\n1 0 obj <</Type/Catalog>> endobj\nxref\n0 1\ntrailer <<>>\nstartxref\n9\n%%EOF"


@pytest.fixture
def end(tmp_path):
    """A function that returns the end of the PDF in a file with these bytes."""

    def find(data: bytes) -> int | None:
        path = tmp_path / "a.pdf"
        path.write_bytes(data)
        fd = os.open(path, os.O_RDONLY)
        try:
            found = find_end(fd, len(data), most=len(data))
            assert ends_whole(fd, len(data), most=len(data)) == (found is not None)
        finally:
            os.close(fd)
        return found

    return find


@pytest.mark.parametrize("line_end", [b"", b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("before", [b"", b"Received: by mail\r\n\r\n"])
@pytest.mark.parametrize("behind", [b"", bytes(3000), b"<html>%%</html>", b" " * 100])
def test_behind_the_last_mark_and_its_line(end, before, line_end, behind):
    """Whatever stands before or behind it."""
    whole = before + PDF + line_end
    assert end(whole + behind) == len(whole)


@pytest.mark.parametrize("data", [PDF[:-5], PDF + b"\n2 0 obj <</Length 9>>", b"", bytes(100)])
def test_an_end_that_is_not_there(end, data):
    """A revision that was cut short is none that ends."""
    assert end(data) is None


def test_the_last_revision_counts(end):
    data = PDF + b"\n2 0 obj <<>> endobj\nstartxref\n90\n%%EOF\n"
    assert end(data + bytes(50)) == len(data)


@pytest.mark.parametrize(("length", "whole"), [(150, True), (9000, False)])
def test_the_first_page_of_a_linearized_pdf_is_not_its_end(end, length, whole):
    """It has an end mark of its own, far before the length that the file declares."""
    data = PDF.replace(b"<</Type/Catalog>>", b"<</Linearized 1/L %d>>" % length)
    assert (end(data + bytes(10000)) is not None) == whole
