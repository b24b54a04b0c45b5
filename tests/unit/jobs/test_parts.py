"""One source, several documents: all of them, once, whatever is cut off when."""

import json
import os
import shutil

import pytest

from document_world import Death, World, live
from lettered_stack import BOX, Stack
from scanmend.jobs.quarantine import give_back

FIELDS = ({"name": "word", "pattern": r"page\d+"}, {"name": "day", "type": "date"})
BY_BARCODE = {"split": {"by": "barcode", "pattern": "DOC-.*", "separator": "drop"}}


@pytest.fixture
def tmp_path(memory):
    """Every world of this module is in memory: a process that dies there leaves what one on a disk leaves."""
    return memory


def stack(root, drawn, name="stack.gif", **settings):
    """Return a world with one source in its inbox."""
    world = World(root, **(BY_BARCODE | settings))
    world.boot(Stack())
    drop(world, drawn, name)
    return world


def drop(world, drawn, name="stack.gif"):
    os.utime(world.drop(name, b"GIF89a" + drawn.encode()), (1_777_900_000, 1_777_900_000))


def texts(world):
    """Texts of the documents in the outbox, by name."""
    return {
        p.stem: p.read_text().replace("\n", " ").replace("\f", "").strip() for p in world.folder.outbox.glob("*.txt")
    }


def records(world):
    return {p.stem: json.loads(p.read_bytes()) for p in sorted(world.folder.outbox.glob("*.json"))}


def test_each_document_has_its_outputs_and_the_source_is_put_away_once(tmp_path):
    """With ids of their own; the source's entry is one."""
    world = stack(tmp_path, "appbp")
    world.run()
    assert texts(world) == {"stack-1": "page2 page3", "stack-2": "page5"}
    assert world.files(world.folder.archive) == ["stack.gif"]
    entry = world.only()
    first, second = records(world).values()
    assert (first["id"], second["id"]) == (f"{entry.id}-1", f"{entry.id}-2")
    assert first["part"] == {"number": 1, "of": 2, "separator": {"page": 1, "kind": "code128", "value": "DOC-1"}}
    assert [page["number"] for page in first["pages"]] == [2, 3]
    marks = [{"kind": "code128", "value": "DOC-2", "box": list(BOX)}]
    assert second["dropped"] == [{"page": 4, "why": "separator", "marks": marks}]
    assert first["archived_as"] == second["archived_as"] == str(world.folder.archive / "stack.gif")


def test_a_source_without_separators_is_one_document(tmp_path):
    """Under its own name and id."""
    world = stack(tmp_path, "ppp")
    world.run()
    assert texts(world) == {"stack": "page1 page2 page3"}
    assert records(world)["stack"]["id"] == world.only().id


def test_blank_pages_are_dropped_and_named(tmp_path):
    """Without any split."""
    world = stack(tmp_path, "p-p", split=None, blank_pages="drop")
    world.run()
    assert texts(world) == {"stack": "page1 page3"}
    assert records(world)["stack"]["dropped"] == [{"page": 2, "why": "blank", "marks": []}]


def test_separators_alone_are_quarantined_with_the_reason(tmp_path):
    """Never silently nothing."""
    world = stack(tmp_path, "ab")
    world.run()
    assert world.outputs == []
    assert world.files(world.folder.quarantine) == ["stack.gif", "stack.gif.error.txt"]
    assert "no page would be left" in (world.only().error or "")


def test_a_separator_without_its_document_is_warned_of(tmp_path):
    """Sheets may be missing; so a source that was to be deleted is archived."""
    world = stack(tmp_path, "apb", original="delete")
    world.run()
    (warning,) = records(world)["stack"]["warnings"]
    assert (warning["code"], warning["page"]) == ("separator_without_pages", 3)
    assert world.files(world.folder.archive) == ["stack.gif"]


def test_names_are_chosen_by_the_pattern(tmp_path):
    """Barcode, date of the scan, counter, pages; free names for what is called the same."""
    world = stack(tmp_path, "appbpap", output_name="{barcode} {date:%Y} {counter:03} p{pages}")
    world.run()
    assert sorted(texts(world)) == ["DOC-1 2026 001 p2-3", "DOC-1 2026 003 p7", "DOC-2 2026 002 p5"]
    drop(world, "ap", "again.gif")
    world.boot(Stack())
    world.run()
    assert "DOC-1 2026 004 p2" in texts(world)
    assert world.files(world.folder.archive) == ["DOC-1 2026 004 p2.gif", "stack.gif"]


def test_the_folder_s_command_is_run_for_each_document(tmp_path):
    """With its id and its outputs; once all are out."""
    said = tmp_path / "said"
    command = ["sh", "-c", f'echo "$SCANMEND_ID $SCANMEND_SOURCE $(basename "$1")" >>{said}', "hook"]
    world = stack(tmp_path / "w", "apbp", on_success=command)
    world.run()
    id_ = world.only().id
    assert said.read_text().splitlines() == [f"{id_}-{n} stack.gif stack-{n}.txt" for n in (1, 2)]


def test_each_document_has_its_own_facts_in_record_and_name(tmp_path):
    """Found on its own pages alone, before it is named; where there are none, the fallback stands there."""
    world = stack(tmp_path, "appbp", fields=FIELDS, output_name="{fields.word} {fields.day:%Y|undated}")
    world.run()
    assert sorted(texts(world)) == ["page2 undated", "page5 undated"]
    found = [[field["value"] for field in record["fields"]] for record in records(world).values()]
    assert found == [["page2", None], ["page5", None]]


