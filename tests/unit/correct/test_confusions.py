"""The OCR channel: what alignments cost, what can be undone, and what the learner takes from pairs of texts."""

import json
from functools import cache
from hashlib import sha256
from itertools import product
from math import inf, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

import learn_confusions
from scanmend.correct.confusions import (
    CAPITALS_SURCHARGE_NATS,
    DELETION_NATS,
    INSERTION_NATS,
    MAX_NGRAM,
    SUBSTITUTION_NATS,
    Change,
    Confusions,
)
from scanmend.errors import ConfigError

ROWS = {
    ("m", "rn"): 2.0,
    ("d", "cl"): 3.0,
    ("c", "e"): 2.5,
    ("b", "h"): 4.0,
    ("", "l"): 6.0,
    ("r", ""): 6.5,
    ("in", "m"): 5.0,
}
SMALL = Confusions(ROWS)
PACKAGED = Confusions.load()
LETTERS = st.text(alphabet="rnmcldeih", max_size=5)


@pytest.mark.parametrize(
    ("raw", "true"),
    [
        ("modem", "modern"), ("dock", "clock"), ("tbe", "the"), ("whieh", "which"), ("1etter", "letter"),
        ("l0", "10"),
        ("vvith", "with"), ("tliat", "that"), ("aud", "and"), ("ecole", "école"), ("manana", "mañana"),
        ("uber", "über"),
        ("groB", "groß"), ("oF", "of"), ("$5S", "$55"), ("B8", "88"), ("ofﬁce", "office"),
        ("diﬀer", "differ"),
    ],
)  # fmt: skip
def test_looks_like(raw, true):
    """Look-alikes of any Latin language cost less than two characters with nothing in common."""
    assert 0 < PACKAGED.cost(raw, true) < SUBSTITUTION_NATS


def test_equal_words_cost_nothing():
    """A word read right costs 0 nats, the empty word too."""
    assert SMALL.cost("modern", "modern") == 0
    assert SMALL.cost("", "") == 0


def test_defaults_where_the_table_is_silent():
    """Unseen confusions cost their defaults, and accents or case less than another letter."""
    assert SMALL.cost("xa", "ya") == SUBSTITUTION_NATS
    assert SMALL.cost("a", "aw") == DELETION_NATS
    assert SMALL.cost("aw", "a") == INSERTION_NATS
    assert SMALL.cost("o", "ó") < SUBSTITUTION_NATS
    assert SMALL.cost("a.", "a") < INSERTION_NATS


@given(LETTERS, LETTERS, st.floats(min_value=0, max_value=40))
def test_cost_is_the_cheapest_alignment(raw, true, limit):
    """The banded, pruned search finds what trying every alignment finds, and infinity above the limit."""

    @cache
    def cheapest(i, j):
        if not i and not j:
            return 0.0
        ways = [cheapest(i - 1, j - 1)] if i and j and raw[i - 1] == true[j - 1] else []
        for a, b in product(range(min(i, MAX_NGRAM) + 1), range(min(j, MAX_NGRAM) + 1)):
            if a or b:
                left, right = raw[i - a : i], true[j - b : j]
                nats = ROWS.get(
                    (left, right),
                    {(1, 1): SUBSTITUTION_NATS, (0, 1): DELETION_NATS, (1, 0): INSERTION_NATS}.get((a, b), inf),
                )
                ways.append(cheapest(i - a, j - b) + nats)
        return min(ways)

    best = cheapest(len(raw), len(true))
    assert isclose(SMALL.cost(raw, true), best, abs_tol=1e-9)
    if abs(best - limit) > 1e-9:
        assert isclose(SMALL.cost(raw, true, limit), best if best < limit else inf, abs_tol=1e-9)


@given(LETTERS, LETTERS)
def test_explanation_adds_up(raw, true):
    """The confusions named are those that were paid for, and account for the difference in length."""
    changes = PACKAGED.explain(raw, true)
    assert isclose(sum(change.nats for change in changes), PACKAGED.cost(raw, true), abs_tol=1e-9)
    assert sum(len(c.raw) - len(c.true) for c in changes) == len(raw) - len(true)


def test_explanation_names_the_confusions_in_order():
    """Each confusion is named with its cost where it stands, copies are not."""
    assert SMALL.explain("modemdcck", "modernclcek") == (
        Change("m", "rn", 2.0),
        Change("d", "cl", 3.0),
        Change("c", "e", 2.5),
    )


def test_capitals_fall_back_to_small_letters():
    """A word in capitals may be misread as its small letters are, at a surcharge; a mixed word may not."""
    assert SMALL.cost("TBE", "THE") == ROWS["b", "h"] + CAPITALS_SURCHARGE_NATS
    assert SMALL.cost("TBe", "THe") == SUBSTITUTION_NATS
    assert ("THE", ROWS["b", "h"] + CAPITALS_SURCHARGE_NATS) in set(SMALL.possible_originals("TBE", 6))


