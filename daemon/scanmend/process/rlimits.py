"""Limits on the memory and the files of a page worker, so that a file which explodes when decoded costs one page."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BASE_MIB = 1024
"""Memory for libraries, word lists, MuPDF's store (256 MiB) and Tesseract's models."""
BYTES_PER_PIXEL = 12
"""Memory for each pixel of the largest page allowed: Pillow takes up to 10 bytes (16 bits a sample, by way of floats),
Tesseract 5."""
MAX_MEMORY_SHARE = 0.75
"""Share of the machine's memory that no worker exceeds, whatever the configuration allows."""


def allowance(max_megapixels: float) -> int:
    """Return the bytes of private memory that reading one page may take, in the worker and in Tesseract each."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    wanted = BASE_MIB * 2**20 + int(max_megapixels * 1e6) * BYTES_PER_PIXEL
    return min(wanted, int(MAX_MEMORY_SHARE * total))


@contextmanager
def bounded(max_megapixels: float) -> Iterator[None]:
    """Within, allocations beyond the allowance fail with MemoryError, here and in processes that are started."""
    with _at_most(resource.RLIMIT_DATA, allowance(max_megapixels)):
        yield


@contextmanager
def short_files(max_bytes: int) -> Iterator[None]:
    """Within, no file grows beyond the limit: OSError here, and SIGXFSZ ends processes that are started."""
    with _at_most(resource.RLIMIT_FSIZE, max_bytes):
        yield


@contextmanager
def _at_most(limit: int, value: int) -> Iterator[None]:
    """Set a soft limit (``resource.RLIMIT_…``) of this process for a while, no higher than its hard limit."""
    soft, hard = resource.getrlimit(limit)
    resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(limit, (soft, hard))


def die_first() -> None:
    """Let the kernel end this process before others when the machine runs out of memory."""
    try:
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")
    except OSError:  # no /proc, or a sandbox: then the kernel chooses by size, which is mostly the same process
        return
