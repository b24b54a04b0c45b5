#!/usr/bin/env python3
"""What each step of image preparation does to OCR, scored against ground truth: a row for each set, a column per step.

    bench/preprocessing.py --scorer SCORE.py --pages DIR … [--ways off all turn …] [--wear none turned90 askew3 …]
                     [--half odd|even|all] [--limit N] [--jobs N]

Prints a Markdown table: raw CER and CPU seconds per page with everything off, with each step alone, and with all.
``--wear`` measures copies of the pages that are degraded first: turned, askew, shrunk, unevenly lit, inverted. Pages
are rendered and read by the functions that page workers run. The scorer, and the split by a hash of the page's name,
are those of bench/correction.py: the even half decided which steps there are.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image, ImageOps

from scanmend.ocr import preprocess
from scanmend.source import render
from scanmend.source.settings import ReadSettings, SourceLimits
from scored_pages import ground_truth, language_of, load_scorer, page_images

LIMITS = SourceLimits(max_pages=1, max_megapixels=200, render_dpi=300)
"""Limits under which images are rendered."""
USUAL_DPI = 300
"""Resolution that is assumed of an image that names none."""
Degradation = Callable[[Image.Image, int], tuple[Image.Image, int]]
"""Takes an image and its resolution in dpi, 0 where unknown, and returns both degraded."""


def main() -> None:
    """Measure every way on every set, and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--scorer", type=Path, required=True)
    options.add_argument("--pages", type=Path, nargs="+", required=True)
    options.add_argument("--ways", nargs="*", default=["off", *preprocess.STEPS, "all"])
    options.add_argument("--wear", nargs="*", choices=list(DEGRADATIONS), default=["none"])
    options.add_argument("--half", choices=["odd", "even", "all"], default="odd")
    options.add_argument("--limit", type=int, default=10_000, help="pages of each set")
    options.add_argument("--jobs", type=int, default=1, help="pages at a time")
    options.add_argument("--detail", action="store_true", help="say what became of each page")
    given = options.parse_args()
    os.environ["OMP_THREAD_LIMIT"] = "1"
    scorer = load_scorer(given.scorer)
    print("| pages | worn | n | " + " | ".join(given.ways) + " |")
    print("|---|---|--:|" + "--:|" * len(given.ways))
    with ProcessPoolExecutor(given.jobs) as pool:
        for folder in given.pages:
            images = page_images(folder, given.half, given.limit)
            for wear in given.wear if images else ():
                jobs = [Job(image, wear, way) for image in images for way in given.ways]
                reads = list(pool.map(read, jobs))
                if given.detail:
                    _print_pages(reads, scorer)
                cells = [_cell([r for r in reads if r.job.way == way], scorer) for way in given.ways]
                print(f"| {folder.name} | {wear} | {len(images)} | " + " | ".join(cells) + " |", flush=True)


@dataclass(frozen=True, slots=True)
class Job:
    """One page to read."""

    image: Path
    wear: str
    """A key of ``DEGRADATIONS``."""
    way: str
    """``off``, ``all``, or the names of steps of preparation with plus signs between them."""


@dataclass(frozen=True, slots=True)
class Read:
    """One page as it was read."""

    job: Job
    text: str
    seconds: float
    """CPU seconds of preparation and OCR."""
    steps: tuple[str, ...]
    """Names of the steps that changed the image."""


def read(job: Job) -> Read:
    """Degrade, render and read one page, as a page worker does; only the reading is timed."""
    steps = {"off": (), "all": preprocess.STEPS}.get(job.way, tuple(job.way.split("+")))
    reading = ReadSettings((language_of(job.image.parent),), LIMITS, limit_s=600.0)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        image = render.render(_degraded(job, work), 1, work, LIMITS)
        started = _cpu_s()
        page = preprocess.read(image, 1, reading, steps)
        return Read(job, page.raw, _cpu_s() - started, page.steps)


