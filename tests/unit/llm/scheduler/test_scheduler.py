"""Documents and models over time: turns, several models side by side, GPU memory, unloading on request, rests."""

import threading
import time
from collections import Counter

import pytest
from structlog.testing import capture_logs

from fake_hosts import (
    BOUND_S,
    LAYERS,
    PAGE,
    TASK,
    Blocks,
    BlocksLoading,
    CrashesLoading,
    FakeHost,
    HangsOnPages,
    HasNoRoom,
    KeepsGpuMemory,
    LoadsNothing,
    RefusesPages,
    Thread,
    events,
    until,
)
from scanmend.errors import HostDied, ModelError, ModelResting, Stopping
from scanmend.llm.scheduler.circuit_breaker import FAILURES, FIRST_REST_S
from scanmend.llm.scheduler.loader import GPU_WAIT_S
from scanmend.llm.scheduler.model_process import GRACE_S
from scanmend.llm.scheduler.scheduler import GPU_CHECK_S
from scanmend.llm.scheduler.state import Policy
from scanmend.llm.store.store import Store


class TestLeases:
    def test_documents_of_one_model_share_it(self, scene):
        """Two leases of the same model are held at the same time."""
        slot = scene.open()
        with slot.lease("a"), slot.lease("a"):
            assert slot.snapshot.documents("a") == 2

    def test_work_is_grouped_by_model(self, scene):
        """Of those who wait, the ones with the loaded model go first, even if they came later."""
        slot = scene.open()
        order = []

        def document(name):
            with slot.lease(name) as lease:
                order.append(lease.correct(PAGE, TASK, 60.0).corrected[0])

        with slot.lease("a") as lease:
            lease.correct(PAGE, TASK, 60.0)
            threads = [Thread(document, "b")]
            until(lambda: scene.waiting() == 1)
            threads += [Thread(document, "a")]
            until(lambda: order == ["a"])  # joins the lease at once
            threads += [Thread(document, "c"), Thread(document, "b")]
            until(lambda: scene.waiting() == 3)
        for thread in threads:
            thread.outcome()
        assert order == ["a", "b", "b", "c"]
        assert len(scene.hosts) == 3

    def test_nobody_waits_too_long_for_another_model(self, scene):
        """After MAX_WAIT_S the model is handed over between two pages, and comes back for the rest."""
        slot = scene.open()
        pages = []
        with slot.lease("a") as lease:
            lease.correct(PAGE, TASK, 60.0)
            waiting = Thread(lambda: pages.append(scene.correct("b").corrected))
            until(lambda: scene.waiting() == 1)
            scene.now += Policy().max_wait_s - 10
            pages.append(lease.correct(PAGE, TASK, 60.0).corrected)
            scene.now += 11
            pages.append(lease.correct(PAGE, TASK, 60.0).corrected)
            waiting.outcome()
            assert slot.snapshot.documents("a") == 1
        assert pages == ["a.gguf", "b.gguf", "a.gguf"]
        assert not slot.snapshot.held

    def test_a_lease_ends_with_an_error(self, scene):
        """A document that fails gives its turn back."""
        slot = scene.open()
        with pytest.raises(ZeroDivisionError), slot.lease("a"):
            raise ZeroDivisionError
        assert scene.correct("b").corrected == "b.gguf"

    def test_a_document_with_new_settings_does_not_join_one_with_the_old(self, scene):
        """Overlapping documents cannot keep a changed model alive for ever."""
        slot = scene.open()
        with slot.lease("a") as lease:
            lease.correct(PAGE, TASK, 60.0)
            slot.configure({"a": scene.spec("a", context=1024)}, Policy(300.0))
            later = Thread(scene.correct)
            until(lambda: scene.waiting() == 1)
            lease.correct(PAGE, TASK, 60.0)
            assert len(scene.hosts) == 1
        later.outcome()
        assert [r["context"] for r in scene.loads()] == [4096, 1024]

    def test_waiting_documents(self, scene):
        """They need not wait for their turn to learn of it."""
        slot = scene.open()
        with slot.lease("a") as lease:
            waiting = [Thread(scene.correct, name) for name in "bc"]
            until(lambda: scene.waiting() == 2)
            slot.stop()
            for thread in waiting:
                with pytest.raises(Stopping):
                    thread.outcome()
            with pytest.raises(Stopping):
                lease.correct(PAGE, TASK, 60.0)
        assert not slot.snapshot.held
        assert scene.hosts == []


