"""scanmend.review.reviews over real ledgers, files and page workers: decisions come out in all outputs."""

import json
import os
from pathlib import Path

import pymupdf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review_world import AMOUNT, FOUND, WAIT_S, ReviewWorld
from scanmend.document import NumberCounts
from scanmend.review.doubt.decisions import Decision, DecisionRefused
from scanmend.review.rewriting import ROW_CHANGED, TABLE
from two_readers_page import TEXT


def record_of(world, name="a"):
    return json.loads((world.folder.outbox / f"{name}.json").read_bytes())


class TestWriting:
    def test_a_typed_number_comes_out_in_all_outputs(self, world):
        """Text, Markdown, hOCR, PDF, proof sheet and record; undo brings every byte back."""
        id_ = world.publish()
        machine = world.outputs()
        assert len(machine) == 6
        found = world.decide(id_, Decision(AMOUNT, "type", "19.70"))
        assert (found.is_written, found.left, found.item.decided, found.trouble) == (True, {}, 1, "")
        after = world.outputs()
        assert after["a.txt"].decode() == TEXT.replace("19.10", "19.70") + "\n"
        for name in ("a.txt", "a.md", "a.hocr", "a.html", "a.json"):
            assert b"19.70" in after[name], name
        with pymupdf.open(stream=after["a.pdf"], filetype="pdf") as pdf:
            assert "19.70" in pdf[0].get_text()
        record = record_of(world)
        assert record["numbers"] == {"agreed": 1, "disputed": 0, "single": 1, "confirmed": 1}
        assert world.ledger.get(id_).numbers == NumberCounts(1, 0, 1, 1)
        (told,) = record["review"]
        assert told | {"at": ""} == {
            "place": AMOUNT, "page": 1, "choice": "type", "before": "19.10", "after": "19.70", "by": "Ana", "at": "",
        }  # fmt: skip
        world.reviews.undo(id_, "Ana")
        assert world.reviews.wait_written(id_, WAIT_S)
        assert world.outputs() == machine

    def test_facts_are_found_again_in_what_was_decided(self, tmp_path, pool):
        """In record and table; undo brings back those of the machine."""
        fields = ({"name": "amount", "type": "text", "pattern": r"\d\d\.\d\d"},)
        world = ReviewWorld(tmp_path, pool, outputs=("csv", "json"), fields=fields)
        id_ = world.publish()
        machine = world.outputs()
        (amount,) = record_of(world)["fields"]
        assert (amount["value"], amount["state"]) == ("19.10", "disputed")
        world.decide(id_, Decision(AMOUNT, "type", "19.70"))
        (amount,) = record_of(world)["fields"]
        assert (amount["value"], amount["state"]) == ("19.70", "confirmed")
        assert b",19.70," in world.outputs()["a.csv"]
        world.reviews.undo(id_, "Ana")
        assert world.reviews.wait_written(id_, WAIT_S)
        assert world.outputs() == machine
        world.close()

    def test_the_folders_table_has_what_was_decided(self, tmp_path, pool):
        """In the row of the document alone; undo brings the table back as it was; a row that somebody changed stays."""
        fields = ({"name": "amount", "type": "text", "pattern": r"\d\d\.\d\d"},)
        table = tmp_path / "all.csv"
        world = ReviewWorld(tmp_path, pool, outputs=("txt", "json"), fields=fields, fields_csv=table)
        first, second = world.publish("a.png"), world.publish("b.png")
        machine = table.read_text()
        world.decide(first, Decision(AMOUNT, "type", "19.70"))
        header, decided, other = table.read_text().splitlines()
        assert [header, other] == [line for line in machine.splitlines() if first not in line]
        assert (decided.split(",")[0], ",19.70," in decided) == (first, True)
        assert world.decide(first, Decision(AMOUNT, "type", "19.80")).left == {}
        assert table.read_text().count(",19.80,") == 1
        world.reviews.undo(first, "")
        world.reviews.undo(first, "")
        assert world.reviews.wait_written(first, WAIT_S)
        assert table.read_text() == machine
        table.write_text(machine.replace(f"{second},", f"{second},my "))
        before = table.read_text()
        assert world.decide(second, Decision(AMOUNT, "type", "8.00")).left == {TABLE: ROW_CHANGED}
        assert table.read_text() == before
        world.close()

    def test_outputs_are_the_machines_when_made_again_without_its_copies(self, world):
        """Every format is deterministic: from the kept pages come the very same bytes."""
        id_ = world.publish()
        machine = world.outputs()
        world.decide(id_, Decision(AMOUNT, "take"))
        for kept in (world.reviews.shelf.bundle(id_).machine).iterdir():
            kept.unlink()
        world.reviews.undo(id_, "Ana")
        assert world.reviews.wait_written(id_, WAIT_S)
        assert world.outputs() == machine

    def test_the_machines_version_is_restored(self, world):
        """Whatever was decided; and the restoring can be taken back."""
        id_ = world.publish()
        machine = world.outputs()
        world.decide(id_, Decision(AMOUNT, "take"))
        both = world.decide(id_, Decision(FOUND, "type", "Total 72"))
        assert both.pages[0].text == TEXT.replace("19.10", "49.10").replace("12", "72")
        persons = world.outputs()
        world.reviews.restore_machine(id_)
        assert world.reviews.wait_written(id_, WAIT_S)
        assert world.outputs() == machine
        assert world.reviews.open(id_).item.decided == 0
        world.reviews.undo(id_, "")
        assert world.reviews.wait_written(id_, WAIT_S)
        assert world.outputs() == persons

    def test_steps_that_follow_each_other_are_written_at_once(self, tmp_path, pool):
        """A person decides ten places in a row; the outputs are written when that pauses."""
        world = ReviewWorld(tmp_path, pool, outputs=("txt", "json"))
        id_ = world.publish()
        world.reviews._writer._quiet_s = 0.3
        for text in "123456789":
            found = world.reviews.decide(id_, [Decision(AMOUNT, "type", text)], "")
        assert (found.steps, found.written) == (9, 0)
        assert world.reviews.wait_written(id_, WAIT_S)
        assert (world.folder.outbox / "a.txt").read_text() == TEXT.replace("19.10", "9") + "\n"
        world.close()

    def test_everything_decided(self, world):
        """The document leaves the queue of those that are open, and comes back with an undo."""
        id_ = world.publish()
        places = world.reviews.open(id_).places
        assert [item.id for item in world.reviews.queue()] == [id_]
        found = world.decide(id_, *(Decision(p.place.id, "accept") for p in places))
        assert (found.item.state, found.item.doubt, world.reviews.queue()) == ("decided", 0.0, [])
        assert [item.id for item in world.reviews.queue(state="decided")] == [id_]
        world.reviews.undo(id_, "")
        assert world.reviews.open(id_).item.state == "open"
        assert world.reviews.counts() == {"open": 1}

    def test_on_disks_of_their_own(self, world, monkeypatch):
        """Where nothing can be linked, copies are kept."""
        monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(PermissionError(1, "no links")))
        id_ = world.publish()
        machine = world.outputs()
        world.decide(id_, Decision(AMOUNT, "take"))
        assert world.outputs() != machine
        world.reviews.restore_machine(id_)
        assert world.reviews.wait_written(id_, WAIT_S)
        assert world.outputs() == machine


