"""Get a llama-cpp-python that runs on this very machine: install, prove in a child process, build safer when it dies.

Some processors, above all virtual ones, advertise instructions that kill whoever uses them, and some compilers use
instructions wrongly (AMX is the usual one in both cases: SIGSEGV or SIGILL on the first token). So AMX is probed before
the first build, a build counts only once it has made tokens, and a build that died of a signal is followed by one with
fewer CPU features. Only what scanmend uses is built: llama.cpp's libraries, without the one for images and sound, and
without the one that its programs share. Wheels are kept in a folder for each processor, version and set of build flags;
the next checkout on this machine begins with the one that was proven. pip's cache is left out, since it does not tell
builds with different flags apart.
"""

import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

VERSION = "0.3.36"
REQUIREMENT = f"llama-cpp-python=={VERSION}"
LOCK = Path(__file__).resolve().parent / "locks" / "llama.txt"
"""The same, with the SHA-256 of its source."""

NO_IMAGES = "-DLLAVA_BUILD=OFF"
"""CMake argument: no libmtmd, which reads images and sound for models that take them."""
NO_COMMON = "set(LLAMA_BUILD_COMMON OFF)\n"
"""CMake code: no libllama-common, which llama.cpp's programs share. llama-cpp-python switches it on for good, so no
argument helps; CMake runs this at the beginning of llama.cpp's own project, where it hides what was switched on."""
HOOK = "-DCMAKE_PROJECT_llama.cpp_INCLUDE="
"""CMake argument, to be followed by the path of a file with CMake code (``hook``)."""
ALL_KINDS = "GGML_CPU_ALL_VARIANTS=ON"
"""In the CMake arguments of a build that carries code for each kind of processor (packaging/llama-cmake-args.txt)."""
FEWER_KINDS = r"""
file(READ ggml/src/CMakeLists.txt text)
set(kinds "ivybridge|piledriver|cannonlake|cooperlake|sapphirerapids")
string(REGEX REPLACE "ggml_add_cpu_backend_variant\\((${kinds}) [^)]*\\)" "" text "${text}")
file(WRITE ggml/src/CMakeLists.txt "${text}")
"""
"""CMake code for such a build, run with ``NO_COMMON``. It takes five of fourteen kinds out of llama.cpp's source: one
is never chosen, since it uses AMX (scanmend.llm.inference.cpu_variants); four are of few processors, which run another
kind: Ivy Bridge and Piledriver (2012), Cannon Lake (one notebook chip), Cooper Lake (servers with four sockets)."""
BUILD_TIME = "three to four minutes on 2 cores"
BUILD_TIME_OF_ALL = "half an hour of processor time"
"""The same for a build with ``ALL_KINDS``."""

AMX_FAILS = 3
"""Exit code of the probe (scripts/setup_lib/probe_amx.py) when no build should use AMX."""

CPU_FAULTS = {signal.SIGSEGV, signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE}
"""Deaths that fewer CPU features may cure; SIGKILL (out of memory) or SIGTERM are none."""


class Failed(Exception):
    """A step failed; the message is for the person who runs set-up."""


@dataclass(frozen=True)
class Rung:
    """One way to build, each safer and slower than the one before."""

    name: str
    summary: str
    cmake_args: str = ""
    cflags: str = ""
    x86_only: bool = False


LADDER = (
    Rung("native", "for this processor"),
    Rung("no-amx", "without AMX", cflags="-mno-amx-tile -mno-amx-int8 -mno-amx-bf16", x86_only=True),
    Rung("portable", "for any processor with AVX2", cmake_args="-DGGML_NATIVE=OFF"),
    Rung(
        "baseline",
        "without AVX",
        cmake_args="-DGGML_NATIVE=OFF "
        + " ".join(f"-DGGML_{feature}=OFF" for feature in ("AVX", "AVX2", "FMA", "F16C", "BMI2")),
        x86_only=True,
    ),
)


def ladder(machine: str) -> tuple[Rung, ...]:
    """Return the rungs that mean something on this architecture (as in ``platform.machine()``)."""
    return tuple(r for r in LADDER if not r.x86_only or machine in ("x86_64", "AMD64", "i686"))


@dataclass(frozen=True)
class Proof:
    """How the child that makes a few tokens ended."""

    returncode: int
    output: str

    @property
    def killer(self) -> signal.Signals | None:
        """The signal it died of, also when a shell in between reports it as 128 + n."""
        number = -self.returncode if self.returncode < 0 else self.returncode - 128
        return signal.Signals(number) if number in set(signal.Signals) else None


