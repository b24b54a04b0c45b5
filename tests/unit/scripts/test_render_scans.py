"""The drawn scans are the same on each run, say what their truth says, and are saved as scanners save them."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image
from rapidfuzz.distance import Levenshtein

import render_scans
from render_scans import Scan


def read(image: Image.Image, path: Path, language: str = "eng", mode: int = 3) -> str:
    """What Tesseract reads, on one line."""
    render_scans.save_png(image, path)
    run = subprocess.run(
        ["tesseract", path, "-", "-l", language, "--psm", str(mode)],
        env=os.environ | {"OMP_THREAD_LIMIT": "1"},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return " ".join(run.stdout.split())


class Drawn(dict[str, Scan]):
    """Each scan by the name of its file, drawn once and when it is wanted, as that takes a second."""

    def __missing__(self, name: str) -> Scan:
        draw = {
            "invoice.png": render_scans.invoice,
            "report.tiff": render_scans.report,
            "minutes.pdf": render_scans.minutes,
            "carta.png": render_scans.letter_es,
        }
        self[name] = draw[name]()
        return self[name]


@pytest.fixture(scope="module")
def drawn() -> dict[str, Scan]:
    """The scans."""
    return Drawn()


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("invoice.png", 1),
        pytest.param("report.tiff", 3, marks=pytest.mark.thorough),
        pytest.param("minutes.pdf", 2, marks=pytest.mark.thorough),
        pytest.param("carta.png", 1, marks=pytest.mark.thorough),
    ],
)
def test_scans_are_a4_pages_with_a_truth_each(drawn: dict[str, Scan], name: str, pages: int) -> None:
    """A4 at 200 DPI, one text to a page."""
    scan = drawn[name]
    assert len(scan.pages) == len(scan.truth) == pages
    for page in scan.pages:
        assert page.info["dpi"] == (200, 200)
        assert page.size == pytest.approx((8.27 * 200, 11.69 * 200), abs=2)


def test_invoice_prints_misprints_whose_truth_is_the_number_meant(drawn: dict[str, Scan]) -> None:
    """The truth has $100.00 where $1O0.00 is printed, keeps look-alike part numbers, and its sums are right."""
    truth = drawn["invoice.png"].truth[0]
    for printed, meant in render_scans.TRAPS.items():
        assert printed not in truth
        assert meant in truth
    for number in render_scans.LOOKALIKES:
        assert number in truth
    amounts = [
        float(line.split()[-1].replace(",", "")) for line in truth.splitlines() if "$" in line and "Total" not in line
    ]
    assert len(amounts) == 6
    assert sum(amounts) == pytest.approx(1885.40)
    assert sum(amounts) * 1.2 == pytest.approx(2262.48)


@pytest.mark.parametrize("name", ["invoice.png", pytest.param("carta.png", marks=pytest.mark.thorough)])
def test_tesseract_errs_on_a_worn_page_but_reads_most_of_it(drawn: dict[str, Scan], name: str, tmp_path: Path) -> None:
    """The character error rate is between 0.5 and 8 %: enough to correct, little enough to correct it by."""
    scan = drawn[name]
    truth = " ".join(scan.truth[0].split())
    rate = Levenshtein.distance(truth, read(scan.pages[0], tmp_path / "page.png", scan.language)) / len(truth)
    assert 0.005 < rate < 0.08


def test_line_is_read_without_error(tmp_path: Path) -> None:
    """A clean line comes back from Tesseract as it went in."""
    assert read(render_scans.line("Invoice 4711 is paid"), tmp_path / "line.png", mode=7) == "Invoice 4711 is paid"


def test_blank_has_no_ink() -> None:
    """An empty sheet is white in every pixel."""
    assert np.asarray(render_scans.blank()).min() == 255


@pytest.mark.parametrize(
    ("save", "suffix", "format_"),
    [
        (render_scans.save_png, "png", "PNG"),
        (render_scans.save_jpeg, "jpg", "JPEG"),
        (render_scans.save_bmp, "bmp", "BMP"),
        (render_scans.save_webp, "webp", "WEBP"),
        (render_scans.save_gif, "gif", "GIF"),
    ],
)
def test_savers_write_their_format_and_resolution(
    save: Callable[[Image.Image, Path], None], suffix: str, format_: str, tmp_path: Path
) -> None:
    """Each file opens as its format, and all but GIF, which cannot, know their resolution."""
    path = tmp_path / f"x.{suffix}"
    save(render_scans.line("one", dpi=300), path)
    with Image.open(path) as image:
        assert image.format == format_
        if format_ == "WEBP":
            assert image.getexif()[282] == 300
        elif format_ != "GIF":
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


@pytest.mark.parametrize(("mode", "compression"), [("1", "group4"), ("L", "tiff_lzw")])
def test_tiff_holds_all_pages_packed_by_their_kind(mode: str, compression: str, tmp_path: Path) -> None:
    """Black and white pages are packed as G4, grey ones as LZW, and none is lost."""
    pages = [render_scans.line(word).convert(mode) for word in ("one", "two", "three")]
    for page in pages:
        page.info["dpi"] = (200, 200)
    render_scans.save_tiff(pages, tmp_path / "x.tiff")
    with Image.open(tmp_path / "x.tiff") as image:
        assert image.n_frames == 3
        for number, page in enumerate(pages):
            image.seek(number)
            assert image.tobytes() == page.tobytes()
            assert image.info["compression"] == compression
            assert image.info["dpi"] == (200, 200)


def test_pdf_holds_images_only_at_paper_size(tmp_path: Path) -> None:
    """Each page is one JPEG, as large in points as the paper was, without text."""
    render_scans.save_pdf([render_scans.blank((400, 300)), render_scans.line("two")], tmp_path / "x.pdf")
    with pymupdf.open(tmp_path / "x.pdf") as document:
        assert document.page_count == 2
        assert tuple(document[0].rect) == (0, 0, 144, 108)
        assert [document.extract_image(page.get_images()[0][0])["ext"] for page in document] == ["jpeg", "jpeg"]
        assert not any(page.get_text().strip() for page in document)


def test_encrypted_pdf_needs_its_password(tmp_path: Path) -> None:
    """The file opens locked, and only the password unlocks it."""
    render_scans.encrypted_pdf(tmp_path / "x.pdf", "right")
    with pymupdf.open(tmp_path / "x.pdf") as document:
        assert document.needs_pass
        assert not document.authenticate("wrong")
        assert document.authenticate("right")


def test_truncated_keeps_the_first_part(tmp_path: Path) -> None:
    """Half of ten bytes are the first five; a whole file is refused."""
    (tmp_path / "whole").write_bytes(b"0123456789")
    render_scans.truncated(tmp_path / "whole", tmp_path / "half", 0.5)
    assert (tmp_path / "half").read_bytes() == b"01234"
    with pytest.raises(ValueError, match="fraction"):
        render_scans.truncated(tmp_path / "whole", tmp_path / "half", 1)


@pytest.mark.thorough
def test_write_all_draws_the_same_again_with_a_truth_beside_each_scan(drawn: dict[str, Scan], tmp_path: Path) -> None:
    """The folder holds four scans, each with its text, a form feed between pages; two runs draw the same pixels."""
    written = render_scans.write_all(tmp_path / "new" / "folder")
    assert [path.name for path in written] == [*drawn]
    for path in written:
        scan = drawn[path.name]
        assert path.with_suffix(".gt.txt").read_text("utf-8").split("\f") == list(scan.truth)
        again = tmp_path / path.name
        if path.suffix == ".pdf":
            render_scans.save_pdf(scan.pages, again)
            assert _images(path) == _images(again)
        else:
            with Image.open(path) as image:
                for number, page in enumerate(scan.pages):
                    image.seek(number)
                    assert image.convert(page.mode).tobytes() == page.tobytes()
    assert "Cigüeña" in drawn["carta.png"].truth[0]


def _images(path: Path) -> list[bytes]:
    with pymupdf.open(path) as document:
        return [document.extract_image(page.get_images()[0][0])["image"] for page in document]
