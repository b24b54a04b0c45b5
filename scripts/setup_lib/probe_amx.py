"""Find out in a second whether code that uses AMX, built as llama.cpp is, runs on this machine.

AMX multiplies tiles, which are registers of up to 1 KiB; llama.cpp uses it wherever ``-march=native`` includes it. Some
machines promise AMX in /proc/cpuinfo, and llama.cpp then dies of SIGILL or SIGSEGV on its first batch. Two causes:

- The processor, or the virtual machine around it, does not carry the instructions out.
- The compiler loses the shape of the tiles. GCC 12.2's ``_tile_loadconfig`` names only the first 8 of the 64 bytes that
  the instruction ``ldtilecfg`` reads (GCC's bug 114098). Once the configuration is a local variable whose place on the
  stack is used again afterwards, ``-O2`` drops the stores of all rows and columns as dead. ``ldtilecfg`` then reads
  zeros for them, and the next tile instruction is illegal (SIGILL); or it reads what lay there, and refuses that
  (SIGSEGV).

The second is what happened on the machine where this program was written, an Intel Xeon (family 6, model 207) under KVM
with Debian 12: llama.cpp died of SIGILL at ``tilezero``. The source below ran and multiplied correctly when built with
``-O1``, or with ``-O3 -fno-dse``; that flag kept the stores in llama.cpp's code as well; and llama.cpp's library as it
was, with nothing but the configuration corrected, made sound text. The processor kept its promise.

So the probe is compiled with llama.cpp's compiler and optimisation, and does what ggml-cpu/amx does, in its shape: ask
the kernel for permission, then in another thread load a configuration from a local variable, load two tiles, multiply
8-bit integers, store the sums. They are compared with the same sums made without AMX. Where the probe fails, it is
built once more without optimisation, which tells the two causes apart.

Exit code 0: AMX runs here, or nothing would use it. 3: do not build with AMX. 1: it cannot be found out. One line on
standard output says why; none where the processor promises no AMX.
"""

import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RUNS, UNKNOWN, FAILS = 0, 1, 3
"""Exit codes. A traceback's exit code is 1, too."""

WRONG_SUMS = 10
"""The compiled probe's exit code when the tiles multiplied wrongly."""
WITHOUT_AMX = 11
"""The compiled probe's exit code when llama.cpp, too, would be compiled without AMX."""
REFUSED = 12
"""The compiled probe's exit code when the kernel refuses AMX, which llama.cpp notices and respects."""

SOURCE = r"""
#if defined(__AMX_INT8__) && defined(__AVX512VNNI__)
#include <cstdint>
#include <immintrin.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

struct Configuration {
    uint8_t palette = 0;
    uint8_t start_row = 0;
    uint8_t reserved[14] = {0};
    uint16_t row_bytes[16] = {0};
    uint8_t rows[16] = {0};
};

struct Product {
    const int8_t (*left)[64];
    const int8_t (*right)[64];
    int32_t (*sums)[16];
    long row_bytes[5];
};

static int8_t left[16][64], right[16][64];
static int32_t sums[16][16];

static inline void configure() {
    alignas(64) Configuration configuration = {};
    configuration.palette = 1;
    configuration.rows[0] = 16; configuration.row_bytes[0] = 64;
    configuration.rows[1] = 16; configuration.row_bytes[1] = 64;
    configuration.rows[2] = 16; configuration.row_bytes[2] = 64;
    _tile_loadconfig(&configuration);
}

__attribute__((noinline)) static void multiply(const Product & product) {
    _tile_zero(0);
    _tile_loadd(1, product.left, product.row_bytes[0]);
    _tile_loadd(2, product.right, product.row_bytes[1]);
    _tile_dpbssd(0, 1, 2);
    _tile_stored(0, product.sums, product.row_bytes[2]);
}

static void work() {
    configure();
    // lies where the configuration lay on the stack, as llama.cpp's next local variables do
    Product product = {left, right, sums, {64, 64, 64, 64, 64}};
    multiply(product);
    _tile_release();
}

int main() {
    const rlimit no_core_dump = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core_dump);
    const int request_permission = 0x1023, tile_data = 18;
    if (syscall(SYS_arch_prctl, request_permission, tile_data)) return 12;
    for (int row = 0; row < 16; row++)
        for (int i = 0; i < 64; i++) {
            left[row][i] = row + i - 40;
            right[row][i] = 3 * row - i;
        }
    std::thread(work).join();
    for (int row = 0; row < 16; row++)
        for (int column = 0; column < 16; column++) {
            int32_t sum = 0;
            for (int i = 0; i < 64; i++) sum += left[row][i] * right[i / 4][4 * column + i % 4];
            if (sum != sums[row][column]) return 10;
        }
    return 0;
}
#else
int main() { return 11; }
#endif
"""


