"""The model's life: fake hosts, one per disaster, and the real one where only that can show it."""

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from itertools import pairwise

import psutil
import pytest
from structlog.testing import capture_logs

from fake_hosts import (
    BOUND_S,
    LAYERS,
    NO_PROCESS,
    PAGE,
    TASK,
    BabblesOnPages,
    Blocks,
    BlocksLoading,
    CrashesLoading,
    CrashesOnPages,
    FakeHost,
    HangsOnPages,
    KilledOnPages,
    RefusesPages,
    Thread,
    events,
    until,
)
from scanmend.config.schema import BUNDLED, ModelSpec
from scanmend.document import CorrectedPage, page_from_text
from scanmend.errors import HostDied, ModelError, ModelMissing, ModelResting, Stopping
from scanmend.llm.scheduler.model_process import GRACE_S, Effects, start_host
from scanmend.llm.scheduler.model_slot import MISSING_REST_S, ModelSlot
from scanmend.llm.scheduler.state import Policy
from scanmend.llm.store.store import Store
from scanmend.process.memory import resident_mib
from tiny_gguf import U32, tiny_gguf


class TestLife:
    def test_nothing_is_started_before_it_is_needed(self, scene):
        """A lease alone loads nothing; the first page does."""
        slot = scene.open()
        with slot.lease("a") as lease:
            assert scene.hosts == []
            assert lease.correct(PAGE, TASK, 60.0) == CorrectedPage(PAGE, "a.gguf")
        assert len(scene.hosts) == 1

    def test_the_use_of_a_file_is_told(self, scene):
        """When it is loaded, and when it is in use no more."""
        used = []
        slot = scene.open(policy=Policy(5.0), file_used=lambda path: used.append((path.name, scene.now)))
        scene.correct()
        scene.correct()
        loaded = [("a.gguf", 1000.0)]
        assert used == loaded
        scene.now += 5.0
        slot.tick()
        assert used == [*loaded, ("a.gguf", scene.now)]

    def test_a_second_document_finds_the_model_loaded(self, scene):
        """Folders that name the same model share its process."""
        scene.open()
        scene.correct()
        scene.correct()
        assert [r["do"] for r in scene.hosts[0].requests] == ["load", "correct", "correct"]
        assert len(scene.hosts) == 1

    def test_another_model_takes_its_place(self, scene):
        """The first process has ended before the second one starts, which FakeHost insists on."""
        scene.open()
        assert [scene.correct(n).corrected for n in "aba"] == ["a.gguf", "b.gguf", "a.gguf"]
        assert [h.alive for h in scene.hosts] == [False, False, True]

    def test_idle_counts_from_the_end_of_the_last_use(self, scene):
        """A page of 1000 s does not shorten the 300 s after it."""
        slot = scene.open(policy=Policy(300.0))
        scene.page_s = 1000.0
        scene.correct()
        assert slot.seconds_until_tick() == 300.0
        scene.now += 299.0
        slot.tick()
        assert scene.alive
        assert slot.seconds_until_tick() == 1.0
        scene.now += 1.0
        assert slot.seconds_until_tick() == 0.0
        slot.tick()
        assert not scene.alive
        assert slot.seconds_until_tick() is None

    def test_idle_counts_from_the_end_of_the_lease(self, scene):
        """A document that is long about writing its pages has the model in use all the same."""
        slot = scene.open(policy=Policy(300.0))
        with slot.lease("a") as lease:
            lease.correct(PAGE, TASK, 60.0)
            scene.now += 10_000.0
            slot.tick()
            assert scene.alive
            assert slot.seconds_until_tick() is None
        assert slot.seconds_until_tick() == 300.0

    def test_idle_zero_unloads_between_documents_not_between_pages(self, scene):
        """The last lease keeps the model; its end makes the next tick unload."""
        slot = scene.open(policy=Policy(0.0))
        with slot.lease("a") as first:
            with slot.lease("a") as second:
                second.correct(PAGE, TASK, 60.0)
                slot.tick()
            slot.tick()
            first.correct(PAGE, TASK, 60.0)
        assert len(scene.alive) == 1
        assert slot.seconds_until_tick() == 0.0
        slot.tick()
        assert scene.alive == []

    def test_idle_zero_needs_no_timer(self, scene):
        """A loop that sleeps until it is told of a change, as the daemon's does, unloads at once."""
        rung, ended = threading.Event(), threading.Event()
        slot = scene.open(policy=Policy(0.0), changed=rung.set)

        def loop():
            while not ended.is_set():
                assert rung.wait(BOUND_S)
                rung.clear()
                slot.tick()

        daemon = Thread(loop)
        scene.correct()
        until(lambda: scene.hosts and not scene.alive)
        ended.set()
        rung.set()
        daemon.outcome()

    def test_a_tick_does_not_wait_for_a_page(self, scene):
        """While a page is in work tick returns at once, and wait has nothing for the loop to wake up for."""
        slot = scene.open(Blocks, policy=Policy(0.0))
        page = Thread(scene.correct)
        until(lambda: scene.hosts and scene.hosts[0].reached.is_set())
        started = time.monotonic()
        slot.tick()
        assert time.monotonic() - started < 30
        assert slot.seconds_until_tick() is None
        assert scene.alive
        scene.hosts[0].released.set()
        page.outcome()

    def test_after_a_tick_there_is_nothing_due(self, scene):
        """A loop that sleeps for as long as wait says cannot spin: tick does whatever wait called due."""
        slot = scene.open(policy=Policy(0.0))
        for name in "ab":
            scene.correct(name)
            assert slot.seconds_until_tick() == 0.0
            slot.tick()
            assert slot.seconds_until_tick() is None

    def test_a_process_that_died_idle_is_put_away(self, scene):
        """Status does not go on to name a process that the system killed."""
        slot = scene.open(policy=Policy(-1.0))
        scene.correct()
        scene.hosts[0].die()
        assert slot.seconds_until_tick() == 0.0
        slot.tick()
        assert slot.state()["state"] == "idle"
        assert scene.hosts[0].graces == [GRACE_S]

    def test_a_process_that_died_idle_is_replaced(self, scene):
        """The next page gets a fresh process, with all its layers and no talk of a crash."""
        scene.open()
        scene.correct()
        scene.hosts[0].die()
        scene.correct()
        assert [r["safe"] for r in scene.loads()] == [False, False]

    def test_a_file_that_was_replaced_is_looked_at_again(self, scene):
        """Each load finds the model anew, so what a record says is true of the file that was loaded."""
        slot = scene.open(policy=Policy(0.0))
        scene.correct()
        slot.tick()
        (scene.folder / "a.gguf").write_bytes(tiny_gguf({"general.file_type": (U32, 15)}))
        scene.correct()
        assert slot.identity("a")["quantization"] == "Q4_K_M"

    def test_a_model_that_is_nowhere(self, scene):
        """The slot is as idle as before, the model rests at once, and works when its file is there."""
        slot = scene.open(models=())
        slot.configure({"a": ModelSpec(path=scene.folder / "none.gguf")}, Policy(300.0))
        with pytest.raises(ModelResting, match=r"model 'a' failed and rests for 10 s: .*none\.gguf"):
            scene.correct()
        assert slot.state() == {"state": "idle", "model": None, "pid": None}
        assert scene.hosts == []
        assert [t for t in slot.troubles() if "none.gguf" in t]
        (scene.folder / "none.gguf").write_bytes(tiny_gguf())
        with pytest.raises(ModelResting):
            scene.correct()
        scene.now += MISSING_REST_S
        assert scene.correct().corrected == "none.gguf"
        assert slot.troubles() == []

    def test_a_model_that_is_downloaded_does_not_rest(self, scene, tmp_path):
        """It was there a moment ago; the next lease has it downloaded."""
        slot = scene.open(models=())
        slot.configure({"a": ModelSpec(repo_id="o/n", file="n.gguf")}, Policy(300.0))
        file = tmp_path / "models" / "n.gguf"
        file.parent.mkdir()
        file.write_bytes(tiny_gguf())
        with slot.lease("a") as lease:
            file.unlink()
            with pytest.raises(ModelMissing, match="models pull a"):
                lease.correct(PAGE, TASK, 60.0)
        assert slot.troubles() == []