@dataclass(frozen=True)
class Site:
    """Where a llama-cpp-python is wanted, and the commands that get and prove it."""

    prefix: Path
    """Root of the virtual environment; the log and the note of what is installed lie there."""
    store: Path
    """Where wheels are kept."""
    pip: tuple[str, ...]
    prove: tuple[str, ...]
    probe: tuple[str, ...] = ()
    """Says before the first build, by exit code and in a line, whether AMX fails here; none: nobody asks."""
    cmake_args: str | None = None
    """What the user asks of the build; None: whatever is there stays."""
    borrow: Path | None = None
    """A second store to take a proven wheel from (the one of the user who called sudo)."""
    cpu: str = "unknown"
    machine: str = platform.machine()
    say: Callable[[str], None] = print
    beat_s: float = 15.0

    @property
    def log(self) -> Path:
        """Everything that pip and the compilers said."""
        return self.prefix / "build-llama.log"

    @property
    def note(self) -> Path:
        """What is installed: rung and CMake arguments."""
        return self.prefix / ".scanmend-llama.json"


def install(site: Site) -> Rung:
    """Install the wheel proven on this processor, else one built for it; return its rung, or raise Failed."""
    known = _installed(site)
    if known and (site.cmake_args is None or site.cmake_args == known["cmake_args"]):
        return _rung(known["rung"])
    asked = site.cmake_args or ""
    for store in (site.store, site.borrow):
        found = _proven(store / key(site, asked)) if store else None
        if found:
            rung, wheel = found
            site.say(f"llama-cpp-python {VERSION}: the wheel proven here before ({rung.summary})")
            _put(site, wheel, rung, asked)
            return rung
    rung = _first(site)
    site.say(f"building llama-cpp-python {VERSION} {_what(rung, asked)}")
    _put(site, _build(site, rung, asked), rung, asked)
    return rung


def prove(site: Site) -> str:
    """Make tokens in a child process, with safer and safer builds; return its last line, or raise Failed."""
    known = _installed(site) or {"rung": LADDER[0].name, "cmake_args": site.cmake_args or ""}
    asked, rung = known["cmake_args"], _rung(known["rung"])
    folder = site.store / key(site, asked)
    rungs = iter(r for r in ladder(site.machine) if LADDER.index(r) > LADDER.index(rung))
    while True:
        proof = _try(site)
        if proof.returncode == 0:
            _remember(folder, rung)
            return next(iter(proof.output.strip().splitlines()[-1:]), "")
        if proof.killer not in CPU_FAULTS:
            raise Failed(_unrelated(proof))
        _forget(folder)
        site.say(
            f"llama.cpp built {rung.summary} died of {proof.killer.name}: this processor, or the virtual machine "
            "around it, promises instructions that it does not carry out, or the compiler uses them wrongly"
        )
        rung = _climb(site, rungs, asked)


def key(site: Site, cmake_args: str) -> str:
    """Name of the folder for wheels that may be exchanged: same processor, version, Python and build flags."""
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    flags = [NO_IMAGES, hook(cmake_args), cmake_args, *(os.environ.get(name, "") for name in ("CFLAGS", "CXXFLAGS"))]
    seed = json.dumps([site.machine, site.cpu, VERSION, tag, *flags])
    return f"{VERSION}-{tag}-{hashlib.sha256(seed.encode()).hexdigest()[:12]}"


def hook(cmake_args: str) -> str:
    """Return the CMake code that runs at the beginning of llama.cpp's own project, for a build with these arguments."""
    return NO_COMMON + (FEWER_KINDS if ALL_KINDS in cmake_args else "")


def this_cpu(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Model and features of the processor as the kernel sees it; virtual machines may hide some of them."""
    try:
        text = cpuinfo.read_text("utf-8", "replace")
    except OSError:
        return platform.processor() or "unknown"
    found = re.findall(r"^(?:model name|flags|Features|CPU part)\s*:\s*(.*)$", text.split("\n\n", 1)[0], re.MULTILINE)
    return " | ".join(found) or "unknown"


def watched(site: Site, command: tuple[str, ...], env: Mapping[str, str] | None = None) -> None:
    """Run a long command into the log, saying every ``beat_s`` seconds how far it is; Failed shows the log's end."""
    started = time.monotonic()
    with site.log.open("ab") as log:
        start = log.tell()
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env) as process:
            while True:
                try:
                    code = process.wait(site.beat_s)
                    break
                except subprocess.TimeoutExpired:
                    site.say(f"  … {time.monotonic() - started:.0f} s: {_latest(site.log, start)}")
                except BaseException:
                    process.terminate()
                    raise
    if code:
        tail = "\n".join(f"    {line[:200]}" for line in _lines(site.log, start, 25))
        raise Failed(f"{shlex.join(command)} ended with {code}; the end of {site.log}:\n{tail}")


