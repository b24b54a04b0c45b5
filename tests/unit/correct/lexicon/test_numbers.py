"""Numbers are sacred: no edit, however it came about, changes a digit, a sign or a currency symbol."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scanmend.correct.confusions import Confusions
from scanmend.correct.corrector import Corrector
from scanmend.correct.judge import Evidence, judge
from scanmend.correct.lexicon import numbers
from scanmend.correct.lexicon.wordlists import lexicon
from scanmend.correct.settings import CorrectionSettings
from scanmend.document import page_from_text

NUMBERISH = st.text("0123456789OolI|SB.,:/-+() $€£%ABxyz'", min_size=1, max_size=14)
ANYTHING = st.text(min_size=0, max_size=14)


@pytest.mark.parametrize(
    ("raw", "mended"),
    [
        ("$1O0.00", "$100.00"),
        ("l,250.00", "1,250.00"),
        ("2O24", "2024"),
        ("1,0O0", "1,000"),
        ("€2O.OO", "€20.00"),
        ("O5/12/2024", "05/12/2024"),
        ("(1O0.00)", "(100.00)"),
        ("12O.5O", "120.50"),
        ("37O4", "3704"),  # a group of an IBAN
        ("3I.12.2024", "31.12.2024"),
        ("O.50", "0.50"),
        ("1.l2", "1.12"),
    ],
)
def test_lookalikes_in_numbers_are_repaired(raw, mended):
    """A letter among figures becomes its digit where the figures around it say that this is a number."""
    assert numbers.repair_lookalikes(raw) == mended


@pytest.mark.parametrize(
    "word",
    [
        "1OO",  # may be a code
        "1O",
        "5l",  # five litres
        "10l",
        "B0O-118",
        "S5-I10",
        "Z8-2S0",
        "DE89370400440532013000",
        "GB82",
        "H2O",
        "hospita1",
        "100.00",
        "1O:30x",
        "l2",
        "O2",
        "I5",
        "SO2",
        "CO2",
        "B12",
        "1l",
        "5O",  # in 5O mg as in +49 5O 123: nothing in it says which
        "1O-12",
        "10:l5",
        "12|34",  # a line of a table
        "2O²",
        "٣O٤",
        "１O２",
        "Ⅳ1O1",
        "Oslo",
        "",
    ],
)
def test_what_may_be_no_number_is_left_alone(word):
    """Codes, units, words and numbers without look-alikes are not repaired."""
    assert numbers.repair_lookalikes(word) is None


@given(NUMBERISH)
def test_a_repair_only_turns_lookalikes_into_digits(word):
    """Character by character: the same, or a look-alike letter that became its digit."""
    mended = numbers.repair_lookalikes(word)
    if mended is not None:
        assert len(mended) == len(word)
        assert all(a == b or numbers.LOOKALIKES.get(a) == b for a, b in zip(word, mended, strict=True))
        assert mended != word


@given(NUMBERISH | ANYTHING, NUMBERISH | ANYTHING, st.floats(-50, 50), st.floats(0, 30))
@example("10", "19", 50.0, 0.0)
@example("$5.00", "5.00", 50.0, 0.0)
@example("-3", "3", 50.0, 0.0)
@example("1OO", "10", 50.0, 0.0)
@example("12.50", "12,50", 50.0, 0.0)
def test_no_accepted_edit_changes_a_number(raw, new, gain, cost):
    """However sure the model is: digits, signs and currency of an accepted edit are those of the scan."""
    evidence = Evidence(
        raw=raw, new=new, cost=cost, gain=gain, raw_zipf=0.0, new_zipf=7.0, confidence=10.0, starts_sentence=True
    )
    if judge(evidence).accepted and new != numbers.repair_lookalikes(raw):
        assert numbers.number_characters(raw) == numbers.number_characters(new) == ""


@pytest.mark.parametrize(
    ("raw", "new"),
    [
        ("$100.00", "100.00"),
        ("€5", "£5"),
        ("1.234,56", "1,234.56"),
        ("+3", "3"),
        ("-17", "17"),
        ("5%", "5"),
        ("3±1", "3+1"),
        ("GB82", "GB83"),
        ("12:30", "12.30"),
        ("5mg", "5g"),
        ("020", "O20"),
        ("9.05", "3.05"),
        ("٣٤", "٣٥"),
        ("１２", "12"),
        ("x²", "x2"),
        ("⅓", "1/3"),
        ("Ⅷ", "VIII"),
        ("①", "②"),
        ("五", "伍"),
        ("1\u200b0", "10"),
        ("tbe", "th3"),
        ("tbe", "th²"),
        ("l00", "loo"),
        ("(100)", "100"),
        ("100-", "100"),
        ("XIV", "XVI"),
        ("Louis XIV.", "Louis XIX."),
        ("(iv)", "(vi)"),
        ("of", "VI"),
    ],
)
def test_what_a_number_consists_of_is_preserved(raw, new):
    """Currency, separators, signs, identifiers, times and dosages count, not only digits."""
    assert not numbers.preserves_numbers(raw, new)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("no figure - none.", ""),
        ("paid -$1,250.00 (50 %) on 12/5-13.", "-$1,250.0050%12/5-13"),
        ("x² ٣٤ ₿2", "²٣٤₿2"),
    ],
)
def test_the_number_characters_of_a_text(text, kept):
    """Digits of any script, signs, currency symbols, and the separators before and between them."""
    assert numbers.number_characters(text) == kept


@pytest.mark.parametrize(("raw", "new"), [("XlV", "XIV"), ("Il.", "II."), ("MIX", "MIX"), ("ii", "it"), ("I", "l")])
def test_roman_numerals_may_lose_their_lookalikes(raw, new):
    """A small l among capitals is a misread I; what is no numeral beyond doubt is a word."""
    assert numbers.preserves_numbers(raw, new)


@pytest.mark.parametrize(
    ("before", "raw", "new", "after"),
    [
        ("5", "ml", "mi", "of"),
        ("0,5", "mg", "kg", ""),
        ("0,5", "rng", "mg", ""),
        ("½", "l", "I", ""),
        ("50", "km/h,", "km/n,", ""),
        ("10", "-", ".", "12"),
        ("approx", "-", "~", "5"),
        ("12", ".", "", "50"),
        ("costs", "a -", "a", "5"),
        ("about", "EUR", "EUB", "100"),
        ("100", "CHF.", "CHE.", ""),
        ("3.", "June", "July", "1945"),
        ("", "Mai", "Mal", "1945"),
        ("GB29", "NWBK", "NWBR", "6016"),
        ("", "NWBK", "NWBR", "GB29"),
    ],
)
def test_what_belongs_to_the_number_beside_it(before, raw, new, after):
    """Units, lone signs and letters of an identifier have no figure in them, yet change what it says."""
    assert numbers.preserves_numbers(raw, new)
    assert numbers.is_part_of_number(raw, new, before, after)


@pytest.mark.parametrize(
    ("before", "raw", "new", "after"),
    [
        ("of", "ml", "mi", "and"),
        ("1945", "iu", "in", "London"),
        ("5", "whieh", "which", ""),
        ("end", "-", "", "of"),
        ("it", "tbe", "the", "5"),
        ("3", "Juue", "June", "1945"),
        ("we", "may", "many", "go"),
        ("the", "OFFlCE", "OFFICE", "of"),
        ("", "", "", ""),
    ],
)
def test_what_does_not(before, raw, new, after):
    """Other words beside a number, and units beside other words, are words."""
    assert not numbers.is_part_of_number(raw, new, before, after)


NUMBERS = [
    "$1,250.00", "1.234,56 €", "(100.00)", "100.00-", "- 5", "−3", "+7", "± 2", "50 %", "5‰", "20 °C", "# 4", "№ 9",
    "§ 12", "12.05.2024", "2024-05-12", "12/05/24", "12 May 2024", "3. Mai", "Juni 1945", "10-12", "10 – 12", "10 . 12",
    "12:30", "12.30 Uhr", "1st", "5mg", "5 ml", "0,5 mg", "½ l", "2 ⅓ oz", "3 × 20 mg", "EUR 100", "100 CHF", "₿2",
    "¤5", "2|3", "1OO", "l0", "B12", "SO2", "DE89 3704 0044 0532 0130 00", "GB29 NWBK 6016 1331 9268 19",
    "+49 30 123456", "(030) 12-34", "4711-A", "A-17/3b", "4.1.2", "XIV", "Ⅷ", "(iv)", "12.IV.1945", "٣٤٫٥", "１２",
    "१२", "x²", "10⁻³", "①", "五", "1\u200b0", "7\u00ad8",
]  # fmt: skip
"""What no reply may change; none has a look-alike that would be repaired."""
REPAIRED = {"$1O0.00": "$100.00", "2O24": "2024", "37O4": "3704", "l,250.00": "1,250.00"}
PLAIN = [
    "tbe",
    "the",
    "of",
    "whieh",
    "amount",
    "to",
    "a",
    "dose",
    "Total",
    "paid",
    "in",
    "l",
    "O",
    "I",
    "and",
    "due,",
    "end.",
]
FIGURES = "0123456789٣٤１²½Ⅳ①OlISB|"
MARKS = ".,:;/-–−+±%$€£°#'’ ()\u200b\u00a0\u2009"


class Adversary:
    """A model that replies what the test wants and finds every change certain."""

    can_score = True

    def __init__(self, reply):
        self.reply = reply

    def score(self, context, continuations):
        return [0.0] + [1000.0] * (len(continuations) - 1)

    def rewrite(self, prompt, text):
        return self.reply

    def fits(self, prompt, text):
        return True


CONFUSIONS = Confusions.load()


def corrected(text, reply, strategy="rewrite"):
    task = CorrectionSettings(strategy, "Mend it", ("eng",), attention="all", boldness=20.0)
    return Corrector(Adversary(reply), lexicon(("eng",)), CONFUSIONS).correct(page_from_text(text), task)


def figures(text):
    """Digits, signs, currency symbols, and separators beside a figure, in order; by other means than the code's own."""
    kept = [unicodedata.category(c)[0] == "N" or c == "五" for c in text]
    sign = [(unicodedata.category(c) in {"Sc", "Sm"} and c not in "|~<>¬") or c in "%‰°#§№" for c in text]
    out = []
    for i, c in enumerate(text):
        beside = kept[max(0, i - 1) : i] + kept[i + 1 : i + 2]
        if kept[i] or sign[i] or (any(beside) and c in ".,:/-–" and kept[i + 1 : i + 2] == [True]):
            out.append(c)
    return "".join(out)


