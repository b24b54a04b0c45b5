"""How much memory a page worker may take: files that grow beyond all measure while they are decoded cost one page."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BASE_MIB = 1024
"""For libraries, word lists, MuPDF's store (256 MiB) and Tesseract's models."""
BYTES_PER_PIXEL = 12
"""Of the largest page allowed: Pillow takes up to 10 (16 bits a sample, by way of floats), Tesseract 5."""
OF_ALL = 0.75
"""Share of the machine's memory that no worker exceeds, whatever the configuration allows."""


def allowance(max_megapixels: float) -> int:
    """Bytes of private memory that reading one page may take, in the worker and in Tesseract each."""
    all_of_it = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    wanted = BASE_MIB * 2**20 + int(max_megapixels * 1e6) * BYTES_PER_PIXEL
    return min(wanted, int(OF_ALL * all_of_it))


@contextmanager
def bounded(max_megapixels: float) -> Iterator[None]:
    """Let allocations beyond the allowance fail, in this process and in those that it starts; MemoryError."""
    with _at_most(resource.RLIMIT_DATA, allowance(max_megapixels)):
        yield


@contextmanager
def short_files(most: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes, here (OSError) and in processes that are started (SIGXFSZ ends them)."""
    with _at_most(resource.RLIMIT_FSIZE, most):
        yield


@contextmanager
def _at_most(what: int, most: int) -> Iterator[None]:
    """Lower a limit of this process for a while; one that is lower already stays."""
    soft, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(what, (soft, hard))


def die_first() -> None:
    """When memory runs out all the same, let the kernel end this process before others."""
    try:
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")
    except OSError:  # no /proc, or a sandbox: then it chooses by size, which mostly is the same
        return
