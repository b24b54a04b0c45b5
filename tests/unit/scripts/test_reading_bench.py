"""The table of readings: what is counted, how ways are configured, and one set read for real."""

from pathlib import Path

import pytest

import draw_pages
import reading
from readings import runs, table, ways
from readings.scores import Reading, Score, score
from readings.second_alone import ReadLine, in_rows

TRUTH = "Net 12.50\nTax 2.50\nTotal 15.00, well-\nknown\n"


def test_score_counts_numbers_against_the_truth_and_against_the_first_reading() -> None:
    """Right, wrong and broken numbers are multisets; a wrong one counts as marked where the record says so."""
    first = Reading("Net 12.50 Tax 2.50 Total 45.00, wellknown")
    now = Reading("Net 12.60 Tax 2.50 Total 15.00, wellknown", marked=("12.60", "$15.00"), disputed=1)
    found = score(TRUTH, now, first)
    assert (found.right, found.numbers, found.wrong, found.broken) == (2, 3, 1, 1)
    assert (found.disputed, found.marked_wrong) == (1, 1)
    assert (found.edits, found.better, found.same, found.worse) == (1, 0, 1, 0)


def test_score_joins_broken_words_and_collapses_white_space() -> None:
    """Where a line ends makes no difference, nor a hyphen at its end; case makes none where it is folded."""
    exact = Reading("NET  12.50 TAX\n\n2.50 TOTAL 15.00, WELLKNOWN")
    assert score(TRUTH, exact, exact, fold=True).edits == 0
    assert score(TRUTH, exact, exact).edits > 0


def test_scores_add_up_to_one_rate() -> None:
    """The rate of a sum is edits over characters, not the mean of the pages' rates."""
    total = Score(pages=1, chars=100, edits=10, better=1) + Score(pages=1, chars=300, edits=10, worse=1)
    assert total.rate == pytest.approx(0.05)
    assert (total.pages, total.better, total.same, total.worse) == (2, 1, 0, 1)


def test_words_are_found_whatever_their_order() -> None:
    """The bag of words does not care where a word stands."""
    found = score("one two two three", Reading("two three two"), Reading(""))
    assert (found.words_found, found.words) == (3, 4)


def test_table_compares_with_the_first_way_and_leaves_absent_ways_open() -> None:
    """A way that was not to be had has a dash in each column, as many as there are."""
    first = Score(pages=2, chars=1000, edits=100, numbers=20, right=15, wrong=4, ocr=3.0)
    both = Score(pages=2, chars=1000, edits=50, better=2, numbers=20, right=19, wrong=2, disputed=3, marked_wrong=1)
    for bag in (False, True):
        head, rule = table.head(bag=bag)
        rows = list(table.rows("set", {"tesseract": first, "second": None, "both": both}, first, bag=bag))
        assert {line.count("|") for line in (head, rule, *rows)} == {16 if bag else 15}
    assert "10.00%" in rows[0]
    assert "| -50% | 2/0/0 |" in rows[2]
    assert "| 19/20 | 2 | 0 | 3 | 50% |" in rows[2]


def test_ways_differ_in_second_reader_and_strategy_alone(tmp_path: Path) -> None:
    """Without the model the strategy is off; without a second reader in this installation, no way asks for it."""
    given = {way: ways.configuration(way, "eng", ways.Options(), tmp_path) for way in ways.NAMES if way != ways.SECOND}
    strategies = {way: made["defaults"]["strategy"] for way, made in given.items() if made}
    assert strategies[ways.TESSERACT] == "off"
    assert strategies[ways.TODAY] == "auto"
    asked = {way: made["defaults"].get(ways.SECOND_READER) for way, made in given.items() if made}
    if ways.has_second_reader():
        assert asked == {"tesseract": "off", "today": "off", "both": "auto", "model": "auto"}
    else:
        assert asked == {"tesseract": None, "today": None}


def test_rows_of_the_second_reader_run_from_top_to_bottom_and_left_to_right() -> None:
    """Lines beside each other are one row, though one begins a little higher."""
    lines = [ReadLine("12.50", 300, 101, 119), ReadLine("Total", 10, 98, 118), ReadLine("Shop", 100, 10, 40)]
    assert in_rows(lines) == "Shop\nTotal 12.50"


def test_a_page_whose_language_is_not_installed_is_read_in_english(tmp_path: Path) -> None:
    """The name of the page says the language, the set's name where the page's does not."""
    assert runs.language(tmp_path / "receipts" / "receipts_03_de.png") == "deu"
    assert runs.language(tmp_path / "tapuscorpus_fr" / "page_7.png") == "fra"
    assert runs.language(tmp_path / "receipts" / "receipts_07_it.png") in {"ita", "eng"}


@pytest.mark.thorough
def test_a_set_is_read_and_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A drawn receipt goes through ``scanmend process``; most of it is read, and its row says so."""
    assert list(draw_pages.write_set(tmp_path, "receipts", seed=3, count=1))
    reading.main(["--pages", str(tmp_path / "receipts"), "--ways", "tesseract", "--bag"])
    *_, row = capsys.readouterr().out.splitlines()
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:3] == ["receipts", "tesseract", "1"]
    assert float(cells[3].rstrip("%")) < 40
    assert float(cells[-3]) > 0
