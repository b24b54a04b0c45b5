"""What worked on this machine is remembered, for a while, and for just that."""

import json
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from fake_hosts import RefusesLayers, events
from scanmend.config.schema import ModelSpec
from scanmend.llm.scheduler.gpu_memory import GpuMemory
from scanmend.llm.scheduler.layer_history import VALID_S, LayerHistory, LoadConditions
from scanmend.llm.scheduler.state import Policy
from scanmend.llm.store.store import Store
from tiny_gguf import tiny_gguf

GPU = GpuMemory(used_mib=7000.0, free_mib=1000.0, total_mib=8000.0, machine="Card 8000 MiB")


@pytest.fixture
def conditions(tmp_path):
    path = tmp_path / "a.gguf"
    path.write_bytes(tiny_gguf())
    found = Store(tmp_path).require("a", ModelSpec(path=path))
    return LoadConditions(found, 4096, "auto", GPU)


class TestExperience:
    def test_it_outlives_the_process(self, tmp_path, conditions):
        """A number of layers is kept in a file, which appears as a whole."""
        LayerHistory(tmp_path / "state" / "gpu_layers.json").keep(conditions, 15)
        assert LayerHistory(tmp_path / "state" / "gpu_layers.json").recall(conditions) == 15
        assert [p.name for p in (tmp_path / "state").iterdir()] == ["gpu_layers.json"]

    @pytest.mark.parametrize(
        "change",
        [
            {"context": 8192},
            {"asked": "all"},
            {"gpu": replace(GPU, machine="Card 24000 MiB")},
            {"gpu": replace(GPU, free_mib=1101.0)},
            {"gpu": None},
        ],
    )
    def test_only_for_the_same(self, conditions, change):
        """Another context, wish, GPU or more free memory: all is tried again."""
        known = LayerHistory()
        known.keep(conditions, 15)
        assert known.recall(replace(conditions, **change)) is None
        assert known.recall(replace(conditions, gpu=replace(GPU, free_mib=500.0))) == 15

    def test_not_for_ever(self, conditions):
        """After a day all is tried again, and the entry goes with the next that is written."""
        now = [1e9]
        known = LayerHistory(now=lambda: now[0])
        known.keep(conditions, 15)
        now[0] += VALID_S - 1
        assert known.recall(conditions) == 15
        now[0] += 1
        assert known.recall(conditions) is None

    def test_forgotten(self, tmp_path, conditions):
        """When all that was asked for worked after all."""
        known = LayerHistory(tmp_path / "known.json")
        known.keep(conditions, 15)
        known.forget(conditions)
        assert json.loads((tmp_path / "known.json").read_text()) == {}

    @pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', '{"a": {"layers": "many"}}', "\xff"])
    def test_a_damaged_file(self, tmp_path, conditions, content):
        """Is begun anew, and the log says so."""
        file = tmp_path / "known.json"
        file.write_bytes(content.encode("latin-1"))
        with capture_logs() as logs:
            known = LayerHistory(file)
        assert [e["event"] for e in logs] == ["model.experience_unreadable"]
        known.keep(conditions, 3)
        assert LayerHistory(file).recall(conditions) == 3

    def test_a_folder_that_cannot_be_written(self, tmp_path, conditions):
        """The model is loaded all the same; only the log says so."""
        (tmp_path / "file").touch()
        with capture_logs() as logs:
            known = LayerHistory(tmp_path / "file" / "known.json")
            known.keep(conditions, 3)
        assert "model.experience_unwritten" in [e["event"] for e in logs]
        assert known.recall(conditions) == 3


class TestInTheSlot:
    def test_the_second_load_begins_where_the_first_ended(self, scene, tmp_path):
        """Also in a new daemon: what does not fit is not tried again and again."""
        file = tmp_path / "state.json"
        for _ in range(2):
            slot = scene.open(*[RefusesLayers] * 9, history=LayerHistory(file), policy=Policy(0.0))
            scene.correct()
            slot.tick()
        assert [r["gpu_layers"] for r in scene.loads()] == [31, 15, 7, 7]

    def test_more_free_memory_is_tried(self, scene):
        """Someone left the GPU: what fits now is found out again, and then nothing is remembered against it."""
        scene.total = 3000.0
        slot = scene.open(*[RefusesLayers] * 3, history=LayerHistory(), policy=Policy(0.0))
        scene.correct()
        slot.tick()
        scene.total = 9000.0
        for _ in range(2):
            scene.correct()
            slot.tick()
        assert [r["gpu_layers"] for r in scene.loads()] == [31, 15, 7, 31, 31]

    def test_a_build_without_gpu_is_no_experience(self, scene):
        """It fails in no time, and llama.cpp may be built anew."""
        from fake_hosts import HasNoGpu  # noqa: PLC0415

        slot = scene.open(*[HasNoGpu] * 9, models=(), history=LayerHistory(), policy=Policy(0.0))
        slot.configure({"a": scene.spec("a", gpu_layers=20)}, Policy(0.0))
        with capture_logs() as logs:
            for _ in range(2):
                scene.correct()
                slot.tick()
        assert [r["gpu_layers"] for r in scene.loads()] == [20, 0, 20, 0]
        assert len(events(logs, "model.on_cpu")) == 2