class TestState:
    def test_every_phase(self, scene):
        """Looking, loading, correcting, loaded, unloading, idle: each is seen from inside."""
        found = []

        class Shelf(Store):
            def require(self, *arguments):
                found.append(scene.slot.state()["state"])
                return super().require(*arguments)

        slot = scene.open(store=Shelf(scene.folder))
        assert slot.state() == {"state": "idle", "model": None, "pid": None}
        scene.correct()
        assert slot.state() == {
            "state": "loaded", "model": "a", "pid": NO_PROCESS, "file": "a.gguf", "gpu_layers": LAYERS + 1,
            "layers": LAYERS + 1, "ran_on": "GPU", "gpu_mib": 7.0, "unload_in_s": 300.0,
        }  # fmt: skip
        scene.now += 300.0
        slot.tick()
        assert slot.state()["state"] == "idle"
        assert found == ["looking for the model"]
        assert [(p["state"], p["model"]) for p in scene.phases] == [
            ("loading", None),
            ("correcting", "a"),
            ("unloading", None),
        ]

    def test_no_countdown_in_use(self, scene):
        """While a page is in work there is nothing to count down to."""
        scene.open()
        scene.correct()
        assert scene.phases[1]["unload_in_s"] is None

    @pytest.mark.parametrize("cast", [CrashesOnPages, HangsOnPages, BabblesOnPages])
    def test_idle_after_a_disaster(self, scene, cast):
        """A process that is gone is not shown as correcting."""
        slot = scene.open(cast, cast)
        with pytest.raises(HostDied):
            scene.correct()
        assert slot.state() == {"state": "idle", "model": None, "pid": None}
        assert slot.seconds_until_tick() is None

    def test_the_loop_is_told_of_loads_and_unloads(self, scene):
        """Whoever shows the state is rung when it changes for long, not for every page."""
        slot = scene.open()
        with slot.lease("a") as lease:
            lease.correct(PAGE, TASK, 60.0)
            loaded = scene.changes
            assert loaded >= 2
            lease.correct(PAGE, TASK, 60.0)
            assert scene.changes == loaded
        assert scene.changes == loaded + 1
        scene.now += 300.0
        slot.tick()
        assert scene.changes >= loaded + 2

    def test_identity(self, scene):
        """A record learns the file and where it ran, also after another model took its place."""
        slot = scene.open()
        assert (
            slot.identity("a")["file"] == "a.gguf"
        )  # found, though never loaded: its pages may have come from the ledger
        assert "gpu_layers" not in slot.identity("a")
        assert slot.identity("nowhere") == {"name": "nowhere"}
        scene.correct("a")
        scene.correct("b")
        known = slot.identity("a")
        assert (known["name"], known["file"], known["source"]) == ("a", "a.gguf", "path")
        assert known["gpu_layers"] == LAYERS + 1


