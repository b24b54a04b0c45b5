"""What the scheduler knows of all models at one moment: frozen values that pure functions decide on; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any, TypeVar

from scanmend.config.schema import Config, ModelSpec
from scanmend.llm.scheduler.circuit_breaker import FIRST_REST_S, Circuit
from scanmend.llm.scheduler.model_process import LoadedModel, ModelProcess

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Policy:
    """When models load, wait and unload; the first four are the configuration's, see docs/configuration.md."""

    idle_s: float = 300.0
    """Seconds after its last use until a model is unloaded; 0 at once, -1 never."""
    max_wait_s: float = 120.0
    """Seconds that a document waits for another model before a model in use has to yield."""
    max_loaded: int = 1
    """Models that may be loaded at the same time."""
    gpu_free_floor_mib: float = 0.0
    """MiB of GPU memory to keep free for other programs."""
    reply_slack_s: float = 30.0
    """Seconds that a model's process may stay silent beyond the time limit of one model call."""
    first_rest_s: float = FIRST_REST_S
    """Seconds that a failing model is left alone at first."""


def policy_of(config: Config) -> Policy:
    """Return the policy that this configuration sets."""
    return Policy(config.idle_unload_s, config.max_wait_s, config.max_loaded, config.gpu_free_floor_mib)


class Phase(Enum):
    """What a model is doing; ``Snapshot.phase`` says which one it is in."""

    ABSENT = auto()
    """Not loaded, and nothing goes on."""
    RESTING = auto()
    """Not loaded, and left alone after failures."""
    FINDING = auto()
    """Its file is looked for on this machine."""
    AWAITING_GPU = auto()
    """About to load, once other programs have left enough of the GPU."""
    LOADING = auto()
    """Its process reads the file."""
    IDLE = auto()
    """Loaded, and no document needs it."""
    IN_USE = auto()
    """Loaded, and held by a document or about to be."""
    CORRECTING = auto()
    """Loaded, and at work on a page."""
    DRAINING = auto()
    """Loaded, and to be unloaded once the documents that hold it are done; no other document gets it before."""
    UNLOADING = auto()
    """Its process is being ended; no document finds it any more."""


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """One document's place in the queue; equal to no other ticket."""

    name: str
    """Of the model it waits for."""
    since: float


