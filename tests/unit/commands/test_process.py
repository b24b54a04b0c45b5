"""scanmend.commands.process: stacks that become several documents, and what a dry run says of them beforehand."""

import json
from contextlib import nullcontext

import pytest
import typer

from scanmend.commands import process
from scanmend.config.schema import Settings, builtin, one_shot_folder
from scanmend.jobs.pipeline import Pipeline
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.llm.scheduler.state import Policy
from scanmend.llm.store.store import Store
from scanmend.pageworkers.pool import PagePool
from split_stacks import BY_BARCODE, save_stack


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    """One worker, no model."""
    root = tmp_path_factory.mktemp("pool")
    pool = PagePool(1, root)
    yield Pipeline(pool, ModelSlot({}, Store(root), Policy()))
    pool.close()


@pytest.fixture
def folder(tmp_path):
    """Settings that split at barcodes, and the configuration that they are of."""
    quick = {"strategy": "off", "second_reader": "off", "prepare": "off", "outputs": ["txt", "json"]}
    config = builtin(tmp_path).model_copy(update={"defaults": Settings(**(BY_BARCODE | quick))})
    return one_shot_folder(config, tmp_path), config


STACK = ("DOC-7", "upright", "back", "DOC-7", "upright", "DOC-8", "upright")


def test_a_dry_run_says_what_would_come_and_writes_nothing(tmp_path, folder, pipeline, capsys):
    """And what comes then is the same."""
    settings, config = folder
    stack, out = save_stack(STACK, tmp_path / "stack.pdf", small=True), tmp_path / "out"
    process.dry_run([stack], out, settings, config, lambda _: nullcontext(pipeline))
    said = capsys.readouterr().out.splitlines()
    assert not out.exists()
    assert [line.partition(": ")[2] for line in said] == [
        "document 1 of 3: 7 stack, pages 2; begins with '7'; leaves out 1 (separator), 3 (blank)",
        "document 2 of 3: 7 stack (2), pages 5; begins with '7'; leaves out 4 (separator)",
        "document 3 of 3: 8 stack, pages 7; begins with '8'; leaves out 6 (separator)",
    ]
    out.mkdir()
    (outcome,) = process.convert(process.jobs_of([stack], settings), out, "f", settings, pipeline)
    assert outcome.error == ""
    records = {path.stem: json.loads(path.read_bytes()) for path in out.glob("*.json")}
    assert {name: [page["number"] for page in record["pages"]] for name, record in records.items()} == {
        "7 stack": [2],
        "7 stack (2)": [5],
        "8 stack": [7],
    }


def test_files_that_belong_together_are_one_document(tmp_path, pipeline, capsys):
    """As the daemon would join them; a dry run says so, and a file that is no scan fails its document alone."""
    group = {"group": {"within_s": 1, "pattern": r"(.+)_\d+"}, "strategy": "off", "second_reader": "off"}
    config = builtin(tmp_path).model_copy(update={"defaults": Settings(**group, prepare="off")})
    settings, out = one_shot_folder(config, tmp_path), tmp_path / "out"
    out.mkdir()
    stack = save_stack(("upright",), tmp_path / "stack.pdf", small=True).read_bytes()
    files = [tmp_path / name for name in ("s_10.pdf", "t_1.pdf", "s_9.pdf", "alone.pdf", "t_2.pdf")]
    for file in files:
        file.write_bytes(stack if file.name != "t_2.pdf" else b"notes")
    with pytest.raises(typer.Exit):
        process.dry_run(files, out, settings, config, lambda _: nullcontext(pipeline))
    said = capsys.readouterr().out
    assert f"{tmp_path}/s_9.pdf and 1 more: document 1 of 1: s, pages 1, 2" in said
    assert f"FAILED {tmp_path}/t_1.pdf and 1 more: t_2.pdf: the file is no scan" in said
    outcomes = list(process.convert(process.jobs_of(files, settings), out, "f", settings, pipeline))
    assert sorted(str(one.job).rpartition("/")[2] for one in outcomes if not one.error) == [
        "alone.pdf",
        "s_9.pdf and 1 more",
    ]
    record = json.loads((out / "s.json").read_bytes())
    assert [page["from"]["file"] for page in record["pages"]] == ["s_9.pdf", "s_10.pdf"]
    assert {path.name for path in out.iterdir()} == {"s.json", "s.txt", "alone.json", "alone.txt"}


def test_a_dry_run_of_separators_alone_fails_with_the_reason(tmp_path, folder, pipeline, capsys):
    """As the run itself would."""
    settings, config = folder
    stack = save_stack(("DOC-7", "DOC-8"), tmp_path / "stack.tiff", small=True)
    with pytest.raises(typer.Exit):
        process.dry_run([stack], tmp_path / "out", settings, config, lambda _: nullcontext(pipeline))
    assert "no page would be left of it" in capsys.readouterr().out
