"""Fake processes of a model, one per disaster, and the scene that runs a slot with them."""

import os
import signal
import threading
import time
from pathlib import Path

from pydantic import TypeAdapter

from scanmend.config.schema import ModelSpec
from scanmend.correct.settings import CorrectionSettings
from scanmend.document import CorrectedPage, Page, page_from_text
from scanmend.errors import HostDied
from scanmend.llm.scheduler.gpu_memory import GpuMemory
from scanmend.llm.scheduler.model_process import GRACE_S, Effects, LoadedModel, ModelProcess
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.llm.scheduler.state import Policy
from scanmend.llm.scheduler.unload import Footprint
from scanmend.llm.store.gguf import Header
from scanmend.llm.store.store import ModelFile, Store
from tiny_gguf import U32, tiny_gguf

TASK = CorrectionSettings("rescore", "Correct OCR errors", ("eng",))
PAGE = page_from_text("The qnick hrown fox")
LAYERS = 30
HEADER = Header(
    architecture="llama", layers=LAYERS, context_length=8192, embedding_length=576, heads=9, kv_heads=3, head_size=64,
    quantization="Q4_1", chat_template=None, parameters=134_515_008, tensors=272, size=98 * 2**20,
)  # fmt: skip
NO_PROCESS = 2**22
"""First of the process ids that no process can have."""
NOTHING = Footprint(NO_PROCESS, None, None, {})
"""Of a model that was loaded where there is no GPU."""
BOUND_S = 60.0
"""Seconds that a test waits at most for what another thread or process is about to do."""


class FakeHost(ModelProcess):
    """Works, takes 7 MiB of GPU memory, and answers with the name of the file that it was told to load."""

    def __init__(self, scene):
        assert len([h for h in scene.hosts if h.alive]) < scene.most, "too many processes at once"
        self.scene = scene
        self._pid = NO_PROCESS + len(scene.hosts)
        self._alive = True
        self.requests, self.limits, self.graces = [], [], []
        self._asked = threading.Lock()
        scene.hosts.append(self)
        scene.used += 7.0

    @property
    def pid(self):
        return self._pid

    @property
    def alive(self):
        return self._alive

    def ask(self, request, limit_s):
        assert self._asked.acquire(blocking=False), "two questions at once"
        try:
            self.requests.append(request)
            self.limits.append(limit_s)
            self.scene.phases.append(self.scene.slot.state())
            return self.load(request) if request["do"] == "load" else self.correct(request)
        finally:
            self._asked.release()

    def load(self, request):
        layers = {"auto": 9999, "all": 9999}.get(request["gpu_layers"], request["gpu_layers"])
        return {"context": request["context"], "gpu_layers": layers, "seconds": 0.1}

    def correct(self, request):
        self.scene.now += self.scene.page_s
        page = TypeAdapter(Page).validate_python(request["page"])
        name = Path(os.fsdecode(bytes.fromhex(self.requests[0]["path"]))).name
        return {"result": TypeAdapter(CorrectedPage).dump_python(CorrectedPage(page, name), mode="json")}

    def end(self, grace_s=GRACE_S):
        self.graces.append(grace_s)
        self.scene.phases.append(self.scene.slot.state())
        self.die()

    def kill(self):
        self.die()

    def die(self):
        if self._alive:
            self._alive = False
            self.scene.used -= 7.0

    def crash(self, number):
        self.die()
        return HostDied(f"died of {number.name}", signal=int(number))


class NoProcess(ModelProcess):
    """Stands where a snapshot has a process that nobody asks anything."""

    pid, alive = NO_PROCESS, True


def loaded_model(name, spec, gpu_layers=LAYERS + 1, **more):
    """A loaded model as a plain value: a file of that name, a header of LAYERS layers, no process."""
    found = ModelFile(name, Path(f"{name}.gguf"), "path", HEADER)
    return LoadedModel(name, spec, found, NoProcess(), gpu_layers, safe=False, footprint=NOTHING, **more)


class CrashesOnPages(FakeHost):
    number = signal.SIGSEGV

    def correct(self, request):
        raise self.crash(self.number)


class KilledOnPages(CrashesOnPages):
    """Ended by the system, which wants its memory back."""

    number = signal.SIGKILL


class CrashesLoading(FakeHost):
    def load(self, request):
        raise self.crash(signal.SIGABRT)


class HangsOnPages(FakeHost):
    def correct(self, request):
        self.die()
        raise HostDied("gave no sign of life")


class RefusesPages(FakeHost):
    def correct(self, request):
        return {"error": "the context is full"}


class RefusesLayers(FakeHost):
    """Has room for no more than 7 layers on the GPU."""

    def load(self, request):
        layers = request["gpu_layers"]
        fits = isinstance(layers, int) and layers <= 7
        return super().load(request) if fits else {"error": f"no memory for {layers} layers"}


