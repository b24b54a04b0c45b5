"""Load a model into a fresh process with as many layers on the GPU as fit, and end it again.

Where a GPU is wanted, a load first waits for other programs to leave it; when the process then refuses the layers or
crashes, fewer are tried, each time in a fresh process, down to none where ``gpu: prefer`` allows that.
"""

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from scanmend.config.schema import ModelSpec
from scanmend.document import printable
from scanmend.errors import EndpointFailed, HostDied, ModelError, ScanmendError, Stopping
from scanmend.llm.remote.endpoint import Endpoint
from scanmend.llm.scheduler import layer_fit
from scanmend.llm.scheduler.gpu_memory import GpuMemory
from scanmend.llm.scheduler.layer_history import LoadConditions
from scanmend.llm.scheduler.model_process import Effects, LoadedModel, LoadRequest, ModelProcess
from scanmend.llm.scheduler.state import Phase
from scanmend.llm.scheduler.unload import POLL_S, Footprint, ReleaseReport, release, rounded
from scanmend.process.child import Message
from scanmend.process.memory import resident_mib

LOAD_LIMIT_S = 600.0
"""Seconds that loading may take in the process."""
CONNECT_LIMIT_S = 240.0
"""Seconds that a server may take for all questions of the probe, the load of its model included."""
UNLOAD_LIMIT_S = 10.0
"""Seconds that a process may take to have a server give back a model's memory."""
GPU_WAIT_S = 30.0
"""Seconds that a load waits for other programs to leave the GPU, before it takes what is free."""
CRASHES = frozenset({signal.SIGSEGV, signal.SIGILL, signal.SIGBUS, signal.SIGFPE, signal.SIGABRT})
"""Signals that a process brings upon itself; SIGKILL is how the system takes memory back, and may not come again."""

log = structlog.get_logger()


class _NoGpu(ModelError):
    """The process could not load, and says that it finds no GPU it could use."""


@dataclass(frozen=True, slots=True)
class LoadHooks:
    """What a load reads and changes of the scheduler's state while it goes on."""

    start: Callable[[], ModelProcess]
    """Starts a process that a stop can kill from its first moment; HostDied, Stopping."""
    end: Callable[[ModelProcess], None]
    """Ends a process that loaded nothing."""
    evict: Callable[[], bool]
    """Unloads another model that is on the GPU and not held; False when there is none."""
    show: Callable[[Phase], None]
    """Hears what the load is doing."""
    crashed: Callable[[HostDied], None]
    """Hears of a crash after which the load goes on with safe parameters."""
    gpu_mib: Callable[[], Mapping[int, float]]
    """MiB on the GPUs that the loaded models took, by process id."""
    stopping: Callable[[], bool]


def load(request: LoadRequest, hooks: LoadHooks, effects: Effects) -> LoadedModel:
    """Load with the layers asked for on the GPU, and with fewer where that fails and ``gpu: prefer`` allows it.

    Raises ModelError, HostDied, Stopping.
    """
    return _Load(hooks, effects).run(request)


def connect(
    name: str,
    spec: ModelSpec,
    endpoint: Endpoint,
    start: Callable[[], ModelProcess],
    end: Callable[[ModelProcess], None],
    stopping: Callable[[], bool],
) -> LoadedModel:
    """Start the process of a model that a server runs, and have it find out once what the server can do.

    ``start``, ``end`` and ``stopping`` as in ``LoadHooks``. Raises EndpointFailed, HostDied, Stopping.
    """
    process = start()
    try:
        reply = process.ask(_connection(spec), CONNECT_LIMIT_S)
        if error := reply.get("error"):
            raise EndpointFailed(f"model {name!r}: {error}", reply.get("rest_s"))
        can, seconds = str(reply["can"]), reply["seconds"]
    except (ScanmendError, ValueError, KeyError) as e:
        end(process)
        if stopping():
            raise Stopping from e
        if isinstance(e, ScanmendError):
            raise
        raise HostDied(f"the process of model {name!r} answered nonsense: {e}") from e
    log.info(
        "model.connected",
        model=name,
        endpoint=endpoint.host,
        server_model=printable(endpoint.model),
        can=printable(can),
        pid=process.pid,
        seconds=seconds,
    )
    return LoadedModel(name, spec, endpoint, process, 0, safe=False, footprint=Footprint(process.pid, None, None, {}))