def check(text, done):
    """Nothing but look-alikes inside numbers has become another figure."""
    for raw, mended in REPAIRED.items():
        text = text.replace(raw, mended)
    assert figures(done.corrected) == figures(text)


@st.composite
def pages(draw):
    """Numbers of all kinds among words, some of which are misread."""
    parts = draw(st.lists(st.sampled_from(NUMBERS) | st.sampled_from(PLAIN), min_size=4, max_size=20))
    parts += draw(st.lists(st.sampled_from(sorted(REPAIRED)), max_size=2))
    breaks = st.sampled_from([" ", " ", " ", "\n"])
    return "".join(part + draw(breaks) for part in ("Please note the following:", *parts))


@st.composite
def mutations(draw, text):
    """The text as a model might spoil it: figures and marks changed, dropped, put in, moved; words joined or cut."""
    out = list(text)
    for _ in range(draw(st.integers(1, 12))):
        at = draw(st.integers(0, len(out) - 1))
        kind = draw(st.sampled_from(["change", "insert", "drop", "swap", "jump"]))
        if kind == "change":
            out[at] = draw(st.sampled_from(FIGURES + MARKS))
        elif kind == "insert":
            out.insert(at, draw(st.sampled_from(FIGURES + MARKS)))
        elif kind == "drop" and len(out) > 1:
            del out[at]
        elif kind == "swap":
            other = min(at + 1, len(out) - 1)
            out[at], out[other] = out[other], out[at]
        elif kind == "jump":
            out.insert(draw(st.integers(0, len(out) - 1)), out.pop(at))
    reply = "".join(out)
    return draw(st.sampled_from([reply, unicodedata.normalize("NFKC", reply), reply.upper(), reply.replace(" ", "")]))


