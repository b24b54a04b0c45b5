"""Imports point one way, and each big dependency has one door."""

import ast
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from project import ROOT

SOURCE = ROOT / "daemon" / "scanmend"

ROOMS = {
    "error_codes": "",
    "errors": "error_codes",
    "document": "",
    "process": "errors document",
    "fs": "errors",
    "language": "errors document",
    "correct.lexicon": "document language",
    "correct.figures": "document",
    "correct.two_readers": "document correct.lexicon correct.figures",
    "correct.number_states": "document correct.lexicon correct.two_readers",
    "correct": "errors document correct.lexicon correct.two_readers correct.number_states",
    "second_reader": "errors document process language correct correct.lexicon correct.two_readers",
    "assembly": "errors document",
    "naming": "",
    "config": "errors fs assembly naming",
    "ledger": "errors document fs",
    "layout": "document",
    "source.packed": "",
    "source.pdf": "document fs source.packed",
    "source.image": "errors fs source.packed",
    "source.pdf_content": "",
    "source": "errors document fs language layout source.pdf source.image source.pdf_content",
    "marks": "document",
    "ocr": "errors document language layout marks process source",
    "outputs": "errors error_codes document fs language assembly",
    "fields.recognise": "document correct.figures outputs",
    "fields": "document config correct.figures fields.recognise",
    "outputs.pdf": "errors document fs outputs source source.pdf source.image source.pdf_content",
    "pageworkers": "errors document fs process assembly correct second_reader source ocr outputs outputs.pdf",
    "pageworkers.remote": "errors document fs language config second_reader source pageworkers",
    "llm.store": "errors document fs process config",
    "llm.inference": "errors document config process correct correct.lexicon llm.store",
    "llm.remote": "errors document fs config process correct correct.lexicon",
    "llm.scheduler": "errors document fs config process correct llm.store llm.remote",
    "metrics": "errors process fs config ledger",
    "notify": "errors config process ledger",
    "intake": "errors document config fs source.pdf source.image",
    "jobs": "errors error_codes document process fs language assembly naming config ledger source outputs fields "
    "pageworkers correct llm.scheduler intake",
    "review.doubt": "errors document correct.two_readers outputs fields",
    "review": "errors document fs correct.lexicon assembly config ledger source outputs fields pageworkers jobs "
    "review.doubt",
    "service": "errors document process fs assembly config ledger pageworkers llm.scheduler intake jobs review",
    "control": "errors document process fs config ledger outputs llm.scheduler intake jobs review review.doubt service",
    "web.desk": "document ledger review review.doubt",
    "web": "errors document fs control review review.doubt web.desk",
    "control.http.api": "control ledger review review.doubt",
    "control.http": "errors fs config control metrics review.doubt control.http.api",
    "commands": "errors error_codes document fs language assembly second_reader config ledger outputs pageworkers "
    "pageworkers.remote llm.store llm.remote llm.scheduler intake notify jobs review review.doubt service control "
    "control.http",
    "commands.first_steps": "errors fs config language second_reader llm.scheduler llm.store service commands",
    "commands.report": "errors language config process ledger llm.store llm.scheduler notify control commands",
    "api": "document errors config pageworkers pageworkers.remote llm.store llm.scheduler jobs commands",
    "": "api config",
    "cli": "api errors error_codes config llm.scheduler metrics notify service control web control.http "
    "commands commands.first_steps commands.report",
}
"""Each room and the rooms it may import, all of which stand above it; within a room everybody may import everybody."""

