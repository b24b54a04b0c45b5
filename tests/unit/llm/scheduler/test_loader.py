"""How a model gets into its process and out of it: fake hosts, one per disaster."""

import os
import threading

import pytest
from structlog.testing import capture_logs

from fake_hosts import (
    BOUND_S,
    PAGE,
    TASK,
    BabblesLoading,
    CrashesLoading,
    FakeHost,
    GivesMemoryBackLate,
    HasNoGpu,
    HasNoRoom,
    KeepsGpuMemory,
    LoadsNothing,
    LoadsNothingWithoutGpu,
    RefusesLayers,
    Thread,
    events,
    until,
)
from scanmend.config.schema import BUNDLED
from scanmend.errors import HostDied, ModelError, Stopping
from scanmend.llm.inference.engine import gpu_available
from scanmend.llm.scheduler.model_process import start_host
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.llm.scheduler.state import Policy
from scanmend.llm.scheduler.unload import RELEASE_LIMIT_S
from scanmend.llm.store.store import Store


class TestLoad:
    def test_what_the_host_is_told(self, scene):
        """The request carries the file, the settings of the model and a number of threads."""
        slot = scene.open(models=())
        slot.configure({"a": scene.spec("a", context=2048, threads=3, gpu="off")}, Policy(300.0))
        scene.correct()
        path = os.fsencode(scene.folder / "a.gguf").hex()
        told = {"do": "load", "path": path, "context": 2048, "threads": 3, "gpu_layers": 0}
        told |= {"cpu_will_do": False, "safe": False}
        assert scene.loads() == [told]
        assert scene.hosts[0].limits[1] == 60.0 + Policy().reply_slack_s

    def test_all_cores_unless_told(self, scene):
        """Without ``threads`` the host gets as many as this process may use."""
        scene.open()
        scene.correct()
        assert scene.loads()[0]["threads"] == len(os.sched_getaffinity(0))

    def test_fewer_layers_where_all_do_not_fit(self, scene):
        """``prefer`` halves the layers in a fresh process each time, and says so."""
        slot = scene.open(*[RefusesLayers] * 4)
        with capture_logs() as logs:
            scene.correct()
        assert [r["gpu_layers"] for r in scene.loads()] == [31, 15, 7]
        assert [(e["gpu_layers"], e["next_gpu_layers"]) for e in events(logs, "model.load_failed")] == [
            (31, 15),
            (15, 7),
        ]
        assert slot.state()["gpu_layers"] == slot.identity("a")["gpu_layers"] == 7

    @pytest.mark.parametrize(
        ("settings", "tried"),
        [
            ({}, [31, 15, 7, 0]),
            ({"gpu_layers": "all"}, ["all", 15, 7, 0]),
            ({"gpu": "required"}, [31, 15, 7, 1]),
        ],
    )
    def test_fewer_layers_in_turn(self, scene, settings, tried):
        """Down to the CPU where that is allowed; the last refusal is raised."""
        slot = scene.open(*[LoadsNothing] * 9)
        slot.configure({"a": scene.spec("a", **settings)}, Policy(300.0))
        with pytest.raises(ModelError, match="no GGUF"):
            scene.correct()
        assert [r["gpu_layers"] for r in scene.loads()] == tried
        assert scene.alive == []
        assert slot.state()["state"] == "idle"

    @pytest.mark.parametrize(
        ("settings", "tried"),
        [
            ({}, [31, 0]),
            ({"gpu_layers": "all"}, ["all", 0]),
            ({"gpu_layers": 20}, [20, 0]),
            ({"gpu": "off"}, [0]),
            ({"gpu": "required"}, [31]),
        ],
    )
    def test_layers_without_a_gpu(self, scene, settings, tried):
        """Where the host says that there is no GPU to use, nothing between all layers and none is tried."""
        slot = scene.open(*[LoadsNothingWithoutGpu] * 9)
        slot.configure({"a": scene.spec("a", **settings)}, Policy(300.0))
        with pytest.raises(ModelError, match="no GGUF"):
            scene.correct()
        assert [r["gpu_layers"] for r in scene.loads()] == tried
        assert scene.alive == []

    def test_a_crash_while_loading_steps_down(self, scene):
        """llama.cpp aborts where GPU memory is short; fewer layers may fit."""
        scene.open(CrashesLoading, CrashesLoading)
        assert scene.correct().corrected == "a.gguf"
        assert [(r["gpu_layers"], r["safe"]) for r in scene.loads()] == [(31, False), (15, False), (7, False)]

    def test_a_crash_on_the_last_step_is_tried_again_safely(self, scene):
        """Where no fewer layers are left, safe parameters are."""
        slot = scene.open(CrashesLoading)
        slot.configure({"a": scene.spec("a", gpu="off")}, Policy(300.0))
        assert scene.correct().corrected == "a.gguf"
        assert [(r["gpu_layers"], r["safe"]) for r in scene.loads()] == [(0, False), (0, True)]

    def test_a_model_that_always_crashes_while_loading(self, scene):
        """It ends after one safe try, and the next document does not try unsafely again."""
        slot = scene.open(*[CrashesLoading] * 9)
        slot.configure({"a": scene.spec("a", gpu="off")}, Policy(300.0))
        for _ in range(2):
            with pytest.raises(HostDied, match="SIGABRT"):
                scene.correct()
        assert [r["safe"] for r in scene.loads()] == [False, True, True]
        assert scene.alive == []

    def test_a_host_that_answers_a_load_with_nonsense(self, scene):
        """It is ended, not left behind."""
        slot = scene.open(BabblesLoading)
        slot.configure({"a": scene.spec("a", gpu="off")}, Policy(300.0))
        with pytest.raises(HostDied, match="nonsense"):
            scene.correct()
        assert scene.alive == []

    def test_a_host_that_cannot_be_started(self, scene):
        """The error is the document's to wait out; the slot works again afterwards."""

        def refuse(_):
            raise HostDied("cannot start: no memory")

        slot = scene.open(refuse)
        slot.configure({"a": scene.spec("a", gpu="off")}, Policy(300.0))
        with pytest.raises(HostDied, match="no memory"):
            scene.correct()
        assert scene.correct().corrected == "a.gguf"

    def test_a_host_that_is_being_started(self, scene):
        """Stop came before there was a process to kill: it is killed as soon as there is one."""
        reached, go_on = threading.Event(), threading.Event()

        def slow(scene):
            reached.set()
            assert go_on.wait(BOUND_S)
            return FakeHost(scene)

        slot = scene.open(slow)
        working = Thread(scene.correct)
        assert reached.wait(BOUND_S)
        stopping = Thread(slot.stop)
        until(lambda: slot.snapshot.stopping)
        go_on.set()
        with pytest.raises(Stopping):
            working.outcome()
        stopping.outcome()
        assert not scene.alive
        assert scene.hosts[0].requests == []


