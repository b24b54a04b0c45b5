"""scanmend.ocr.preprocess with the real engine: pages turned, askew, small, dark; words and boxes come out right."""

from dataclasses import dataclass, replace

import numpy as np
import pymupdf
import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps

import render_scans
from scanmend.errors import DocumentError, OcrError
from scanmend.ocr import preprocess, tesseract
from scanmend.source.page_image import PageImage
from scanmend.source.settings import ReadSettings, SourceLimits

LIMITS = SourceLimits(max_pages=1, max_megapixels=50, render_dpi=200)
READING = ReadSettings(("eng",), LIMITS, limit_s=60.0, alternatives=False)
TEXT = """\
The harbour office opens at seven
Tickets are sold beside the gate
Bring nothing that you would lose
The captain decides alone whether"""
SIZE = (820, 460)


@dataclass
class Sheet:
    """A printed sheet, and one for each of its words with only that word on it."""

    page: Image.Image
    words: list[tuple[str, Image.Image]]


@pytest.fixture(scope="module")
def sheet():
    font = ImageFont.load_default(38)
    page = Image.new("L", SIZE, 255)
    words = []
    for row, line in enumerate(TEXT.splitlines()):
        x = 90.0
        for word in line.split():
            alone = Image.new("L", SIZE, 255)
            for image in (page, alone):
                ImageDraw.Draw(image).text((x, 100 + 66 * row), word, font=font, fill=0)
            words.append((word, alone))
            x += font.getlength(word + " ")
    return Sheet(page, words)


def read(tmp_path, image, steps=preprocess.STEPS, dpi=200, reading=READING):
    path = tmp_path / "page-1.pnm"
    image.save(path, "PPM")
    return preprocess.read(PageImage(path, image.width, image.height, dpi), 1, reading, steps)


def text(page):
    """Without blank lines, which Tesseract sets where it likes."""
    return "\n".join(line.text for line in page.lines)


def check_boxes(page, sheet, shown):
    """Each word's box holds its ink on the page as shown, but for a few pixels, and little beside it."""
    found = [w for line in page.lines for w in line.words]
    assert [w.text for w in found] == [text for text, _ in sheet.words]
    for word, (_, alone) in zip(found, sheet.words, strict=True):
        ink = ImageOps.invert(shown(alone)).point(lambda v: v if v > 100 else 0).getbbox()
        left, top, right, bottom = (a - b for a, b in zip(word.box, ink, strict=True))
        assert -8 <= left <= 4, (word, ink)
        assert -4 <= right <= 8, (word, ink)
        # Tesseract's own boxes sometimes reach down to where other letters would.
        assert -14 <= top <= 4, (word, ink)
        assert -4 <= bottom <= 14, (word, ink)


