"""scanmend.outputs.html: the proof sheet says everything, fetches nothing, and runs nothing but its own script."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from sample_page import EDIT, WORDS, sample_page
from scanmend.document import CorrectedPage, Edit, Line, Page, Word
from scanmend.outputs.html import ProofSheet

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