class TestWholeCorrection:
    """Any reply at all, through proposer, model and judge."""

    @settings(max_examples=60)
    @given(st.data(), st.sampled_from(["rewrite", "both"]))
    def test_a_spoiled_copy(self, data, strategy):
        """Where most of it is a copy, each spoiled number is an edit of its own, and none is made."""
        text = data.draw(pages())
        check(text, corrected(text, data.draw(mutations(text)), strategy))

    @settings(max_examples=32)
    @given(pages(), st.text(max_size=80) | st.text(FIGURES + MARKS + " abc", max_size=80))
    def test_any_text(self, text, reply):
        """What has nothing to do with the page changes no number either."""
        check(text, corrected(text, reply))

    @settings(max_examples=32)
    @given(st.lists(st.text(FIGURES + MARKS + "abO", min_size=1, max_size=9), min_size=1, max_size=9), st.data())
    def test_any_numbers_at_all(self, words, data):
        """Not only those that somebody thought of: every accepted edit is a repair, or holds no figure."""
        text = "The amounts are as follows: " + " ".join(words)
        for edit in corrected(text, data.draw(mutations(text))).edits:
            if edit.accepted and edit.new != numbers.repair_lookalikes(edit.raw):
                assert figures(edit.new) == figures(edit.raw)

    @pytest.mark.parametrize("number", NUMBERS)
    def test_each_kind_letter_by_letter(self, number):
        """No single character of it can be changed, dropped or doubled, nor its words joined."""
        text = f"Please take note of {number} here as it was whieh we said."
        for at in range(len(number)):
            for new in ("", number[at] * 2, "8", "l", "O", ".", "-", "x", " ", "$"):
                spoiled = number[:at] + new + number[at + 1 :]
                done = corrected(text, text.replace(number, spoiled))
                assert number in done.corrected, spoiled

    def test_the_repair_comes_through(self):
        """The tests above do not pass merely because nothing is ever changed: a repair is made."""
        done = corrected(
            "Please pay $1O0.00 by May 2O24 for tbe goods.", "Please pay $1O0.00 by May 2O24 for the goods."
        )
        assert done.corrected == "Please pay $100.00 by May 2024 for the goods."
