"""The C library's heap, kept small over months: one arena for all threads, and free memory given back to the system.

glibc gives threads arenas of their own so that they need not wait for each other; with Python's global lock they hardly
do, and each arena keeps what it once needed. See mallopt(3) and malloc_trim(3). Elsewhere (musl) nothing is done.
"""

import ctypes

TRIM_INTERVAL_S = 60.0
"""How often free memory is given back to the system, in seconds; it takes about a millisecond."""
_M_ARENA_MAX = -8
"""The parameter of mallopt(3) that limits the number of arenas."""


def use_one_arena() -> bool:
    """Have threads that start from now on share the first arena; return whether the C library can."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_ARENA_MAX, 1) == 1


def trim_heap() -> bool:
    """Give free memory back; return whether there was any."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return malloc_trim is not None and malloc_trim(ctypes.c_size_t(0)) == 1
