"""scanmend.outputs.html: the proof sheet says everything, fetches nothing, and runs nothing but its own script."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from sample_page import EDIT, WORDS, sample_page
from scanmend.document import (
    CorrectedPage,
    DocumentField,
    Edit,
    FieldValue,
    Line,
    NumberReading,
    Page,
    SecondReading,
    Word,
)
from scanmend.outputs.html import ProofSheet
from scanmend.outputs.record import field_fields
from two_readers_page import noise_page, two_readers_page

JPEG = b"\xff\xd8 no picture, but that is the browser's business"


class Reader(HTMLParser):
    """Collects elements with their attributes and the text inside."""

    VOID = frozenset({"meta", "br", "input"})

    def __init__(self, text):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(text)
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))
        if tag not in self.VOID:
            self._open.append(self.elements[-1])

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        for _, _, texts in self._open:
            texts.append(data)

    def all(self, tag, kind=None):
        """Attributes and text of the elements of that name, and of that class."""
        found = [(a, "".join(t)) for name, a, t in self.elements if name == tag]
        return [(a, t) for a, t in found if kind is None or kind in (a.get("class") or "").split()]


@pytest.fixture
def proof(tmp_path):
    """Make proof sheets; returns the text."""
    asked = []

    def make(*pages, **facts):
        known = {
            "source": "a.png",
            "title": "a",
            "pages": len(pages),
            "accepted": 1,
            "rejected": 0,
            "numbers": {},
            "fields": [],
            "model": None,
            "warnings": [],
        }
        target = tmp_path / "proof.html"
        made = ProofSheet(target, lambda *wanted: asked.append(wanted) or JPEG, known | facts)
        for page in pages:
            made.add(page)
        made.finish()
        return target.read_text("utf-8")

    make.asked = asked
    return make


def test_an_edit_is_marked_on_both(proof):
    """In the text and on the image, at its box; the row says what was read, and why it was changed."""
    read = Reader(proof(sample_page()))
    ((mark, text),) = read.all("ins", "ok")
    ((box, _),) = read.all("rect", "ok")
    assert (text, mark["data-b"], mark["data-e"]) == ("committee", "120 42 310 71", "e1-1")
    assert (box["x"], box["y"], box["width"], box["height"]) == ("120", "42", "190", "29")
    ((row, _),) = [(a, t) for a, t in read.all("tr") if a.get("id") == "e1-1"]
    assert row["class"] == "ok"
    cells = {a["class"]: t for tag in ("td", "del", "b") for a, t in read.all(tag) if "class" in a}
    assert (cells["raw"], cells["new"], cells["verdict ok"], cells["reason"]) == (
        "comrnittee",
        "committee",
        "accepted",
        "alike",
    )
    assert cells["evidence"] == "proposed by rescore, the model gains +5.4 nats, read with confidence 62 of 100"


def test_a_field_is_framed_and_named_on_its_page(proof):
    """What a scan says is text in the sheet, whatever it says."""
    value = FieldValue("<b>7.00", "<b>7.00", 1, ((1, 20, 30, 40), (50, 20, 60, 40)), 0.5, currency="EUR")
    field = field_fields(DocumentField("total", "amount", chosen=value, doubt="its confidence is 50%"))
    missing = field_fields(DocumentField("date", "date", required=True, doubt="nothing on the pages can be it"))
    read = Reader(proof(sample_page(), fields=[field, missing]))
    assert [(a["x"], a["y"], a["width"], a["height"]) for a, _ in read.all("rect", "field")] == [
        ("1", "20", "29", "20"), ("50", "20", "10", "20"),
    ]  # fmt: skip
    assert [t for _, t in read.all("title")][1:] == ["total: <b>7.00"] * 2
    rows = [t for _, t in read.all("tr", "doubtful")]
    assert rows == ["total<b>7.00 EUR<b>7.00150%its confidence is 50%", "datenothing on the pages can be it"]


def test_rejected_edits_leave_the_word_and_are_there_to_be_shown(proof):
    """Also where they concern a word that another edit changed, and several words."""
    edits = (
        EDIT,
        Edit(0, 0, "The comrnittee", "Thee", "rewrite", 2, reason="no"),
        Edit(0, 3, "meet", "meat", "rewrite", reason="no"),
    )
    read = Reader(proof(sample_page(edits=edits), rejected=2))
    assert [(t, a["class"], a["data-e"]) for a, t in [*read.all("ins"), *read.all("span", "no")]] == [
        ("committee", "ok no", "e1-1 e1-2"),
        ("The", "no", "e1-2"),
        ("meet", "no", "e1-3"),
    ]
    assert "1 correction · 2 rejected" in proof(sample_page(), rejected=2)


def test_unsure_numbers_can_be_shown(proof):
    """Those read with little confidence, with what it was; not unsure words without digits."""
    words = (
        Word("12.50", (0, 0, 9, 9), 61.2),
        Word("13.50", (10, 0, 19, 9), 95.0),
        Word("vague", (20, 0, 29, 9), 20.0),
    )
    read = Reader(proof(sample_page(edits=(), words=words)))
    assert [(t, a["class"], a["data-c"], a["data-t"]) for a, t in read.all("span") if a] == [
        ("12.50", "num", "61", "12.50")
    ]


def test_whatever_was_read_is_only_text(proof):
    """No element, attribute or script comes of it, wherever it stands."""
    evil = "<script>alert(1)</script>\"'><img/src=x>&amp;"
    words = (Word(evil, (0, 0, 9, 9), 5.0), Word(f"7{evil}", (10, 0, 19, 9), 5.0))
    edit = Edit(0, 0, evil, evil + "!", evil, accepted=True, reason=evil)
    page = CorrectedPage(Page(1, (Line(words),), 20, 10), "", (edit,), skipped=evil)
    text = proof(page, source=evil, title=evil, model=evil)
    read = Reader(text)
    assert len(read.all("script")) == 1
    assert not read.all("img")
    assert [t for _, t in read.all("ins")] == [evil + "!"]
    assert [t for _, t in read.all("h1")] == [evil]


def test_nothing_is_fetched_and_nothing_else_runs(proof):
    """The policy allows the one style and the one script, by their digests, and pictures from the file itself."""
    text = proof(sample_page())
    ((policy, _),) = [(a, t) for a, t in Reader(text).all("meta") if "http-equiv" in a]
    rules = dict(rule.strip().split(" ", 1) for rule in policy["content"].split(";"))
    for name in ("style", "script"):
        inside = re.search(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert rules.pop(f"{name}-src") == f"'sha256-{digest}'"
    assert rules == {"default-src": "'none'", "img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}
    assert "//" not in re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert ' style="' not in text


def test_pages_that_ocr_had_to_turn_are_shown_upright(proof):
    """The picture is asked for as it is to be turned; boxes are those of the upright page anyway."""
    upright = sample_page()
    read = Reader(proof(replace(upright, page=replace(upright.page, turned=270))))
    assert [turned for *_, turned in proof.asked] == [270]
    ((image, _),) = read.all("image")
    assert (image["width"], image["height"]) == (str(upright.page.width), str(upright.page.height))


def test_pages_get_smaller_as_they_get_more(proof):
    """Page images get smaller with the number of pages, so that a book's proof sheet can still be opened."""
    proof(sample_page())
    proof(sample_page(), pages=500)
    (_, first, sharp, _), (_, last, coarse, _) = proof.asked[0], proof.asked[-1]
    assert first > last
    assert sharp > coarse