@dataclass(frozen=True, slots=True)
class Hold:
    """The documents that hold one model together."""

    spec: ModelSpec | None
    """The model as it was configured when the first of them came; None where it was not configured any more."""
    since: float
    documents: int = 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of all models; mappings are by a model's name, times are by the scheduler's clock, in seconds.

    A snapshot never changes: what would change it returns another one.
    """

    policy: Policy = Policy()
    configured: Mapping[str, ModelSpec] = field(default_factory=dict)
    started: float = 0.0
    """Counts as the last use of a model that has not been used yet."""
    queue: tuple[Ticket, ...] = ()
    """In the order of arrival."""
    held: Mapping[str, Hold] = field(default_factory=dict)
    last_used: Mapping[str, float] = field(default_factory=dict)
    """When a document last let go of the model."""
    loaded: Mapping[str, LoadedModel] = field(default_factory=dict)
    """In the order of loading."""
    activities: Mapping[str, Phase] = field(default_factory=dict)
    """What goes on with a model just now, the latest last: finding, awaiting GPU, loading, correcting or unloading."""
    draining: Mapping[str, str] = field(default_factory=dict)
    """Models to be unloaded before another document gets them, and why."""
    circuits: Mapping[str, Circuit] = field(default_factory=dict)
    """Circuit breakers of the models that failed lately."""
    calling: frozenset[str] = frozenset()
    """Models that have a call in progress."""
    crashed: frozenset[str] = frozenset()
    """Models that crashed by themselves, and are loaded with safe parameters since then."""
    identities: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The file of each model and where it ran when it was last loaded, for records."""
    processes: tuple[ModelProcess, ...] = ()
    """Every process that was started and has not been seen to end, those that still load included."""
    moving: bool = False
    """Whether a thread loads or ends a model; only one may at a time."""
    stopping: bool = False
    gpu_check_at: float = 0.0
    """When free GPU memory is next compared with the floor."""
    unreleased: str = ""
    """What the last unload did not give back, as a sentence; empty when it gave back all."""

    def is_busy(self, name: str) -> bool:
        """Whether a document holds the model, or waits for it and may have it."""
        return name in self.held or (name not in self.draining and any(t.name == name for t in self.queue))

    def last_use(self, name: str) -> float:
        """Return when the model was last used."""
        return self.last_used.get(name, self.started)

    def documents(self, name: str) -> int:
        """Return how many documents hold the model."""
        return self.held[name].documents if name in self.held else 0

    def phase(self, name: str, now: float) -> Phase:
        """Return what the model is doing."""
        if name in self.activities:
            return self.activities[name]
        if name not in self.loaded:
            circuit = self.circuits.get(name)
            return Phase.RESTING if circuit is not None and circuit.blocks(now) else Phase.ABSENT
        if name in self.draining:
            return Phase.DRAINING
        return Phase.IN_USE if self.is_busy(name) else Phase.IDLE

    def configure(self, models: Mapping[str, ModelSpec], policy: Policy) -> "Snapshot":
        """Return it with a new configuration; neither crashes nor failures count against a model that changed."""
        changed = {name for name, spec in self.configured.items() if models.get(name) != spec}
        return replace(
            self,
            policy=policy,
            configured=dict(models),
            crashed=self.crashed - changed,
            circuits=_without(self.circuits, *changed),
        )

    def join_queue(self, ticket: Ticket) -> "Snapshot":
        """Return it with one more document, last in the queue."""
        return replace(self, queue=(*self.queue, ticket))

    def leave_queue(self, ticket: Ticket) -> "Snapshot":
        """Return it without this document in the queue."""
        return replace(self, queue=tuple(t for t in self.queue if t is not ticket))

    def hold(self, name: str, now: float) -> "Snapshot":
        """Return it with one more document that holds the model."""
        held = self.held.get(name)
        hold = replace(held, documents=held.documents + 1) if held else Hold(self.configured.get(name), now)
        return replace(self, held={**self.held, name: hold})

    def let_go(self, name: str, now: float) -> "Snapshot":
        """Return it with one document fewer that holds the model, which was used until now."""
        fewer = replace(self.held[name], documents=self.held[name].documents - 1)
        held = {**self.held, name: fewer} if fewer.documents else _without(self.held, name)
        return replace(self, held=held, last_used={**self.last_used, name: now})

    def add_loaded(self, model: LoadedModel) -> "Snapshot":
        """Return it with this model loaded, and known by its file and where it runs."""
        return replace(
            self,
            loaded={**self.loaded, model.name: model},
            identities={**self.identities, model.name: model.identity()},
        )

    def remove_loaded(self, model: LoadedModel) -> "Snapshot":
        """Return it without this loaded model, which no document finds any more."""
        return replace(self, loaded={n: m for n, m in self.loaded.items() if m is not model})

    def show(self, name: str, activity: Phase | None) -> "Snapshot":
        """Return it with what goes on with a model as the latest activity; None: nothing goes on with it."""
        others = _without(self.activities, name)
        return replace(self, activities={**others, name: activity} if activity else others)

    def drain(self, names: Iterable[str], why: str) -> "Snapshot":
        """Return it with these models to be unloaded before another document gets them; an earlier reason stays."""
        return replace(self, draining={**dict.fromkeys(names, why), **self.draining})

    def undrain(self, *names: str) -> "Snapshot":
        """Return it with these models free for documents again."""
        return replace(self, draining=_without(self.draining, *names))

    def set_circuit(self, name: str, circuit: Circuit) -> "Snapshot":
        """Return it with another breaker for a model."""
        return replace(self, circuits={**self.circuits, name: circuit})

    def add_process(self, process: ModelProcess) -> "Snapshot":
        """Return it with a process that was started."""
        return replace(self, processes=(*self.processes, process))

    def remove_process(self, process: ModelProcess) -> "Snapshot":
        """Return it without a process that is gone."""
        return replace(self, processes=tuple(p for p in self.processes if p is not process))


def _without(mapping: Mapping[str, _T], *names: str) -> dict[str, _T]:
    return {name: value for name, value in mapping.items() if name not in names}
