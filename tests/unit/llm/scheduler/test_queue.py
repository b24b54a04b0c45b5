"""Who may have the model, and when."""

import pytest

from fake_hosts import PAGE, TASK, Thread, until
from scanmend.config.schema import ModelSpec
from scanmend.errors import Stopping
from scanmend.llm.scheduler.queue import Turns
from scanmend.llm.scheduler.terms import Terms

MAX_WAIT_S = Terms().max_wait_s
A, B = ModelSpec(path="a.gguf"), ModelSpec(path="b.gguf")


class World:
    """Turns with two models, the clock they look at, and the model that they take for loaded."""

    def __init__(self):
        self.now, self.loaded, self.left = 1000.0, "", 0
        self.turns = Turns({"a": A, "b": B}, lambda: self.now, loaded=lambda: {self.loaded}, left=self.leave)

    def leave(self):
        self.left += 1

    def queue(self, name, order):
        """A thread that waits for its turn, and then notes who had it."""
        length = len(self.turns._queue)

        def document():
            with self.turns.turn(name):
                order.append(name)

        thread = Thread(document)
        until(lambda: len(self.turns._queue) == length + 1)
        return thread


@pytest.fixture
def world():
    """Stopped when the test is over, so that no thread waits on."""
    made = World()
    yield made
    made.turns.stop()


class TestTurns:
    def test_busy_from_the_first_to_the_last(self, world):
        """The end of each turn is told, and when it was."""
        turns = world.turns
        assert not turns.busy("a")
        with turns.turn("a"):
            with turns.turn("a"):
                world.now += 5.0
            assert turns.busy("a")
            assert (turns.used("a"), world.left) == (1005.0, 1)
            world.now += 5.0
        assert not turns.busy("a")
        assert (turns.used("a"), world.left) == (1010.0, 2)

    def test_the_loaded_model_goes_first(self, world):
        """Among those who wait when nobody holds a model; without one loaded it is who came first."""
        order = []
        with world.turns.turn("c"):
            threads = [world.queue(name, order) for name in "ab"]
            world.loaded = "b"
        for thread in threads:
            thread.outcome()
        assert order == ["b", "a"]

    def test_too_long_is_more_than_the_limit(self, world):
        """At MAX_WAIT_S the one who holds the model keeps it between two pages; a second later it gives way."""
        order = []
        with world.turns.turn("a") as turn:
            waiting = world.queue("b", order)
            world.now += MAX_WAIT_S
            turn.give_way()
            assert (order, world.left) == ([], 0)
            world.now += 1.0
            turn.give_way()
            assert (order, world.left) == (["b"], 2)
            assert turn.held
        waiting.outcome()

    def test_nobody_gives_way_to_the_same_model(self, world):
        """However long it waited: it could have joined, but for a changed configuration."""
        order = []
        with world.turns.turn("a") as turn:
            world.turns.configure({"a": B}, Terms())
            waiting = world.queue("a", order)
            world.now += MAX_WAIT_S + 1.0
            turn.give_way()
            assert order == []
        waiting.outcome()

    def test_what_a_turn_is_for_stays_the_same(self, world):
        """A new configuration counts from the next first turn on; a model that is gone is None."""
        turns = world.turns
        with turns.turn("a"):
            turns.configure({"a": B}, Terms())
            assert turns.spec("a") == A
        with turns.turn("a"):
            assert turns.spec("a") == B
        turns.configure({}, Terms())
        with turns.turn("a"):
            assert turns.spec("a") is None

    def test_after_a_stop_nobody_enters(self, world):
        """Also where nobody holds the model."""
        world.turns.stop()
        with pytest.raises(Stopping), world.turns.turn("a"):
            pytest.fail("entered")
        assert not world.turns.busy("a")


class TestLeases:
    def test_documents_of_one_model_share_it(self, scene):
        """Two leases of the same model are held at the same time."""
        slot = scene.open()
        with slot.lease("a"), slot.lease("a"):
            assert slot._turns.held("a") == 2

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
            until(lambda: len(slot._turns._queue) == 1)
            threads += [Thread(document, "a")]
            until(lambda: order == ["a"])  # joins the lease at once
            threads += [Thread(document, "c"), Thread(document, "b")]
            until(lambda: len(slot._turns._queue) == 3)
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
            until(lambda: len(slot._turns._queue) == 1)
            scene.now += MAX_WAIT_S - 10
            pages.append(lease.correct(PAGE, TASK, 60.0).corrected)
            scene.now += 11
            pages.append(lease.correct(PAGE, TASK, 60.0).corrected)
            waiting.outcome()
            assert slot._turns.held("a") == 1
        assert pages == ["a.gguf", "b.gguf", "a.gguf"]
        assert not slot._turns._held

    def test_late_comers_do_not_pass_one_who_waited_too_long(self, scene):
        """A new document of the loaded model queues behind an overdue one of another."""
        slot = scene.open()
        order = []
        with slot.lease("a") as lease:
            lease.correct(PAGE, TASK, 60.0)
            threads = [Thread(lambda: order.append(scene.correct("b").corrected))]
            until(lambda: len(slot._turns._queue) == 1)
            scene.now += MAX_WAIT_S + 1
            threads += [Thread(lambda: order.append(scene.correct("a").corrected))]
            until(lambda: len(slot._turns._queue) == 2)
        for thread in threads:
            thread.outcome()
        assert order == ["b.gguf", "a.gguf"]

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
            slot.configure({"a": scene.spec("a", context=1024)}, Terms(300.0))
            later = Thread(scene.correct)
            until(lambda: len(slot._turns._queue) == 1)
            lease.correct(PAGE, TASK, 60.0)
            assert len(scene.hosts) == 1
        later.outcome()
        assert [r["context"] for r in scene.loads()] == [4096, 1024]

    def test_waiting_documents(self, scene):
        """They need not wait for their turn to learn of it."""
        slot = scene.open()
        with slot.lease("a") as lease:
            waiting = [Thread(scene.correct, name) for name in "bc"]
            until(lambda: len(slot._turns._queue) == 2)
            slot.stop()
            for thread in waiting:
                with pytest.raises(Stopping):
                    thread.outcome()
            with pytest.raises(Stopping):
                lease.correct(PAGE, TASK, 60.0)
        assert not slot._turns._held
        assert scene.hosts == []
