"""scanmend.source.render with real files of every format: whole, odd, hostile and broken ones."""

import hashlib
import io
import os
import random
import struct
import zlib
from pathlib import Path

import pymupdf
import pytest
from PIL import Image
from PIL.ExifTags import Base

import render_scans
from exif_photos import stored_as
from raw_pdf import raw_pdf
from scanmend.errors import DocumentError, StorageError
from scanmend.source.render import inspect, render
from scanmend.source.settings import SourceLimits

LIMITS = SourceLimits(max_pages=10, max_megapixels=5, render_dpi=150)
LINE = render_scans.line("Every format says the same")
BLACK_ON_WHITE = LINE.point([0] * 128 + [255] * 128)
PILLOWS = {"png": "PNG", "jpeg": "JPEG", "tiff": "TIFF", "bmp": "BMP", "webp": "WEBP", "gif": "GIF"}


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """One file of each format, all of them showing the same line."""
    folder = tmp_path_factory.mktemp("formats")
    made = {kind: folder / f"scan.{kind}" for kind in (*PILLOWS, "pdf")}
    render_scans.save_png(LINE, made["png"])
    render_scans.save_jpeg(LINE, made["jpeg"], quality=95)
    render_scans.save_tiff([LINE, LINE, LINE], made["tiff"])
    render_scans.save_bmp(LINE, made["bmp"])
    render_scans.save_webp(LINE, made["webp"], quality=95)
    render_scans.save_gif(LINE, made["gif"])
    render_scans.save_pdf([LINE, LINE], made["pdf"], quality=95)
    return made


@pytest.fixture
def shown(tmp_path):
    """Return a function that renders a page and opens the picture."""

    def shown(path: Path, number: int = 1, limits: SourceLimits = LIMITS) -> Image.Image:
        rendered = render(path, number, tmp_path, limits)
        with Image.open(rendered.path) as image:
            image.load()
        assert (rendered.width, rendered.height) == image.size
        return image

    return shown


def difference(a: Image.Image, b: Image.Image) -> float:
    """Mean difference of grey levels."""
    assert a.size == b.size
    pairs = zip(a.convert("L").tobytes(), b.convert("L").tobytes(), strict=True)
    return sum(abs(x - y) for x, y in pairs) / (a.width * a.height)


def sheet_pdf(
    path: Path, image: Image.Image, *, dpi: float, turn: int = 0, page_turn: int = 0, margin: float = 0
) -> Path:
    """Write a PDF whose page is one lossless image, turned by ``turn`` degrees, the page itself by ``page_turn``."""
    packed = io.BytesIO()
    image.save(packed, "PNG")
    width, height = image.width * 72 / dpi, image.height * 72 / dpi
    if turn in (90, 270):
        width, height = height, width
    with pymupdf.open() as document:
        page = document.new_page(width=width + 2 * margin, height=height + 2 * margin)
        page.insert_image((margin, margin, margin + width, margin + height), stream=packed.getvalue(), rotate=turn)
        page.set_rotation(page_turn)
        document.save(path)
    return path


def read_all(path: Path, work: Path) -> str:
    """Render all pages; return what is wrong with the document."""
    try:
        for number in range(1, inspect(path, LIMITS).pages + 1):
            render(path, number, work, LIMITS)
    except DocumentError as e:
        return str(e)
    return ""


