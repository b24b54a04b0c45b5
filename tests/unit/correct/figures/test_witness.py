"""Arithmetic decides disputed numbers where the page bears one reading out, and keeps silent everywhere else."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanmend.correct.figures.witness import ContextWord, Place, decide
from typed_sheet import misread, typed_sheet

RECEIPT = """
KEDAI RUNCIT MAJU SDN BHD
GST ID : 000123456784
DESCRIPTION        QTY  PRICE  AMOUNT
SOAP                 3   4.35   13.05
RICE 5KG             2  21.90   43.80
TEA                  1   7.15    7.15
SUBTOTAL                 RM     64.00
DISCOUNT                         2.50
TOTAL                    RM     61.50
CASH                     RM    100.00
CHANGE                   RM     38.50
"""
GERMAN = """
Rechnung Nr. R-2041
Pos  Bezeichnung       Menge  Einzelpreis      Betrag
1    Kabel                12         3,45       41,40
2    Schalter              7        18,20      127,40
3    Montage            2,50        56,80      142,00
     Nettobetrag                               310,80
     MwSt             19%                       59,05
     Gesamtbetrag                              369,85
IBAN DE89 3704 0044 0532 0130 00
"""
FRENCH = """
Désignation           Qté    Prix HT     Montant HT
Papier A4              15       4,89          73,35
Imprimante              4     312,45       1 249,80
Total HT                                   1 323,15
TVA            20%                           264,63
Total TTC                                  1 587,78
"""
DUTCH = """
Artikel             Aantal      Prijs       Bedrag
Stoel                    6    € 84,95     € 509,70
Tafel                    2   € 349,50     € 699,00
Subtotaal                                € 1.208,70
BTW          21%                           € 253,83
Totaal                                   € 1.462,53
"""


@pytest.mark.parametrize(
    ("page", "row", "true", "false", "reason"),
    [
        (RECEIPT, 3, "3", "8", "3 × 4.35 = 13.05 holds for it alone"),
        (RECEIPT, 3, "13.05", "18.05", "3 × 4.35 = 13.05 holds for it alone"),
        (RECEIPT, 4, "21.90", "21.50", "2 × 21.90 = 43.80 holds for it alone"),
        (RECEIPT, 6, "64.00", "84.00", "61.50 + 2.50 = 64.00 holds for it alone"),
        (RECEIPT, 9, "100.00", "700.00", "38.50 + 61.50 = 100.00 holds for it alone"),
        (RECEIPT, 10, "38.50", "33.50", "38.50 + 61.50 = 100.00 holds for it alone"),
        (GERMAN, 2, "3,45", "8,45", "12 × 3.45 = 41.40 holds for it alone"),
        (GERMAN, 4, "2,50", "2,60", "2.50 × 56.80 = 142.00 holds for it alone"),
        (GERMAN, 5, "310,80", "810,80", "19% of 310.80 = 59.05 holds for it alone"),
        (GERMAN, 6, "59,05", "59,08", "310.80 + 59.05 = 369.85 holds for it alone"),
        (GERMAN, 8, "0532", "0582", "the check digit of the IBAN holds for it alone"),
        (FRENCH, 1, "4,89", "4,39", "15 × 4.89 = 73.35 holds for it alone"),
        (FRENCH, 2, "249,80", "249,30", "4 × 312.45 = 1249.80 holds for it alone"),
        (FRENCH, 4, "264,63", "284,63", "1323.15 + 264.63 = 1587.78 holds for it alone"),
        (DUTCH, 1, "509,70", "509,10", "6 × 84.95 = 509.70 holds for it alone"),
        (DUTCH, 5, "1.462,53", "7.462,53", "1208.70 + 253.83 = 1462.53 holds for it alone"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("slope", [0.0, 0.02])
def test_the_true_reading_is_chosen(page, row, true, false, reason, slope):
    """On receipts and invoices, straight and askew, whichever reader has it right."""
    for readings in ((true, false), (false, true)):
        places, words, index = typed_sheet(page, {(row, true): readings}, slope)
        decisions = decide(places, words)
        assert {k: (d.choice, d.reason) for k, d in decisions.items()} == {
            index[row, true]: (readings.index(true), reason)
        }


@pytest.mark.parametrize("page", [RECEIPT, GERMAN, FRENCH, DUTCH])
def test_a_false_reading_is_never_chosen_on_a_consistent_page(page):
    """Any number of it, any digit of that misread, in either order: the truth or nothing."""
    _, _, index = typed_sheet(page)
    draw = random.Random(11)  # noqa: S311 -- repeatable, no secret
    decided = 0
    for (row, true), place in index.items():
        for _ in range(6):
            readings = draw.sample([true, misread(true, draw)], 2)
            places, words, _ = typed_sheet(page, {(row, true): tuple(readings)})
            decision = decide(places, words).get(place)
            assert decision is None or readings[decision.choice] == true, (true, readings, decision)
            decided += decision is not None
    assert decided > len(index)


CENTS = st.integers(101, 99_999)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(1, 30), CENTS), min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_no_invoice_makes_a_false_reading_win(items, draw):
    """Items, their sum, tax and total agree; one number has a second reading with one other digit."""
    amounts = [quantity * price for quantity, price in items]
    net = sum(amounts)
    tax = (net * 19 + 50) // 100
    rows = [f"Item {quantity:>20} {price / 100:>12.2f} {quantity * price / 100:>14.2f}" for quantity, price in items]
    sums = [(label, value) for label, value in (("Net", net), ("Tax", tax), ("Total", net + tax))]
    page = "\n".join([*rows, *(f"{label:<40}{value / 100:>13.2f}" for label, value in sums)])
    _, _, index = typed_sheet(page)
    (row, true), place = draw.choice(sorted(index.items()))
    readings = draw.sample([true, misread(true, draw)], 2)
    places, words, _ = typed_sheet(page, {(row, true): tuple(readings)})
    decision = decide(places, words).get(place)
    assert decision is None or readings[decision.choice] == true


def random_page(draw, rows):
    """Return a page of unrelated numbers, some labelled as if they were sums, and the truth of its disputes."""
    kinds = [draw.choice("qqppr") for _ in range(draw.randint(1, 5))] + ["p"]
    labels = ["Total", "Subtotal", "VAT", "Cash", "Change", "Net", "Discount", "Bread", "Milk", "Soap"]
    places, words, truth = [], [], {}
    for row in range(rows):
        words.append(ContextWord(row, 0, draw.choice(labels), (0, 30 * row, 80, 30 * row + 20)))
        for column, kind in enumerate(kinds, start=1):
            text = {
                "q": str(draw.randint(1, 20)),
                "p": f"{draw.choice([9, 99, 99, 999])}.{draw.choice(['00', '50', '90', '99'])}"
                if draw.random() < 0.1
                else f"{draw.choice([draw.randint(1, 99), draw.randint(1, 999)])}.{draw.randint(0, 99):02}",
                "r": f"{draw.choice([5, 6, 7, 19, 20, 21])}%",
            }[kind]
            box = (150 * column + 200 - 10 * len(text), 30 * row, 150 * column + 200, 30 * row + 20)
            readings = (text,)
            if draw.random() < 0.2:
                readings = tuple(draw.sample([text, misread(text, draw)], 2))
                truth[len(places)] = readings.index(text)
            words.append(ContextWord(row, column, readings[0], box))
            places.append(Place(row, column, box, readings))
    return places, words, truth


@pytest.mark.parametrize("rows", [6, pytest.param(20, marks=pytest.mark.thorough)])
def test_unrelated_numbers_are_hardly_ever_chosen_wrongly(rows):
    """Of a thousand disputes among random numbers, at most five end with the wrong reading, in spite of labels."""
    draw = random.Random(2026)  # noqa: S311 -- repeatable, no secret
    disputes = wrong = 0
    while disputes < 1000:
        places, words, truth = random_page(draw, rows)
        decisions = decide(places, words)
        assert set(decisions) <= set(truth), "a place with one reading was decided"
        disputes += len(truth)
        wrong += sum(decision.choice != truth[place] for place, decision in decisions.items())
    assert wrong <= 0.005 * disputes


def test_coincidences_of_small_numbers_decide_nothing():
    """Two and three are five in every table."""
    places, words, _ = typed_sheet("A   2\nB   3\nC   5\n", {(2, "5"): ("5", "6")})
    assert decide(places, words) == {}


def test_one_times_a_price_decides_nothing_alone():
    places, words, _ = typed_sheet("Soap   1   45.00   45.00\n", {(0, "45.00"): ("45.00", "46.00")})
    assert decide(places, words) == {}


def test_rows_of_a_table_bear_one_another_out():
    """A round product alone may be an accident; below a row whose product is none, it is not."""
    alone = "Nails      2    4.50     9.00\n"
    table = "Bolts     13    7.35    95.55\n" + alone
    places, words, _ = typed_sheet(alone, {(0, "9.00"): ("5.00", "9.00")})
    assert decide(places, words) == {}
    places, words, index = typed_sheet(table, {(1, "9.00"): ("5.00", "9.00")})
    assert decide(places, words)[index[1, "9.00"]].reason == "2 × 4.50 = 9.00 holds for it alone"


def test_contradicting_relations_cancel():
    """The row says 43.80, the column 48.80: one of the other numbers is wrong, too, and nobody knows which."""
    page = RECEIPT.replace("SUBTOTAL                 RM     64.00", "SUBTOTAL                 RM     69.00")
    places, words, index = typed_sheet(page, {(4, "43.80"): ("43.80", "48.80")})
    assert index[4, "43.80"] not in decide(places, words)


def test_two_disputes_in_one_relation_are_decided_together():
    places, words, index = typed_sheet(
        GERMAN, {(5, "310,80"): ("310,30", "310,80"), (7, "369,85"): ("369,85", "389,85")}
    )
    choices = {place: decision.choice for place, decision in decide(places, words).items()}
    assert choices == {index[5, "310,80"]: 1, index[7, "369,85"]: 0}


def test_readings_of_the_same_value_are_not_told_apart():
    """Arithmetic knows no separators: 13.05 and 13,05 are the same amount."""
    places, words, _ = typed_sheet(RECEIPT, {(3, "13.05"): ("13,05", "13.05")})
    assert decide(places, words) == {}


def test_without_disputes_and_without_boxes_nothing_is_decided():
    places, words, _ = typed_sheet(RECEIPT)
    assert decide(places, words) == {}
    assert decide([Place(0, 0, None, ("31.00", "37.00"))], [ContextWord(0, 0, "31.00", None)]) == {}