class TestConfigure:
    def test_a_changed_model_goes_at_the_next_idle_moment(self, scene):
        """Not before the document that uses it is done, and without waiting for the idle time."""
        slot = scene.open()
        with slot.lease("a") as lease:
            lease.correct(PAGE, TASK, 60.0)
            slot.configure({"a": scene.spec("a", context=1024)}, Policy(300.0))
            slot.tick()
            lease.correct(PAGE, TASK, 60.0)
            assert len(scene.hosts) == 1
        assert slot.seconds_until_tick() == 0.0
        with capture_logs() as logs:
            slot.tick()
        assert [e["why"] for e in events(logs, "model.unloaded")] == ["configuration changed"]
        scene.correct()
        assert scene.loads()[-1]["context"] == 1024

    def test_the_next_document_gets_the_new_settings(self, scene):
        """Also when no tick came between."""
        slot = scene.open()
        scene.correct()
        slot.configure({"a": scene.spec("a", context=1024)}, Policy(300.0))
        scene.correct()
        assert [r["context"] for r in scene.loads()] == [4096, 1024]

    def test_a_document_in_work_is_recorded_with_the_model_it_had(self, scene):
        """A reload does not make its record forget the file."""
        slot = scene.open()
        with slot.lease("a") as lease:
            lease.correct(PAGE, TASK, 60.0)
            slot.configure({"a": scene.spec("b")}, Policy(300.0))
        assert slot.identity("a")["file"] == "a.gguf"

    def test_an_unchanged_model_stays(self, scene):
        """A reload that leaves a model alone does not unload it; the new idle time counts."""
        slot = scene.open()
        scene.correct()
        slot.configure({"a": scene.spec("a"), "new": scene.spec("b")}, Policy(10.0))
        slot.tick()
        assert scene.alive
        assert slot.seconds_until_tick() == 10.0

    def test_a_removed_model(self, scene):
        """It is unloaded, and a document that still names it is told so; its neighbours are not disturbed."""
        slot = scene.open()
        scene.correct("a")
        slot.configure({"b": scene.spec("b")}, Policy(-1.0))
        assert slot.seconds_until_tick() == 0.0
        with pytest.raises(ModelError, match="no model 'a' any more"):
            scene.correct("a")
        assert scene.alive
        slot.tick()
        assert not scene.alive

    def test_it_waits_for_no_page(self, scene):
        """The daemon's loop, which takes new configurations, goes on while a page is in work."""
        slot = scene.open(Blocks)
        page = Thread(scene.correct)
        until(lambda: scene.hosts and scene.hosts[0].reached.is_set())
        taken = Thread(slot.configure, {"b": scene.spec("b")}, Policy(1.0))
        taken.outcome()
        assert page.is_alive()
        scene.hosts[0].released.set()
        assert page.outcome().corrected == "a.gguf"

    def test_a_changed_model_is_trusted_again(self, scene):
        """Safe parameters were for the file that crashed."""
        slot = scene.open(CrashesOnPages)
        scene.correct()
        slot.configure({"a": scene.spec("a", context=1024)}, Policy(300.0))
        scene.correct()
        assert [r["safe"] for r in scene.loads()] == [False, True, False]


