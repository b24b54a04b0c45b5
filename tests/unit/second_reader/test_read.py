"""scanmend.second_reader.read with the real networks: drawn pages, and which of their lines are read."""

import difflib
import itertools
import math
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps

import render_scans
from scanmend.document import SecondLine
from scanmend.errors import ReaderError
from scanmend.second_reader.choose import FirstWord
from scanmend.second_reader.lattice import greedy_text
from scanmend.second_reader.read import Request, SecondReader

SENTENCES = (
    "The committee will meet again on Thursday at 14:30",
    "Invoice 2024-117 over 1,204.50 EUR is due on 23 May",
    "Please send the signed copy to the address below",
    "A quick brown fox jumps over 13 lazy dogs",
)


@pytest.fixture(scope="module")
def reader() -> SecondReader:
    """One for all tests: its networks are prepared once."""
    return SecondReader(threads=1)


def page(lines: list[tuple[int, int, str]], size: tuple[int, int], letters_px: int = 28) -> Image.Image:
    """Draw texts at left and top."""
    image = Image.new("L", size, 255)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(letters_px)
    for left, top, text in lines:
        draw.text((left, top), text, font=font, fill=0)
    return image


def letter(size: tuple[int, int] = (1000, 700)) -> Image.Image:
    """Four lines, one below the other."""
    return page([(80, 80 + 90 * i, text) for i, text in enumerate(SENTENCES)], size)


@pytest.fixture
def read(reader, tmp_path):
    """Have an image read."""

    def ask(image: Image.Image, words=(), *, languages=("eng",), which="always", limit_s=60.0) -> list[SecondLine]:
        image.convert("L").save(tmp_path / "page.pgm", "PPM")
        request = Request(tmp_path / "page.pgm", tuple(words), languages, which, limit_s)
        return sorted(reader.read(request).lines, key=lambda line: line.box[1])

    return ask


def texts(lines: list[SecondLine]) -> list[str]:
    return [greedy_text(line.steps) for line in lines]


def likeness(found: list[str], expected: list[str]) -> float:
    return difflib.SequenceMatcher(None, "\n".join(found), "\n".join(expected), autojunk=False).ratio()


def test_drawn_lines(read):
    """Each is found where it stands, and read; the lattice goes from left to right."""
    lines = read(letter())
    assert texts(lines) == [*SENTENCES]
    for i, line in enumerate(lines):
        left, top, right, bottom = line.box
        assert 60 <= left <= 85
        assert 600 <= right <= 900
        assert top <= 85 + 90 * i < 100 + 90 * i <= bottom <= top + 70
        places = [step.at for step in line.steps]
        assert places == sorted(places)
        assert 0 <= places[0] < places[-1] <= 1
        assert all(1 <= len(step.symbols) <= 4 for step in line.steps)
        assert all(a[1] >= b[1] for step in line.steps for a, b in itertools.pairwise(step.symbols))


def test_lines_that_slope(read):
    """Two degrees: the corners slope with them, and they are read level."""
    lines = read(letter().rotate(2, Image.Resampling.BICUBIC, fillcolor=255))  # anticlockwise: lines rise
    assert texts(lines) == [*SENTENCES]
    for line in lines:
        (x0, y0), (x1, y1) = line.corners[:2]
        assert math.degrees(math.atan2(y1 - y0, x1 - x0)) == pytest.approx(-2, abs=0.6)


@pytest.mark.thorough
def test_white_on_black(read):
    """Inverted pages are read as they are."""
    assert texts(read(ImageOps.invert(letter()))) == [*SENTENCES]


def test_two_columns(read):
    """No line runs across the gutter."""
    (sheet,) = render_scans.leaflet().pages
    lines = read(sheet)
    middle = sheet.width / 2
    across = [line for line in lines if line.box[0] < middle - 50 and line.box[2] > middle + 50]
    assert [greedy_text(line.steps) for line in across] in ([], ["NOTICE TO ALL TENANTS"])
    assert len(lines) == 1 + 2 * 9


@pytest.mark.parametrize(
    "size",
    [
        (700, 1400),
        pytest.param((1400, 700), marks=pytest.mark.thorough),
        pytest.param((3400, 4400), marks=pytest.mark.thorough),
        (4400, 3400),
    ],
)
def test_pages_of_all_sizes(read, size):
    """Upright and landscape, small and large, with letters as they are printed at 300 DPI on large ones."""
    letters = 28 if max(size) < 2000 else 56
    grid = [(letters * 3, top, SENTENCES[0][:22]) for top in range(100, size[1] - 150, letters * 5)]
    assert texts(read(page(grid, size, letters))) == [SENTENCES[0][:22]] * len(grid)