def test_a_row_for_capitals_beats_the_fallback():
    """What was learned of capitals themselves wins where it is cheaper."""
    assert Confusions({**ROWS, ("B", "H"): 3.0}).cost("TBE", "THE") == 3.0


def test_undo_takes_back_one_confusion_or_two():
    """Every place is tried, alone and with another, the cheapest first, within the limit."""
    assert list(SMALL.possible_originals("mad", 5.0)) == [("rnad", 2.0), ("macl", 3.0), ("rnacl", 5.0)]
    assert list(SMALL.possible_originals("mad", 2.5)) == [("rnad", 2.0)]


def test_undo_knows_lost_and_added_characters():
    """A character the engine dropped comes back at each place, one it made up goes."""
    found = dict(SMALL.possible_originals("ra", 6.5))
    assert found == {"lra": 6.0, "rla": 6.0, "ral": 6.0, "a": 6.5}


@given(st.text(alphabet="rnmcldeihTB1", min_size=1, max_size=9), st.floats(min_value=1, max_value=14))
def test_undo_never_undercuts_cost(raw, limit):
    """Whatever undo offers is within the limit, distinct, in order, bounded, and no cheaper than the best alignment."""
    found = list(PACKAGED.possible_originals(raw, limit, most=50))
    assert len({text for text, _ in found} - {raw}) == len(found) <= 50
    assert [nats for _, nats in found] == sorted(nats for _, nats in found)
    assert all(PACKAGED.cost(raw, text) <= nats + 1e-9 <= limit + 1e-9 for text, nats in found if not raw.isupper())


def test_packaged_table_is_small_and_sound():
    """The shipped table stays readable, and each of its rows can be the cheapest way to read its n-gram."""
    assert 100 < len(PACKAGED) <= learn_confusions.MAX_ROWS
    assert all(PACKAGED.cost(raw, true) <= nats for (raw, true), nats in PACKAGED.rows.items())


@pytest.mark.parametrize(
    "row", ["m\trn", "m\trn\tcheap", "m\tm\t2", "m\trn\t-1", "m\trn\tnan", "abcd\te\t3", "∅\tab\t3", "∅\t∅\t3"]
)
def test_bad_row_is_named(tmp_path, row):
    """A row that makes no sense stops the loading with its file and line."""
    table = tmp_path / "mine.tsv"
    table.write_text(f"# raw\ttrue\tnats\nc\te\t2.5\n{row}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.tsv:3: "):
        Confusions.load(table)


def test_own_table_is_read(tmp_path):
    """A table given by path replaces the packaged one, and ∅ stands for no character."""
    table = tmp_path / "mine.tsv"
    table.write_text("# raw\ttrue\tnats\nc\te\t2.5\n∅\tl\t6\n", encoding="utf-8")
    assert Confusions.load(table).rows == {("c", "e"): 2.5, ("", "l"): 6.0}


def test_words_are_paired_by_place_not_by_luck():
    """Split words, missing text and unlike words teach nothing; a misread word among good ones does."""
    raw = "the modem cl ock struck twelve and xqzvw stood still"
    true = "the modern clock struck twelve and loudly stood still"
    pairs = list(learn_confusions.word_pairs(raw, true))
    assert ("modem", "modern") in pairs
    assert {true for _, true in pairs} == {"the", "modern", "struck", "twelve", "and", "stood", "still"}


def _pairs_file(path, documents):
    rows = [{"id": name, "ocr": ocr, "gt": truth, "lang": "en"} for name, ocr, truth in documents]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return str(path)


def test_learning_uses_only_its_half(tmp_path):
    """A confusion seen in two sets becomes cheap; one that only held-out documents show stays unknown."""
    even, odd = [
        [n for n in map(str, range(40)) if int(sha256(n.encode()).hexdigest()[:8], 16) % 2 == half] for half in (0, 1)
    ]
    learned = [(name, "we quake in sun wqen it is quiet", "we quake in sun when it is quiet") for name in even]
    held_out = [(name, "a zebra came kome to us", "a zebra came home to us") for name in odd]
    files = [_pairs_file(tmp_path / f"{name}.jsonl", learned + held_out) for name in "ab"]
    table = tmp_path / "table.tsv"
    assert learn_confusions.main([*files, "--table", str(table)]) == 0
    rows = Confusions.load(table).rows
    assert rows["q", "h"] < 3
    assert ("k", "h") not in rows
    assert {("m", "rn"), ("d", "cl"), ("e", "é")} < rows.keys()