class TestDisasters:
    def test_a_crash_is_tried_again_once_with_safe_parameters(self, scene):
        """The page comes out right, and nobody above learns of the crash but from the log."""
        scene.open(CrashesOnPages)
        with capture_logs() as logs:
            assert scene.correct().corrected == "a.gguf"
        assert [r["safe"] for r in scene.loads()] == [False, True]
        assert len(events(logs, "model.crashed")) == 1
        assert [e["why"] for e in events(logs, "model.unloaded")] == ["died"]

    def test_a_second_crash_is_raised(self, scene):
        """Twice is enough: the document waits for a later attempt."""
        slot = scene.open(CrashesOnPages, CrashesOnPages)
        with pytest.raises(HostDied, match="SIGSEGV"):
            scene.correct()
        assert len(scene.hosts) == 2
        assert scene.alive == []
        assert not slot.snapshot.held

    def test_a_model_that_crashed_stays_safe(self, scene):
        """Later loads begin with safe parameters, and a crash of those is not tried again."""
        slot = scene.open(CrashesOnPages, FakeHost, CrashesOnPages, policy=Policy(0.0))
        scene.correct()
        slot.tick()
        with pytest.raises(HostDied):
            scene.correct()
        assert [r["safe"] for r in scene.loads()] == [False, True, True]

    def test_a_kill_from_outside_is_no_reason_to_stay_slow(self, scene):
        """The page is tried again safely, which needs less memory too; later loads are fast again."""
        slot = scene.open(KilledOnPages, policy=Policy(0.0))
        scene.correct()
        slot.tick()
        scene.correct()
        assert [r["safe"] for r in scene.loads()] == [False, True, False]

    def test_other_models_are_not_suspected(self, scene):
        """Safe parameters are for the model that crashed."""
        scene.open(CrashesOnPages)
        scene.correct("a")
        scene.correct("b")
        assert [r["safe"] for r in scene.loads()] == [False, True, False]

    @pytest.mark.parametrize(("cast", "says"), [(HangsOnPages, "no sign of life"), (BabblesOnPages, "nonsense")])
    def test_hangs_and_nonsense_are_raised_at_once(self, scene, cast, says):
        """A page that takes for ever would do so again; the process is ended either way."""
        scene.open(cast)
        with pytest.raises(HostDied, match=says):
            scene.correct()
        assert len(scene.hosts) == 1
        assert scene.hosts[0].graces
        assert scene.correct().corrected == "a.gguf"

    def test_a_refusal_keeps_the_model(self, scene):
        """A page that the model cannot take says nothing against its process."""
        slot = scene.open(RefusesPages)
        with pytest.raises(ModelError, match="model 'a': the context is full"):
            scene.correct()
        assert len(scene.alive) == 1
        assert slot.state()["state"] == "loaded"

    def test_a_crash_on_a_page_and_another_in_the_load_after_it(self, scene):
        """The safe load is not made again and again."""
        slot = scene.open(CrashesOnPages, CrashesLoading)
        slot.configure({"a": scene.spec("a", gpu="off")}, Policy(300.0))
        with pytest.raises(HostDied, match="SIGABRT"):
            scene.correct()
        assert len(scene.hosts) == 2


