"""scanmend.ocr.cjk_words: no blanks inside Chinese and Japanese, but where the image has a gap."""

import pytest

from scanmend.document import Line, Page, Word
from scanmend.ocr.cjk_words import with_joined_characters
from scanmend.ocr.quality import quality_of


def gap_of_boxes(a, b):
    """The gap on an image where all boxes are exact."""
    return b[0] - a[2]


def line(*parts):
    """Words of 40 pixels' height, each followed by its gap to the next one in pixels."""
    words, x = [], 100
    for text, gap in zip(parts[::2], [*parts[1::2], 0], strict=True):
        width = sum(40 if c > "\u2e80" else 20 for c in text)
        words.append(Word(text, (x, 0, x + width, 40), 80.0, ((("x", 80.0),),) * len(text)))
        x += width + gap
    return words


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("花园", 3, "委", 4, "员会"), "花园委员会"),
        (("姓名", 45, "王", 3, "小明"), "姓名 王小明"),
        (("货款", 4, "。", 40, "谢谢"), "货款。谢谢"),
        (("编号", 8, "A12", 8, "共"), "编号A12共"),
        (("编号", 30, "A12", 12, "of", 12, "B"), "编号 A12 of B"),
        (("コン", 2, "ピュー", 3, "タ", 3, "の", 4, "電源"), "コンピュータの電源"),
        (("부엌", 16, "선", 8, "반", 2, "이"), "부엌 선반이"),
        (("The", 10, "shelf"), "The shelf"),
    ],
)
def test_where_blanks_stay(parts, expected):
    """Characters of one phrase are one word, whatever Tesseract parts; wide gaps and Latin words keep blanks."""
    assert Line(with_joined_characters(line(*parts), gap_of_boxes)).text == expected


@pytest.mark.parametrize(
    ("parts", "on_image", "expected"),
    [
        (("花园", 60, "委", 4, "员会"), 4, "花园委员会"),
        (("明早", 3, "我们", 50, "去", 3, "买"), 6, "明早我们去买"),
        (("부엌", 30, "선"), 5, "부엌선"),
        (("姓名", 45, "王", 3, "小明"), 44, "姓名 王小明"),
        (("共", 30, "A12"), 25, "共 A12"),
        (("共", 30, "A12"), 9, "共A12"),
    ],
)
def test_boxes_that_are_too_narrow(parts, on_image, expected):
    """A gap between boxes is a blank only if the image has it, too: boxes may be half as wide as their characters."""
    assert Line(with_joined_characters(line(*parts), lambda _a, _b: on_image)).text == expected


def test_what_a_joined_word_has():
    """The box around all, the mean confidence of its characters, and the alternatives of each."""
    first, second = line("花园", 3, "委")
    (word,) = with_joined_characters([first, Word(second.text, second.box, 50.0, second.glyphs)], gap_of_boxes)
    assert (word.box, word.confidence, len(word.glyphs)) == ((100, 0, 223, 40), 70.0, 3)


def test_columns_of_chinese_are_not_torn():
    """Their lines are not taken for cells of a table, though no blanks part their words."""
    columns = [
        Line((Word("花园委员会星期二晚上开会", (x, 60 * n, x + 480, 60 * n + 40), 90.0),), paragraph)
        for paragraph, x in enumerate((0, 600))
        for n in range(5)
    ]
    assert quality_of(Page(1, tuple(columns), 1200, 400)).torn_share == 0.0
