"""Every kind of image looks the same to OCR, in the PDF output and in previews, and its words lie over its ink."""

import io
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pymupdf
import pytest
from PIL import Image, ImageDraw

import render_scans
from exif_photos import stored_as
from pdf_words import difference, picture, poppler
from sample_page import HEIGHT, TEXT, WIDTH, sample_page
from scanmend.outputs.pdf.from_images import FromImages
from scanmend.source.preview import open_preview
from scanmend.source.render import inspect, render
from scanmend.source.settings import SourceLimits
from tiff_variants import DPI, variants
from tiff_writer import Picture, tiff

LIMITS = SourceLimits(max_pages=100, max_megapixels=5, render_dpi=150)
PAGE = render_scans.line(TEXT)
BLACK_AND_WHITE = PAGE.point(lambda v: 255 if v > 127 else 0)
SIXTEEN = PAGE.point(lambda v: v // 17 * 17)
TIFFS = variants(PAGE)


def truth(name):
    """The page as this many bits can show it."""
    grey = {" 1,": BLACK_AND_WHITE, " 4,": SIXTEEN}
    return next((page for bits, page in grey.items() if bits in f"{name},"), PAGE)


def composed(path, pages=(1,)):
    target = path.with_suffix(".pdf")
    with open_preview(path) as preview:
        made = FromImages(path, preview.image, target, "", bytes(16))
        for number in pages:
            made.add(sample_page(number))
        made.finish()
    return target


def read_by_ocr(path, number=1):
    with Image.open(render(path, number, path.parent, LIMITS).path) as image:
        return image.convert("L")


def previewed(path, number=1):
    with open_preview(path) as preview:
        return Image.open(io.BytesIO(preview.jpeg(number, WIDTH, 95)))


def ink_in_boxes(pdf):
    """Share of the dark pixels of the first page that lie in the boxes of its words."""
    ink = np.asarray(picture(pdf)) < 128
    boxes = Image.new("1", ink.shape[::-1], 0)
    for box in poppler(pdf)[1]:
        ImageDraw.Draw(boxes).rectangle([n * 200 / 72 for n in box], fill=1)
    return (ink & np.asarray(boxes)).sum() / ink.sum()


def check_everywhere(path, expected, least=2.0):
    assert inspect(path, LIMITS).pages == 1
    assert difference(read_by_ocr(path), expected) < least
    made = composed(path)
    assert difference(picture(made), expected) < least
    assert difference(previewed(path).convert("L"), expected) < least + 2  # as JPEG
    return made


@pytest.mark.parametrize(
    "name", [name if n % 3 == 0 else pytest.param(name, marks=pytest.mark.thorough) for n, name in enumerate(TIFFS)]
)
def test_every_pixel_type_of_a_tiff(tmp_path, name):
    """Bits, signs, floats, planes, photometric interpretations, alpha, strips, tiles, orders of bytes and bits."""
    kind, order = TIFFS[name]
    (tmp_path / "a.tif").write_bytes(tiff([kind], order))
    check_everywhere(tmp_path / "a.tif", truth(name))


@pytest.mark.parametrize("packing", ["group3", "group4", "tiff_lzw", "packbits", "tiff_adobe_deflate"])
@pytest.mark.parametrize("fill_order", [1, 2])
@pytest.mark.parametrize("photometric", [0, 1])
def test_every_packing_of_a_black_and_white_tiff(tmp_path, packing, fill_order, photometric):
    """As fax servers write them, low bit first; two programs show the same in the PDF, and its words fit."""
    path = tmp_path / "a.tif"
    tags = {262: photometric, 266: fill_order}
    BLACK_AND_WHITE.convert("1").save(path, compression=packing, tiffinfo=tags, dpi=(200, 200))
    with Image.open(path) as image:
        assert image.tag_v2.get(266, 1) == fill_order
    expected = check_everywhere_but_inverted(path)
    made = composed(path)
    assert ink_in_boxes(made) > 0.95 or expected is not BLACK_AND_WHITE
    assert difference(by_poppler(made), expected) < 5  # it smooths


def check_everywhere_but_inverted(path):
    """Pillow writes what is black as zero whatever it declares, so that some of its files are white on black."""
    expected = BLACK_AND_WHITE
    if difference(read_by_ocr(path), expected) > 100:
        expected = expected.point(lambda v: 255 - v)
    check_everywhere(path, expected)
    return expected


def by_poppler(pdf):
    tool = shutil.which("pdftoppm")
    assert tool, "install poppler-utils; scripts/setup does"
    shown = subprocess.run([tool, "-r", "200", "-gray", pdf], capture_output=True, check=True)
    assert not shown.stderr
    return Image.open(io.BytesIO(shown.stdout))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "tiff", "tiff 16", "fax"])
