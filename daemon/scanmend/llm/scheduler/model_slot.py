"""The models as documents and the daemon see them: leased, asked page by page, asked once more after a crash."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, TypeVar

from pydantic import TypeAdapter

from scanmend.config.schema import ModelSpec
from scanmend.correct.settings import CorrectionSettings
from scanmend.document import CorrectedPage, Page
from scanmend.errors import EndpointFailed, HostDied, ModelError, ModelMissing, ModelResting, Stopping
from scanmend.llm.remote.endpoint import Endpoint
from scanmend.llm.scheduler import loaded_models
from scanmend.llm.scheduler.circuit_breaker import Failure, Outcome
from scanmend.llm.scheduler.model_process import Effects, LoadedModel
from scanmend.llm.scheduler.scheduler import Scheduler
from scanmend.llm.scheduler.state import Policy, Snapshot
from scanmend.llm.store.downloads import Downloads
from scanmend.llm.store.store import ModelFile, Store, is_downloadable
from scanmend.process.child import Message

MISSING_REST_S = 10.0
"""Seconds that a model rests whose file somebody has to put in its place; looking for a file costs nothing."""

_Answer = TypeVar("_Answer")
_page = TypeAdapter(Page)
_corrected = TypeAdapter(CorrectedPage)


class _Refused(ModelError):
    """The model's process is well, but does not take this page."""