@pytest.mark.thorough
def test_small_letters_on_a_large_page(read):
    """A newspaper's, of 12 pixels: found since the first reading says how high the words are."""
    size = (3300, 4400)
    grid = [(left, top, SENTENCES[2]) for left in range(100, 2700, 480) for top in range(100, 4300, 800)]
    words = [FirstWord("word", (0, i, 30, i + 14), 50.0) for i in range(9)]
    sheet = page(grid, size, 18)
    found = read(sheet, words, which="auto")
    assert len(found) >= 0.98 * len(grid)
    assert likeness(sorted(texts(found)), [SENTENCES[2]] * len(grid)) > 0.97


@pytest.mark.thorough
def test_text_along_the_edge(read):
    """What runs upwards is left out, a figure that stands by itself is not."""
    sheet = letter((1100, 700))
    upwards = page([(10, 10, "Form 12/B upwards")], (400, 60)).rotate(90, expand=True)
    sheet.paste(upwards, (1000, 150))
    ImageDraw.Draw(sheet).text((900, 80), "1", font=ImageFont.load_default(28), fill=0)
    assert sorted(texts(read(sheet))) == sorted([*SENTENCES, "1"])


@pytest.mark.parametrize(
    "image", [render_scans.blank((800, 1000)), Image.new("L", (1, 1), 255), Image.new("L", (9, 4000))]
)
def test_nothing_on_it(read, image):
    """No line is found on blank paper, nor on images that are no pages."""
    assert read(image) == []


def test_only_doubtful_lines_are_read(read):
    """The others are found all the same; without a first reading, all are doubtful."""
    sure: list[FirstWord] = []
    for text, line in zip(SENTENCES, sorted(read(letter(), limit_s=0.0), key=lambda line: line.box[1]), strict=True):
        words = text.replace("14:30", "noon").replace("13", "the").split()
        left, top, right, bottom = line.box
        wide = (right - left) / len(words)
        for n, word in enumerate(words):
            box = (round(left + n * wide) + 3, top + 8, round(left + (n + 1) * wide) - 3, bottom - 8)
            sure.append(FirstWord(word, box, 96.0))
    lines = read(letter(), sure, which="auto")
    tops = {line.box[1] for line in lines if line.steps}
    assert len(tops) == 1 < len({line.box[1] for line in lines}) == 4
    assert [bool(line.steps) for line in read(letter(), which="auto")] == [True] * 4


@pytest.mark.thorough
def test_chinese(read):
    """With all symbols, and back to the Latin ones."""
    assert texts(read(render_scans.line("12,50", height_px=50), languages=("chi_sim",))) == ["12,50"]
    assert texts(read(letter())) == [*SENTENCES]


def test_time_is_up(read):
    """Lines are found, and none is read any more."""
    lines = read(letter(), limit_s=0.0)
    assert len(lines) == 4
    assert texts(lines) == [""] * 4


@pytest.mark.parametrize("content", [b"P6 2 2 255\nabcdefghijkl", b"P5 90 90 255\nshort", b""])
def test_an_image_that_is_none(reader, tmp_path, content):
    """It is the error of one page."""
    path = Path(tmp_path, "page.pgm")
    path.write_bytes(content)
    with pytest.raises(ReaderError, match=r"page\.pgm is no (grey|whole) page image"):
        reader.read(Request(path, (), ("eng",), "always", 60.0))


class TestLookingAhead:
    def test_lines_that_were_found_ahead_are_not_looked_for_again(self, tmp_path):
        """The reading is the same to the last step of each line."""
        reader, image = SecondReader(threads=1), tmp_path / "page.pgm"
        letter().save(image, "PPM")
        request = Request(image, (), ("eng",), "always", 60.0)
        plain = reader.read(request)
        asked = finding(reader)
        reader.look(image)
        parts = len(asked)
        assert reader.read(request).lines == plain.lines
        assert len(asked) == parts > 0

    @pytest.mark.parametrize("change", ["turned", "small words"])
    def test_they_are_looked_for_again_where_that_helps(self, tmp_path, change):
        """As another image took the place of the page's, or words so small want a larger map."""
        reader, image = SecondReader(threads=1), tmp_path / "page.pgm"
        letter((2000, 1400)).save(image, "PPM")
        asked = finding(reader)
        reader.look(image)
        parts = len(asked)
        words = [FirstWord("tiny", (0, 0, 20, 6), 90.0)] if change == "small words" else []
        if change == "turned":
            letter((2000, 1400)).rotate(180).save(tmp_path / "turned.pgm", "PPM")
            (tmp_path / "turned.pgm").rename(image)
        reader.read(Request(image, tuple(words), ("eng",), "auto", 60.0))
        assert len(asked) > parts


def finding(reader: SecondReader) -> list[int]:
    """Note each canvas that the reader has looked at from now on."""
    asked: list[int] = []
    networks = reader._networks
    find_text = networks.find_text

    def noted(canvas):
        asked.append(1)
        return find_text(canvas)

    networks.find_text = noted
    return asked