def _cpu_s() -> float:
    """Return the CPU seconds that this process and its child processes, the runs of Tesseract, have used."""
    return sum(os.times()[:4])


def _degraded(job: Job, work: Path) -> Path:
    if job.wear == "none":
        return job.image
    target = work / "worn.png"
    with Image.open(job.image) as image:
        dpi = round(image.info.get("dpi", (0,))[0])
        worn, dpi = DEGRADATIONS[job.wear](image if image.mode == "1" else image.convert("L"), dpi)
        worn.save(target, "PNG", compress_level=1, **({"dpi": (dpi, dpi)} if dpi else {}))
    return target


def _turned(how: Image.Transpose) -> Degradation:
    return lambda image, dpi: (image.transpose(how), dpi)


def _rotated(degrees: float) -> Degradation:
    return lambda image, dpi: (
        image.convert("L").rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255),
        dpi,
    )


def _shrunk_to(new_dpi: int) -> Degradation:
    def shrink(image: Image.Image, dpi: int) -> tuple[Image.Image, int]:
        by = min(1.0, new_dpi / (dpi or USUAL_DPI))
        size = (round(image.width * by), round(image.height * by))
        return image.convert("L").resize(size, Image.Resampling.LANCZOS), new_dpi

    return shrink


def _with_dpi(dpi: int) -> Degradation:
    return lambda image, _: (image, dpi)


def _shaded(image: Image.Image, dpi: int) -> tuple[Image.Image, int]:
    """Return the image with uneven light, a shadow over a corner, little contrast, and some noise."""
    grey = np.asarray(image.convert("L"), np.float32)
    y, x = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]].astype(np.float32)
    height, width = grey.shape
    light = 1 - 0.65 * (0.7 * x / width + 0.3 * y / height)
    depth = (np.hypot(x - 0.8 * width, y - 0.7 * height) - 0.25 * width) / (0.02 * width)
    light *= 1 - 0.45 / (1 + np.exp(np.clip(depth, -50, 50)))
    noise = np.random.default_rng(1).normal(0, 3, grey.shape)
    return Image.fromarray(np.clip((0.75 * grey + 30) * light + noise, 0, 255).astype(np.uint8)), dpi


DEGRADATIONS: dict[str, Degradation] = {
    "none": lambda image, dpi: (image, dpi),
    "turned90": _turned(Image.Transpose.ROTATE_90),
    "turned180": _turned(Image.Transpose.ROTATE_180),
    "turned270": _turned(Image.Transpose.ROTATE_270),
    "askew2": _rotated(2.0),
    "askew3": _rotated(-3.0),
    "askew5": _rotated(5.0),
    "dpi100": _shrunk_to(100),
    "dpi150": _shrunk_to(150),
    "tag0": _with_dpi(0),
    "tag1": _with_dpi(1),
    "tag72": _with_dpi(72),
    "tag9999": _with_dpi(9999),
    "shaded": _shaded,
    "inverted": lambda image, dpi: (ImageOps.invert(image.convert("L")), dpi),
}


def _rows(reads: Sequence[Read]) -> list[dict[str, str]]:
    return [{"gt": ground_truth(r.job.image), "ocr": r.text, "corrected": r.text} for r in reads]


def _cell(reads: Sequence[Read], scorer: ModuleType) -> str:
    scored = scorer.score(_rows(reads), reads[0].job.image.parent.name == "sroie")
    seconds = sum(r.seconds for r in reads) / len(reads)
    return f"{scored['raw'] / max(1, scored['chars']):.2%}, {seconds:.1f} s"


def _print_pages(reads: Sequence[Read], scorer: ModuleType) -> None:
    for r in reads:
        scored = scorer.score(_rows([r]), r.job.image.parent.name == "sroie")
        summary = f"{r.job.image.stem} {r.job.wear} {r.job.way}: {scored['raw'] / max(1, scored['chars']):.2%}"
        print(f"{summary}, {r.seconds:.2f} s, {', '.join(r.steps) or 'as it is'}")


if __name__ == "__main__":
    main()