DOORS = {
    "dask": ("pageworkers/remote/cluster.py",),
    "distributed": ("pageworkers/remote/cluster.py", "pageworkers/remote/tasks.py"),
    "httpx2": ("llm/remote/client.py",),
    "llama_cpp": ("llm/inference/engine.py",),
    "pytesseract": ("ocr/tesseract.py",),
    "pymupdf": (
        "source/damage.py",
        "source/render_pdf.py",
        "source/pdf_text.py",
        "source/pdf/*.py",
        "source/packed/fax.py",
        "source/packed/jbig2.py",
        "source/packed/jpx.py",
        "source/preview.py",
        "source/image/mupdf_image.py",
        "source/pdf_content/*.py",
        "outputs/pdf/from_pdf.py",
        "outputs/pdf/joined.py",
        "outputs/pdf/repaired.py",
        "outputs/pdf/selection.py",
    ),
    "pi_heif": ("source/image/heic.py",),
    "fitz": (),
    "PIL": (
        "source/image/*.py",
        "source/render_image.py",
        "source/blank.py",
        "source/packed/jpeg.py",
        "source/preview.py",
        "ocr/transform.py",
        "outputs/pdf/image.py",
    ),
    "openvino": ("second_reader/network.py",),
    "pikepdf": ("outputs/pdf/archival.py",),
    "zxingcpp": ("marks/barcodes.py",),
    "cv2": ("second_reader/image.py",),
    "rapidocr": (),
    "watchdog": ("intake/fs_events.py",),
    "pynvml": ("llm/scheduler/gpu_memory.py",),
    "apprise": ("notify/host.py",),
    "prometheus_client": ("metrics/exposition.py",),
    "huggingface_hub": ("llm/store/hub*.py",),
    "typer": ("cli.py", "commands/*.py"),
    "rich": ("cli.py", "commands/*.py"),
    "starlette": ("control/http/*.py", "control/http/api/*.py", "web/*.py"),
    "uvicorn": ("control/http/server.py",),
    "jinja2": ("web/templates.py",),
    "anyio": ("control/http/server.py", "llm/remote/client.py"),
}
"""The only modules that may import a package."""

MODULES_MOST = 12
"""Modules in a folder, door plate aside."""
PLATE_LINES = range(5, 16)
"""Lines that a door plate may have."""


def room_of(path: Path) -> str:
    """Which room a module (relative to the package) belongs to; empty for ``scanmend`` itself."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1]) if len(parts) > 1 else parts[0].replace("__init__", "")


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
    modules = {".".join(p.relative_to(root).with_suffix("").parts) for p in root.rglob("*.py")}
    rooms = {room_of(p.relative_to(root)) for p in root.rglob("*.py")} - {""}
    found = [f"{room}: is no room yet; give it a line in ROOMS" for room in sorted(rooms - set(ROOMS) - {"llm"})]
    for path in sorted(root.rglob("*.py")):
        here = path.relative_to(root)
        mine = room_of(here)
        for line, name in imported(path, root):
            top, _, rest = name.partition(".")
            if top == "scanmend":
                theirs = _room_named(rest, modules)
                if theirs and theirs != mine and theirs not in ROOMS.get(mine, "").split():
                    found.append(f"{here}:{line}: {mine or 'scanmend'} must not import {theirs}")
            elif not any(fnmatchcase(here.as_posix(), door) for door in DOORS.get(top, ("*",))):
                found.append(f"{here}:{line}: {top} is only for {' and '.join(DOORS[top]) or 'nobody'}")
    return found


def _room_named(name: str, modules: set[str]) -> str:
    """Return the room that an imported name (below scanmend) lies in; empty where it is none of the package's."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        if ".".join(parts[:end]) in modules:
            return ".".join(parts[: end - 1]) or parts[0]
        if ".".join((*parts[:end], "__init__")) in modules:
            return ".".join(parts[:end])
    return ""


def test_imports_point_one_way_and_go_through_the_doors():
    """Values, stores, stages, jobs, service, commands: each room knows only rooms above it in the table."""
    assert violations(SOURCE) == []


def test_the_table_itself_points_one_way():
    """A room may only import rooms that stand above it, so that no circle can be permitted."""
    order = list(ROOMS)
    wrong = [
        (room, other)
        for room, others in ROOMS.items()
        for other in others.split()
        if other not in order[: order.index(room)]
    ]
    assert wrong == []


def test_what_the_table_permits_is_used():
    """A permission that nobody needs any more goes, so that the table shows how things are."""
    modules = {".".join(p.relative_to(SOURCE).with_suffix("").parts) for p in SOURCE.rglob("*.py")}
    used = {
        (room_of(path.relative_to(SOURCE)), _room_named(name.partition(".")[2], modules))
        for path in SOURCE.rglob("*.py")
        for _, name in imported(path, SOURCE)
        if name.startswith("scanmend.")
    }
    assert {(room, other) for room, others in ROOMS.items() for other in others.split()} - used == set()


def test_no_folder_is_crowded():
    """Whoever opens a room can take it in at one look; at the top there are three modules."""
    count = Counter(p.parent for p in SOURCE.rglob("*.py") if p.name != "__init__.py")
    assert {folder.name: n for folder, n in count.items() if n > MODULES_MOST} == {}
    assert {p.name for p in SOURCE.glob("*.py")} == {
        "__init__.py",
        "cli.py",
        "document.py",
        "errors.py",
    }


