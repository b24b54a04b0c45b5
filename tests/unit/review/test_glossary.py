"""scanmend.review.glossary: words that were confirmed twice are learned, and tell what they did."""

import pytest

from review_world import AMOUNT, FOUND, ReviewWorld
from scanmend.config.schema import Settings
from scanmend.document import CorrectedPage, Edit, Line, Page, Word
from scanmend.review.doubt.decisions import Decided, Decision
from scanmend.review.glossary import GlossaryEdit, confirmed_words, edits_with


def typed(before, after, choice="type"):
    return Decided(Decision("p1l1w1", choice), before, after, "", "")


@pytest.mark.parametrize(
    ("decided", "words"),
    [
        (typed("Aquarisl,", "Aquarist,"), ["Aquarist"]),
        (typed("Total 12", "Total 72"), []),
        (typed("x", "Müller & Söhne X200-B of"), ["Müller", "Söhne"]),
        (typed("x", "Aquarist", "take"), ["Aquarist"]),
        (typed("x", "Aquarist", "accept"), []),
    ],
)
def test_what_a_decision_confirms(decided, words):
    """Words that were not published before, without numbers and very short ones."""
    assert [word for word, _ in confirmed_words(decided)] == words


def test_edits_that_have_a_word():
    """Only accepted ones, and not where the word was read already."""
    line = Line((Word("Aquarisl"), Word("by"), Word("Aquarist")))
    edits = (
        Edit(0, 0, "Aquarisl", "Aquarist,", "rescore", accepted=True),
        Edit(0, 1, "by", "Aquarist", "rescore"),
        Edit(0, 2, "Aquarist", "Aquarist.", "rescore", accepted=True),
    )
    page = CorrectedPage(Page(3, (line,)), "", edits)
    assert [*edits_with(frozenset({"Aquarist"}), "d", page)] == [
        GlossaryEdit("Aquarist", "d", 3, "Aquarisl", "Aquarist,")
    ]


@pytest.fixture
def world(tmp_path, pool):
    world = ReviewWorld(tmp_path, pool, outputs=("txt", "json"))
    yield world
    world.close()


def decide(world, id_, *decisions):
    world.decide(id_, *decisions)
    world.boot()  # learning comes after writing: at rest


def test_a_word_is_learned_when_it_was_confirmed_twice(world):
    """In two places; taken back it does not count; removed by hand it is not learned again."""
    first = world.publish()
    decide(world, first, Decision(FOUND, "type", "Gesamt 12"))
    assert world.reviews.glossary.entries("scans") == ()
    world.reviews.undo(first, "")
    assert world.reviews.wait_written(first, 30)
    decide(world, first, Decision(AMOUNT, "type", "Aquarist"))
    second = world.publish("b.png")
    decide(world, second, Decision(FOUND, "type", "Gesamt 12"), Decision(AMOUNT, "type", "Aquarist 7"))
    assert world.reviews.glossary.entries("scans") == ("Aquarist",)
    file = world.reviews.glossary.file("scans")
    assert "Remove a line to forget a word" in file.read_text()
    (learned,) = world.reviews.learned("scans")
    assert (learned.word, learned.confirmed, learned.edits) == ("Aquarist", 2, ())
    file.write_text("sum\n")
    third = world.publish("c.png")
    decide(world, third, Decision(AMOUNT, "type", "Aquarist"))
    assert world.reviews.glossary.entries("scans") == ("sum",)
    (mine,) = world.reviews.learned("scans")
    assert mine.edits == (GlossaryEdit("sum", third, 1, "surn", "sum here"),)


def test_its_words_are_used_for_folders_in_review_only(world):
    """Beside the folder's own glossary."""
    file = world.reviews.glossary.file("scans")
    file.parent.mkdir(exist_ok=True)
    file.write_text("Aquarist\n")
    assert world.reviews.glossary.entries_for(world.folder) == ("Aquarist",)
    assert world.reviews.glossary.entries_for(world.folder.model_copy(update={"review": "off"})) == ()
    assert world.reviews.glossary.entries_for(Settings()) == ()
    file.write_bytes(b"\xff")
    world.boot()
    assert world.reviews.glossary.entries_for(world.folder) == ()
