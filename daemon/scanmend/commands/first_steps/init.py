"""``scanmend init``: asks a few questions, writes a first configuration, makes its folders, and checks it."""

import os
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import typer

from scanmend.commands import check
from scanmend.commands.first_steps.config_text import Answers, text
from scanmend.commands.options import USAGE, fail
from scanmend.config.load import load
from scanmend.config.search import NAME
from scanmend.errors import ConfigError, OcrError, StorageError
from scanmend.fs import atomic
from scanmend.language.installed import FALLBACK, installed_languages
from scanmend.llm.scheduler import gpu_memory
from scanmend.llm.scheduler.gpu_memory import MIB
from scanmend.service.startup import make_folders

LARGE_NEEDS_MIB = 4500.0
"""GPU memory that the larger model takes, with its context, in MiB; 3.3 GB are its weights."""
_LOCALES = {"en": "eng", "de": "deu", "es": "spa", "fr": "fra", "it": "ita", "nl": "nld", "pt": "por", "pl": "pol"}
"""Tesseract's names for the languages of locales."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says already; None where it leaves the question open."""

    folder: Path | None = None
    """Where configuration and scans go."""
    name: str | None = None
    languages: str | None = None
    """Names with commas between them."""
    outputs: str | None = None
    web: bool | None = None
    large_model: bool | None = None


Ask = Callable[[str, str], str]
"""Puts a question with a default to the user, and returns the answer."""


def run(given: Given, *, yes: bool) -> None:
    """Ask, write, make folders and check; nothing that is there is overwritten. ConfigError, StorageError.

    ``yes``: take the default wherever the command line says nothing.
    """
    if not yes and not sys.stdin.isatty():
        fail("there is no terminal to ask on; give --yes, and flags for what should be otherwise", USAGE)
    ask: Ask = (lambda _question, default: default) if yes else _ask
    folder = (given.folder or Path(ask("Folder for configuration and scans", "~/scanmend"))).expanduser().absolute()
    path = folder / NAME
    if os.path.lexists(path):
        raise StorageError(f"{path} is there already and stays as it is; name another folder")
    write(path, text(answered(given, ask)))
    config = load(path)
    make_folders(config)
    typer.echo(f"written: {path}")
    check.run(config)
    typer.echo(f"next: scanmend run --config {path}    and drop a scan into {config.folders[0].inbox}")


def answered(given: Given, ask: Ask) -> Answers:
    """Return the answers, from the command line or else from the user."""
    gpu = gpu_memory.measure()
    room = gpu is not None and gpu.total_mib >= LARGE_NEEDS_MIB
    name = given.name or ask("Name of the first folder", "scans")
    languages = given.languages or ask(f"Languages of its scans ({_installed()}; or auto)", default_language())
    outputs = given.outputs or ask("Outputs (txt, md, hocr, pdf, html, json)", "txt, pdf, json")
    web = given.web if given.web is not None else _yes(ask("Web page for this machine?", "yes"))
    large = given.large_model
    if large is None:
        large = room and _yes(ask("Use the GPU with a larger model (3.3 GB to download)?", "no"))
    return Answers(name, _names(languages), _names(outputs), web, large, _shown(gpu))


def default_language(environ: dict[str, str] | None = None) -> str:
    """Return the language of the user's locale where Tesseract has it, else English."""
    variables = os.environ if environ is None else environ
    locale = variables.get("LC_ALL") or variables.get("LC_MESSAGES") or variables.get("LANG") or ""
    language = _LOCALES.get(locale[:2], FALLBACK)
    try:
        return language if language in installed_languages() else FALLBACK
    except OcrError:
        return language


def write(path: Path, content: str) -> None:
    """Write a configuration that can be used, and no other; ConfigError, StorageError."""
    try:
        with tempfile.TemporaryDirectory(prefix="scanmend-") as elsewhere:
            draft = Path(elsewhere, NAME)
            draft.write_text(content, "utf-8")
            load(draft, environ={})
        path.parent.mkdir(parents=True, exist_ok=True)
    except ConfigError as e:
        where = re.compile(rf"{re.escape(str(draft))}:\d+: ")  # a file that nobody will see
        raise ConfigError([where.sub("nothing was written: ", problem) for problem in e.problems]) from e
    except OSError as e:
        raise StorageError(f"{path} cannot be written: {e.strerror}") from e
    atomic.publish(path, content.encode())


def _ask(question: str, default: str) -> str:
    return str(typer.prompt(question, default=default)).strip()


def _names(value: str) -> tuple[str, ...]:
    return tuple(value.replace(",", " ").split())


def _yes(answer: str) -> bool:
    return answer.lower() in ("y", "yes", "true", "on", "1")


def _installed() -> str:
    try:
        return ", ".join(sorted(installed_languages() - {"osd"}))
    except OcrError:
        return "Tesseract is not installed yet"


def _shown(gpu: gpu_memory.GpuMemory | None) -> str:
    return "" if gpu is None else f"{gpu.gpus} with {gpu.total_mib * MIB / 1e9:.0f} GB in all"