class TestWhatIsDone:
    def test_a_sound_page_is_read_as_it_is(self, sheet, tmp_path):
        """A clean upright page is read once, without any step."""
        page = read(tmp_path, sheet.page)
        assert (text(page), page.turned, page.steps) == (TEXT, 0, ())
        assert (page.width, page.height, page.dpi) == (*SIZE, 200)
        check_boxes(page, sheet, lambda image: image)

    @pytest.mark.parametrize("turned", [pytest.param(n, marks=pytest.mark.thorough) for n in (90, 180)] + [270])
    def test_a_turned_page(self, sheet, tmp_path, turned):
        """It is read upright, and its boxes are those of the upright page."""
        page = read(tmp_path, sheet.page.rotate(turned, expand=True))
        assert (text(page), page.turned, page.steps) == (TEXT, turned, (f"turned {turned}°",))
        assert (page.width, page.height) == SIZE
        check_boxes(page, sheet, lambda image: image)

    @pytest.mark.thorough
    @pytest.mark.parametrize("degrees", [-3, 3])
    def test_a_page_askew(self, sheet, tmp_path, degrees):
        """Boxes are where the words are on the page as it was scanned."""

        def worn(image):
            return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)

        page = read(tmp_path, worn(sheet.page))
        assert text(page) == TEXT
        (step,) = page.steps
        assert step.startswith("straightened ")
        assert abs(float(step.removeprefix("straightened ").removesuffix("°")) - 3) <= 0.2
        check_boxes(page, sheet, worn)

    def test_a_page_askew_and_upside_down(self, sheet, tmp_path):
        """Both are undone."""

        def worn(image):
            return image.rotate(-4, Image.Resampling.BICUBIC, expand=True, fillcolor=255)

        page = read(tmp_path, worn(sheet.page).rotate(180))
        assert (text(page), page.turned) == (TEXT, 180)
        check_boxes(page, sheet, worn)

    def test_light_on_dark(self, sheet, tmp_path):
        """It is inverted."""
        page = read(tmp_path, ImageOps.invert(sheet.page))
        assert (text(page), page.steps) == (TEXT, ("inverted",))
        check_boxes(page, sheet, lambda image: image)

    def test_uneven_light(self, sheet, tmp_path):
        """A shadow in which the paper is darker than the ink outside of it."""
        grey = np.asarray(sheet.page, np.float32) * 0.7 + 60
        x = np.arange(SIZE[0])
        shade = Image.fromarray((grey * (1 - 0.75 / (1 + np.exp((400 - x) / 20)))).astype(np.uint8))
        page = read(tmp_path, shade)
        assert (text(page), page.steps) == (TEXT, ("light evened out",))
        assert read(tmp_path, shade, steps=()).raw.split() != TEXT.split()

    def test_very_small_print(self, sheet, tmp_path):
        """It is enlarged where it cannot be read well otherwise; boxes are those of the small page."""

        def worn(image):
            return image.resize((SIZE[0] // 4, SIZE[1] // 4), Image.Resampling.BOX)

        page = read(tmp_path, worn(sheet.page), dpi=50)
        assert page.steps == ("enlarged 2×",)
        assert (page.width, page.height, page.dpi) == (SIZE[0] // 4, SIZE[1] // 4, 50)
        for line in page.lines:
            for word in line.words:
                assert 0 <= word.box[0] < word.box[2] <= page.width

    def test_a_table_is_read_across_its_rows(self, tmp_path):
        """A table that Tesseract takes for two columns is read again as one column."""
        rows = [("Coffee beans", "12.50"), ("Paper cups", "4.20"), ("Sugar", "3.95"), ("Tea", "7.10"), ("Milk", "2.40")]
        image = Image.new("L", (900, 520), 255)
        font = ImageFont.load_default(34)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                ImageDraw.Draw(image).text((60 + 500 * column, 80 + 60 * row), cell, font=font, fill=0)
        assert [line.text for line in read(tmp_path, image, steps=()).lines] == [
            *(a for a, _ in rows),
            *(b for _, b in rows),
        ]
        page = read(tmp_path, image)
        assert [line.text for line in page.lines] == [f"{a} {b}" for a, b in rows]
        assert page.steps == ("read as one column",)

    def test_columns_of_prose_stay_columns(self, tmp_path):
        """Lines of two columns are not joined across the gutter."""
        page = read(tmp_path, render_scans.leaflet().pages[0])
        said = " ".join(page.raw.split())
        assert "On these days the water will be turned off from nine in the morning" in said
        assert not {"read as one column", "read as one block"} & set(page.steps)


class TestLimits:
    def test_no_time_for_another_reading(self, sheet, tmp_path, monkeypatch):
        """The first reading is kept."""
        monkeypatch.setattr(preprocess, "_RETRY_TIME_FACTOR", 1e9)
        page = read(tmp_path, sheet.page.rotate(180))
        assert (page.turned, page.steps) == (0, ())

    @pytest.mark.parametrize(
        "error", [OcrError] + [pytest.param(e, marks=pytest.mark.thorough) for e in (DocumentError, OSError)]
    )
    def test_another_reading_that_fails(self, sheet, tmp_path, monkeypatch, error):
        """When a further reading fails, the first is kept; when the first fails, so does the page."""
        real, calls = tesseract.read, []

        def failing(*args, **settings):
            calls.append(args)
            if len(calls) > 1:
                raise error("ran out of memory")
            return real(*args, **settings)

        monkeypatch.setattr(tesseract, "read", failing)
        page = read(tmp_path, sheet.page.rotate(180))
        assert (page.turned, len(calls) > 1) == (0, True)
        with pytest.raises(error, match="ran out of memory"):
            read(tmp_path, sheet.page)

    def test_a_page_is_not_enlarged_beyond_what_a_page_may_have(self, sheet, tmp_path):
        """Memory is bounded by max_megapixels."""
        small = sheet.page.resize((SIZE[0] // 4, SIZE[1] // 4), Image.Resampling.BOX)
        tight = replace(READING, limits=replace(LIMITS, max_megapixels=0.05))
        assert read(tmp_path, small, dpi=50, steps=("resolution",), reading=tight).steps == ()

    @pytest.mark.thorough
    def test_only_the_last_image_is_kept(self, sheet, tmp_path):
        """Beside the rendered image, only the last transformed one is on disk."""
        read(tmp_path, ImageOps.invert(sheet.page).rotate(180))
        assert len(list(tmp_path.glob("*.pnm"))) == 2

    def test_an_empty_page_is_read_once(self, tmp_path, monkeypatch):
        """A page without letters is not read again."""
        calls = []
        real = tesseract.read
        monkeypatch.setattr(tesseract, "read", lambda *args, **more: calls.append(1) or real(*args, **more))
        assert read(tmp_path, Image.new("L", (600, 400), 255)).lines == ()
        assert len(calls) == 1


@pytest.mark.parametrize(
    ("font", "lines"),
    [
        ("china-s", ["木工车间的工具目录", "第二部分：锯子和刨子"]),
        pytest.param("china-t", ["中文說明書", "請保留收據", "謝謝"], marks=pytest.mark.thorough),
        pytest.param("japan", ["四月の会議の議事録"], marks=pytest.mark.thorough),
        pytest.param("korea", ["도서관 새 책 목록", "둘째 부분"], marks=pytest.mark.thorough),
        pytest.param("cjk", ["Полка на кухне очень старая", "завтра утром мы купим доски"], marks=pytest.mark.thorough),
        ("cjk", ["Το ράφι της κουζίνας είναι", "πολύ παλιό και αύριο"]),
    ],
)
def test_a_script_that_tesseract_was_not_asked_for(tmp_path, font, lines):
    """Whatever is read upside down then says nothing about how the page lies: it stays as it is."""
    with pymupdf.open() as document:
        sheet = document.new_page(width=420, height=200)
        writer = pymupdf.TextWriter(sheet.rect)
        for n, line in enumerate(lines):
            writer.append((40, 60 + 40 * n), line, font=pymupdf.Font(font), fontsize=22)
        writer.write_text(sheet)
        pixels = sheet.get_pixmap(dpi=200, colorspace=pymupdf.csGRAY)
    page = read(tmp_path, Image.frombytes("L", (pixels.width, pixels.height), pixels.samples))
    assert page.turned == 0