def _first(site: Site) -> Rung:
    """Return the rung to begin with: the one without AMX where the probe shows that AMX fails."""
    native, no_amx = LADDER[:2]
    if not site.probe or no_amx not in ladder(site.machine):
        return native
    probed = subprocess.run(
        site.probe, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    if line := probed.stdout.decode("utf-8", "replace").strip():
        site.say(line.splitlines()[-1])
    return no_amx if probed.returncode == AMX_FAILS else native


def _climb(site: Site, rungs: Iterator[Rung], asked: str) -> Rung:
    """Build and install the next rung that builds at all."""
    for rung in rungs:
        site.say(f"building llama.cpp {_what(rung, asked)}")
        try:
            wheel = _build(site, rung, asked)
        except Failed as e:
            site.say(f"it does not build {rung.summary}: {e}")
            continue
        _put(site, wheel, rung, asked)
        return rung
    raise Failed("no build of llama.cpp runs on this machine, not even the safest; please report its processor (lscpu)")


def _build(site: Site, rung: Rung, asked: str) -> Path:
    """Return the wheel of that rung from the store, building it first where it is not there."""
    folder = site.store / key(site, asked) / rung.name
    if wheel := _wheel(folder):
        return wheel
    fresh = folder.with_name(f".{rung.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    started = time.monotonic()
    try:
        code = fresh / "hook.cmake"
        code.write_text(hook(asked), "utf-8")
        # with the build tools of locks/build.txt, which are there; pip would fetch others, unchecked
        checked = ("--no-build-isolation", "--require-hashes", "-r", str(LOCK))
        built_here = ("--no-cache-dir", "--no-binary", "llama-cpp-python")
        command = (*site.pip, "wheel", "-v", *built_here, "--no-deps", "-w", str(fresh), *checked)
        watched(site, command, _flags(rung, asked, code))
        code.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        fresh.replace(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    built = _wheel(folder)
    if built is None:
        raise Failed(f"pip made no wheel of {REQUIREMENT} (see {site.log})")
    site.say(f"fetched and built in {time.monotonic() - started:.0f} s")
    return built


def _what(rung: Rung, asked: str) -> str:
    """Say for which processors a build is, and how long it takes."""
    if ALL_KINDS in asked:
        return f"for each kind of processor: {BUILD_TIME_OF_ALL}"
    return f"{rung.summary}: {BUILD_TIME}"


def _flags(rung: Rung, asked: str, code: Path) -> dict[str, str]:
    """Return the environment of a build; what the user asks for comes after what is left out, and so may undo it."""
    env = dict(os.environ)
    env["CMAKE_ARGS"] = f"{NO_IMAGES} {shlex.quote(HOOK + str(code))} {asked} {rung.cmake_args}".strip()
    for name in ("CFLAGS", "CXXFLAGS"):
        if rung.cflags:
            env[name] = f"{env.get(name, '')} {rung.cflags}".strip()
    return env


def _put(site: Site, wheel: Path, rung: Rung, asked: str) -> None:
    """Install the wheel over any other build; what it requires comes with scanmend's own packages."""
    site.note.unlink(missing_ok=True)
    # to pip, the same version built otherwise is the same, so it has to be told to replace it
    watched(site, (*site.pip, "install", "--force-reinstall", "--no-deps", str(wheel)))
    site.note.write_text(json.dumps({"version": VERSION, "rung": rung.name, "cmake_args": asked}), "utf-8")


def _try(site: Site) -> Proof:
    try:
        done = subprocess.run(
            site.prove,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=180,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Proof(1, "no token within 180 s")
    return Proof(done.returncode, done.stdout.decode("utf-8", "replace"))


def _unrelated(proof: Proof) -> str:
    killer = proof.killer
    if killer is None:
        how = f"ended with exit code {proof.returncode}"
    else:
        how = f"was killed by {killer.name}" + (", probably for lack of memory" if killer == signal.SIGKILL else "")
    last = "\n".join(f"    {line[:200]}" for line in proof.output.strip().splitlines()[-12:])
    return f"the proof {how}; that is no fault of the build, so nothing was built again:\n{last}"


def _installed(site: Site) -> dict[str, str] | None:
    try:
        note: dict[str, str] = json.loads(site.note.read_text("utf-8"))
        known = {"rung": _rung(note["rung"]).name, "cmake_args": note["cmake_args"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return known if note.get("version") == VERSION else None


def _rung(name: str) -> Rung:
    return {r.name: r for r in LADDER}[name]


def _proven(folder: Path) -> tuple[Rung, Path] | None:
    try:
        rung = _rung((folder / "proven").read_text("utf-8").strip())
    except (OSError, KeyError):
        return None
    wheel = _wheel(folder / rung.name)
    return (rung, wheel) if wheel else None


def _remember(folder: Path, rung: Rung) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "proven").write_text(rung.name, "utf-8")


def _forget(folder: Path) -> None:
    (folder / "proven").unlink(missing_ok=True)


def _wheel(folder: Path) -> Path | None:
    return next(iter(sorted(folder.glob("llama_cpp_python-*.whl"))), None)


def _lines(log: Path, start: int, count: int) -> list[str]:
    """Return the last lines with text that were written after byte ``start``."""
    with log.open("rb") as f:
        f.seek(start)
        return [line.decode("utf-8", "replace").rstrip() for line in deque((x for x in f if x.strip()), count)]


def _latest(log: Path, start: int) -> str:
    line = next(iter(_lines(log, start, 1)), "starting").strip()
    if step := re.match(r"\[(\d+)/(\d+)\]", line):
        return f"compiling, {step[1]} of {step[2]}"
    return line[:100]
