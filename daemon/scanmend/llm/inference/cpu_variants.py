"""Which of llama.cpp's CPU libraries a process uses, where its build carries one for each kind of processor.

Such a build (``packaging/llama-cmake-args.txt``) runs on every x86-64 processor: one library for all, and faster ones,
each of which says by ``ggml_backend_score`` how much of this processor it would use, or 0 where it cannot run. Other
builds have the CPU's code inside, and nothing is chosen.
"""

import ctypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PREFIX = "libggml-cpu-"
"""What the name of each such library begins with; the rest is the kind of processor."""
WITH_AMX = frozenset({"sapphirerapids"})
"""Kinds that use AMX, and are never chosen: GCC 12.2, which is Debian 12's, compiles it so that the first token ends
the process (scripts/setup_lib/probe_amx.py has the cause). The next best kind is the same without AMX."""


def chosen(scores: Mapping[str, int], *, safe: bool) -> str | None:
    """Return the kind to use, of those that can run here; None where there are none.

    ``safe``: the one that asks the least of the processor, for machines that promise what they do not carry out.
    """
    able = {kind: score for kind, score in scores.items() if score > 0 and kind not in WITH_AMX}
    if not able:
        return None
    return (min if safe else max)(able, key=lambda kind: (able[kind], kind))


@cache
def load(folder: Path, ggml: ctypes.CDLL, *, safe: bool) -> str | None:
    """Have llama.cpp use one of the CPU libraries in ``folder``, and what there is for GPUs; return the kind.

    To be called before anything else of llama.cpp, and once with one ``safe`` in a process, as what is loaded stays.
    """
    found = {path.stem.removeprefix(PREFIX): path for path in sorted(folder.glob(f"{PREFIX}*.so"))}
    kind = chosen({name: _score(path) for name, path in found.items()}, safe=safe)
    if kind is None:
        return None
    ggml.ggml_backend_load.argtypes = [ctypes.c_char_p]
    ggml.ggml_backend_load.restype = ctypes.c_void_p
    others = (p for p in folder.glob("libggml-*.so") if p.stem != "libggml-base" and p not in found.values())
    for path in (*sorted(others), found[kind]):
        ggml.ggml_backend_load(bytes(path))
    return kind


def _score(path: Path) -> int:
    """Return what a library thinks of this processor; 0 where it cannot be loaded or does not say."""
    try:
        score = ctypes.CDLL(str(path)).ggml_backend_score
    except (OSError, AttributeError):
        return 0
    score.restype = ctypes.c_int
    return int(score())