def test_empty_and_skipped_pages_say_so(proof):
    """And the picture of the page is there all the same."""
    text = proof(CorrectedPage(Page(1, (), 100, 100), "", skipped="almost no text"))
    assert "No text was found on this page." in text
    assert "not corrected: almost no text" in text
    assert base64.b64encode(JPEG).decode() in text


def test_words_without_boxes(proof):
    """Words that have no box are marked in the text alone."""
    read = Reader(proof(sample_page(words=tuple(Word(w.text) for w in WORDS))))
    assert [t for _, t in read.all("ins")] == ["committee"]
    assert read.all("rect") == []


class TestTwoReaders:
    def test_a_disputed_number_stands_out_with_the_other_reading_beside_it(self, proof):
        """In the text and on the image, with a word for those who hear it; what is copied is the published text."""
        read = Reader(proof(two_readers_page()))
        ((mark, text),) = read.all("ins", "disputed")
        ((other, said),) = read.all("small", "other")
        ((box, _),) = read.all("rect", "disputed")
        assert (text, mark["class"], mark["data-e"], mark["data-n"]) == ("19.10", "ok num disputed", "e1-5", "n1-2")
        assert (other["class"], said) == ("other", " disputed; the other reading is [49.10]")
        assert (box["x"], box["width"], box["data-n"]) == ("220", "80", "n1-2")
        assert ".other" in (style := read.all("style")[0][1])
        assert "user-select: none" in style

    def test_numbers_have_a_table_that_says_why(self, proof):
        """Disputed ones always; those that one reader has with the unsure ones; agreed ones need no word."""
        rows = {a["id"]: (a["class"], t) for a, t in Reader(proof(two_readers_page())).all("tr") if "id" in a}
        assert rows["n1-2"][1] == "3" + "19.10" + "49.10" + "disputed" + "the sum of the items"
        assert {key: kind for key, (kind, _) in rows.items() if key[0] == "n"} == {"n1-1": "single", "n1-2": "disputed"}

    def test_a_number_of_one_reader_is_marked_quietly(self, proof):
        """With the words that the second reader inserted."""
        read = Reader(proof(two_readers_page()))
        assert [(t, a["class"]) for a, t in read.all("ins", "add")] == [
            ("Total 12", "ok add single"),
            ("due", "ok add"),
        ]

    def test_what_was_dropped_is_there_on_demand(self, proof):
        """Struck through at its place in the text, on the image in any case, and in the table with the reason."""
        text = proof(two_readers_page())
        read = Reader(text)
        assert [t for _, t in read.all("del", "drop")] == ["~. |", "‘"]
        assert [t for _, t in read.all("p", "gone")] == ["~. |"], "a paragraph of nothing else has no row of its own"
        assert len(read.all("rect", "drop")) == 2
        ((_, row),) = [(a, t) for a, t in read.all("tr") if a.get("id") == "e1-3"]
        assert "~. |nothing" in row
        assert "no text is there" in row
        assert 'id="dropped"' in text

    def test_what_was_not_inserted_is_there_on_demand(self, proof):
        """With the rejected edits, at its place and box."""
        read = Reader(proof(two_readers_page()))
        assert [(t, a["class"]) for a, t in read.all("span", "add")] == [("Lorem", "no add")]
        assert [a["x"] for a, _ in read.all("rect", "no")] == ["40"]

    def test_a_page_of_noise_says_that_there_is_no_text(self, proof):
        """And has what was read there on demand."""
        read = Reader(proof(noise_page()))
        assert [(t, a["class"]) for a, t in read.all("p")[1:]] == [
            ("No text was found on this page.", "none"),
            ("~. |", "gone"),
            ("Lorem", "gone"),
        ]

    def test_the_facts_count_what_is_disputed(self, proof):
        """Of all numbers; nothing is said where none was compared."""
        page = two_readers_page()
        assert "1 of 3 numbers disputed" in proof(page, numbers={"agreed": 1, "disputed": 1, "single": 1})
        assert "disputed</p>" not in proof(page)

    def test_why_there_is_no_second_reading(self, proof):
        """In the head of the page."""
        page = two_readers_page()
        failed = replace(page.page, second=SecondReading(problem="it crashed"))
        assert "no second reading: it crashed" in proof(replace(page, page=failed))

    def test_a_number_that_no_word_holds_is_marked_on_the_image(self, proof):
        """The table tells of it all the same."""
        page = two_readers_page()
        lost = NumberReading(3, "88", "disputed", "68", (400, 300, 440, 330))
        read = Reader(proof(replace(page, numbers=(lost,))))
        assert [(a["x"], a["data-n"]) for a, _ in read.all("rect", "disputed")] == [("400", "n1-1")]

    def test_both_readings_are_only_text(self, proof):
        """Whatever either reader saw."""
        evil = "1<script>alert(1)</script>\"'><img/src=x>"
        page = sample_page(words=(Word(evil, (0, 0, 9, 9), 90.0),), edits=())
        number = NumberReading(0, evil, "disputed", evil, (0, 0, 9, 9), evil)
        read = Reader(proof(replace(page, numbers=(number,))))
        assert len(read.all("script")) == 1
        assert not read.all("img")
        assert [t for _, t in read.all("span", "disputed")] == [evil]


def test_an_accepted_edit_is_marked_on_the_image_whatever_else_is_said_of_its_word(proof):
    """The rule that hides marks until they are asked for spares it, though the word has rejected edits, too."""
    edits = (EDIT, Edit(0, 1, "comrnittee", "commits", "rewrite", reason="no"))
    read = Reader(proof(sample_page(edits=edits)))
    assert [a["class"] for a, _ in read.all("rect")] == ["ok no"]
    hides = re.findall(r"^rect[^{}]*(?=\{ display: none)", read.all("style")[0][1], re.MULTILINE)
    assert hides == ["rect:not(.ok, .disputed):is(.no, .num, .single) "]
