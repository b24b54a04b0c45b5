"""scanmend.pageworkers.join: pages of several files in one PDF, with the data that they came in."""

import pymupdf
import pytest
from PIL import Image

import render_scans
from scanmend.errors import DocumentError
from scanmend.pageworkers.join import join
from scanmend.source.settings import SourceLimits
from small_scans import sha256_of

LIMITS = SourceLimits(100, 50.0, 300)


def joined(files, tmp_path, *, collate=False):
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    members, noted = join(files, work / "joined.pdf", LIMITS, lambda: None, collate=collate)
    return work / "joined.pdf", members, noted


def text_pdf(path, texts):
    with pymupdf.open() as pdf:
        for text in texts:
            pdf.new_page(width=200, height=60).insert_text((10, 30), text)
        pdf.save(path)
    return path


def test_pictures_keep_their_data_and_pdfs_their_text(tmp_path):
    """A JPEG byte by byte, also one that lies on its side; the same files give the same bytes."""
    jpeg, tiff = tmp_path / "1.jpg", tmp_path / "2.tiff"
    exif = Image.Exif()
    exif[0x0112] = 6
    render_scans.line("No").convert("L").save(jpeg, quality=85, dpi=(200, 200), exif=exif)
    render_scans.save_tiff([render_scans.line(f"page {n}") for n in (1, 2)], tiff)
    files = [jpeg, tiff, text_pdf(tmp_path / "3.pdf", ["three"])]
    target, members, _ = joined(files, tmp_path)
    assert [(one.name, one.sha256, one.pages) for one in members] == [
        ("1.jpg", sha256_of(jpeg), (1,)),
        ("2.tiff", sha256_of(tiff), (2, 3)),
        ("3.pdf", sha256_of(files[2]), (4,)),
    ]
    with pymupdf.open(target) as pdf:
        (image,) = pdf[0].get_images()
        assert pdf.xref_stream_raw(image[0]) == jpeg.read_bytes()
        assert pdf[0].rect.height > pdf[0].rect.width
        assert pdf[3].get_text().strip() == "three"
    first = target.read_bytes()
    joined(files, tmp_path)
    assert target.read_bytes() == first


def test_backs_are_put_behind_their_fronts(tmp_path):
    """From the last to the first."""
    files = [text_pdf(tmp_path / "f.pdf", ["1", "3", "5"]), text_pdf(tmp_path / "b.pdf", ["6", "4", "2"])]
    target, members, _ = joined(files, tmp_path, collate=True)
    with pymupdf.open(target) as pdf:
        assert [page.get_text().strip() for page in pdf] == ["1", "2", "3", "4", "5", "6"]
    assert [one.pages for one in members] == [(1, 3, 5), (6, 4, 2)]


def test_a_picture_that_is_cut_short_is_not_joined(tmp_path):
    """Alone it would not be read either; MuPDF would show as much of it as there is."""
    whole, cut = tmp_path / "whole.jpg", tmp_path / "s_2.jpg"
    render_scans.save_jpeg(render_scans.line("No more"), whole)
    render_scans.truncated(whole, cut, 0.7)
    with pytest.raises(DocumentError, match=r"s_2\.jpg: it is damaged: .*truncated"):
        joined([whole, cut], tmp_path)


def test_what_is_damaged_in_other_ways_is_said(tmp_path):
    """As of a file alone: with the name of the file, and the page of the whole."""
    png = tmp_path / "s_2.png"
    render_scans.save_png(render_scans.line("No"), png)
    data = bytearray(png.read_bytes())
    at = data.index(b"IDAT") + 12
    length = int.from_bytes(data[at - 16 : at - 12], "big")
    data[at - 8 + length : at - 4 + length] = b"\0\0\0\0"  # its checksum
    png.write_bytes(data)
    _, _, noted = joined([text_pdf(tmp_path / "s_1.pdf", ["1"]), png], tmp_path)
    assert [(one.code, one.page) for one in noted] == [("picture_not_read", 2)]
    assert noted[0].text.startswith("s_2.png: the picture could not be read whole")


@pytest.mark.parametrize(("data", "why"), [(b"", "empty"), (b"%PDF-1.7\nno", "damaged"), (b"notes", "no scan")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, data, why):
    """The person has to find it among the others."""
    bad = tmp_path / "s_2.jpg"
    bad.write_bytes(data)
    with pytest.raises(DocumentError, match=rf"s_2\.jpg: .*{why}"):
        joined([text_pdf(tmp_path / "s_1.pdf", ["1"]), bad], tmp_path)