class TestInspect:
    @pytest.mark.parametrize(("kind", "pages"), [*((k, 1) for k in PILLOWS if k != "tiff"), ("tiff", 3), ("pdf", 2)])
    def test_every_format(self, files, kind, pages):
        """Kind, number of pages and digest of each."""
        found = inspect(files[kind], LIMITS)
        assert (found.kind, found.pages) == (kind, pages)
        assert found.sha256 == hashlib.sha256(files[kind].read_bytes()).hexdigest()

    @pytest.mark.parametrize("kind", [*PILLOWS, "pdf"])
    def test_the_suffix_does_not_matter(self, files, tmp_path, kind):
        """Scanners name files as they like."""
        for name in ("scan.txt", "scan.pdf", "scan.png", "scan"):
            path = tmp_path / name
            path.write_bytes(files[kind].read_bytes())
            assert inspect(path, LIMITS).kind == kind

    def test_names_of_any_bytes(self, files, tmp_path):
        """A file whose name is not Unicode can be opened."""
        for kind in ("pdf", "png"):
            path = tmp_path / os.fsdecode(b"caf\xe9 \xff." + kind.encode())
            path.write_bytes(files[kind].read_bytes())
            assert inspect(path, LIMITS).kind == kind
            assert render(path, 1, tmp_path, LIMITS).path.exists()

    def test_moving_pictures_are_one_page(self, tmp_path):
        """An animated GIF or WebP counts as its first picture."""
        for kind in ("GIF", "WEBP"):
            path = tmp_path / kind
            LINE.save(path, kind, save_all=True, append_images=[LINE.rotate(180), LINE])
            assert inspect(path, LIMITS).pages == 1

    def test_too_many_pages(self, files):
        """The message has the number of pages and the setting that forbids it."""
        limits = SourceLimits(max_pages=1, max_megapixels=5, render_dpi=150)
        for kind, pages in (("tiff", 3), ("pdf", 2)):
            with pytest.raises(DocumentError, match=f"has {pages} pages, more than max_pages: 1 allows"):
                inspect(files[kind], limits)

    def test_no_pages(self, tmp_path):
        """A PDF may be sound and empty."""
        path = raw_pdf(tmp_path / "none.pdf", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>")
        with pytest.raises(DocumentError, match="has no pages"):
            inspect(path, LIMITS)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "empty"),
            (b"Dear all,\nthis is no scan.\n", "is no scan: neither PDF, TIFF"),
            (b"PK\x03\x04" + bytes(500), "is no scan"),
            (bytes(2000), "is no scan"),
            (b"%PDF-1.7\n" + bytes(500), "PDF|no pages"),
            (b"\x89PNG\r\n\x1a\n" + bytes(50), "is no scan|damaged"),
            (b"II*\0\0\0\0\0", "is no scan|damaged"),
        ],
    )
    def test_what_is_no_scan(self, tmp_path, content, said):
        """The message says why, for the person who dropped the file."""
        path = tmp_path / "file"
        path.write_bytes(content)
        with pytest.raises(DocumentError, match=said) as e:
            inspect(path, LIMITS)
        assert "\n" not in str(e.value)

    def test_encrypted(self, tmp_path):
        """The message for a PDF with a password says what to do; one that only forbids copying is read."""
        render_scans.encrypted_pdf(tmp_path / "closed.pdf")
        with pytest.raises(DocumentError, match="encrypted; save it without a password"):
            inspect(tmp_path / "closed.pdf", LIMITS)
        with pymupdf.open() as document:
            document.new_page()
            document.save(tmp_path / "open.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="x", permissions=0)
        assert inspect(tmp_path / "open.pdf", LIMITS).pages == 1

    @pytest.mark.parametrize("fraction", [0.02, 0.3, 0.6, 0.95, 0.99])
    def test_a_pdf_cut_short(self, files, tmp_path, fraction):
        """Pages may be missing, so what is left is not published as if it were all."""
        render_scans.truncated(files["pdf"], tmp_path / "cut.pdf", fraction)
        with pytest.raises(DocumentError, match=r"cut short|damaged|no pages"):
            inspect(tmp_path / "cut.pdf", LIMITS)

    def test_a_pdf_that_is_merely_untidy(self, files, tmp_path):
        """A wrong table of offsets, as after a transfer as text, is repaired: all pages are there."""
        path = tmp_path / "untidy.pdf"
        path.write_bytes(b"\n\n" + files["pdf"].read_bytes())
        assert inspect(path, LIMITS).pages == 2

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (b"", bytes(20480)),
            (b"", b"\n<html>" + b"<p>session ended</p>" * 300),
            (b"", b"\nmore\n" * 900 + b"%%EOF\n"),
            (b"X-Scanner: yes\r\n" * 300, b"\r\n--boundary--\r\n"),
            (bytes(4096), bytes(4096)),
        ],
    )
    def test_a_whole_pdf_among_other_data(self, files, tmp_path, shown, before, after):
        """It is not cut short: all pages are there, and show what they should."""
        path = tmp_path / "padded.pdf"
        path.write_bytes(before + files["pdf"].read_bytes() + after)
        assert inspect(path, LIMITS).pages == 2
        assert difference(shown(path, 2), LINE) < 3
        path.write_bytes(before + files["pdf"].read_bytes()[:-700] + after.replace(b"%%EOF", b""))
        with pytest.raises(DocumentError, match="cut short"):
            inspect(path, LIMITS)

    @pytest.mark.parametrize("kind", [*PILLOWS])
    def test_padding_behind_an_image(self, files, tmp_path, shown, kind):
        """Blocks of zeros behind an image do not matter."""
        path = tmp_path / "padded"
        path.write_bytes(files[kind].read_bytes() + bytes(65536))
        assert difference(shown(path), LINE) < 3

    def test_a_missing_file(self, tmp_path):
        """A file that is gone is not the document's fault."""
        with pytest.raises(FileNotFoundError):
            inspect(tmp_path / "gone.pdf", LIMITS)
        with pytest.raises(FileNotFoundError):
            render(tmp_path / "gone.pdf", 1, tmp_path, LIMITS)