class HasNoGpu(FakeHost):
    """A build or a machine that only has the CPU."""

    def load(self, request):
        if request["gpu_layers"] == 0 or request["cpu_will_do"]:
            return super().load({**request, "gpu_layers": 0})
        return {"error": "there is no GPU", "no_gpu": True}


class LoadsNothingWithoutGpu(FakeHost):
    def load(self, request):
        return {"error": "no GGUF", "no_gpu": True}


class HasNoRoom(FakeHost):
    """A GPU that others have filled."""

    def load(self, request):
        return super().load(request) if request["gpu_layers"] == 0 else {"error": "no memory", "no_gpu": False}


class LoadsNothing(FakeHost):
    def load(self, request):
        return {"error": "no GGUF"}


class BabblesLoading(FakeHost):
    def load(self, request):
        return {}


class BabblesOnPages(FakeHost):
    def correct(self, request):
        return {"result": {"page": "none"}}


class KeepsGpuMemory(FakeHost):
    def die(self):
        self._alive = False


class GivesMemoryBackLate(KeepsGpuMemory):
    """Gone at once, but its memory comes back only two seconds later."""

    def die(self):
        if self._alive:
            super().die()
            self.scene.later.append((self.scene.now + 2.0, -7.0))


class Blocks(FakeHost):
    """Works at ``where`` until it is let go or killed."""

    where = "correct"

    def __init__(self, scene):
        super().__init__(scene)
        self.reached, self.released = threading.Event(), threading.Event()

    def _block(self, where):
        if self.where == where:
            self.reached.set()
            assert self.released.wait(BOUND_S)
            if not self.alive:
                raise HostDied("died of SIGKILL", signal=9)

    def load(self, request):
        self._block("load")
        return super().load(request)

    def correct(self, request):
        self._block("correct")
        return super().correct(request)

    def kill(self):
        super().kill()
        self.released.set()


class BlocksLoading(Blocks):
    where = "load"


class Scene:
    """One slot, its clock and its GPU, and every process that it started."""

    def __init__(self, folder):
        self.folder = folder
        self.now, self.page_s, self.used, self.total = 1000.0, 1.0, 500.0, 80_000.0
        self.most = 1
        self.later, self.pauses = [], []
        self.hosts, self.phases, self.cast = [], [], []
        self.changes = 0
        self.slot = None

    def open(self, *casts, policy=None, models=("a", "b", "c"), store=None, **effects):
        """``casts``: classes of the hosts in the order of their starts; those after them work."""
        self.cast = list(casts)
        effects = {"start": self.start, "clock": lambda: self.now, "pause": self.pause, **effects}
        effects = {"measure_gpu": self.meter, "changed": self.change, **effects}
        policy, store = policy or Policy(), store or Store(self.folder / "models")
        self.most = policy.max_loaded
        self.slot = ModelSlot({m: self.spec(m) for m in models}, store, policy, Effects(**effects))
        return self.slot

    def waiting(self):
        """How many documents wait for a model."""
        return len(self.slot.snapshot.queue)

    def spec(self, name, **settings):
        path = self.folder / f"{name}.gguf"
        if not path.exists():
            path.write_bytes(tiny_gguf({"llama.block_count": (U32, LAYERS)}))
        return ModelSpec(path=path, **settings)

    def start(self):
        return (self.cast.pop(0) if self.cast else FakeHost)(self)

    def change(self):
        self.changes += 1

    def pause(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds

    def meter(self):
        self.used += sum(mib for at, mib in self.later if at <= self.now)
        self.later = [(at, mib) for at, mib in self.later if at > self.now]
        return GpuMemory(self.used, self.total - self.used, self.total)

    def correct(self, name="a"):
        """One document of one page."""
        with self.slot.lease(name) as lease:
            return lease.correct(PAGE, TASK, 60.0)

    @property
    def alive(self):
        return [h for h in self.hosts if h.alive]

    def loads(self):
        return [h.requests[0] for h in self.hosts]


class Thread(threading.Thread):
    """Keeps what its function returned or raised."""

    def __init__(self, function, *arguments):
        super().__init__(daemon=True)
        self._function, self._arguments = function, arguments
        self.result = self.error = None
        self.start()

    def run(self):
        try:
            self.result = self._function(*self._arguments)
        except Exception as e:  # noqa: BLE001 -- handed to the thread that asks
            self.error = e

    def outcome(self):
        self.join(BOUND_S)
        assert not self.is_alive(), "still at work"
        if self.error is not None:
            raise self.error
        return self.result


def until(holds, bound_s=BOUND_S):
    """Wait for what another thread or process does."""
    limit = time.monotonic() + bound_s
    while not holds():
        assert time.monotonic() < limit, "never came true"
        time.sleep(0.002)


def events(logs, name):
    return [entry for entry in logs if entry["event"] == name]
