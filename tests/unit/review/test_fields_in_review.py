"""Doubtful fields in review: a person chooses among candidates, and every output, and the folder's table, says so."""

import csv
import json
from dataclasses import replace

import pytest

from review_world import AMOUNT, ReviewWorld
from scanmend.review.doubt.decisions import Decision, DecisionRefused

FIELDS = [
    {"name": "total", "type": "amount", "labels": ["Amount"], "required": True},
    {"name": "date", "type": "date", "required": True},
]
TOTAL, DATE = "field-total", "field-date"


@pytest.fixture
def world(tmp_path, pool):
    world = ReviewWorld(
        tmp_path, pool, fields=FIELDS, fields_csv=tmp_path / "table.csv", outputs=("txt", "html", "csv", "json")
    )
    yield world
    world.close()


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def field(world, name):
    record = json.loads(world.outputs()["a.json"])
    return next(one for one in record["fields"] if one["name"] == name)


def test_a_decision_is_in_all_outputs_and_in_the_row_of_the_table(world):
    """With whose it is; the row stays in its place, and a row of somebody else stays as it is."""
    id_ = world.publish()
    table = world.folder.fields_csv
    with table.open("ab") as file:
        file.write(b"other,b.png,2026,,,\r\n")
    places = {one.place.id: one.place for one in world.reviews.open(id_).places}
    assert (places[TOTAL].text, [a.text for a in places[TOTAL].alternatives][:2]) == ("19.10", ["19.10", "49.10"])
    assert (places[DATE].text, places[DATE].alternatives) == ("", ())
    found = world.decide(id_, Decision(TOTAL, "take", "49.10"), Decision(DATE, "type", "3 May 2024"))
    assert [one.decided.after for one in found.places if one.place.id in (TOTAL, AMOUNT)] == ["49.10", "49.10"]
    total, date = field(world, "total"), field(world, "date")
    assert (total["value"], total["state"], total["doubt"]) == ("49.10", "confirmed", None)
    assert (total["chosen_by"], total["by"], total["page"]) == ("person", "Ana", 1)
    assert (date["value"], date["page"], date["checks"]) == ("2024-05-03", None, ["a person (Ana) typed it"])
    assert b"49.10" in world.outputs()["a.txt"]  # the same words, so nobody has to decide them twice
    assert b"2024-05-03" in world.outputs()["a.html"]
    ours, other = rows(table)
    assert (ours["id"], ours["total"], ours["date"], ours["doubtful"]) == (id_, "49.10", "2024-05-03", "")
    assert other["id"] == "other"
    assert rows(world.folder.outbox / "a.csv")[0]["total"] == "49.10"


def test_taken_back(world):
    """Then outputs and table are the machine's again, byte by byte."""
    id_ = world.publish()
    machine, table = world.outputs(), world.folder.fields_csv.read_bytes()
    world.decide(id_, Decision(DATE, "accept"))
    assert field(world, "date")["chosen_by"] == "person"
    assert world.folder.fields_csv.read_bytes() != table
    world.reviews.undo(id_, "Ana")
    assert world.reviews.wait_written(id_, 30)
    assert world.outputs() == machine
    assert world.folder.fields_csv.read_bytes() == table


def test_a_row_that_somebody_changed_stays(world):
    """It is theirs by then."""
    id_ = world.publish()
    table = world.folder.fields_csv
    table.write_bytes(table.read_bytes().replace(b"19.10", b"77.77"))
    world.decide(id_, Decision(TOTAL, "take", "49.10"))
    assert rows(table)[0]["total"] == "77.77"
    assert field(world, "total")["value"] == "49.10"


def test_the_words_of_a_field_decide_the_field(world):
    """So that nobody is asked twice about one number."""
    id_ = world.publish()
    found = world.decide(id_, Decision(AMOUNT, "take"))
    assert field(world, "total")["value"] == "49.10"
    assert {one.place.id for one in found.places if one.decided} == {AMOUNT, TOTAL}


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        (Decision(TOTAL, "take", "1234"), "other candidates"),
        (Decision(TOTAL, "type", "a lot"), "no amount"),
        (Decision(DATE, "type", "31.02.2024"), "no date"),
        (Decision(DATE, "take"), "0 other candidates"),
    ],
)
def test_what_is_refused(world, decision, why):
    """No value of another type, and no candidate that there is not."""
    id_ = world.publish()
    with pytest.raises(DecisionRefused, match=why):
        world.reviews.decide(id_, [decision], "Ana")


def test_documents_of_a_source_are_reviewed_one_by_one(tmp_path, pool):
    """Each has its own review, with its own pages; a daemon that comes again knows them."""
    given = {"fields": FIELDS, "fields_csv": tmp_path / "table.csv", "outputs": ("txt", "csv", "json")}
    world = ReviewWorld(tmp_path, pool, split={"by": "pages", "every": 1}, original="delete", **given)
    world.pages = lambda page: (page, replace(page, page=replace(page.page, number=2)))
    source = world.publish()
    ids = [item.id for item in world.reviews.queue()]
    assert sorted(ids) == [f"{source}-1", f"{source}-2"]
    world.boot()
    second = world.reviews.open(f"{source}-2")
    assert [page.number for page in second.pages] == [2]
    assert world.reviews.shelf.bundle(f"{source}-2").own_source().exists()
    world.decide(f"{source}-2", Decision(TOTAL, "take", "49.10"))
    records = [json.loads(world.outputs()[f"a-{n}.json"]) for n in (1, 2)]
    assert [one["fields"][0]["value"] for one in records] == ["19.10", "49.10"]
    assert records[1]["part"] == {"number": 2, "of": 2, "separator": None}
    assert [row["total"] for row in rows(tmp_path / "table.csv")] == ["19.10", "49.10"]
    assert world.ledger.get(source).numbers.confirmed == 1
    world.close()