def test_every_orientation(tmp_path, kind, orientation):
    """Turned once, in all outputs, with the resolutions of both sides where they belong."""
    page = PAGE.resize((WIDTH, HEIGHT * 2), Image.Resampling.NEAREST)  # 200 x 400 DPI
    stored, exif = stored_as(page.convert("1") if kind == "fax" else page, orientation)
    dpi = (400, 200) if orientation > 4 else (200, 400)
    path = tmp_path / "a"
    if kind == "tiff 16":
        tags = {**DPI, 274: (3, [orientation]), 282: (5, [dpi[0]]), 283: (5, [dpi[1]])}
        path.write_bytes(tiff([Picture(np.asarray(stored) * 257.0, 16, tags=tags)], ">"))
    elif kind in ("tiff", "fax"):
        packing = "group4" if kind == "fax" else "tiff_lzw"
        stored.save(path, "TIFF", tiffinfo={274: orientation}, compression=packing, dpi=dpi)
    elif kind == "WEBP":
        exif[282], exif[283], exif[296] = float(dpi[0]), float(dpi[1]), 2
        stored.save(path, kind, exif=exif, lossless=True)
    else:
        stored.save(path, kind, exif=exif, dpi=dpi, **({"quality": 95} if kind == "JPEG" else {}))
    expected = BLACK_AND_WHITE if kind == "fax" else PAGE
    tall = expected.resize((WIDTH, HEIGHT * 2), Image.Resampling.NEAREST)
    assert difference(read_by_ocr(path), tall) < 3
    made = composed(path)
    with pymupdf.open(made) as document:
        assert tuple(document[0].rect) == pytest.approx((0, 0, WIDTH * 0.36, HEIGHT * 0.36), abs=0.1)
    assert difference(picture(made), expected) < (8 if kind == "fax" else 3)  # thinned to half its rows
    assert ink_in_boxes(made) > 0.95
    assert previewed(path).height > WIDTH // 3


def test_pages_of_every_kind_in_one_tiff(tmp_path):
    """Each page has its own size, orientation, resolution and pixel type, in either order of asking."""
    chosen = [picture for picture, order in TIFFS.values() if order == "<"][::7]
    pages, sizes = [], []
    for n, kind in enumerate(chosen):
        orientation = n % 8 + 1
        dpi = 150 + 10 * n
        tags = {274: (3, [orientation]), 282: (5, [dpi]), 283: (5, [dpi]), 296: (3, [2])}
        height = HEIGHT - n
        pages.append(replace(kind, samples=kind.samples[:height], tags=tags))
        sides = (WIDTH * 72 / dpi, height * 72 / dpi)
        sizes.append(sides[::-1] if orientation > 4 else sides)
    (tmp_path / "a.tif").write_bytes(tiff(pages))
    assert inspect(tmp_path / "a.tif", LIMITS).pages == len(pages) > 10
    made = composed(tmp_path / "a.tif", range(1, len(pages) + 1))
    with pymupdf.open(made) as document:
        found = [(sheet.rect.width, sheet.rect.height) for sheet in document]
    assert found == [pytest.approx(size, abs=0.1) for size in sizes]
    for number in (len(pages), 2, 1):
        seen = read_by_ocr(tmp_path / "a.tif", number)
        stored, _ = stored_as(seen, number % 8 or 8) if number > 1 else (seen, None)
        lying = stored if stored.width > stored.height else seen
        assert difference(lying.crop((0, 0, WIDTH, 90)), PAGE.crop((0, 0, WIDTH, 90))) < 30


