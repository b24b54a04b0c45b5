"""scanmend.commands.correct with a stand-in for the model; the command itself is tested in test_cli."""

import json
from contextlib import contextmanager

import pytest

from scanmend.commands.correct import correct_rows, correct_text
from scanmend.config.schema import Settings
from scanmend.document import CorrectedPage, Edit
from scanmend.errors import StorageError


class Slot:
    """Mends every ``teh``, and notes in which language it was asked."""

    def __init__(self):
        self.languages = []
        self.glossaries = []

    @contextmanager
    def lease(self, name):
        yield self

    def correct(self, page, task, call_limit_s):
        self.languages.append(task.languages)
        self.glossaries.append(task.glossary)
        edits = tuple(
            Edit(n, i, word.text, word.text.replace("teh", "the"), "rescore", accepted=True, reason="likelier")
            for n, line in enumerate(page.lines)
            for i, word in enumerate(line.words)
            if "teh" in word.text
        )
        return CorrectedPage(page, "", edits)


def rows(*lines, slot=None, **settings):
    return [json.loads(line) for line in correct_rows(lines, slot or Slot(), Settings(**settings))]


@pytest.mark.parametrize(
    "text", ["", "\n", "  teh\t\tend \r\n\r\n\x0cof  teh\u00a0story\n\n\n", "teh " * 100, "no change\n"]
)
def test_all_white_space_is_kept(text):
    """Only the words change: blanks, tabs, line ends and form feeds are those of the input."""
    assert correct_text(text, Slot(), Settings())[0] == text.replace("teh", "the")


def test_without_a_lease_text_stays():
    """``strategy: off`` returns what it was given, and says why."""
    text, page = correct_text("teh end", None, Settings(strategy="off"))
    assert (text, page.skipped) == ("teh end", "strategy: off")


def test_rows_without_correction_ask_for_no_model():
    """Not even for a turn with it, which would fetch one that is not here."""
    (row,) = correct_rows(['{"ocr": "teh end"}'], None, Settings(strategy="off"))
    assert json.loads(row)["corrected"] == "teh end"


def test_rows_keep_every_other_field():
    """Unknown fields come back as they were, in their order; ``corrected`` and ``edits`` are added."""
    (row,) = rows('{"x": {"y": [1, null]}, "id": "ü", "ocr": "teh end\\n"}')
    assert list(row) == ["x", "id", "ocr", "corrected", "edits"]
    assert (row["x"], row["id"], row["ocr"], row["corrected"]) == ({"y": [1, None]}, "ü", "teh end\n", "the end\n")
    assert [(e["raw"], e["new"], e["verdict"]) for e in row["edits"]] == [("teh", "the", "accepted")]


def test_empty_lines_are_passed_over():
    """They are no rows, but they count when a bad line is named."""
    assert len(rows("\n", '{"ocr": "a"}', "  ", '{"ocr": "b"}')) == 2
    with pytest.raises(StorageError, match="line 3 "):
        rows("\n", '{"ocr": "a"}', "nonsense")


def test_rows_take_the_glossary_along(tmp_path):
    """As it is when their turn comes."""
    file, slot = tmp_path / "glossary.txt", Slot()
    file.write_text("one\n")
    given = correct_rows(['{"ocr": "a"}'] * 2, slot, Settings(glossary=file))
    next(given)
    file.write_text("one\ntwo\n")
    next(given)
    assert slot.glossaries == [("one",), ("one", "two")]


@pytest.mark.parametrize("line", ["nonsense", "[]", '"text"', "{}", '{"ocr": 5}', '{"ocr": null}', "[" * 100_000])
def test_a_bad_row_is_named(line):
    """Whatever is wrong with it, the message has its number; rows before it were already given out."""
    given = correct_rows(['{"ocr": "teh"}', line], Slot(), Settings())
    assert json.loads(next(given))["corrected"] == "the"
    with pytest.raises(StorageError, match="line 2 of the input"):
        next(given)


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("es", "spa"), ("spa", "spa"), ("EN-us", "eng"), ("de_AT", "deu"), ("xx", "fra"), (None, "fra"), (7, "fra")],
)
def test_a_row_s_own_language(lang, expected):
    """``lang`` in either alphabet of codes, with or without a region; the folder's where it says nothing known."""
    slot = Slot()
    rows(json.dumps({"ocr": "teh", "lang": lang}), slot=slot, languages=("fra",))
    assert slot.languages == [(expected,)]