HARMLESS = {
    0: "probed, it runs here",
    WITHOUT_AMX: "this compiler does not use it",
    REFUSED: "the kernel keeps it from programs, and llama.cpp then does without",
}
"""The compiled probe's exit codes after which llama.cpp may be built as if AMX ran."""


@dataclass(frozen=True)
class Verdict:
    """What the probe found: an exit code of this program, and the line that says why."""

    code: int
    reason: str = ""


class NoProbe(Exception):
    """The probe could not be built or started; the message says why."""


def verdict(compiler: Sequence[str], cpuinfo: Path = Path("/proc/cpuinfo")) -> Verdict:
    """Build and run the probe where the processor promises AMX; never raises for what the compiler does."""
    if not promised(cpuinfo):
        return Verdict(RUNS)
    try:
        code = _run(compiler, ("-O3", "-march=native"))
        if code in HARMLESS:
            return Verdict(RUNS, f"AMX: {HARMLESS[code]}")
        unoptimised = _run(compiler, ("-O0", "-march=native"))
    except NoProbe as e:
        return Verdict(UNKNOWN, f"AMX: promised by the processor, but not probed: {e}")
    how = "multiplied wrongly" if code == WRONG_SUMS else f"died of {_killer(code)}"
    if unoptimised == 0:
        why = f"unoptimised it runs, so {compiler[0]} compiles it wrongly"
    else:
        why = "this processor, or the virtual machine around it, promises what it does not carry out"
    return Verdict(FAILS, f"AMX: the probe {how}; {why}")


def promised(cpuinfo: Path) -> bool:
    """Whether the kernel lists AMX among the processor's features."""
    try:
        return re.search(r"^flags\s*:.*\bamx_int8\b", cpuinfo.read_text("utf-8", "replace"), re.MULTILINE) is not None
    except OSError:
        return False


def this_compiler() -> tuple[str, ...]:
    """The C++ compiler that CMake takes for llama.cpp, with the flags of the environment, which CMake puts first."""
    found = shlex.split(os.environ.get("CXX", "")) or [n for n in ("c++", "g++", "clang++") if shutil.which(n)][:1]
    return (*(found or ["c++"]), *shlex.split(os.environ.get("CXXFLAGS", "")))


def _run(compiler: Sequence[str], flags: Sequence[str]) -> int:
    """Return the probe's exit code, negative for a signal, or raise NoProbe."""
    with tempfile.TemporaryDirectory(prefix="scanmend-amx-") as folder:
        program = Path(folder, "probe")
        command = (*compiler, *flags, "-pthread", "-x", "c++", "-", "-o", str(program))
        try:
            built = subprocess.run(command, input=SOURCE.encode(), capture_output=True, timeout=60, check=False)
            if built.returncode:
                said = built.stderr.decode("utf-8", "replace").strip().splitlines()
                raise NoProbe(f"{compiler[0]} ended with {built.returncode}: {said[0][:200] if said else 'no message'}")
            code = subprocess.run((program,), stdin=subprocess.DEVNULL, timeout=20, check=False).returncode
        except (OSError, subprocess.TimeoutExpired) as e:
            raise NoProbe(str(e)) from e
    if code > 0 and code not in {WRONG_SUMS, *HARMLESS}:
        raise NoProbe(f"it ended with exit code {code}")
    return code


def _killer(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def main() -> int:
    """Print the reason, return the exit code."""
    if platform.system() != "Linux":
        return RUNS
    found = verdict(this_compiler())
    if found.reason:
        print(found.reason)
    return found.code


if __name__ == "__main__":
    sys.exit(main())
