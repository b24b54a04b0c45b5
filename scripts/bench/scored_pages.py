"""Page images with their ground truth, and the scorer that compares texts; shared by the benchmarks beside it."""

import hashlib
import importlib.util
from pathlib import Path
from types import ModuleType

LANGUAGES = {"fr": "fra", "de": "deu", "es": "spa", "nl": "nld"}
"""Tesseract's language by the two letters that begin or end the name of a set of pages."""


def page_images(folder: Path, half: str, limit: int) -> list[Path]:
    """Return at most ``limit`` images of a folder that have a ground truth and belong to the half, sorted by name."""
    found = sorted(p for p in folder.iterdir() if p.suffix in {".png", ".jpg"} and p.with_suffix(".gt.txt").exists())
    return [p for p in found if in_half(p.stem, half)][:limit]


def ground_truth(image: Path) -> str:
    """Return the true text of a page, from the ``.gt.txt`` file beside its image."""
    return image.with_suffix(".gt.txt").read_text("utf-8")


def language_of(folder: Path) -> str:
    """Guess Tesseract's language from a set's name, such as ``tapuscorpus_fr``; English where it names none."""
    named = (
        long for short, long in LANGUAGES.items() if folder.name.endswith(f"_{short}") or folder.name[:3] == f"{short}_"
    )
    return next(named, "eng")


def in_half(name: str, half: str) -> bool:
    """Whether a document belongs to a half (``odd``, ``even`` or ``all``), by a hash of its name."""
    odd = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 2 == 1
    return half == "all" or odd == (half == "odd")


def load_scorer(path: Path) -> ModuleType:
    """Load a Python file with a function ``score(rows, fold)``; ends the script where it is no Python file."""
    spec = importlib.util.spec_from_file_location("scorer", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