class ModelSlot:
    """Room for one loaded model, or a few; documents in any number of threads hold a model by leases."""

    def __init__(
        self, models: Mapping[str, ModelSpec], store: Store, policy: Policy, effects: Effects | None = None
    ) -> None:
        """``effects``: the real ones when None."""
        self._store, self._effects = store, effects or Effects()
        self._scheduler = Scheduler(models, policy, self._find, self._effects)
        self.downloads = Downloads(
            store, lambda: self.snapshot.stopping, clock=self._effects.clock, changed=self._effects.changed
        )

    @property
    def snapshot(self) -> Snapshot:
        """The state of all models at this moment."""
        return self._scheduler.snapshot

    def configure(self, models: Mapping[str, ModelSpec], policy: Policy) -> None:
        """Take a new configuration, without waiting for anything.

        Documents in work keep their model as it was; after them ``tick``, or the next document, ends what changed.
        """
        self._scheduler.configure(models, policy)
        self.downloads.cancel_unconfigured(models)
        self._effects.changed()

    @contextmanager
    def lease(self, name: str) -> Iterator["Lease"]:
        """Hold the model for one document, so that it is not swapped away between two pages.

        A model that has to be downloaded is waited for first, while others have the slot. Raises ModelError and
        StorageError when it does not come, Stopping.
        """
        if (spec := self._spec_unless_loaded(name)) is not None:
            self.downloads.wait(name, spec)
        self._scheduler.enter(name)
        lease = Lease(self, self._scheduler, name)
        try:
            yield lease
        finally:
            lease.release()

    def pending(self, name: str) -> bool:
        """Whether a lease would have to wait for a download, which begins; raises as ``lease`` does."""
        spec = self._spec_unless_loaded(name)
        return spec is not None and self.downloads.pending(name, spec)

    def resting(self, name: str) -> str:
        """Say why this model is left alone now, after it failed again and again; empty when it is not."""
        return self._scheduler.resting(name)

    def is_elsewhere(self, name: str) -> bool:
        """Whether a server runs this model, so that it needs no llama.cpp here."""
        spec = self.snapshot.configured.get(name)
        return spec is not None and spec.endpoint is not None

    def correct(self, name: str, page: Page, task: CorrectionSettings, call_limit_s: float) -> CorrectedPage:
        """Have one page corrected by the model that the caller leases.

        When a signal ends the process, the page is tried once more in a fresh one with safe parameters. A model that
        somebody has to put in its place rests at once. Raises ModelError, HostDied, ModelResting, Stopping.
        """
        request: Message = {
            "do": "correct",
            "page": _page.dump_python(page, mode="json"),
            "task": asdict(task),
            "call_limit_s": call_limit_s,
        }
        return self._call(name, request, _corrected.validate_python, call_limit_s)

    def choose(self, name: str, prompt: str, question: str, grammar: str, call_limit_s: float) -> str:
        """Have the leased model answer with the likeliest token that a grammar admits; errors as ``correct``.

        ``grammar``: GBNF, see ``Engine.choose``.
        """
        request: Message = {"do": "choose", "prompt": prompt, "question": question, "grammar": grammar}
        return self._call(name, request, str, call_limit_s)

    def identity(self, name: str) -> dict[str, Any]:
        """Return what a record says of a model: name, file, source, quantization, and where it ran when last loaded."""
        known, spec = self.snapshot.identities.get(name), self.snapshot.configured.get(name)
        if known is None and spec is not None and (found := self._look(name, spec)):
            known = found.identity()  # a document whose pages were all corrected before a restart
        return dict(known or {"name": name})

    def tick(self) -> None:
        """Unload what has been idle for long enough, is to go, or is not what the configuration names any more.

        Never waits for a page in work or a load. Unloading itself takes milliseconds as a rule, and at most GRACE_S
        for a process that ignores SIGTERM plus RELEASE_LIMIT_S for a GPU that does not give memory back.
        """
        self._scheduler.tick()

    def seconds_until_tick(self) -> float | None:
        """Return when ``tick`` has something to do, or a rest is over; None until ``changed`` is called."""
        return self._scheduler.seconds_until_tick()

    def unload(self) -> None:
        """Have all models end at the next tick, those in use when the documents that hold them now are done."""
        self._scheduler.unload()

    def state(self) -> dict[str, Any]:
        """Return what ``scanmend status`` shows of one model: the one with the latest activity, or used last."""
        return loaded_models.status(self.snapshot, self._effects.clock())

    def loaded(self) -> list[dict[str, Any]]:
        """Return what ``scanmend status`` shows of each loaded model."""
        return loaded_models.status_of_all(self.snapshot, self._effects.clock())

    def troubles(self) -> list[str]:
        """Return what is not as it should be: models that rest or run on the CPU, memory that did not come back."""
        return loaded_models.troubles(self.snapshot)

    def stop(self) -> None:
        """End all models' processes now, even while they load; whoever waits or works gets Stopping."""
        self._scheduler.stop()
        self.downloads.join()

    def _call(self, name: str, request: Message, read: Callable[[Any], _Answer], call_limit_s: float) -> _Answer:
        """Ask the model; ``read`` makes sense of the answer."""
        try:
            return self._counted(name, request, read, call_limit_s)
        except ModelMissing as e:
            if why := self.resting(name):
                raise ModelResting(why) from e
            raise

    def _counted(self, name: str, request: Message, read: Callable[[Any], _Answer], call_limit_s: float) -> _Answer:
        """Ask the model, and let the circuit breaker know what that says of it."""
        self._scheduler.begin_call(name)
        outcome: Outcome = "undecided"
        try:
            done = self._asked_twice(name, request, read, call_limit_s)
            outcome = "worked"
        except ModelMissing as e:
            if self._is_put_by_hand(name):
                outcome = Failure(str(e), MISSING_REST_S)
            raise
        except _Refused:
            outcome = "worked"
            raise
        except EndpointFailed as e:
            outcome = Failure(str(e), e.rest_s)
            raise
        except ModelError as e:
            outcome = Failure(str(e))
            raise
        finally:
            self._scheduler.end_call(name, outcome)
        return done

    def _asked_twice(self, name: str, request: Message, read: Callable[[Any], _Answer], call_limit_s: float) -> _Answer:
        model = self._scheduler.obtain(name)
        try:
            return self._ask(model, request, read, call_limit_s)
        except HostDied as e:
            if e.signal is None or model.safe:
                raise
            self._scheduler.crashed(name, e)
        return self._ask(self._scheduler.obtain(name, safe=True), request, read, call_limit_s)

    def _ask(
        self, model: LoadedModel, request: Message, read: Callable[[Any], _Answer], call_limit_s: float
    ) -> _Answer:
        limit_s = call_limit_s + self.snapshot.policy.reply_slack_s
        with self._scheduler.correcting(model.name):
            try:
                reply = model.process.ask(request, limit_s)
                if reply.get("failed"):
                    raise EndpointFailed(f"model {model.name!r}: {reply['error']}", reply["rest_s"])
                if error := reply.get("error"):
                    raise _Refused(f"model {model.name!r}: {error}")
                return read(reply["result"])
            except (HostDied, ValueError, KeyError) as e:
                if self.snapshot.stopping:
                    raise Stopping from e
                self._scheduler.discard(model, e)
                if isinstance(e, HostDied):
                    raise
                raise HostDied(f"the process of model {model.name!r} answered nonsense: {e}") from e

    def _look(self, name: str, spec: ModelSpec) -> ModelFile | Endpoint | None:
        return Endpoint.of(name, spec) if spec.endpoint else self._store.find(name, spec)

    def _find(self, name: str, spec: ModelSpec) -> ModelFile | Endpoint:
        if spec.endpoint:
            return Endpoint.of(name, spec)
        try:
            return self._store.require(name, spec)
        except ModelMissing:
            self.downloads.forget(spec)  # it was there a moment ago; the next lease has it downloaded
            raise

    def _spec_unless_loaded(self, name: str) -> ModelSpec | None:
        """Return what the model is configured as; None where just that is loaded, or it is not configured."""
        spec, model = self.snapshot.configured.get(name), self.snapshot.loaded.get(name)
        return None if model is not None and model.spec == spec else spec

    def _is_put_by_hand(self, name: str) -> bool:
        """Whether somebody has to put the model's file in its place, as it is not downloaded."""
        spec = self.snapshot.configured.get(name)
        return spec is not None and not is_downloadable(spec)


class Lease:
    """The right of one document to a model, from its first page to its last."""

    def __init__(self, slot: ModelSlot, scheduler: Scheduler, name: str) -> None:
        """The document holds the model already."""
        self._slot, self._scheduler, self._name = slot, scheduler, name
        self._held = True
        self._first = True

    def correct(self, page: Page, task: CorrectionSettings, call_limit_s: float) -> CorrectedPage:
        """See ``ModelSlot.correct``; between pages, documents that waited long for another model go first."""
        if not self._first and self._scheduler.must_yield(self._name):
            self.release()
            self._scheduler.enter(self._name)
            self._held = True
        self._first = False
        return self._slot.correct(self._name, page, task, call_limit_s)

    def choose(self, prompt: str, question: str, grammar: str, call_limit_s: float) -> str:
        """See ``ModelSlot.choose``."""
        return self._slot.choose(self._name, prompt, question, grammar, call_limit_s)

    def release(self) -> None:
        """Let go of the model, unless a stop came while it had been given up for another document."""
        if self._held:
            self._held = False
            self._scheduler.leave(self._name)
