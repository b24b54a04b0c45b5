"""The one owner of everything that changes about the models: who waits, who holds which, what is loaded, what rests.

Design. The state is one frozen ``Snapshot``, replaced as a whole under one condition; nothing else in this room has a
lock. What to do is decided by pure functions of a snapshot and the clock: ``queue`` says which document enters next and
which model has to yield; ``loaded_models`` which model leaves now, why, and when something is due next;
``circuit_breaker`` whether a failing model may be called. What it takes to do it comes in from outside: ``Effects``
start processes, measure GPU memory and tell the time, ``find`` looks for a model's file.

A model is in one ``Phase`` at a time. Resting is absent, and not called before its rest is over::

    absent ──> finding ──> (awaiting GPU) ──> loading ──> in use <──> correcting
      ^           │              │               │          │ ^           │
      │<──────────┴─── failed ───┴───────────────┘          v │           │ the process died
      └───────────────────── unloading <── (draining) <── idle            │
                                 ^────────────────────────────────────────┘

Who changes what:

- Any thread, in moments under the condition: queue for a model, hold it, let it go, begin and end a call (each model
  has one at a time), ask for an unload, take a new configuration.
- Only the thread that has ``moving``, so that one model loads or ends at a time: finding to loading, and unloading. To
  decide that a model ends and to remove it from ``loaded`` is one step under the condition, so that no document begins
  with a model that is about to end. One that a document holds is ended only for that document, or by ``stop``.
- ``stop`` sets ``stopping`` and kills every process; whoever waits or works then raises Stopping.

Outside the condition: all effects but the clock, as they take milliseconds (a kill) to minutes (a load). After each,
the state is looked at again. A process is in ``processes`` before it is asked anything, so that ``stop`` finds it. Each
change wakes all who wait, and they decide again.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import structlog

from scanmend.config.schema import ModelSpec
from scanmend.errors import HostDied, ModelMissing, ModelResting, Stopping
from scanmend.llm.remote.endpoint import Endpoint
from scanmend.llm.scheduler import circuit_breaker, loaded_models, loader, queue
from scanmend.llm.scheduler.circuit_breaker import Circuit, Outcome
from scanmend.llm.scheduler.loader import CRASHES, LoadHooks
from scanmend.llm.scheduler.model_process import GRACE_S, Effects, LoadedModel, LoadRequest, ModelProcess
from scanmend.llm.scheduler.state import Phase, Policy, Snapshot, Ticket
from scanmend.llm.store.store import ModelFile

GPU_CHECK_S = 5.0
"""Seconds between two comparisons of free GPU memory with the floor."""
RECHECK_S = 1.0
"""Seconds after which a waiting document looks again unwoken, as others become overdue by time alone."""

log = structlog.get_logger()


class Scheduler:
    """The state of all models; any number of threads call it."""

    def __init__(
        self,
        models: Mapping[str, ModelSpec],
        policy: Policy,
        find: Callable[[str, ModelSpec], ModelFile | Endpoint],
        effects: Effects,
    ) -> None:
        """``find``: returns the file of a configured model, or where it is asked; ModelMissing."""
        self._find, self._effects = find, effects
        self._condition = threading.Condition()
        self._state = Snapshot(policy, dict(models), started=effects.clock())

    @property
    def snapshot(self) -> Snapshot:
        """The state at this moment."""
        return self._state

    def configure(self, models: Mapping[str, ModelSpec], policy: Policy) -> None:
        """Take a new configuration; documents that hold a model go on with what they had."""
        with self._condition:
            self._set(self._state.configure(models, policy))

    def enter(self, name: str) -> None:
        """Wait for this document's turn, and hold the model from then on; Stopping."""
        with self._condition:
            ticket = Ticket(name, self._effects.clock())
            self._set(self._state.join_queue(ticket))
            try:
                while self._state.stopping or not queue.may_enter(self._state, ticket, self._effects.clock()):
                    self._raise_if_stopping()
                    self._condition.wait(RECHECK_S)
                self._set(self._state.hold(name, self._effects.clock()))
            finally:
                self._set(self._state.leave_queue(ticket))

    def leave(self, name: str) -> None:
        """Let go of the model on behalf of one document that holds it."""
        with self._condition:
            self._set(self._state.let_go(name, self._effects.clock()))
        self._effects.changed()

    def must_yield(self, name: str) -> bool:
        """Whether documents that hold the model have to let others go first, between two pages."""
        return name in queue.yielding(self._state, self._effects.clock())

    def begin_call(self, name: str) -> None:
        """Wait until the model has no call in progress, and begin one; ModelResting, Stopping."""
        with self._condition:
            self._condition.wait_for(lambda: name not in self._state.calling or self._state.stopping)
            self._raise_if_stopping()
            circuit = self._state.circuits.get(name, Circuit())
            if circuit.refuses(self._effects.clock()):
                raise ModelResting(circuit.sentence(name))
            state = self._state.set_circuit(name, circuit_breaker.begun(circuit))
            self._set(replace(state, calling=state.calling | {name}))

    def end_call(self, name: str, outcome: Outcome) -> None:
        """End the call in progress, and let the circuit breaker know how it ended."""
        with self._condition:
            before, first_rest_s = self._state.circuits.get(name, Circuit()), self._state.policy.first_rest_s
            after = circuit_breaker.ended(before, outcome, self._effects.clock(), first_rest_s)
            state = self._state.set_circuit(name, after)
            self._set(replace(state, calling=state.calling - {name}))
        if before.opened and not after.opened:
            log.info("model.recovered", model=name)
        elif after.opened and (after.why, after.rest_s) != (before.why, before.rest_s):
            log.error("model.resting", model=name, failures=after.failures, seconds=after.rest_s, error=after.why)

    def resting(self, name: str) -> str:
        """Say why no page should be sent to this model now; empty when it may be."""
        circuit = self._state.circuits.get(name, Circuit())
        return circuit.sentence(name) if circuit.blocks(self._effects.clock()) else ""

    @contextmanager
    def correcting(self, name: str) -> Iterator[None]:
        """Show the model as at work on a page; that is not worth waking the daemon's loop for."""
        with self._condition:
            self._set(self._state.show(name, Phase.CORRECTING))
        try:
            yield
        finally:
            with self._condition:
                self._set(self._state.show(name, None))

    def obtain(self, name: str, *, safe: bool = False) -> LoadedModel:
        """Return the model loaded as the documents that hold it are to have it; ModelError, HostDied, Stopping.

        ``safe``: with safe parameters, where it is not loaded yet. The caller holds the model and has begun a call.
        """
        with self._condition:
            self._raise_if_stopping()
            spec, model = self._state.held[name].spec, self._state.loaded.get(name)
        if spec is None:
            raise ModelMissing(f"the configuration has no model {name!r} any more")
        if model is not None and model.spec == spec and model.process.alive:
            return model
        with self._moving():
            self._raise_if_stopping()
            if model is not None:
                self._remove_and_end(model, "configuration changed" if model.process.alive else "its process is gone")
            try:
                return self._load(name, spec, safe=safe)
            finally:
                self._show(name, None)

    def crashed(self, name: str, e: HostDied) -> None:
        """Load this model with safe parameters from now on, where it crashed by itself."""
        if e.signal in CRASHES:
            with self._condition:
                self._set(replace(self._state, crashed=self._state.crashed | {name}))
        log.warning("model.crashed", model=name, error=str(e), next="once more with safe parameters")

    def discard(self, model: LoadedModel, e: Exception) -> None:
        """Unload a model whose process is of no more use."""
        log.error("model.host_died", model=model.name, error=str(e))
        with self._moving():
            self._remove_and_end(model, "died")

    def tick(self) -> None:
        """End every model whose time has come; returns at once while another thread loads or ends one."""
        self._check_gpu_floor()
        while (due := self._begin_due()) is not None:
            try:
                self._end(*due)
            finally:
                self._end_move()

    def seconds_until_tick(self) -> float | None:
        """Return when ``tick`` has something to do or a rest is over; None until another thread calls ``changed``."""
        state = self._state
        return loaded_models.seconds_until_tick(state, _dead(state), self._effects.clock())

    def unload(self) -> None:
        """Have all models, also those that load now, end at the next tick after the documents that hold them."""
        with self._condition:
            self._set(self._state.drain((*self._state.loaded, *self._state.activities), "asked to"))
        self._effects.changed()

    def stop(self) -> None:
        """End all processes now, even while they load; whoever waits or works gets Stopping."""
        with self._condition:
            self._set(replace(self._state, stopping=True))
            processes = self._state.processes
        for process in processes:
            process.kill()
        with self._condition:
            self._condition.wait_for(lambda: not self._state.calling)
        with self._moving():
            for model in self._state.loaded.values():
                self._remove_and_end(model, "stopping")

    def _load(self, name: str, spec: ModelSpec, *, safe: bool) -> LoadedModel:
        """Load a model, after unloading others to make room; the caller moves."""
        self._show(name, Phase.FINDING)
        found = self._find(name, spec)
        while len(self._state.loaded) >= self._state.policy.max_loaded and self._evict():
            pass
        if isinstance(found, Endpoint):
            self._show(name, Phase.LOADING)
            start = partial(self._start_process, self._effects.start_remote)
            model = loader.connect(name, spec, found, start, self._end_process, lambda: self._state.stopping)
            with self._condition:
                self._set(self._state.add_loaded(model))
            return model
        safe = safe or name in self._state.crashed
        request = LoadRequest(name, spec, found, safe=safe, floor_mib=self._state.policy.gpu_free_floor_mib)
        hooks = LoadHooks(
            start=partial(self._start_process, self._effects.start),
            end=self._end_process,
            evict=partial(self._evict, on_gpu=True),
            show=partial(self._show, name),
            crashed=partial(self.crashed, name),
            gpu_mib=self._gpu_mib,
            stopping=lambda: self._state.stopping,
        )
        model = loader.load(request, hooks, self._effects)
        with self._condition:
            self._set(self._state.add_loaded(model))
        self._effects.file_used(found.path)
        return model

    def _remove_and_end(self, model: LoadedModel, why: str) -> None:
        """End a model that only the calling document may be using; the caller moves."""
        with self._condition:
            self._set(self._state.remove_loaded(model))
        self._end(model, why)

    def _end(self, model: LoadedModel, why: str) -> None:
        """End a model that no document finds any more, and measure whether its memory comes back; the caller moves."""
        self._show(model.name, Phase.UNLOADING)
        if model.file is not None:
            self._effects.file_used(model.file)
        end = partial(self._end_process, model.process)
        report = loader.unload(model, why, end, self._gpu_mib(), self._effects)
        with self._condition:
            self._set(replace(self._state.undrain(model.name), unreleased=report.trouble(model.name)))
        self._show(model.name, None)

    def _evict(self, *, on_gpu: bool = False) -> bool:
        """End a model to make room for another; False when there is none that may go. The caller moves."""
        with self._condition:
            model = loaded_models.evictable(self._state, on_gpu=on_gpu)
            if model is not None:
                self._set(self._state.remove_loaded(model))
        if model is not None:
            self._end(model, "another model is needed")
        return model is not None

    def _begin_due(self) -> tuple[LoadedModel, str] | None:
        """Begin to move where a model is to be ended now, and let nobody find that model from the same step on."""
        with self._condition:
            state = self._state
            if state.moving:
                return None
            if over := [n for n in state.draining if n not in state.loaded and n not in state.held]:
                self._set(self._state.undrain(*over))
            due = loaded_models.leaving(self._state, _dead(state), self._effects.clock())
            if due is not None:
                self._set(replace(self._state.remove_loaded(due[0]), moving=True))
            return due

    def _check_gpu_floor(self) -> None:
        """Have a model unloaded when other programs need the GPU: one at each check, that used least recently."""
        now = self._effects.clock()
        with self._condition:
            if not loaded_models.watches_gpu(self._state) or now < self._state.gpu_check_at:
                return
            self._set(replace(self._state, gpu_check_at=now + GPU_CHECK_S))
        gpu = self._effects.measure_gpu()
        with self._condition:
            floor, name = self._state.policy.gpu_free_floor_mib, loaded_models.to_drain_for_gpu(self._state)
            if gpu is None or gpu.free_mib >= floor or name is None:
                return
            self._set(self._state.drain([name], "another process needs the GPU"))
        log.info("model.gpu_wanted", model=name, free_mib=round(gpu.free_mib, 1), floor_mib=floor)

    def _start_process(self, start: Callable[[], ModelProcess]) -> ModelProcess:
        process = start()
        with self._condition:
            self._set(self._state.add_process(process))
            stopping = self._state.stopping
        if stopping:  # ``stop`` came too early to find it
            self._end_process(process)
            raise Stopping
        return process

    def _end_process(self, process: ModelProcess) -> None:
        process.end(GRACE_S)
        with self._condition:
            self._set(self._state.remove_process(process))

    def _gpu_mib(self) -> dict[int, float]:
        return {model.process.pid: model.footprint.taken_mib for model in self._state.loaded.values()}

    @contextmanager
    def _moving(self) -> Iterator[None]:
        """Wait until no other thread loads or ends a model, and be the one that does."""
        with self._condition:
            self._condition.wait_for(lambda: not self._state.moving)
            self._set(replace(self._state, moving=True))
        try:
            yield
        finally:
            self._end_move()

    def _end_move(self) -> None:
        with self._condition:
            self._set(replace(self._state, moving=False))
        self._effects.changed()

    def _show(self, name: str, activity: Phase | None) -> None:
        """Take down what goes on with a model, None for nothing, and have it shown at once."""
        with self._condition:
            self._set(self._state.show(name, activity))
        self._effects.changed()

    def _raise_if_stopping(self) -> None:
        if self._state.stopping:
            raise Stopping

    def _set(self, state: Snapshot) -> None:
        """Replace the state, and wake all who wait; the condition is held."""
        self._state = state
        self._condition.notify_all()


def _dead(state: Snapshot) -> set[str]:
    """Return the names of loaded models whose process is gone."""
    return {name for name, model in state.loaded.items() if not model.process.alive}
