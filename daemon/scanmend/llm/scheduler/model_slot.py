"""The models as documents see them: leased, asked for page after page, asked again after a crash, left to rest."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from scanmend.config.schema import ModelSpec
from scanmend.correct.settings import CorrectionTask
from scanmend.document import CorrectedPage, Page
from scanmend.errors import HostDied, ModelError, ModelMissing, ModelResting, Stopping
from scanmend.llm.scheduler import gpu_memory
from scanmend.llm.scheduler.circuit_breaker import OPEN_S, CircuitBreaker
from scanmend.llm.scheduler.gpu_memory import GpuMemory
from scanmend.llm.scheduler.layer_history import LayerHistory
from scanmend.llm.scheduler.loaded_models import Places, Ways
from scanmend.llm.scheduler.loader import Loader, start_host
from scanmend.llm.scheduler.model_process import Loaded, ModelProcess
from scanmend.llm.scheduler.queue import Turn, Turns
from scanmend.llm.scheduler.terms import Terms
from scanmend.llm.store.downloads import Downloads
from scanmend.llm.store.store import Found, Store, is_downloadable

SLACK = 30.0
LOOK_S = 10.0
"""How often a model is looked for that somebody has to put in its place."""

_page = TypeAdapter(Page)
_corrected = TypeAdapter(CorrectedPage)


class _Refused(ModelError):
    """The host is well, but does not take this page."""


class ModelSlot:
    """Room for one loaded model, or a few; documents in any number of threads take turns by leases."""

    def __init__(
        self,
        models: Mapping[str, ModelSpec],
        store: Store,
        terms: Terms,
        *,
        start: Callable[[], ModelProcess] = start_host,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        look: Callable[[], GpuMemory | None] = gpu_memory.measure,
        experience: LayerHistory | None = None,
        slack_s: float = SLACK,
        rest_s: float = OPEN_S,
        changed: Callable[[], None] = lambda: None,
        used: Callable[[Path], None] = lambda _file: None,
    ) -> None:
        """``changed`` is called from any thread when ``tick``, ``state`` or ``arrivals`` may have something new.

        ``used`` is called when a model file is loaded, and when it is in use no more. ``slack_s``: how long a host may
        stay silent beyond the limit of one model call. ``rest_s``: how long a model that fails is left alone at first.
        """
        self._store, self._changed, self._slack_s = store, changed, slack_s
        self._turns = Turns(models, clock, terms=terms, loaded=lambda: self._places.names, left=changed)
        self._loader = Loader(
            lambda: self._turns.stopping, start=start, clock=clock, pause=pause, look=look, experience=experience
        )
        self.arrivals = Downloads(store, lambda: self._turns.stopping, clock=clock, changed=changed)
        self._places = Places(self._turns, self._loader, Ways(self._find, used, changed, look, clock))
        self._circuit = CircuitBreaker(clock, rest_s)
        self._lock = self._turns.lock
        self._uses: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def configure(self, models: Mapping[str, ModelSpec], terms: Terms) -> None:
        """Take a new configuration, without waiting for anything.

        Documents in work keep their model as it was; after them ``tick``, or the next document, ends what changed.
        """
        with self._lock:
            for name in [n for n, spec in self._turns.models.items() if models.get(n) != spec]:
                self._loader.trust(name)
                self._circuit.forget(name)
            self._turns.configure(models, terms)
        self.arrivals.keep(models)
        self._changed()

    @contextmanager
    def lease(self, name: str) -> Iterator["Lease"]:
        """Hold the model for one document, so that it is not swapped away between two pages.

        A model that has to be downloaded is waited for first, while others have the slot. Raises ModelError and
        StorageError when it does not come, Stopping.
        """
        if (spec := self._absent(name)) is not None:
            self.arrivals.wait(name, spec)
        with self._turns.turn(name) as turn:
            yield Lease(self, turn)

    def pending(self, name: str) -> bool:
        """Whether a lease would have to wait for a download, which begins; raises as ``lease`` does."""
        spec = self._absent(name)
        return spec is not None and self.arrivals.pending(name, spec)

    def resting(self, name: str) -> str:
        """Why this model is left alone just now, after it failed again and again; empty when it is not."""
        return self._circuit.resting(name)

    def _absent(self, name: str) -> ModelSpec | None:
        """What the model is configured as, unless just that is loaded."""
        with self._lock:
            spec, loaded = self._turns.models.get(name), self._places.get(name)
            return None if loaded is not None and loaded.spec == spec else spec

    def _put_here(self, name: str) -> bool:
        """Whether somebody has to put the model in its place, as it is not downloaded."""
        with self._lock:
            spec = self._turns.models.get(name)
        return spec is not None and not is_downloadable(spec)

    def correct(self, name: str, page: Page, task: CorrectionTask, call_limit_s: float) -> CorrectedPage:
        """Have one page corrected by the model that the caller leases.

        When a signal ends the process, the page is tried once more in a fresh one with safe parameters. A model that
        somebody has to put in its place rests at once. Raises ModelError, HostDied, ModelResting, Stopping.
        """
        with self._lock:
            use = self._uses[name]
        with use:
            self._circuit.enter(name)
            try:
                done = self._correct(name, page, task, call_limit_s)
            except Stopping:
                self._circuit.left(name)
                raise
            except ModelMissing as e:
                if not self._put_here(name):
                    self._circuit.left(name)
                    raise
                self._circuit.failed(name, str(e), rest_s=LOOK_S)
                raise ModelResting(self._circuit.resting(name) or str(e)) from e
            except _Refused:
                self._circuit.worked(name)
                raise
            except ModelError as e:
                self._circuit.failed(name, str(e))
                raise
            except BaseException:
                self._circuit.left(name)
                raise
            self._circuit.worked(name)
            return done

    def identity(self, name: str) -> dict[str, Any]:
        """What a record says of a model: name, file, source, quantization, and where it ran when last loaded."""
        known = self._places.identity(name)
        with self._lock:
            spec = self._turns.models.get(name)
        if known is None and spec is not None and (found := self._store.find(name, spec)):
            known = found.identity()  # a document whose pages were all corrected before a restart
        return dict(known or {"name": name})

    def tick(self) -> None:
        """Unload what has been idle for long enough, is to go, or is not what the configuration names any more.

        Never waits for a page in work or a load. Unloading itself takes milliseconds as a rule, and at most GRACE_S
        for a process that ignores SIGTERM plus RETURN_S for a GPU that does not give memory back.
        """
        self._places.tick()

    def wait(self) -> float | None:
        """Seconds until ``tick`` has something to do, or a rest is over; None until some other thread rings."""
        waits = [w for w in (self._places.wait(), self._circuit.wait()) if w is not None]
        return min(waits, default=None)

    def unload(self) -> None:
        """Have all models end at the next tick, those in use when the documents that hold them now are done."""
        self._places.unload()

    def state(self) -> dict[str, Any]:
        """What ``scanmend status`` tells of the model that most goes on with."""
        return self._places.state()

    def loaded(self) -> list[dict[str, Any]]:
        """What it tells of each loaded model."""
        return self._places.told()

    def troubles(self) -> list[str]:
        """What is not as it should be: on the CPU against the wish, resting, memory that did not come back."""
        return [*self._circuit.troubles(), *self._places.troubles()]

    def stop(self) -> None:
        """End all models' processes now, even while they load; whoever waits or works gets Stopping."""
        self._turns.stop()
        self._loader.kill()
        with self._lock:
            uses = list(self._uses.values())
        for use in uses:  # until each page in work has learnt of it
            with use:
                pass
        self._places.stop()
        self.arrivals.join()

    def _correct(self, name: str, page: Page, task: CorrectionTask, call_limit_s: float) -> CorrectedPage:
        loaded = self._places.obtain(name)
        try:
            return self._ask(loaded, page, task, call_limit_s)
        except HostDied as e:
            if e.signal is None or loaded.safe:
                raise
            self._loader.beware(name, e)
        return self._ask(self._places.obtain(name, safe=True), page, task, call_limit_s)

    def _ask(self, loaded: Loaded, page: Page, task: CorrectionTask, call_limit_s: float) -> CorrectedPage:
        request = {
            "do": "correct",
            "page": _page.dump_python(page, mode="json"),
            "task": asdict(task),
            "call_limit_s": call_limit_s,
        }
        self._places.note(loaded.name, "correcting")
        try:
            reply = loaded.host.ask(request, call_limit_s + self._slack_s)
            if error := reply.get("error"):
                raise _Refused(f"model {loaded.name!r}: {error}")
            return _corrected.validate_python(reply["result"])
        except (HostDied, ValueError, KeyError) as e:
            if self._turns.stopping:
                raise Stopping from e
            self._places.bury(loaded, e)
            if isinstance(e, HostDied):
                raise
            raise HostDied(f"the process of model {loaded.name!r} answered nonsense: {e}") from e
        finally:
            self._places.note(loaded.name, "")

    def _find(self, name: str, spec: ModelSpec) -> Found:
        try:
            return self._store.require(name, spec)
        except ModelMissing:
            self.arrivals.forget(spec)  # it was there a moment ago; the next lease has it downloaded
            raise


class Lease:
    """The right of one document to a model."""

    def __init__(self, slot: ModelSlot, turn: Turn) -> None:
        self._slot, self._turn = slot, turn
        self._first = True

    def correct(self, page: Page, task: CorrectionTask, call_limit_s: float) -> CorrectedPage:
        """See ``ModelSlot.correct``; gives way between pages to documents that waited long for another model."""
        if not self._first:
            self._turn.give_way()
        self._first = False
        return self._slot.correct(self._turn.name, page, task, call_limit_s)
