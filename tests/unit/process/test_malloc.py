"""scanmend.process.malloc on the real heap of a fresh process."""

import ctypes
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="this C library has no arenas")

ARENAS = """
import ctypes, sys, threading
from scanmend.process import malloc
if "shared" in sys.argv:
    malloc.use_one_arena()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
together = threading.Barrier(6)
def work():
    together.wait()
    for _ in range(1000):
        libc.malloc(ctypes.c_size_t(300))
    together.wait()
threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(None)
"""
HOLES = """
import ctypes
from scanmend.process import malloc
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def rss():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
def filled():
    at = libc.malloc(ctypes.c_size_t(60_000))
    ctypes.memset(ctypes.c_void_p(at), 1, 60_000)
    return at
blocks = [filled() for _ in range(1000)]
for block in blocks[:-1]:  # the last one holds the heap's end where it is
    libc.free(ctypes.c_void_p(block))
before = rss()
print(malloc.trim_heap(), before - rss() > 40_000_000)
"""


def said(code: str, *arguments: str) -> str:
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return ran.stdout


def test_threads_share_one_arena():
    assert said(ARENAS).count("<heap nr=") > 1
    assert said(ARENAS, "shared").count("<heap nr=") == 1


def test_what_is_free_goes_back_though_the_end_of_the_heap_is_in_use():
    assert said(HOLES).split() == ["True", "True"]