STEPS = st.lists(
    st.one_of(
        st.builds(Decision, st.sampled_from([AMOUNT, FOUND]), st.just("type"), st.sampled_from(["", "9", "x 8"])),
        st.builds(Decision, st.sampled_from([AMOUNT, FOUND]), st.sampled_from(["accept", "take", "skip"])),
        st.just("undo"),
        st.just("restore"),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, daemons=st.sets(st.integers(0, 5)))
def test_whatever_was_decided_undoing_all_of_it_brings_the_machines_version_back(
    tmp_path_factory, pool, steps, daemons
):
    """Byte by byte, over any number of daemons; ``txt`` and ``json`` here, all formats in the tests above."""
    world = ReviewWorld(Path(tmp_path_factory.mktemp("world")), pool, outputs=("txt", "json"))
    id_ = world.publish()
    machine = world.outputs()
    for n, one in enumerate(steps):
        try:
            if one == "undo":
                world.reviews.undo(id_, "")
            elif one == "restore":
                world.reviews.restore_machine(id_)
            else:
                world.reviews.decide(id_, [one], "")
        except DecisionRefused:
            assert one == "undo"
        if n in daemons:
            world.boot()
    while world.reviews.open(id_).can_undo:
        world.reviews.undo(id_, "")
    assert world.reviews.wait_written(id_, WAIT_S)
    assert world.outputs() == machine
    world.close()