class TestStop:
    def test_nothing_to_stop(self, scene):
        """An idle slot stops at once, and twice."""
        slot = scene.open()
        slot.stop()
        slot.stop()
        assert scene.hosts == []

    def test_a_loaded_model_is_ended(self, scene):
        """And leaves nothing behind."""
        slot = scene.open()
        scene.correct()
        slot.stop()
        assert not scene.alive
        assert slot.state()["state"] == "idle"

    @pytest.mark.parametrize("cast", [Blocks, BlocksLoading])
    def test_work_is_cut_off(self, scene, cast):
        """Whether a page is in work or the model still loads: its process is killed, and the thread gets Stopping."""
        slot = scene.open(cast)
        working = Thread(scene.correct)
        until(lambda: scene.hosts and scene.hosts[0].reached.is_set())
        with capture_logs() as logs:
            stopping = Thread(slot.stop)
            with pytest.raises(Stopping):
                working.outcome()
            stopping.outcome()
        assert {e["event"] for e in logs} <= {"model.unloaded"}, "told as a crash"
        assert len(scene.hosts) == 1
        assert not scene.alive
        assert slot.state()["state"] == "idle"

    def test_a_document_that_gave_way(self, scene):
        """One that is stopped while another has its turn does not give that turn back a second time."""
        slot = scene.open(FakeHost, Blocks)

        def gives_way():
            with slot.lease("a") as lease:
                lease.correct(PAGE, TASK, 60.0)
                until(lambda: scene.waiting() == 1)
                scene.now += MAX_WAIT_S + 1
                lease.correct(PAGE, TASK, 60.0)

        first = Thread(gives_way)
        until(lambda: slot.snapshot.documents("a") == 1)
        second = Thread(scene.correct, "b")
        until(lambda: len(scene.hosts) == 2 and scene.hosts[1].reached.is_set())
        slot.stop()
        for thread in (first, second):
            with pytest.raises(Stopping):
                thread.outcome()
        assert not slot.snapshot.held

    def test_nothing_begins_afterwards(self, scene):
        """A document that comes late gets Stopping at the door."""
        slot = scene.open()
        slot.stop()
        with pytest.raises(Stopping):
            scene.correct()


class TestManyThreads:
    @pytest.mark.parametrize("most", [1, 2])
    def test_eight_threads_three_models(self, scene, most):
        """For a second of swaps, crashes, reloads and ticks every page comes back from the model it was meant for.

        FakeHost asserts that there are no more processes than may be, and one question at a time. On a machine that
        has other things to do it takes longer, until enough has happened.
        """
        limit = time.monotonic() + 1.0

        def on():
            return time.monotonic() < limit or tally["pages"] <= 100 or tally["died"] <= 5

        def coarse():
            """Many documents come at the same time by this clock."""
            return round(time.monotonic(), 1)

        wild = random.Random(1)  # noqa: S311 -- the same disasters in every run
        casts = [FakeHost] * 6 + [CrashesOnPages, HangsOnPages, CrashesLoading]
        slot = scene.open(
            *(wild.choice(casts) for _ in range(100_000)), policy=Policy(0.0, max_loaded=most), clock=coarse
        )
        tally = Counter()

        def documents(seed):
            mine = random.Random(seed)  # noqa: S311
            while on():
                name = mine.choice("abc")
                with slot.lease(name) as lease:
                    for _ in range(mine.randint(1, 3)):
                        try:
                            assert lease.correct(PAGE, TASK, 60.0).corrected == f"{name}.gguf"
                            tally["pages"] += 1
                        except (HostDied, ModelResting):
                            tally["died"] += 1
                        assert slot.identity(name)["name"] == name

        def loop():
            while on():
                slot.tick()
                state = slot.state()
                assert (state["model"] is None) == (state["pid"] is None)
                specs = {n: scene.spec(n, context=wild.choice((1024, 2048))) for n in "abc"}
                slot.configure(specs, Policy(0.0, max_loaded=most))
                time.sleep(0.001)

        for thread in [*(Thread(documents, seed) for seed in range(8)), Thread(loop)]:
            thread.outcome()
        assert slot.snapshot.queue == ()
        assert not slot.snapshot.held
        slot.tick()
        assert scene.alive == []
        assert slot.state() == {"state": "idle", "model": None, "pid": None}
        assert scene.used == 500.0
        assert {r["path"] for r in scene.loads() if r} == {os.fsencode(scene.folder / f"{n}.gguf").hex() for n in "abc"}
        assert any(a["path"] == b["path"] for a, b in pairwise(scene.loads()))