class TestOneOwner:
    def test_effects_run_outside_the_lock(self, scene):
        """While any of them runs, another thread can change the state: a load of minutes holds nobody up."""
        this, tried = threading.current_thread(), Counter()
        policy = Policy(0.0, gpu_free_floor_mib=1000.0)
        specs = {name: scene.spec(name) for name in "ab"}

        def changeable(what, effect):
            def run(*arguments):
                if threading.current_thread() is this:
                    tried[what] += 1
                    Thread(scene.slot.configure, specs, policy).outcome()
                return effect(*arguments)

            return run

        class Host(FakeHost):
            def __init__(self, scene):
                super().__init__(scene)
                self.load, self.end = changeable("load", self.load), changeable("end", self.end)
                self.correct = changeable("correct", self.correct)

        effects = {"start": scene.start, "measure_gpu": scene.meter, "pause": scene.pause, "changed": scene.change}
        effects["file_used"] = lambda _file: None
        store = Store(scene.folder)
        store.require = changeable("find", store.require)
        wrapped = {name: changeable(name, effect) for name, effect in effects.items()}
        slot = scene.open(Host, Host, policy=policy, store=store, **wrapped)
        scene.used = 79_500.0  # others leave soon
        scene.later.append((1001.0, -79_000.0))
        for name in "ab":
            scene.correct(name)
        slot.tick()
        assert set(tried) == {*effects, "find", "load", "correct", "end"}

    def test_one_call_of_a_model_at_a_time(self, scene):
        """A second document of the same model waits for the page of the first, which FakeHost insists on."""
        slot = scene.open(Blocks)
        first = Thread(scene.correct)
        until(lambda: scene.hosts and scene.hosts[0].reached.is_set())
        second = Thread(scene.correct)
        until(lambda: slot.snapshot.documents("a") == 2)
        scene.hosts[0].released.set()
        assert [first.outcome().corrected, second.outcome().corrected] == ["a.gguf"] * 2

    def test_nobody_begins_with_a_model_that_is_about_to_end(self, scene):
        """A document that comes while it ends has it loaded anew, once the old process is gone."""
        ending, go_on = threading.Event(), threading.Event()

        class EndsSlowly(FakeHost):
            def end(self, grace_s=GRACE_S):
                ending.set()
                assert go_on.wait(BOUND_S)
                super().end(grace_s)

        slot = scene.open(EndsSlowly, policy=Policy(0.0))
        scene.correct()
        loop = Thread(slot.tick)
        assert ending.wait(BOUND_S)
        page = Thread(scene.correct)
        until(lambda: slot.snapshot.calling)
        go_on.set()
        loop.outcome()
        assert page.outcome().corrected == "a.gguf"
        assert [r["do"] for h in scene.hosts for r in h.requests] == ["load", "correct"] * 2

    def test_a_stop_reaches_one_that_waits_for_a_call(self, scene):
        """As well as the one whose call is cut off, however long it takes to notice."""

        class NoticesLate(Blocks):
            def correct(self, request):
                try:
                    return super().correct(request)
                except HostDied:
                    time.sleep(0.05)
                    raise

        slot = scene.open(NoticesLate)
        first = Thread(scene.correct)
        until(lambda: scene.hosts and scene.hosts[0].reached.is_set())
        second = Thread(scene.correct)
        until(lambda: slot.snapshot.documents("a") == 2)
        slot.stop()
        assert (slot.snapshot.calling, slot.snapshot.processes) == (frozenset(), ())
        for thread in (first, second):
            with pytest.raises(Stopping):
                thread.outcome()
        assert slot.snapshot.held == {}