@pytest.mark.thorough
def test_the_table_of_fields_gets_one_row_for_each_document(tmp_path):
    """Once, wherever the daemon dies; with the ids of the records."""

    def fresh(n):
        root = tmp_path / str(n)
        return stack(root, "apbp", fields=FIELDS[:1], fields_csv=root / "all.csv", output_name="{fields.word}")

    death = Death()
    assert not live(fresh(0), death)
    for n in range(1, len(death.steps) + 1):
        world = fresh(n)
        assert live(world, Death(n)), n
        world.boot(Stack())
        world.run()
        head, *rows = (world.root / "all.csv").read_text().splitlines()
        assert head == "id,source,finished,word,doubtful", n
        cells = [row.split(",") for row in rows]
        assert [(row[0], row[3]) for row in cells] == [(r["id"], n) for n, r in records(world).items()], n
        shutil.rmtree(world.root)


def test_no_name_is_ever_taken_twice(tmp_path):
    """Neither that of a stranger's file nor that of another document."""
    world = stack(tmp_path, "apbpap", output_name="{barcode}")
    (world.folder.outbox / "DOC-2.txt").write_text("a stranger's")
    world.run()
    assert texts(world) == {"DOC-1": "page2", "DOC-1 (2)": "page6", "DOC-2": "a stranger's", "DOC-2 (2)": "page4"}


@pytest.mark.parametrize("settings", [{}, {"output_name": "{barcode} {counter}", "original": "delete"}])
def test_dying_before_any_single_change(tmp_path, settings):
    """The same documents, once; no page is read twice; the counter may skip numbers, but gives none twice."""

    def fresh(n):
        return stack(tmp_path / str(n), "apbp", **settings)

    death = Death()
    assert not live(fresh(0), death)
    steps = len(death.steps)
    assert steps > 30
    for n in range(1, steps + 1):
        world = fresh(n)
        assert live(world, Death(n)), n
        world.boot(world.pipeline)
        world.run()
        found = texts(world)
        assert sorted(found.values()) == ["page2", "page4"], n
        assert world.outputs == sorted(f"{name}.{kind}" for name in found for kind in ("json", "txt")), n
        assert sorted(r["id"] for r in records(world).values()) == [f"{world.only().id}-{i}" for i in (1, 2)], n
        assert world.only().state == "done", n
        assert world.files(world.folder.archive) == ([] if settings else ["stack.gif"]), n
        assert set(world.pipeline.done.values()) == {1}, n
        shutil.rmtree(world.root)


@pytest.mark.parametrize(
    "settings", [{}, pytest.param({"output_name": "{barcode} {counter}"}, marks=pytest.mark.thorough)]
)
def test_a_lost_ledger_doubles_nothing_that_is_out(tmp_path, settings):
    """What was published is known by its record, the names with it."""

    def fresh(n):
        return stack(tmp_path / str(n), "apbpap", **settings)

    death = Death()
    live(fresh(0), death)
    for n in range(1, len(death.steps) + 1):
        world = fresh(n)
        assert live(world, Death(n)), n
        published = {r["id"] for r in records(world).values()}
        world.ledger.close()
        for file in world.root.glob("ledger.sqlite*"):
            file.unlink()
        del world.ledger
        world.boot(Stack())
        world.run()
        found = records(world)
        assert published <= {r["id"] for r in found.values()}, n
        pages = sorted(page["number"] for r in found.values() for page in r["pages"])
        assert pages == [2, 4, 6], n
        shutil.rmtree(world.root)


def test_a_document_that_came_out_is_not_written_again_after_a_retry(tmp_path):
    """The outbox fails behind the first document; the retry writes the second alone."""
    world = stack(tmp_path, "apbp", retries=0)
    (world.folder.outbox / "stack-2.json").mkdir()
    (world.folder.outbox / "stack-2.json" / "x").touch()
    world.run()
    assert sorted(texts(world).values()) == ["page2", "page4"]
    assert "stack-1" in texts(world)


def test_a_quarantined_source_is_retried_as_a_whole(tmp_path):
    """And makes all its documents then."""
    world = stack(tmp_path, "aabb")
    world.run()
    entry = world.only()
    assert entry.state == "quarantined"
    entry.put_away.write_bytes(b"GIF89aapbp")
    give_back(world.ledger, entry, world.folder)
    world.run()
    assert texts(world) == {"stack-1": "page2", "stack-2": "page4"}


def test_the_plan_may_change_while_nothing_is_out(tmp_path):
    """Somebody mends the pattern that parted a source in the wrong way, and retries it."""
    world = stack(tmp_path, "apbp", retries=0)
    outbox = world.folder.outbox
    shutil.rmtree(outbox)
    outbox.touch()  # nothing can be written
    world.turn()
    outbox.unlink()
    outbox.mkdir()
    entry = world.only()
    assert (entry.state, len(world.ledger.parts.of(entry.id))) == ("waiting", 2)
    world.folder = world.folder.model_copy(update={"split": None})
    world.boot(Stack())
    world.run()
    assert list(texts(world).values()) == ["page1 page2 page3 page4"]


def test_the_plan_stays_when_settings_change_in_between(tmp_path):
    """Documents that are out are not parted in another way after a crash."""
    world = stack(tmp_path / "w", "apbp")
    death = Death()
    assert not live(stack(tmp_path / "0", "apbp"), death)
    for n in range(1, len(death.steps) + 1):
        world = stack(tmp_path / str(n), "apbp")
        assert live(world, Death(n))
        if len(records(world)) == 1:
            break
    world.folder = world.folder.model_copy(update={"split": None})
    world.boot(Stack())
    world.run()
    assert texts(world) == {"stack-1": "page2", "stack-2": "page4"}
