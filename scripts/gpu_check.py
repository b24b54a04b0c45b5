#!/usr/bin/env python3
"""Prove on this machine that a model uses the GPU and that every MiB comes back; prints one table.

    .venv/bin/pip install gguf
    .venv/bin/python scripts/gpu_check.py [--model FILE.gguf] [--layers N] [--idle-s 3]

Without ``--model`` it makes a GGUF of the shape of Qwen2.5-3B with random weights and the bundled model's tokenizer
(about 3.3 GB in a temporary folder): speed and memory are those of the real one, what it writes is noise. ``--layers``
makes a smaller one. Where there is no NVIDIA GPU, the parts that need one are left out, and the table says so.
"""

import argparse
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import yaml

sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
import render_scans
from scanmend.config.schema import BUNDLED
from scanmend.llm.scheduler import gpu_memory, layer_fit
from scanmend.llm.store.gguf import read_header

QWEN_3B = {"layers": 36, "width": 2048, "inner": 11008, "heads": 16, "kv_heads": 2}
TINY = {"layers": 4, "width": 256, "inner": 512, "heads": 4, "kv_heads": 2}
CONTEXT = 4096
LIMIT_S = 300.0
TEXT = (
    "The committee met on Thursday at the town hall to look over the accounts of the past year. The treasurer read his "
    "report, which was received, and the chairman thanked all members for their work. "
)