def unload(
    model: LoadedModel, why: str, end: Callable[[], None], gpu_mib: Mapping[int, float], effects: Effects
) -> ReleaseReport:
    """End the model's process by ``end``, and log whether the memory that it held came back.

    ``gpu_mib``: MiB on the GPUs that our other models took, by process id.
    """
    told = {"on_server": _tell_server(model)} if isinstance(model.found, Endpoint) else {}
    report = release(
        model.footprint, end, gpu_mib, measure=effects.measure_gpu, clock=effects.clock, pause=effects.pause
    )
    (log.info if report.complete else log.warning)(
        "model.unloaded", model=model.name, why=why, pid=model.process.pid, **report.as_dict(), **told
    )
    return report


def _tell_server(model: LoadedModel) -> str:
    """Have the server give back the model's memory, where the configuration says how; return what came of it."""
    if model.spec.unload == "off":
        return "not ours to unload"
    if not model.process.alive:
        return "not asked, as the process is gone"
    try:
        reply = model.process.ask({"do": "unload", "kind": model.spec.unload}, UNLOAD_LIMIT_S)
    except HostDied as e:
        return f"failed: {e}"
    return f"failed: {reply['error']}" if "error" in reply else "unloaded"


@dataclass(frozen=True, slots=True)
class _Load:
    hooks: LoadHooks
    effects: Effects

    def run(self, request: LoadRequest) -> LoadedModel:
        spec, header, history = request.spec, request.found.header, self.effects.history
        before, waited_in_vain = self.effects.measure_gpu(), False
        conditions = LoadConditions(request.found, spec.context, spec.gpu_layers, before)
        known = history.recall(conditions)
        if before is not None and known is None:
            before, waited_in_vain = self._wait_for_gpu(request, before)
            conditions = replace(conditions, gpu=before)
        fitting, why_cpu = _fitting(request, before, known)
        self.hooks.show(Phase.LOADING)
        counts = layer_fit.layer_counts_to_try(spec, header.layers, fitting, known)
        model, refusal = self._try_in_turn(request, counts, before)
        if waited_in_vain or (refusal and not isinstance(refusal, _NoGpu)):
            history.keep(conditions, model.gpu_layers)
        elif known is None:
            history.forget(conditions)
        if model.gpu_layers == 0 and _wants_gpu(spec, present=before is not None):
            model = replace(model, why_cpu=str(refusal or why_cpu))
            log.warning("model.on_cpu", model=request.name, wanted_gpu_layers=spec.gpu_layers, why=model.why_cpu)
        return model

    def _wait_for_gpu(self, request: LoadRequest, gpu: GpuMemory) -> tuple[GpuMemory | None, bool]:
        """Wait until the GPU has room for as many layers as the model could have on an empty one.

        Our own models that no document holds go first; then GPU_WAIT_S are waited at most. Returns GPU memory as it is
        then, and whether it was waited for in vain.
        """
        spec, header = request.spec, request.found.header
        layers = layer_fit.layers_wanted(spec, header, gpu.total_mib - request.floor_mib, gpu.gpus)
        need = layer_fit.need_mib(header, spec.context, layers, gpu.gpus) + (request.floor_mib if layers else 0.0)
        limit = self.effects.clock() + GPU_WAIT_S
        waits = False
        while gpu.free_mib < need and (left := limit - self.effects.clock()) > 0:
            if not self.hooks.evict():
                if not waits:
                    waits = True
                    self.hooks.show(Phase.AWAITING_GPU)
                    log.info("model.waits_for_gpu", model=request.name, **_room(gpu, need), limit_s=GPU_WAIT_S)
                self.effects.pause(min(POLL_S, left))
            if self.hooks.stopping():
                raise Stopping
            now = self.effects.measure_gpu()
            if now is None:
                return None, False
            gpu = now
        if gpu.free_mib < need:
            log.warning("model.no_room", model=request.name, **_room(gpu, need), next="as many layers as fit")
        return gpu, gpu.free_mib < need

    def _try_in_turn(
        self, request: LoadRequest, counts: list[layer_fit.LayerCount], before: GpuMemory | None
    ) -> tuple[LoadedModel, ModelError | None]:
        """Try these numbers of layers in turn; return what worked, and the last refusal before that.

        A crash with the last number is tried once more with safe parameters.
        """
        refusal: ModelError | None = None
        while True:
            layers, *fewer = counts
            try:
                return self._try(request, layers, before), refusal
            except ModelError as e:
                if isinstance(e, _NoGpu):
                    fewer = [n for n in fewer if n == 0]
                if fewer:
                    refusal, counts = e, fewer
                    log.warning(
                        "model.load_failed",
                        model=request.name,
                        gpu_layers=layers,
                        error=str(e),
                        next_gpu_layers=fewer[0],
                    )
                elif isinstance(e, HostDied) and e.signal is not None and not request.safe:
                    self.hooks.crashed(e)
                    request = replace(request, safe=True)
                else:
                    raise

    def _try(self, request: LoadRequest, layers: layer_fit.LayerCount, before: GpuMemory | None) -> LoadedModel:
        """Load with this number of layers on the GPU, in a fresh process, which is ended where that fails."""
        process = self.hooks.start()
        try:
            reply = process.ask(_message(request, layers), LOAD_LIMIT_S)
            if error := reply.get("error"):
                raise (_NoGpu if reply.get("no_gpu") else ModelError)(f"model {request.name!r}: {error}")
            on_gpu = min(int(reply["gpu_layers"]), request.found.header.layers + 1)
            context, seconds = reply["context"], reply["seconds"]
        except (ScanmendError, ValueError, KeyError) as e:
            self.hooks.end(process)
            if self.hooks.stopping():
                raise Stopping from e
            if isinstance(e, ScanmendError):
                raise
            raise HostDied(f"the process of model {request.name!r} answered nonsense: {e}") from e
        after = self.effects.measure_gpu() if before else None
        footprint = Footprint(process.pid, before, after, self.hooks.gpu_mib())
        model = LoadedModel(request.name, request.spec, request.found, process, on_gpu, request.safe, footprint)
        log.info(
            "model.loaded",
            model=model.name,
            file=printable(model.title),
            pid=process.pid,
            gpu_layers=on_gpu,
            layers=model.layers,
            ran_on=model.ran_on,
            context=context,
            seconds=seconds,
            safe=model.safe,
            ram_mib=rounded(resident_mib(process.pid)),
            gpu_before_mib=rounded(before.used_mib) if before else None,
            gpu_loaded_mib=rounded(after.used_mib) if after else None,
        )
        return model