MAX_WAIT_S = Policy().max_wait_s
ONE_THREAD = BUNDLED.model_copy(update={"threads": 1})
"""The bundled model for tests that run beside others."""
TEXT = "The qnick hrown fox jnmps over the lazy dog and mns into the foresl."
PARENT = """
import sys
from pathlib import Path
from threading import Thread
from scanmend.config.schema import BUNDLED
from scanmend.correct.settings import CorrectionSettings
from scanmend.document import page_from_text
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.llm.scheduler.state import Policy
from scanmend.llm.store.store import Store

slot = ModelSlot({"m": BUNDLED}, Store(Path(sys.argv[1])), Policy())
with slot.lease("m") as lease:
    lease.correct(page_from_text(sys.argv[2]), CorrectionSettings("rescore", "Correct", ("eng",)), 60.0)
    print(slot.state()["pid"], file=sys.stderr, flush=True)
    long = page_from_text(f"{sys.argv[2]}\\n" * 40)
    while sys.argv[3] == "working":
        lease.correct(long, CorrectionSettings("rescore", "Correct", ("eng",)), 60.0)
    sys.stdin.read()
"""


def gone(pid):
    """Whether the process has ended, reaped or not."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def busy(pid):
    """Seconds of processor time that the process has used."""
    return sum(psutil.Process(pid).cpu_times()[:2])


class TestRealHost:
    @pytest.fixture
    def started(self):
        """The processes that the slot started."""
        return []

    @pytest.fixture
    def slot(self, tmp_path, started):
        """The bundled model behind the real process."""

        def start():
            started.append(start_host())
            return started[-1]

        made = ModelSlot({"m": ONE_THREAD}, Store(tmp_path), Policy(0.0), Effects(start=start))
        yield made
        made.stop()

    def test_life(self, slot):
        """It loads, mends a page, survives a crash in the middle of another with the same result, and goes."""
        page = page_from_text(TEXT)
        with slot.lease("m") as lease:
            mended = lease.correct(page, TASK, 60.0)
            assert "quick brown fox" in mended.corrected
            first = slot.state()["pid"]
            resource.prlimit(first, resource.RLIMIT_CORE, (0, 0))
            before = busy(first)
            with capture_logs() as logs:
                working = Thread(lease.correct, page, TASK, 60.0)
                until(lambda: busy(first) > before + 0.1)
                assert slot.state()["state"] == "correcting"
                os.kill(first, signal.SIGSEGV)
                again = working.outcome()
        assert [e["error"] for e in events(logs, "model.crashed")] == ["scanmend.llm.inference.host died of SIGSEGV"]
        assert again.corrected == mended.corrected
        assert gone(first)

        second = slot.state()["pid"]
        assert second != first
        held = resident_mib(second)
        with capture_logs() as logs:
            slot.tick()
        (entry,) = events(logs, "model.unloaded")
        assert not psutil.pid_exists(second)
        assert resident_mib(second) is None
        assert held > 100
        assert entry["ram_freed_mib"] == pytest.approx(held, abs=5)

    def test_stop_while_it_loads(self, slot, started):
        """The process that is still reading its file is killed."""

        def document():
            with slot.lease("m") as lease:
                lease.correct(PAGE, TASK, 60.0)

        working = Thread(document)
        until(lambda: started)
        slot.stop()
        with pytest.raises(Stopping):
            working.outcome()
        assert not psutil.pid_exists(started[0].pid)

    @pytest.mark.thorough
    @pytest.mark.parametrize("doing", ["working", "resting"])
    def test_no_orphan(self, tmp_path, doing):
        """When the daemon itself is killed, the model's process ends within two seconds, at work or not."""
        arguments = [sys.executable, "-c", PARENT, str(tmp_path), TEXT, doing]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as parent:
            pid = int(parent.stderr.readline())
            if doing == "working":
                before = busy(pid)
                until(lambda: busy(pid) > before + 0.1)
            assert not gone(pid)
            parent.kill()
            until(lambda: gone(pid), 2.0)
