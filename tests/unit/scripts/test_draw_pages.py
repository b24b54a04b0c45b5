"""The drawn pages are the same on each run, say what their text says, and their sums and check digits are right."""

import json
import re
from pathlib import Path
from random import Random

import pytest
import wordfreq
from PIL import Image

import draw_pages
from drawn_pages import receipts
from drawn_pages.sheet import Cell, Face, Sheet
from drawn_pages.text import goods, money, prose
from drawn_pages.text.tongue import Tongue
from scored_pages import language_of_page

WORD = re.compile(r"[^\W\d_]+")


def chance(seed: int) -> Random:
    """The same chances on each run."""
    return Random(seed)  # noqa: S311 -- to be repeated


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name == "forms" else pytest.mark.thorough) for name in draw_pages.SETS],
)
def test_a_page_of_each_set_has_ink_a_text_and_a_language(name: str, tmp_path: Path) -> None:
    """The image knows its resolution and is not blank; the text has lines; the name tells Tesseract's language."""
    (path,) = draw_pages.write_set(tmp_path, name, seed=3, count=1)
    with Image.open(path) as page:
        assert 100 < page.info["dpi"][0] < 310
        dark, light = page.convert("L").getextrema()
        assert light - dark > 100
    assert len(path.with_suffix(".gt.txt").read_text("utf-8").splitlines()) > 5
    assert language_of_page(path) in {"eng", "deu", "fra", "spa"}


def test_the_same_seed_draws_the_same_page_and_another_one_another(tmp_path: Path) -> None:
    """Every pixel and letter is the same, whatever else was drawn before."""
    first, _ = draw_pages.write_set(tmp_path / "a", "receipts", seed=3, count=2)
    again = next(draw_pages.write_set(tmp_path / "b", "receipts", seed=3, count=2))
    other = next(draw_pages.write_set(tmp_path / "c", "receipts", seed=4, count=2))
    assert first.read_bytes() == again.read_bytes()
    assert first.with_suffix(".gt.txt").read_bytes() != other.with_suffix(".gt.txt").read_bytes()


@pytest.mark.parametrize("name", ["receipts", pytest.param("invoices", marks=pytest.mark.thorough)])
def test_facts_come_with_the_page_as_printed(name: str, tmp_path: Path) -> None:
    """Company, date, total and more, each of which the page says."""
    for path in draw_pages.write_set(tmp_path, name, seed=3, count=2):
        truth = path.with_suffix(".gt.txt").read_text("utf-8")
        facts = json.loads(path.with_suffix(".key.json").read_text("utf-8"))
        assert {"number", "date", "total"} < set(facts)
        for fact in facts:
            for part in facts[fact].split(", ") if fact == "address" else [facts[fact]]:
                assert part.upper() in truth.upper(), fact


@pytest.mark.parametrize("number", range(4))
def test_sums_of_receipts_are_right(number: int) -> None:
    """Cash less change is the total, and the total is what the items and, in English, the tax come to."""
    _, truth, code = receipts.draw(chance(number), number, 0.0)
    lines = truth.splitlines()
    words = goods.RECEIPT[code]
    total, cash, change = (_cents(_line(lines, words[key])) for key in ("total", "cash", "change"))
    assert cash - change == total
    if code == "en":
        assert _cents(_line(lines, words["subtotal"])) + _cents(_line(lines, words["tax"])) == total


def test_a_row_is_taken_down_as_one_line_of_its_cells() -> None:
    """Cells come from left to right, wherever they are aligned."""
    sheet = Sheet((200, 100), 72)
    sheet.row(20, Face("helv", 10), Cell(10, "Total"), Cell(190, "12.50", "right"))
    sheet.gap()
    sheet.row(40, Face("helv", 10), Cell(10, "end"))
    assert sheet.truth == "Total 12.50\n\nend\n"


def test_prose_fits_between_its_margins_and_breaks_words_with_a_hyphen() -> None:
    """No line is wider than the column, and joining the lines gives the text back."""
    sheet, face = Sheet((300, 800), 72), Face("tiro", 10)
    text = prose.paragraph(chance(1), prose.TONGUES["de"], 6)
    sheet.prose(20, text, face, 20, 150, hyphens=True)
    lines = sheet.truth.splitlines()
    assert max(sheet.width(line, face) for line in lines) <= 130
    assert any(line.endswith("-") for line in lines)
    assert "".join(line.removesuffix("-") if line.endswith("-") else f"{line} " for line in lines).strip() == text


@pytest.mark.parametrize("tongue", prose.TONGUES.values(), ids=list(prose.TONGUES))
def test_words_are_words_of_their_language(tongue: Tongue) -> None:
    """All but a few of the phrases' words are among those that the language's frequency list has."""
    phrases = (*tongue.subjects, *tongue.objects, *tongue.verbs, *tongue.to_do, *tongue.where, *tongue.asides)
    words = {word.lower() for phrase in phrases for word in WORD.findall(phrase)}
    unknown = sorted(word for word in words if not wordfreq.zipf_frequency(word, tongue.code))
    assert len(unknown) <= 0.02 * len(words), unknown


@pytest.mark.parametrize("country", ["DE", "FR", "NL", "GB"])
def test_account_numbers_have_true_check_digits(country: str) -> None:
    """By ISO 13616, letters as two digits each, the first four signs last, the number is 1 modulo 97."""
    number = money.iban(chance(5), country).replace(" ", "")
    assert int("".join(str(int(c, 36)) for c in number[4:] + number[:4])) % 97 == 1


@pytest.mark.parametrize(
    ("code", "text"), [("en", "-1,234.05"), ("de", "-1.234,05"), ("fr", "-1 234,05"), ("nl", "-1.234,05")]
)
def test_amounts_are_written_as_the_country_does(code: str, text: str) -> None:
    """Decimal sign and thousands are the language's."""
    assert money.written(-123405, code) == text


def _line(lines: list[str], key: str) -> str:
    """Return the line that begins with a key, which may be followed by anything but a letter."""
    return next(line for line in lines if re.match(rf"{re.escape(key)}\b(?! TOTAL)", line))


def _cents(line: str) -> int:
    """Return the last amount of a line in hundredths."""
    return int(re.sub(r"\D", "", re.findall(r"\d[\d., ]*[.,]\d\d", line)[-1]))