class TestPictures:
    @pytest.mark.parametrize("kind", [*PILLOWS, "pdf"])
    def test_every_format_shows_the_same(self, files, shown, kind):
        """The picture is that of the scan, pixel for pixel but for what compression changed."""
        assert difference(shown(files[kind]), LINE) < 3

    def test_each_page_of_many(self, tmp_path, shown):
        """Page numbers begin at 1."""
        pages = [render_scans.line(text) for text in ("one", "the second", "page number three")]
        render_scans.save_tiff(pages, tmp_path / "three.tiff")
        render_scans.save_pdf(pages, tmp_path / "three.pdf")
        for number, page in enumerate(pages, 1):
            assert difference(shown(tmp_path / "three.tiff", number), page) == 0
            assert difference(shown(tmp_path / "three.pdf", number), page) < 3

    def test_pages_that_there_are_not(self, files, tmp_path):
        """A number beyond the last page is an error of the document, not a crash."""
        for kind, number in (("pdf", 3), ("tiff", 4), ("png", 2)):
            with pytest.raises(DocumentError, match=f"page {number}"):
                render(files[kind], number, tmp_path, LIMITS)

    def test_bilevel(self, tmp_path, shown):
        """Black and white stays so, also in a fax of a TIFF and with white stored as 0."""
        two = BLACK_ON_WHITE.convert("1")
        two.save(tmp_path / "a.png")
        two.save(tmp_path / "b.tiff", compression="group4")
        two.save(tmp_path / "c.tiff", tiffinfo={262: 0})
        for name in ("a.png", "b.tiff", "c.tiff"):
            image = shown(tmp_path / name)
            assert image.mode == "1"
            assert difference(image, two) == 0

    def test_sixteen_bits(self, tmp_path, shown):
        """Grey levels of 16 bits become 8, without stretching a blank sheet's noise to full contrast."""
        deep = LINE.convert("I").point(lambda v: v * 257).convert("I;16")
        deep.save(tmp_path / "deep.png")
        deep.save(tmp_path / "deep.tiff")
        assert difference(shown(tmp_path / "deep.png"), LINE) < 1
        assert difference(shown(tmp_path / "deep.tiff"), LINE) < 1
        blank = Image.new("I;16", (100, 100), 65000)
        blank.putpixel((5, 5), 65400)
        blank.save(tmp_path / "blank.png")
        low, high = shown(tmp_path / "blank.png").getextrema()
        assert low > 250
        assert high - low < 5

    def test_twelve_bits_in_sixteen(self, tmp_path, shown):
        """Some scanners use the lower 12 bits only; paper is still white."""
        LINE.convert("I").point(lambda v: v * 16).convert("I;16").save(tmp_path / "twelve.tiff")
        assert difference(shown(tmp_path / "twelve.tiff"), LINE) < 2

    def test_floats(self, tmp_path, shown):
        """Samples from 0 to 1, and from 0 to 255."""
        LINE.convert("F").point(lambda v: v * (1 / 255) + 0).save(tmp_path / "unit.tiff")
        LINE.convert("F").save(tmp_path / "bytes.tiff")
        for name in ("unit.tiff", "bytes.tiff"):
            assert difference(shown(tmp_path / name), LINE) < 1

    @pytest.mark.parametrize("mode", ["LA", "RGBA", "PA"])
    def test_transparency_is_white(self, tmp_path, shown, mode):
        """Black ink on a transparent sheet, whose hidden colour is black as well."""
        sheet = Image.new("RGBA", LINE.size, (0, 0, 0, 0))
        sheet.putalpha(LINE.point([255 - v for v in range(256)]))
        path = tmp_path / "clear.png"
        (sheet.convert("LA") if mode == "LA" else sheet if mode == "RGBA" else sheet.quantize(64)).save(path)
        assert difference(shown(path), LINE) < 4

    def test_a_transparent_colour(self, tmp_path, shown):
        """A palette or a grey picture may name one colour that is not there."""
        palette = BLACK_ON_WHITE.point([0] * 128 + [1] * 128)
        palette = palette.convert("P")
        palette.putpalette([0, 0, 0, 90, 0, 90])
        palette.save(tmp_path / "palette.gif", transparency=1)
        palette.save(tmp_path / "palette.png", transparency=1)
        BLACK_ON_WHITE.point([0] * 128 + [77] * 128).save(tmp_path / "grey.png", transparency=77)
        for name in ("palette.gif", "palette.png", "grey.png"):
            assert difference(shown(tmp_path / name), BLACK_ON_WHITE) < 1

    def test_colours(self, tmp_path, shown):
        """RGB, palette, CMYK, YCbCr and LAB all end as grey."""
        rgb = Image.merge("RGB", (LINE, LINE, LINE))
        rgb.save(tmp_path / "rgb.png")
        rgb.quantize(32).save(tmp_path / "palette.png")
        rgb.convert("CMYK").save(tmp_path / "cmyk.jpeg", quality=95)
        rgb.convert("CMYK").save(tmp_path / "cmyk.tiff")
        rgb.convert("YCbCr").save(tmp_path / "ycbcr.tiff")
        grey = Image.new("L", LINE.size, 128)
        Image.merge("LAB", (LINE, grey, grey)).save(tmp_path / "lab.tiff")
        for path in sorted(tmp_path.glob("*.*")):
            assert difference(shown(path), LINE) < 4, path.name

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", ["JPEG", "TIFF", "WEBP", "PNG"])
    def test_orientation(self, tmp_path, shown, kind, orientation):
        """However the camera was held, the page stands upright, and is turned once only."""
        stored, exif = stored_as(LINE, orientation)
        stored.save(tmp_path / "held", kind, exif=exif, **({"quality": 95} if kind in ("JPEG", "WEBP") else {}))
        assert difference(shown(tmp_path / "held"), LINE) < 4

    def test_a_broken_exif_block(self, tmp_path, shown):
        """The picture is fine all the same."""
        for exif in (
            b"Exif\0\0II*\0\xff\xff\xff\xff",
            b"Exif\0\0junk",
            b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 40,
        ):
            LINE.save(tmp_path / "odd.jpeg", quality=95, exif=exif)
            assert difference(shown(tmp_path / "odd.jpeg"), LINE) < 4