class TestOnCpu:
    def warnings(self, scene, cast, *, driver=True, **settings):
        """What is said of the CPU when a model with these settings is loaded by such hosts."""
        wiring = {} if driver else {"measure_gpu": lambda: None}
        slot = scene.open(*[cast] * 9, models=(), **wiring)
        slot.configure({"a": scene.spec("a", **settings)}, Policy(300.0))
        with capture_logs() as logs:
            scene.correct()
        return [(e["log_level"], e["model"], e["wanted_gpu_layers"], e["why"]) for e in events(logs, "model.on_cpu")]

    @pytest.mark.parametrize("layers", [20, "all"])
    @pytest.mark.parametrize("driver", [True, False])
    def test_layers_were_asked_for_and_there_is_no_gpu(self, scene, layers, driver):
        """The log warns, and the record says that the model ran on the CPU."""
        said = self.warnings(scene, HasNoGpu, driver=driver, gpu_layers=layers)
        assert said == [("warning", "a", layers, "model 'a': there is no GPU")]
        assert scene.slot.identity("a")["gpu_layers"] == scene.slot.state()["gpu_layers"] == 0
        assert [r["gpu_layers"] for r in scene.loads()] == [layers, 0]

    @pytest.mark.parametrize("layers", ["auto", 20, "all"])
    def test_no_layer_fits(self, scene, layers):
        """The last step down is told as what it is."""
        assert self.warnings(scene, HasNoRoom, gpu_layers=layers) == [("warning", "a", layers, "model 'a': no memory")]

    def test_a_gpu_that_llama_cpp_cannot_use(self, scene):
        """``auto`` on a machine whose driver tells of a GPU does not mean the CPU."""
        assert self.warnings(scene, HasNoGpu) == [
            ("warning", "a", "auto", "llama.cpp finds no GPU that it can use"),
        ]

    @pytest.mark.parametrize(
        ("cast", "driver", "settings"),
        [
            (HasNoGpu, False, {}),
            (HasNoGpu, True, {"gpu": "off"}),
            (HasNoGpu, True, {"gpu_layers": 0}),
            (RefusesLayers, True, {"gpu_layers": 20}),
            (FakeHost, True, {}),
        ],
    )
    def test_nothing_to_warn_of(self, scene, cast, driver, settings):
        """The CPU is what was asked for, or all that is there; or some layers are on the GPU."""
        assert self.warnings(scene, cast, driver=driver, **settings) == []

    @pytest.mark.thorough
    @pytest.mark.skipif(gpu_available(), reason="this build of llama.cpp can use a GPU")
    def test_the_real_host(self, tmp_path):
        """A build without GPU support: one refusal, one warning, and a model that works."""
        slot = ModelSlot({"m": BUNDLED.model_copy(update={"gpu_layers": 20})}, Store(tmp_path), Policy(0.0))
        try:
            with capture_logs() as logs, slot.lease("m") as lease:
                lease.correct(PAGE, TASK, 60.0)
            assert slot.identity("m")["gpu_layers"] == 0
        finally:
            slot.stop()
        (failed,), (warning,) = events(logs, "model.load_failed"), events(logs, "model.on_cpu")
        assert (failed["gpu_layers"], failed["next_gpu_layers"]) == (20, 0)
        assert "cannot use a GPU" in warning["why"]


