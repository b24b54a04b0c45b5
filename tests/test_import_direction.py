"""Imports point one way, and each big dependency has one door."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "daemon" / "scanmend"

LAYERS = (
    {"errors"},
    {"yaml_lines", "glossary_file", "language_codes", "room", "heap"},
    {"complaints"},
    {"values"},
    {"document", "config"},
    {"database", "entry", "files"},
    {"ledger", "lock", "child", "notify", "exposure", "storage", "config_file"},
    {"intake", "ocr", "correct", "llm", "outbox"},
    {"traces", "salvage", "keeper"},
    {"pipeline", "outputs", "hooks", "claims", "watch", "admission", "check"},
    {"workload", "pauses", "folders", "status_file"},
    {"custody", "oneshot"},
    {"service"},
    {"report", "progress"},
    {"cli", "commands", "__main__"},
)
"""From the bottom up: a part imports itself and what lies in lower layers, never a neighbour."""

NEIGHBOURS = {("llm", "correct"), ("ocr", "outbox"), ("cli", "commands"), ("commands", "cli"), ("__main__", "cli")}
"""The exceptions: the model's process runs the proposers and the judge, page processes make outputs that show pages,
and the command line may be in two places.
"""

DOORS = {
    "llama_cpp": ("llm/engine.py",),
    "pytesseract": ("ocr/tesseract.py",),
    "pymupdf": ("ocr/render.py", "ocr/born.py", "outbox/pdf.py", "outbox/sheets.py"),
    "fitz": (),
    "PIL": (
        "ocr/render.py",
        "ocr/blank.py",
        "ocr/treatment.py",
        "outbox/pdf.py",
        "outbox/picture.py",
        "outbox/sheets.py",
    ),
    "watchdog": ("intake/doorbell.py",),
    "pynvml": ("llm/gpu.py",),
    "huggingface_hub": ("llm/hub*.py",),
    "typer": ("cli.py", "commands/*.py"),
    "rich": ("cli.py", "progress.py", "commands/*.py"),
}
"""The only modules that may import a package."""


def part_of(path: Path) -> str:
    """Which part of scanmend a module (relative to the package) belongs to; empty for ``scanmend`` itself."""
    name = path.parts[0].removesuffix(".py")
    return "" if name == "__init__" else name


def imported(path: Path, root: Path) -> Iterator[tuple[int, str]]:
    """Yield line and absolute name of everything that a module imports, wherever in it."""
    package = ("scanmend", *path.relative_to(root).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def violations(root: Path) -> list[str]:
    """Name every import below ``root`` (the folder of the package scanmend) that goes the wrong way or past a door."""
    rank = {part: i for i, layer in enumerate(LAYERS) for part in layer}
    parts = {part_of(p.relative_to(root)) for p in root.rglob("*.py")} - {""}
    found = [f"{part}: belongs to no layer; give it one in LAYERS" for part in sorted(parts - set(rank))]
    for path in sorted(root.rglob("*.py")):
        here = path.relative_to(root)
        mine = part_of(here)
        for line, name in imported(path, root):
            top, _, rest = name.partition(".")
            if top == "scanmend":
                theirs = rest.partition(".")[0]
                if theirs not in parts or theirs == mine or (mine, theirs) in NEIGHBOURS:
                    continue
                if rank.get(theirs, 0) >= rank.get(mine, -1 if mine == "" else len(LAYERS)):
                    found.append(f"{here}:{line}: {mine or 'scanmend'} must not import {theirs}")
            elif not any(fnmatchcase(here.as_posix(), door) for door in DOORS.get(top, ("*",))):
                found.append(f"{here}:{line}: {top} is only for {' and '.join(DOORS[top]) or 'nobody'}")
    return found


def test_imports_point_one_way_and_go_through_the_doors():
    """cli, service, pipeline, stages, ledger, values: each knows only what lies below it."""
    assert violations(SOURCE) == []


def test_there_is_something_to_check():
    """A checker that looks at an empty folder would always be content."""
    assert len(list(SOURCE.rglob("*.py"))) > 5
    assert ("config.py", "scanmend.errors.ConfigError") in {
        (p.name, name) for p in SOURCE.glob("*.py") for _, name in imported(p, SOURCE)
    }


@pytest.fixture
def tree(tmp_path):
    """Build a small package in which every part exists and nothing is wrong."""
    root = tmp_path / "scanmend"
    for stage in ("intake", "ocr", "correct", "llm", "outbox", "commands"):
        (root / stage).mkdir(parents=True)
        (root / stage / "__init__.py").touch()
    for part in ("__init__", "errors", "document", "config", "ledger", "pipeline", "service", "cli"):
        (root / f"{part}.py").touch()
    return root


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("document.py", "from scanmend.service import Service"),
        ("document.py", "import scanmend.ledger"),
        ("ledger.py", "from scanmend import pipeline"),
        ("ocr/worker.py", "from scanmend.correct.judge import judge"),
        ("ocr/worker.py", "from ..pipeline import run"),
        ("correct/judge.py", "from scanmend.llm import engine"),
        ("pipeline.py", "def f():\n    from scanmend.cli import main"),
        ("service.py", "if TYPE_CHECKING:\n    from scanmend import cli"),
        ("__init__.py", "from scanmend.errors import ScanmendError"),
        ("config.py", "import llama_cpp"),
        ("llm/host.py", "from llama_cpp import Llama"),
        ("ocr/worker.py", "import pytesseract"),
        ("ocr/tesseract.py", "from PIL import Image"),
        ("ocr/render.py", "import fitz"),
        ("intake/settle.py", "from watchdog.events import FileSystemEvent"),
        ("llm/slot.py", "import pynvml as nvml"),
        ("llm/fetch.py", "import huggingface_hub.utils"),
        ("service.py", "import typer"),
        ("pipeline.py", "from rich.progress import Progress"),
        ("utils.py", "import os"),
    ],
)
def test_a_planted_wrong_import_is_found(tree, module, text):
    """Whatever its form: absolute, relative, inside a function, only for types, or a module without a layer."""
    (tree / module).write_text(text)
    assert len(violations(tree)) == 1


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (
            "cli.py",
            "import typer\nfrom rich.table import Table\nfrom scanmend import service, pipeline, errors, commands",
        ),
        ("commands/check.py", "import typer\nfrom scanmend.ocr import tesseract\nfrom scanmend import cli"),
        ("pipeline.py", "from scanmend.ocr.pool import Pool\nfrom scanmend import ledger, __version__"),
        ("llm/host.py", "from scanmend.correct.judge import judge\nfrom .engine import Engine\nfrom . import names"),
        ("llm/hub_files.py", "import huggingface_hub"),
        ("ocr/render.py", "import pymupdf\nfrom PIL import Image"),
        ("config.py", "from scanmend.errors import ConfigError"),
    ],
)
def test_what_is_right_is_let_through(tree, module, text):
    """Downwards, within a part, and through the right door."""
    (tree / module).write_text(text)
    assert violations(tree) == []