class TestSideBySide:
    def test_two_models_stay(self, scene):
        """Documents of two models cause no swap, and a third model sends away the one used least recently."""
        scene.open(policy=Policy(max_loaded=2))
        with capture_logs() as logs:
            for name in "abababcb":
                scene.now += 1.0
                assert scene.correct(name).corrected == f"{name}.gguf"
        assert len(scene.hosts) == 3
        assert [(e["model"], e["why"]) for e in events(logs, "model.unloaded")] == [("a", "another model is needed")]
        assert [one["model"] for one in scene.slot.loaded()] == ["b", "c"]

    def test_they_work_at_the_same_time(self, scene):
        """A page of one model does not wait for a page of the other."""
        scene.open(Blocks, policy=Policy(max_loaded=2))
        slow = Thread(scene.correct, "a")
        until(lambda: scene.hosts and scene.hosts[0].reached.is_set())
        assert scene.correct("b").corrected == "b.gguf"
        told = {one["model"]: one["state"] for one in scene.slot.loaded()}
        assert told == {"a": "correcting", "b": "loaded"}
        assert scene.slot.state()["model"] == "a"
        scene.hosts[0].released.set()
        slow.outcome()

    def test_a_model_in_use_is_not_sent_away(self, scene):
        """However long ago it was used: the document that holds it is not done."""
        slot = scene.open(policy=Policy(max_loaded=2))
        with slot.lease("a") as lease:
            lease.correct(PAGE, TASK, 60.0)
            scene.now += 100.0
            scene.correct("b")
            scene.correct("c")
            lease.correct(PAGE, TASK, 60.0)
        assert [r["do"] for r in scene.hosts[0].requests] == ["load", "correct", "correct"]

    def test_a_third_waits_for_a_free_place(self, scene):
        """When both are held, and after max_wait_s the one that was held longest yields."""
        slot = scene.open(policy=Policy(max_loaded=2, max_wait_s=30.0))
        order = []
        with slot.lease("a") as first, slot.lease("b") as second:
            first.correct(PAGE, TASK, 60.0)
            second.correct(PAGE, TASK, 60.0)
            third = Thread(lambda: order.append(scene.correct("c").corrected))
            until(scene.waiting)
            scene.now += 31.0
            order.append(second.correct(PAGE, TASK, 60.0).corrected)
            order.append(first.correct(PAGE, TASK, 60.0).corrected)
            third.outcome()
        assert order == ["b.gguf", "c.gguf", "a.gguf"]

    def test_the_proof_of_one_does_not_count_the_other(self, scene):
        """The first of two goes: what the second took since is not held against it."""
        slot = scene.open(policy=Policy(100.0, max_loaded=2))
        scene.correct("a")
        scene.now += 50.0
        scene.correct("b")
        scene.now += 99.0
        with capture_logs() as logs:
            slot.tick()
        (entry,) = events(logs, "model.unloaded")
        told = [entry[k] for k in ("gpu_before_mib", "gpu_loaded_mib", "gpu_after_mib", "gpu_others_mib", "returned")]
        assert told == [500.0, 507.0, 507.0, 7.0, True]

    def test_the_loop_is_not_kept_awake_by_a_load(self, scene):
        """A model whose time has come while another loads goes when that is over, and until then nothing is due."""
        slot = scene.open(FakeHost, BlocksLoading, policy=Policy(10.0, max_loaded=2))
        scene.correct("a")
        loading = Thread(scene.correct, "b")
        until(lambda: len(scene.hosts) == 2 and scene.hosts[1].reached.is_set())
        scene.now += 20.0
        slot.tick()
        assert scene.hosts[0].alive
        assert slot.seconds_until_tick() is None
        scene.hosts[1].released.set()
        loading.outcome()
        slot.tick()
        assert not scene.hosts[0].alive


class TestUnload:
    def test_at_once(self, scene):
        """Idle models go at the next tick, which is due at once; the next document loads again."""
        slot = scene.open(policy=Policy(-1.0, max_loaded=2))
        for name in "ab":
            scene.correct(name)
        changes = scene.changes
        slot.unload()
        assert scene.changes > changes
        assert slot.seconds_until_tick() == 0.0
        with capture_logs() as logs:
            slot.tick()
        assert {e["why"] for e in events(logs, "model.unloaded")} == {"asked to"}
        assert (scene.alive, slot.loaded()) == ([], [])
        scene.correct("a")
        assert scene.alive

    def test_after_the_documents_that_hold_it(self, scene):
        """They go on to their ends; those that come later wait until it was unloaded."""
        slot = scene.open(policy=Policy(-1.0))
        with slot.lease("a") as lease:
            lease.correct(PAGE, TASK, 60.0)
            slot.unload()
            slot.tick()
            lease.correct(PAGE, TASK, 60.0)
            later = Thread(scene.correct)
            until(scene.waiting)
            assert len(scene.alive) == 1
        assert slot.seconds_until_tick() == 0.0
        slot.tick()
        later.outcome()
        assert len(scene.hosts) == 2

    def test_while_it_loads(self, scene):
        """A model on its way goes as soon as its first document is done."""
        slot = scene.open(BlocksLoading, policy=Policy(-1.0))
        page = Thread(scene.correct)
        until(lambda: scene.hosts and scene.hosts[0].reached.is_set())
        slot.unload()
        scene.hosts[0].released.set()
        page.outcome()
        slot.tick()
        assert not scene.alive

    def test_a_request_does_not_outlive_a_load_that_failed(self, scene):
        """Later documents get the model."""

        class Fails(BlocksLoading):
            def load(self, request):
                super().load(request)
                return {"error": "no GGUF"}

        slot = scene.open(Fails, models=())
        slot.configure({"a": scene.spec("a", gpu="off")}, Policy(-1.0))
        page = Thread(scene.correct)
        until(lambda: scene.hosts and scene.hosts[0].reached.is_set())
        slot.unload()
        scene.hosts[0].released.set()
        with pytest.raises(ModelError, match="no GGUF"):
            page.outcome()
        slot.tick()
        assert scene.correct().corrected == "a.gguf"