class TestRelease:
    def unloaded(self, scene, *casts):
        slot = scene.open(*casts, policy=Policy(0.0))
        scene.correct()
        with capture_logs() as logs:
            slot.tick()
        (entry,) = events(logs, "model.unloaded")
        return entry

    def test_memory_is_measured_before_during_and_after(self, scene):
        """The log line proves what came back, in MiB."""
        entry = self.unloaded(scene)
        told = [entry[k] for k in ("gpu_before_mib", "gpu_loaded_mib", "gpu_after_mib", "returned", "log_level", "why")]
        assert told == [500.0, 507.0, 500.0, True, "info", "idle"]
        assert scene.pauses == []

    def test_memory_that_does_not_come_back_is_a_warning(self, scene):
        """After RELEASE_LIMIT_S of looking again and again."""
        entry = self.unloaded(scene, KeepsGpuMemory)
        assert [entry[k] for k in ("gpu_after_mib", "returned", "log_level")] == [507.0, False, "warning"]
        assert sum(scene.pauses) == RELEASE_LIMIT_S == entry["seconds"]

    def test_memory_that_comes_back_late(self, scene):
        """Two seconds are waited out, and no more."""
        entry = self.unloaded(scene, GivesMemoryBackLate)
        assert [entry[k] for k in ("gpu_after_mib", "returned", "log_level")] == [500.0, True, "info"]
        assert sum(scene.pauses) == 2.0

    def test_the_next_model_is_loaded_only_then(self, scene):
        """A swap waits for the memory that the next model needs."""
        scene.open(GivesMemoryBackLate)
        scene.correct("a")
        with capture_logs() as logs:
            scene.correct("b")
        assert [e["gpu_before_mib"] for e in events(logs, "model.loaded")] == [500.0]

    def test_failed_steps_do_not_blur_what_was_there_before(self, scene):
        """What a refused load left on the GPU is not taken for what was there before the model."""

        class RefusesAndKeeps(KeepsGpuMemory, RefusesLayers):
            pass

        slot = scene.open(RefusesAndKeeps, policy=Policy(0.0))
        scene.correct()
        with capture_logs() as logs:
            slot.tick()
        (entry,) = events(logs, "model.unloaded")
        assert [entry["gpu_before_mib"], entry["gpu_after_mib"], entry["returned"]] == [500.0, 507.0, False]

    def test_without_a_gpu_it_is_the_process_that_must_be_gone(self, scene):
        """No meter, nothing told of a GPU: nulls; what came back is RAM, and the process table shows it."""
        slot = scene.open(policy=Policy(0.0), measure_gpu=lambda: None)
        scene.correct()
        with capture_logs() as logs:
            slot.tick()
        (entry,) = events(logs, "model.unloaded")
        assert [entry["gpu_after_mib"], entry["ram_after_mib"], entry["returned"]] == [None, 0.0, True]
        assert entry["log_level"] == "info"
        assert scene.pauses == []


def test_hosts_spin_less_at_barriers(monkeypatch):
    """The model's process does not burn the cores that page workers need, unless the administrator says otherwise."""
    seen = []
    monkeypatch.setattr(
        "scanmend.llm.scheduler.model_process.Child", lambda module, environment, _: seen.append((module, environment))
    )
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    start_host()
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    start_host()
    assert seen == [("scanmend.llm.inference.host", {"GOMP_SPINCOUNT": n}) for n in ("1000", "7")]