def test_every_room_has_a_door_plate_and_nothing_behind_it():
    """Each ``__init__`` is a docstring that a newcomer can read; it imports nothing, so that idle stays small."""
    for file in sorted(SOURCE.rglob("*/__init__.py")):
        body = ast.parse(file.read_text("utf-8")).body
        assert len(body) == 1, f"{file}: more than a docstring"
        assert len(file.read_text("utf-8").splitlines()) in PLATE_LINES, f"{file}: the door plate has an odd length"


def test_there_is_something_to_check():
    """A checker that looks at an empty folder would always be content."""
    assert len(list(SOURCE.rglob("*.py"))) > 5
    assert ("schema.py", "scanmend.errors.ConfigError") in {
        (p.name, name) for p in (SOURCE / "config").glob("*.py") for _, name in imported(p, SOURCE)
    }


@pytest.fixture
def tree(tmp_path):
    """Build a small package in which every room exists and nothing is wrong."""
    root = tmp_path / "scanmend"
    for room in ROOMS:
        if room not in ("errors", "document", "cli"):
            folder = root.joinpath(*room.split("."))
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "__init__.py").touch()
    for module in (
        *("__init__", "errors", "document", "cli", "config/schema", "ledger/ledger", "service/service"),
        *("jobs/pipeline", "pageworkers/pool", "correct/judge", "llm/inference/engine", "ocr/tesseract"),
    ):
        (root / f"{module}.py").touch()
    return root


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("document.py", "from scanmend.service.service import Service"),
        ("document.py", "import scanmend.ledger.ledger"),
        ("ledger/ledger.py", "from scanmend.jobs import pipeline"),
        ("pageworkers/worker.py", "from scanmend.correct.lexicon.tokens import neighbours"),
        ("pageworkers/worker.py", "from ..jobs.pipeline import run"),
        ("correct/judge.py", "from scanmend.llm.inference import engine"),
        ("jobs/pipeline.py", "def f():\n    from scanmend.cli import main"),
        ("service/service.py", "if TYPE_CHECKING:\n    from scanmend import cli"),
        ("__init__.py", "from scanmend.errors import ScanmendError"),
        ("config/schema.py", "import llama_cpp"),
        ("llm/inference/host.py", "from llama_cpp import Llama"),
        ("pageworkers/worker.py", "import pytesseract"),
        ("ocr/tesseract.py", "from PIL import Image"),
        ("source/render.py", "import fitz"),
        ("intake/settle.py", "from watchdog.events import FileSystemEvent"),
        ("llm/scheduler/model_slot.py", "import pynvml as nvml"),
        ("llm/store/download_process.py", "import huggingface_hub.utils"),
        ("second_reader/detect.py", "import cv2"),
        ("second_reader/read.py", "from openvino import Core"),
        ("second_reader/weights.py", "import rapidocr"),
        ("ocr/page_marks.py", "import zxingcpp"),
        ("service/service.py", "import typer"),
        ("jobs/pipeline.py", "from rich.progress import Progress"),
        ("utils.py", "import os"),
        ("tools/utils.py", "import os"),
        ("llm/utils.py", "from scanmend.llm.inference import engine"),
    ],
)
def test_a_planted_wrong_import_is_found(tree, module, text):
    """Whatever its form: absolute, relative, inside a function, only for types, or a module that is in no room."""
    (tree / module).parent.mkdir(exist_ok=True)
    (tree / module).write_text(text)
    assert len(violations(tree)) == 1


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("cli.py", "import typer\nfrom rich.table import Table\nfrom scanmend import service, errors, commands"),
        ("commands/check.py", "import typer\nfrom scanmend.llm.store import store\nfrom scanmend import config"),
        ("jobs/pipeline.py", "from scanmend.pageworkers.pool import Pool\nfrom scanmend import ledger, __version__"),
        (
            "llm/inference/host.py",
            "from scanmend.correct.judge import judge\nfrom .engine import Engine\nfrom . import x",
        ),
        ("llm/store/hub_files.py", "import huggingface_hub"),
        ("source/preview.py", "import pymupdf\nfrom PIL import Image"),
        ("config/schema.py", "from scanmend.errors import ConfigError"),
    ],
)
def test_what_is_right_is_let_through(tree, module, text):
    """To rooms above it in the table, within a room, and through the right door."""
    (tree / module).write_text(text)
    assert violations(tree) == []