class TestPicturesThatAreNoPages:
    """Smaller copies and masks lie in the same file as what they belong to."""

    SMALL = Picture(np.asarray(PAGE.resize((WIDTH // 4, HEIGHT // 4))))

    def marked(self, tag, value, picture=SMALL):
        return replace(picture, tags={tag: (4 if tag == 254 else 3, [value])})

    @pytest.mark.parametrize(("tag", "value"), [(254, 1), (255, 2), (254, 4), (254, 5), (262, 4)])
    @pytest.mark.parametrize("first", [True, False])
    @pytest.mark.parametrize("big", [True, False])
    def test_they_are_not_counted(self, tmp_path, tag, value, first, big):
        """In front of the page or behind it; new tag and old."""
        page, other = Picture(np.asarray(PAGE), tags=DPI), self.marked(tag, value)
        (tmp_path / "a.tif").write_bytes(tiff([other, page] if first else [page, other], big=big))
        check_everywhere(tmp_path / "a.tif", PAGE)

    def test_each_page_with_its_own(self, tmp_path):
        """Pages and thumbnails in turns: the pages remain, in order."""
        pages = [Picture(np.full((80 + n, 100), 250)) for n in range(4)]
        chain = [p for page in pages for p in (page, self.marked(254, 1, Picture(np.zeros((20, 25)))))]
        (tmp_path / "a.tif").write_bytes(tiff(chain))
        assert inspect(tmp_path / "a.tif", LIMITS).pages == 4
        assert [render(tmp_path / "a.tif", n, tmp_path, LIMITS).height for n in (1, 2, 3, 4)] == [80, 81, 82, 83]

    def test_a_page_below_its_thumbnail(self, tmp_path):
        """As in files of cameras: what is on top is small."""
        page = Picture(np.asarray(PAGE), tags=DPI)
        (tmp_path / "a.tif").write_bytes(tiff([self.marked(254, 1)], below=[page]))
        check_everywhere(tmp_path / "a.tif", PAGE)

    def test_copies_below_the_page(self, tmp_path):
        """A pyramid's smaller levels are no pages."""
        page = Picture(np.asarray(PAGE), tags=DPI)
        (tmp_path / "a.tif").write_bytes(tiff([page], below=[self.marked(254, 1), self.marked(254, 1)]))
        check_everywhere(tmp_path / "a.tif", PAGE)

    def test_nothing_is_left_out_for_a_mark_alone(self, tmp_path):
        """Some programs mark every page so, or one that is no smaller than the others."""
        page = Picture(np.full((80, 100), 250))
        (tmp_path / "a.tif").write_bytes(tiff([self.marked(254, 1, page)] * 3))
        assert inspect(tmp_path / "a.tif", LIMITS).pages == 3
        (tmp_path / "b.tif").write_bytes(tiff([page, self.marked(254, 1, page), self.marked(254, 2, page)]))
        assert inspect(tmp_path / "b.tif", LIMITS).pages == 3


def on_nothing(ink, mode="RGBA"):
    """The page's letters, in this brightness, on a ground that is not there."""
    letters = Image.new(mode[:-1], PAGE.size, ink if mode == "LA" else (ink,) * 3)
    letters.putalpha(PAGE.point(lambda v: 255 - v))
    return letters


class TestTransparency:
    @pytest.mark.parametrize("mode", ["RGBA", "LA"])
    @pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
    def test_white_letters_on_nothing(self, tmp_path, mode, kind):
        """Programs in dark mode export them so; they stay white, on black."""
        if (kind, mode) == ("WEBP", "LA"):
            mode = "RGBA"
        more = {"lossless": True, "exact": True} if kind == "WEBP" else {"dpi": (200, 200)}
        on_nothing(255, mode).save(tmp_path / "a", kind, **more)
        made = check_everywhere(tmp_path / "a", PAGE.point(lambda v: 255 - v))
        assert poppler(made)[0]

    @pytest.mark.parametrize("ink", [0, 80, 120])
    def test_dark_letters_on_nothing(self, tmp_path, ink):
        """They stay on white."""
        on_nothing(ink).save(tmp_path / "a.png", dpi=(200, 200))
        check_everywhere(tmp_path / "a.png", PAGE.point(lambda v: 255 - (255 - v) * (255 - ink) // 255))

    @pytest.mark.parametrize("ink", [200, 230])
    def test_pale_letters_on_nothing(self, tmp_path, ink):
        """White would hide them."""
        on_nothing(ink).save(tmp_path / "a.png", dpi=(200, 200))
        check_everywhere(tmp_path / "a.png", PAGE.point(lambda v: (255 - v) * ink // 255))

    def test_a_sheet_with_nothing_around_it(self, tmp_path):
        """A sheet that was cut out stands on white, not on black, though most of it is bright."""
        sheet = PAGE.convert("RGBA")
        around = Image.new("RGBA", (WIDTH + 200, HEIGHT + 200), (0, 0, 0, 0))
        around.paste(sheet, (100, 100))
        around.save(tmp_path / "a.png")
        expected = Image.new("L", around.size, 255)
        expected.paste(PAGE, (100, 100))
        assert difference(read_by_ocr(tmp_path / "a.png"), expected) < 1

    def test_a_transparent_colour_of_sixteen_bits(self, tmp_path):
        """A PNG may name one grey as transparent."""
        page = Image.fromarray(np.asarray(PAGE).astype(np.uint16) * 257)
        page.save(tmp_path / "a.png", dpi=(200, 200), transparency=65535)
        check_everywhere(tmp_path / "a.png", PAGE)

    def test_nothing_at_all(self, tmp_path):
        """It is white."""
        Image.new("RGBA", (200, 100), (0, 0, 0, 0)).save(tmp_path / "a.png")
        assert read_by_ocr(tmp_path / "a.png").getextrema() == (255, 255)


class TestSixteenBits:
    @pytest.mark.parametrize("most", [4095, 65535])
    def test_of_a_png(self, tmp_path, most):
        """Scaled by what its scanner had; data that fill their bits go into the PDF as they are."""
        levels = np.rint(np.asarray(PAGE) / 255 * most).astype(np.uint16)
        Image.fromarray(levels).save(tmp_path / "a.png", dpi=(200, 200))
        made = check_everywhere(tmp_path / "a.png", PAGE)
        assert (b"/BitsPerComponent 16" in made.read_bytes()) == (most == 65535)