def _fitting(request: LoadRequest, gpu: GpuMemory | None, known: int | None) -> tuple[int | None, str]:
    """Return how many layers have room, None where nobody can tell; and why, if all will be on the CPU."""
    if gpu is None:
        return None, "llama.cpp finds no GPU that it can use"
    header, context = request.found.header, request.spec.context
    free_mib = gpu.free_mib - request.floor_mib
    fitting = layer_fit.fit(header, context, free_mib, gpu.gpus)
    if known == 0:
        return fitting, "no layer found room on the GPU when this was tried last"
    if fitting == 0:
        need = layer_fit.need_mib(header, context, 1, gpu.gpus)
        return 0, f"{max(free_mib, 0.0):.0f} MiB of GPU memory are free, one layer needs about {need:.0f}"
    return fitting, "llama.cpp finds no GPU that it can use"


def _message(request: LoadRequest, layers: layer_fit.LayerCount) -> Message:
    spec = request.spec
    return {
        "do": "load",
        "path": _hex(request.found.path),
        "context": spec.context,
        "threads": spec.threads or len(os.sched_getaffinity(0)),
        "gpu_layers": layers,
        "cpu_will_do": spec.gpu_layers == "auto" and spec.gpu == "prefer",
        "safe": request.safe,
    }


def _connection(spec: ModelSpec) -> Message:
    return {
        "do": "connect",
        "endpoint": spec.endpoint,
        "model": spec.model,
        "api_key_file": _hex(spec.api_key_file),
        "ca_file": _hex(spec.ca_file),
        "connections": spec.connections,
        "context": spec.context,
    }


def _hex(path: Path | None) -> str | None:
    """Return a path in letters that JSON takes, whatever bytes it has."""
    return None if path is None else os.fsencode(path).hex()


def _wants_gpu(spec: ModelSpec, *, present: bool) -> bool:
    """Whether running on the CPU is a fallback; ``auto`` means the GPU where the driver lists one (``present``)."""
    return spec.gpu != "off" and (present if spec.gpu_layers == "auto" else spec.gpu_layers != 0)


def _room(gpu: GpuMemory, need_mib: float) -> dict[str, float]:
    return {"free_mib": round(gpu.free_mib, 1), "need_mib": round(need_mib, 1)}
