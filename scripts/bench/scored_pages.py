"""Page images with their ground truth, and what texts are compared by; shared by the benchmarks beside it."""

import hashlib
import importlib.util
import re
from collections import Counter
from pathlib import Path
from types import ModuleType

from rapidfuzz.distance import Levenshtein

LANGUAGES = {"en": "eng", "fr": "fra", "de": "deu", "es": "spa", "it": "ita", "nl": "nld"}
"""Tesseract's language by the two letters that begin or end the name of a set, or that end the name of a page."""
NUMBER = re.compile(r"\d[\d.,:/\-]*\d|\d")
"""Finds numbers, with the separators inside them."""
LINE_END_HYPHEN = re.compile(r"(?<=\w)[-¬] (?=[^\W\d_A-Z])")
"""Finds the hyphen and the blank where a word was broken at the end of a line."""


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


def language_of_page(image: Path) -> str:
    """Return Tesseract's language of a page from the end of its name, such as ``letters_02_de``, or from its set's."""
    return LANGUAGES.get(image.stem.rpartition("_")[2]) or language_of(image.parent)


def normal(text: str, *, fold: bool = False) -> str:
    """Return a text as it is compared: white space collapsed, words joined that a line's end broke, case folded."""
    text = LINE_END_HYPHEN.sub("", " ".join(text.split()))
    return text.upper() if fold else text


def edits_between(text: str, truth: str, *, fold: bool = False) -> int:
    """Return how many characters have to change for a text to become the truth, both made ``normal``."""
    return Levenshtein.distance(normal(text, fold=fold), normal(truth, fold=fold))


def numbers(text: str) -> Counter[str]:
    """Return how often each number stands in a text."""
    return Counter(NUMBER.findall(normal(text)))


def words(text: str, *, fold: bool = False) -> Counter[str]:
    """Return how often each word stands in a text, whatever their order."""
    return Counter(normal(text, fold=fold).split())


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
