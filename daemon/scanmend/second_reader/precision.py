"""In which floats the second reader reads lines: of 16 bits (bf16) where the processor has AMX, else of 32.

AMX multiplies tiles of such floats; a line then takes a third of the processor time, and over 81 pages of seven kinds
as many characters and numbers come out right. Finding lines is left in 32 bits: in 16, the boxes are less exact, and a
page of 81 lost a line. There are machines that promise AMX and do not carry it out: a process that dies of it is
started again without. Light, as the daemon imports it.
"""

import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

EXACT = {"SCANMEND_READER_F32": "1"}
"""The environment variable with which lines are read in floats of 32 bits on every processor, too."""
AMX_DEATHS = frozenset({signal.SIGILL, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE})
"""Signals of which a process dies where the processor does not carry out what it promises."""

_PROMISE = re.compile(r"^flags\s*:.*\bamx_bf16\b", re.MULTILINE)


def float_kind(
    environ: Mapping[str, str] = os.environ, cpuinfo: Path = Path("/proc/cpuinfo")
) -> Literal["bf16", "f32"]:
    """Return the kind of floats, by the name that OpenVINO has for it."""
    if any(environ.get(name) for name in EXACT):
        return "f32"
    try:
        return "bf16" if _PROMISE.search(cpuinfo.read_text("utf-8", "replace")) else "f32"
    except OSError:
        return "f32"