class TestRoom:
    def test_a_load_waits_for_others_to_leave_the_gpu(self, scene):
        """As long as they hold what the model could have; then it gets all its layers."""
        scene.used = 79_500.0
        scene.later.append((1010.0, -79_000.0))
        slot = scene.open()
        with capture_logs() as logs:
            scene.correct()
        assert 9.5 <= sum(scene.pauses) <= 10.5
        assert scene.loads()[0]["gpu_layers"] == LAYERS + 1
        assert [e["event"] for e in logs][:2] == ["model.waits_for_gpu", "model.loaded"]
        assert slot.troubles() == []

    def test_not_for_ever(self, scene):
        """After GPU_WAIT_S it takes what is free, here nothing; log, status and record say that it is on the CPU."""
        scene.used = 79_500.0
        slot = scene.open()
        with capture_logs() as logs:
            scene.correct()
        assert sum(scene.pauses) == GPU_WAIT_S
        assert scene.loads()[0]["gpu_layers"] == 0
        assert [e["event"] for e in logs] == ["model.waits_for_gpu", "model.no_room", "model.loaded", "model.on_cpu"]
        assert (slot.identity("a")["ran_on"], slot.state()["ran_on"]) == ("CPU", "CPU")
        assert slot.troubles() == [
            "model 'a' runs on the CPU: 500 MiB of GPU memory are free, one layer needs about 900"
        ]

    def test_not_again_at_once(self, scene):
        """Someone who stays is waited for once, not at each load."""
        scene.used = 79_500.0
        slot = scene.open(policy=Policy(0.0))
        for _ in range(3):
            scene.correct()
            slot.tick()
        assert sum(scene.pauses) == GPU_WAIT_S
        assert [r["gpu_layers"] for r in scene.loads()] == [0, 0, 0]

    def test_our_own_idle_models_go_first(self, scene):
        """Before anybody is waited for."""
        slot = scene.open(policy=Policy(max_loaded=2))
        scene.correct("a")
        scene.total = 1405.0  # room for one
        scene.used = 507.0
        scene.correct("b")
        assert [h.alive for h in scene.hosts] == [False, True]
        assert scene.pauses == []
        assert [one["model"] for one in slot.loaded()] == ["b"]

    def test_nobody_waits_for_what_can_never_be(self, scene):
        """A GPU that is too small is too small; fewer layers are tried without waiting."""
        scene.total = 900.0
        slot = scene.open(*[HasNoRoom] * 9, models=())
        slot.configure({"a": scene.spec("a", gpu_layers=20)}, Policy())
        scene.correct()
        assert scene.pauses == []
        assert [r["gpu_layers"] for r in scene.loads()] == [20, 10, 5, 0]

    def test_the_floor_counts_as_taken(self, scene):
        """What is to stay free for others is not the model's to fill."""
        scene.total, scene.used = 2000.0, 0.0
        scene.open(policy=Policy(gpu_free_floor_mib=1099.9))
        scene.correct()
        assert scene.loads()[0]["gpu_layers"] < LAYERS + 1

    def test_a_stop_ends_the_wait(self, scene):
        """The document gets Stopping, and no process is started."""
        scene.used = 79_500.0

        stopping = []

        def pause(seconds):
            scene.now += seconds
            stopping.append(Thread(scene.slot.stop))
            until(lambda: scene.slot.snapshot.stopping)

        scene.open(pause=pause)
        with pytest.raises(Stopping):
            scene.correct()
        stopping[0].outcome()
        assert (len(stopping), scene.hosts) == (1, [])