class TestResolution:
    @pytest.mark.parametrize(
        ("kind", "dpi"), [("png", 200), ("jpeg", 200), ("tiff", 200), ("bmp", 200), ("webp", 200), ("gif", 0)]
    )
    def test_as_the_file_says(self, files, tmp_path, kind, dpi):
        """From the header or the EXIF block; 0 where a format has no place for it."""
        assert render(files[kind], 1, tmp_path, LIMITS).dpi == dpi

    def test_centimetres(self, tmp_path):
        """118 dots per centimetre are 300 per inch."""
        LINE.save(tmp_path / "cm.tiff", resolution=118.11, resolution_unit=3)
        exif = Image.Exif()
        exif[Base.XResolution], exif[Base.ResolutionUnit] = 118.11, 3
        LINE.save(tmp_path / "cm.webp", exif=exif)
        for name in ("cm.tiff", "cm.webp"):
            assert render(tmp_path / name, 1, tmp_path, LIMITS).dpi == 300

    @pytest.mark.parametrize("dpi", [1, 30, 5000])
    def test_nonsense(self, tmp_path, dpi):
        """A resolution no scanner has is not passed on: Tesseract's own guess is better."""
        LINE.save(tmp_path / "odd.png", dpi=(dpi, dpi))
        assert render(tmp_path / "odd.png", 1, tmp_path, LIMITS).dpi == 0

    @pytest.mark.parametrize("turn", [0, 90, 180, 270])
    @pytest.mark.parametrize("page_turn", [0, 90])
    def test_a_scanned_pdf_is_not_resampled(self, tmp_path, turn, page_turn):
        """A page that is one image is rendered at the image's own resolution, whichever way it lies."""
        path = sheet_pdf(tmp_path / "scan.pdf", LINE, dpi=240, turn=turn, page_turn=page_turn)
        rendered = render(path, 1, tmp_path, LIMITS)
        assert rendered.dpi == 240
        on_its_side = (turn + page_turn) % 180 == 90
        assert (rendered.width, rendered.height) == (LINE.size[::-1] if on_its_side else LINE.size)
        if not turn and not page_turn:
            with Image.open(rendered.path) as image:
                assert difference(image, LINE) < 0.5

    @pytest.mark.parametrize(("dpi", "used"), [(72, 150), (99, 150), (100, 100), (300, 300), (1200, 1200)])
    def test_of_a_scan_in_a_pdf(self, tmp_path, dpi, used):
        """A scan too coarse for Tesseract is rendered at render_dpi, a small one in all its pixels."""
        path = sheet_pdf(tmp_path / "scan.pdf", LINE, dpi=dpi)
        assert render(path, 1, tmp_path, LIMITS).dpi == used

    @pytest.mark.parametrize("dpi", [12, 72, 143, 300, 9000])
    @pytest.mark.parametrize("strips", [1, 4])
    @pytest.mark.parametrize("page_turn", [0, 90])
    def test_a_scan_in_a_pdf_that_declares_another_size(self, tmp_path, dpi, strips, page_turn):
        """Apps call every picture 72 DPI: it is rendered pixel by pixel, be its page as large as a wall or a stamp."""
        width, height = 1240, 1752
        with pymupdf.open() as document:
            page = document.new_page(width=width * 72 / dpi, height=height * 72 / dpi)
            for n in range(strips):
                packed = io.BytesIO()
                Image.new("L", (width, height // strips), 250).save(packed, "JPEG")
                top, bottom = (page.rect.height * m / strips for m in (n, n + 1))
                page.insert_image((0, top, page.rect.width, bottom), stream=packed.getvalue(), keep_proportion=False)
            page.set_rotation(page_turn)
            document.save(tmp_path / "scan.pdf")
        rendered = render(tmp_path / "scan.pdf", 1, tmp_path, LIMITS)
        size = (rendered.height, rendered.width) if page_turn else (rendered.width, rendered.height)
        assert size == pytest.approx((width, height), abs=1)

    def test_a_very_fine_scan_in_a_pdf(self, tmp_path):
        """A sheet of A4 with more than 600 DPI is rendered at that."""
        path = sheet_pdf(tmp_path / "scan.pdf", Image.new("1", (9921, 14031), 1), dpi=1200)
        assert render(path, 1, tmp_path, SourceLimits(10, 250, 150)).dpi == 600

    def test_a_slide_with_a_picture_behind_its_text(self, tmp_path):
        """The text has no pixels of its own, so it is not made as coarse as the picture."""
        path = sheet_pdf(tmp_path / "slide.pdf", Image.new("L", (1280, 720), 200), dpi=96)
        with pymupdf.open(path) as document:
            document[0].insert_text((50, 50), "Agenda")
            document.save(tmp_path / "text.pdf")
        assert render(path, 1, tmp_path, LIMITS).width == 1280
        assert render(tmp_path / "text.pdf", 1, tmp_path, LIMITS).width == 2000

    def test_pages_that_are_no_scan(self, tmp_path):
        """Text, or a picture among text, is rendered at render_dpi."""
        path = sheet_pdf(tmp_path / "logo.pdf", LINE, dpi=300, margin=60)
        assert render(path, 1, tmp_path, LIMITS).dpi == 150
        with pymupdf.open() as document:
            document.new_page(width=300, height=100).insert_text((20, 40), "set, not scanned")
            document.save(tmp_path / "text.pdf")
        rendered = render(tmp_path / "text.pdf", 1, tmp_path, LIMITS)
        assert (rendered.dpi, rendered.width, rendered.height) == (150, 625, 209)


class TestTooLarge:
    def test_an_image(self, files, tmp_path):
        """The message has the image's size and the setting that forbids it."""
        limits = SourceLimits(10, 0.01, 150)
        for kind in PILLOWS:
            with pytest.raises(DocumentError, match=rf"page 1 has 0 megapixels \({LINE.width} x {LINE.height}\)"):
                render(files[kind], 1, tmp_path, limits)

    def test_a_bomb(self, tmp_path):
        """A header that claims four billion pixels is refused before any memory is taken for them."""

        def chunk(name: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

        header = struct.pack(">IIBBBBB", 65000, 65000, 8, 0, 0, 0, 0)
        body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
        (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
        with pytest.raises(DocumentError, match="page 1 has 4225 megapixels"):
            render(tmp_path / "bomb.png", 1, tmp_path, LIMITS)

    def test_a_huge_page_box(self, tmp_path):
        """A page of a mile would need more pixels than allowed at any useful resolution."""
        path = raw_pdf(
            tmp_path / "mile.pdf",
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 4500000 4500000]>>",
        )
        assert inspect(path, LIMITS).pages == 1
        with pytest.raises(DocumentError, match="measures 62500 by 62500 inches: even at 70 DPI"):
            render(path, 1, tmp_path, LIMITS)

    @pytest.mark.parametrize("box", ["0 0 0 0", "0 0 612 0", "5 5 5 5", "0 0 nan 5", "-1e9 -1e9 1e9 1e9", "0 0 1 1e7"])
    def test_odd_page_boxes(self, tmp_path, box):
        """A box of no size, of no numbers or of all the world is the document's fault at worst."""
        path = raw_pdf(
            tmp_path / "odd.pdf",
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]>>",
        )
        try:
            rendered = render(path, 1, tmp_path, LIMITS)
        except DocumentError:
            return
        assert rendered.width * rendered.height <= LIMITS.max_megapixels * 1e6

    def test_a_large_page(self, tmp_path):
        """One that fits at a lower resolution is rendered at that."""
        with pymupdf.open() as document:
            document.new_page(width=72 * 20, height=72 * 30)
            document.save(tmp_path / "poster.pdf")
        rendered = render(tmp_path / "poster.pdf", 1, tmp_path, LIMITS)
        assert 70 <= rendered.dpi < 150
        assert rendered.width * rendered.height <= LIMITS.max_megapixels * 1e6

    def test_a_large_image_in_a_pdf(self, tmp_path):
        """It would have to be decoded whole, however small the page."""
        path = sheet_pdf(tmp_path / "dense.pdf", Image.new("1", (4000, 3000), 1), dpi=4000)
        with pytest.raises(DocumentError, match=r"page 1 has 12 megapixels \(4000 x 3000\)"):
            render(path, 1, tmp_path, LIMITS)


class TestDamage:
    @pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "bmp", "webp", "gif"])
    @pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
    def test_cut_short(self, files, tmp_path, kind, fraction):
        """Half a picture is not read as if it were whole."""
        path = tmp_path / "cut"
        render_scans.truncated(files[kind], path, fraction)
        assert read_all(path, tmp_path)

    @pytest.mark.parametrize("kind", [*PILLOWS, "pdf"])
    def test_any_damage_is_the_document_s(self, files, tmp_path, kind):
        """Bytes changed at random either do not matter or end in DocumentError, and never in anything else."""
        whole = files[kind].read_bytes()
        path = tmp_path / "damaged"
        chance = random.Random(f"damage {kind}")  # noqa: S311 -- the same each time
        failed = 0
        for _ in range(120):
            data = bytearray(whole)
            for _ in range(chance.choice((1, 3, 20))):
                at = chance.choice((chance.randrange(len(data)), chance.randrange(min(400, len(data)))))
                data[at] = chance.choice((0, 255, chance.randrange(256)))
            path.write_bytes(data)
            said = read_all(path, tmp_path)
            failed += bool(said)
            assert said.isprintable()
        assert failed

    def test_a_page_tree_that_leads_nowhere(self, tmp_path):
        """Objects in the page tree that are not pages end in DocumentError at worst."""
        path = raw_pdf(
            tmp_path / "odd.pdf", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[9 0 R 1 0 R]/Count 2>>"
        )
        read_all(path, tmp_path)

    def test_a_page_tree_in_a_circle(self, tmp_path):
        """A page tree in a circle ends in DocumentError."""
        path = raw_pdf(tmp_path / "odd.pdf", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R]/Count 3>>")
        assert read_all(path, tmp_path)


class TestDisk:
    @pytest.mark.parametrize("kind", ["png", "pdf", "tiff"])
    def test_a_full_disk_is_not_the_document_s_fault(self, files, tmp_path, kind):
        """When the picture cannot be written, the document must not go to quarantine."""
        for suffix in ("pnm", "pgm"):
            (tmp_path / f"page-1.{suffix}").symlink_to("/dev/full")
        with pytest.raises(StorageError, match=r"page image .* cannot be written: "):
            render(files[kind], 1, tmp_path, LIMITS)

    @pytest.mark.parametrize("kind", ["png", "pdf"])
    def test_a_work_folder_that_is_gone(self, files, tmp_path, kind):
        """A folder that was removed meanwhile is not the document's fault either."""
        with pytest.raises(StorageError, match=r"page image .* cannot be written: "):
            render(files[kind], 1, tmp_path / "gone", LIMITS)

    def test_a_source_that_cannot_be_read(self, tmp_path):
        """What the system refuses stays an error of the system."""
        with pytest.raises(IsADirectoryError):
            inspect(tmp_path, LIMITS)