def make_gguf(path: Path, like: Path, shape: dict[str, int], seed: int = 1) -> None:
    """Write a Qwen2 model of this shape with random Q8_0 weights and the tokenizer of another GGUF file."""
    import gguf  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 -- only for those who make a model

    source = gguf.GGUFReader(str(like))
    writer = gguf.GGUFWriter(str(path), "qwen2")
    writer.add_name("random weights")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_block_count(shape["layers"])
    writer.add_context_length(32768)
    writer.add_embedding_length(shape["width"])
    writer.add_feed_forward_length(shape["inner"])
    writer.add_head_count(shape["heads"])
    writer.add_head_count_kv(shape["kv_heads"])
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    for name, field in source.fields.items():
        if name.startswith("tokenizer."):
            kind = field.types[0]
            inner = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), kind, inner)
    words = len(source.fields["tokenizer.ggml.tokens"].data)
    for name, rows, columns in _tensors(shape, words):
        if columns:
            wild = np.random.default_rng([seed, *name.encode()])
            data = np.empty((rows, columns // 32, 34), np.uint8)  # Q8_0: a scale in f16, then 32 weights of a byte
            data[..., :2] = np.frombuffer(np.float16(0.3 / 127 / columns**0.5).tobytes(), np.uint8)
            data[..., 2:] = wild.integers(0, 256, (rows, columns // 32, 32), np.uint8)
            writer.add_tensor(name, data.reshape(rows, -1), raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            fill = np.zeros if name.endswith(".bias") else np.ones
            writer.add_tensor(name, fill(rows, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _tensors(shape: dict[str, int], words: int) -> Iterator[tuple[str, int, int]]:
    """Name, rows and columns of each; columns 0 for vectors. The output is the embedding, as in the real one."""
    width, inner, kv = shape["width"], shape["inner"], shape["width"] // shape["heads"] * shape["kv_heads"]
    yield from (("token_embd.weight", words, width), ("output_norm.weight", width, 0))
    for n in range(shape["layers"]):
        block = f"blk.{n}"
        yield from ((f"{block}.attn_norm.weight", width, 0), (f"{block}.ffn_norm.weight", width, 0))
        for name, rows in (("q", width), ("k", kv), ("v", kv)):
            yield from ((f"{block}.attn_{name}.weight", rows, width), (f"{block}.attn_{name}.bias", rows, 0))
        yield f"{block}.attn_output.weight", width, width
        yield from ((f"{block}.ffn_{name}.weight", inner, width) for name in ("gate", "up"))
        yield f"{block}.ffn_down.weight", width, inner


class Table:
    """Lines of two columns, shown as they come."""

    def __init__(self) -> None:
        self.bad = 0

    def say(self, what: str, value: str, *, ok: bool = True) -> None:
        """Print one line of a Markdown table."""
        self.bad += not ok
        print(f"| {what} | {value}{'' if ok else ' **NOT AS IT SHOULD BE**'} |", flush=True)


def check(model: Path, root: Path, table: Table, idle_s: float, *, noise: bool) -> None:
    """All measurements with this model."""
    header, before = read_header(model), gpu_memory.measure()
    size = f"{header.size / 2**20:,.0f} MiB, {header.layers} layers, {header.quantization}"
    table.say("model", f"{model.name}: {size}")
    table.say("GPU", f"{before.machine}, {before.free_mib:,.0f} MiB free" if before else "none, or no driver")
    if before:
        fits = layer_fit.fit(header, CONTEXT, before.free_mib, before.gpus)
        need = layer_fit.need_mib(header, CONTEXT, header.layers + 1, before.gpus)
        table.say("layers that fit by our estimate", f"{fits} of {header.layers + 1}; all need {need:,.0f} MiB")
    _life(model, root / "life", table, idle_s, on_gpu=before is not None)
    _killed(model, root / "killed", table, on_gpu=before is not None)
    if before:
        _little_room(model, root / "room", table, before)
    else:
        table.say("ladder with little free memory", "not measured: no GPU here")
    _decoding(model, table, header.layers + 1 if before else 0, noise=noise)


def _life(model: Path, root: Path, table: Table, idle_s: float, *, on_gpu: bool) -> None:
    """Load, work, idle unload: what was in use before, loaded and after."""
    with _daemon(model, root, idle_unload_s=idle_s) as daemon:
        rss = psutil.Process(daemon.pid).memory_info().rss / 2**20
        _drop(root, "page")
        loaded = _said(root, "model.loaded")
        table.say("loaded", f"{loaded['gpu_layers']} of {loaded['layers']} layers on the GPU, {loaded['seconds']} s")
        if on_gpu:
            table.say("ran on", str(loaded["ran_on"]), ok=loaded["gpu_layers"] > 0)
        _wait((root / "out" / "page.json").exists, "the document")
        done = time.monotonic()
        gone = _said(root, "model.unloaded")
        late = time.monotonic() - done - idle_s
        after = gpu_memory.measure()
        if on_gpu and after:
            sizes = " / ".join(f"{gone[f'gpu_{when}_mib']:,.0f}" for when in ("before", "loaded", "after"))
            table.say("GPU MiB before / loaded / after idle unload", sizes, ok=bool(gone["returned"]))
            within = after.used_mib <= gone["gpu_before_mib"] * 1.01
            table.say("measured by ourselves afterwards", f"{after.used_mib:,.0f} MiB", ok=within)
        table.say("RAM given back", f"{gone['ram_freed_mib']:,.0f} MiB", ok=gone["ram_after_mib"] == 0)
        table.say("from the idle moment to all of it back", f"{max(late, gone['seconds']):.1f} s", ok=late <= 2)
        more = psutil.Process(daemon.pid).memory_info().rss / 2**20 - rss
        table.say("daemon's own RAM after unload, more than before load", f"{more:.1f} MiB", ok=more <= 5)
        handles = [str(fd.readlink()) for fd in Path(f"/proc/{daemon.pid}/fd").iterdir()]
        held = [name for name in handles if "nvidia" in name]
        table.say("GPU handles that the daemon holds", str(len(held)), ok=not held)


def _killed(model: Path, root: Path, table: Table, *, on_gpu: bool) -> None:
    """SIGKILL of the daemon while the model is loaded: the kernel ends the model's process with it."""
    before = gpu_memory.measure()
    with _daemon(model, root, idle_unload_s=-1) as daemon:
        _drop(root, "page")
        host = psutil.Process(int(_said(root, "model.loaded")["pid"]))
        daemon.send_signal(signal.SIGKILL)
        started = time.monotonic()
        daemon.wait()
        _wait(lambda: not host.is_running() or host.status() == psutil.STATUS_ZOMBIE, "the model's process")
        took = time.monotonic() - started
    table.say("after SIGKILL of the daemon, the model's process is gone in", f"{took:.2f} s", ok=took <= 2)
    if on_gpu and before:
        limit = time.monotonic() + 5
        while (after := gpu_memory.measure()) and after.used_mib > before.used_mib * 1.01 and time.monotonic() < limit:
            time.sleep(0.1)
        if after:
            back = after.used_mib <= before.used_mib * 1.01
            table.say("GPU MiB before / after that", f"{before.used_mib:,.0f} / {after.used_mib:,.0f}", ok=back)


def _little_room(model: Path, root: Path, table: Table, reading: gpu_memory.GpuMemory) -> None:
    """A floor that leaves room for about a third of the layers: fewer go to the GPU, and log and status say so."""
    header = read_header(model)
    room = layer_fit.need_mib(header, CONTEXT, (header.layers + 1) // 3, reading.gpus)
    floor = max(0.0, round(reading.free_mib - room, 1))
    with _daemon(model, root, idle_unload_s=0, gpu_free_floor_mib=floor) as _:
        _drop(root, "page")
        layers = int(_said(root, "model.loaded")["gpu_layers"])
    ok = 0 < layers < header.layers + 1
    table.say(f"layers on the GPU with {room:,.0f} MiB of free memory", f"{layers} of {header.layers + 1}", ok=ok)


def _decoding(model: Path, table: Table, layers: int, *, noise: bool) -> None:
    """Tokens a second, plain and guided, in a process of its own; ``noise``: no draft can hold."""
    code = f"import gpu_check; gpu_check.decode({str(model)!r}, {layers})"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    if ran.returncode:
        table.say("decoding", f"failed: {ran.stderr.strip()[-200:]}", ok=False)
        return
    measured = json.loads(ran.stdout)
    for kind in ("plain", "guided"):
        per_page = f", {measured[kind]['pages_min']:.1f} pages of 500 words a minute"
        name = f"rewriting, {kind}" + (" (random weights: there is nothing to guide)" if noise else "")
        table.say(name, f"{measured[kind]['tokens_s']:.1f} tokens/s{per_page}")


def decode(model: str, layers: int) -> None:
    """Print a JSON object with the speed of plain and of guided decoding."""
    from scanmend.llm.inference.engine import Engine  # noqa: PLC0415 -- llama.cpp stays out of the parent

    engine = Engine(Path(model), context=CONTEXT, threads=len(os.sched_getaffinity(0)), gpu_layers=layers)
    out: dict[str, dict[str, float]] = {}
    for kind in ("plain", "guided"):
        engine.complete("Copy the text.", TEXT, max_tokens=8, deadline=time.monotonic() + 60, source=TEXT)
        started = time.monotonic()
        reply = engine.complete(
            "Copy the text.", TEXT, max_tokens=96, deadline=started + 120, source=TEXT, guided=kind == "guided"
        )
        rate = reply.tokens / (time.monotonic() - started)
        tokens = len(engine.tokenize(TEXT)) / len(TEXT.split()) * 500
        out[kind] = {"tokens_s": rate, "pages_min": 60 * rate / tokens}
    print(json.dumps(out))


@contextmanager
def _daemon(model: Path, root: Path, **top: Any) -> Iterator[subprocess.Popen[bytes]]:
    root.mkdir()
    folder = {"name": "f", "inbox": "in", "outbox": "out", "settle_s": 0.2, "strategy": "rescore"}
    models = {"bundled": {"path": str(model), "context": CONTEXT}}
    config = {"state_dir": "state", "models": models, "folders": [folder], **top}
    (root / "config.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "scanmend.cli", "run", "--config", str(root / "config.yaml")]
    with (root / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            _said(root, "daemon.ready")
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def _drop(root: Path, name: str) -> None:
    render_scans.save_png(render_scans.line("The comrnittee will meet again on Thursday"), root / f"{name}.png")
    (root / f"{name}.png").rename(root / "in" / f"{name}.png")


def _said(root: Path, event: str) -> dict[str, Any]:
    """The first log line of this event, as soon as it is there."""
    found: list[dict[str, Any]] = []

    def there() -> bool:
        lines = (root / "log").read_text("utf-8", "replace").splitlines(keepends=True)
        found[:] = [entry for entry in map(_parsed, lines) if entry.get("event") == event]
        return bool(found)

    _wait(there, event)
    return found[0]


def _parsed(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _wait(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"gpu_check: waited {LIMIT_S:.0f} s in vain for {what}")
        time.sleep(0.02)


def bundled() -> Path:
    """Where the bundled model lies."""
    found = importlib.util.find_spec(str(BUNDLED.package))
    if found is None or not found.submodule_search_locations:
        raise SystemExit("gpu_check: the bundled model is not installed; run scripts/setup")
    return Path(found.submodule_search_locations[0], str(BUNDLED.file))


def main() -> int:
    """Measure and print; exit code 1 when something is not as it should be."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", type=Path, help="a GGUF file; a random one is made without it")
    options.add_argument("--layers", type=int, default=QWEN_3B["layers"], help="of the random one")
    options.add_argument("--idle-s", type=float, default=3.0)
    options.add_argument("--tiny", action="store_true", help="a random one of a few MiB, to try this script")
    given = options.parse_args()
    table = Table()
    with tempfile.TemporaryDirectory(prefix="scanmend-gpu-") as folder:
        model = given.model
        if model is None:
            model = Path(folder, "random.gguf")
            make_gguf(model, bundled(), TINY if given.tiny else {**QWEN_3B, "layers": given.layers})
        print("| what | measured |\n|---|---|")
        check(model.resolve(), Path(folder), table, given.idle_s, noise=given.model is None)
    return 1 if table.bad else 0


if __name__ == "__main__":
    sys.exit(main())