class TestFloor:
    def test_another_process_needs_the_gpu(self, scene):
        """The model goes although its idle time is not over, at the first look after free memory fell."""
        slot = scene.open(policy=Policy(-1.0, gpu_free_floor_mib=1000.0))
        scene.correct()
        slot.tick()
        assert slot.seconds_until_tick() == GPU_CHECK_S
        scene.used += 79_000.0
        slot.tick()
        assert scene.alive, "looked too soon"
        scene.now += GPU_CHECK_S
        with capture_logs() as logs:
            slot.tick()
        assert not scene.alive
        assert logs[0]["event"] == "model.gpu_wanted"
        assert [e["why"] for e in events(logs, "model.unloaded")] == ["another process needs the GPU"]

    def test_between_documents(self, scene):
        """A document in work goes on; one that comes then waits until the model was unloaded."""
        slot = scene.open(policy=Policy(-1.0, gpu_free_floor_mib=1000.0))
        with slot.lease("a") as lease:
            lease.correct(PAGE, TASK, 60.0)
            scene.used += 79_000.0
            scene.now += GPU_CHECK_S
            slot.tick()
            later = Thread(scene.correct)
            until(scene.waiting)
            lease.correct(PAGE, TASK, 60.0)
        slot.tick()
        scene.used -= 79_000.0
        later.outcome()
        assert len(scene.hosts) == 2

    def test_one_at_a_time(self, scene):
        """The one used least recently goes first; what is free then is looked at before the next goes."""
        slot = scene.open(policy=Policy(-1.0, max_loaded=2, gpu_free_floor_mib=1000.0))
        for name in "ab":
            scene.correct(name)
        scene.total = scene.used + 996.0
        scene.now += GPU_CHECK_S
        slot.tick()
        assert [one["model"] for one in slot.loaded()] == ["b"]
        scene.now += GPU_CHECK_S
        slot.tick()
        assert [one["model"] for one in slot.loaded()] == ["b"]


class TestTroubles:
    def test_memory_that_does_not_come_back(self, scene):
        """Status warns, until another unload shows that all is well."""
        slot = scene.open(KeepsGpuMemory, policy=Policy(0.0))
        scene.correct()
        slot.tick()
        assert slot.troubles() == ["GPU memory did not come back after model 'a': 500 MiB in use before, 507 MiB after"]
        scene.correct()
        slot.tick()
        assert slot.troubles() == []

    def test_a_model_that_fails_again_and_again_rests(self, scene):
        """Nothing is started meanwhile; after the rest one page is tried, and then all go on."""
        slot = scene.open(*[HangsOnPages] * FAILURES)
        for _ in range(FAILURES):
            assert slot.resting("a") == ""
            with pytest.raises(HostDied):
                scene.correct()
        with pytest.raises(ModelResting, match="no sign of life"):
            scene.correct()
        assert len(scene.hosts) == FAILURES
        assert slot.resting("a")
        assert slot.troubles() == [slot.resting("a")]
        assert slot.seconds_until_tick() == FIRST_REST_S
        assert scene.correct("b").corrected == "b.gguf"
        scene.now += FIRST_REST_S
        assert slot.resting("a") == ""
        assert scene.correct("a").corrected == "a.gguf"
        assert slot.troubles() == []

    @pytest.mark.parametrize("cast", [LoadsNothing, CrashesLoading])
    def test_loads_that_fail_count(self, scene, cast):
        """A GPU without room, where the CPU will not do, is waited out."""
        slot = scene.open(*[cast] * 9, models=())
        slot.configure({"a": scene.spec("a", gpu="off")}, Policy())
        for _ in range(FAILURES):
            with pytest.raises(ModelError):
                scene.correct()
        with pytest.raises(ModelResting):
            scene.correct()

    def test_pages_that_are_refused_do_not(self, scene):
        """The process is well."""
        slot = scene.open(RefusesPages)
        for _ in range(3 * FAILURES):
            with pytest.raises(ModelError, match="context is full"):
                scene.correct()
        assert slot.resting("a") == ""

    def test_a_changed_model_is_not_held_to_it(self, scene):
        """Someone mended the configuration: it is tried at once."""
        slot = scene.open(*[HangsOnPages] * FAILURES)
        for _ in range(FAILURES):
            with pytest.raises(HostDied):
                scene.correct()
        slot.configure({"a": scene.spec("a", context=1024)}, Policy())
        assert scene.correct().corrected == "a.gguf"
