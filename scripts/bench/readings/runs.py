"""Runs ``scanmend process`` over page images, and takes each page's reading from what it writes."""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from readings import second_alone
from readings.scores import Reading
from readings.ways import SECOND, SECOND_READER, TESSERACT, TODAY, Options, configuration
from scanmend.language.installed import installed_languages
from scored_pages import language_of_page

Readings = dict[Path, Reading]
"""What one way makes of each image."""
FALLBACK = "eng"
"""Language in which pages are read whose own is not installed."""


def read_all(images: Sequence[Path], ways: Sequence[str], options: Options) -> dict[str, Readings | None]:
    """Return the readings of every way; None for a way that this installation does not offer.

    Tesseract's is always among them, as all are compared with it; it is the raw text of the way ``today`` where that is
    wanted, so that no page is read twice for it.
    """
    found: dict[str, Readings | None] = {}
    source = TODAY if TODAY in ways else TESSERACT
    raw, published = _run(images, source, options) or ({}, {})
    found[TESSERACT] = raw
    if TODAY in ways:
        found[TODAY] = published
    for way in ways:
        if way == SECOND:
            found[way] = second_alone.read_all([(image, language(image)) for image in images])
        elif way not in found:
            ran = _run(images, way, options)
            found[way] = ran[1] if ran else None
    return found


def language(image: Path) -> str:
    """Return the language that a page is read in: its own where it is installed."""
    own = language_of_page(image)
    return own if own in installed_languages() else FALLBACK


def _run(images: Sequence[Path], way: str, options: Options) -> tuple[Readings, Readings] | None:
    """Return the raw and the published readings of a way; None where it is not to be had."""
    by_language: dict[str, list[Path]] = defaultdict(list)
    for image in images:
        by_language[language(image)].append(image)
    raw: Readings = {}
    published: Readings = {}
    for name, some in by_language.items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            settings = configuration(way, name, options, folder)
            if settings is None:
                return None
            out = _process(some, settings, folder)
            for image in some:
                raw[image], published[image] = _readings(out / f"{image.stem}.json")
    return raw, published


def _process(images: Sequence[Path], settings: Mapping[str, Any], folder: Path) -> Path:
    """Run ``scanmend process``; return the folder with its outputs. A page that fails is named, and has none."""
    config, out = folder / "config.json", folder / "out"
    config.write_text(json.dumps(settings))  # JSON is YAML, too
    command = [str(Path(sys.executable).parent / "scanmend"), "process", *map(str, images)]
    done = subprocess.run(
        [*command, "--out", str(out), "--config", str(config)], capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, 1}:
        raise SystemExit(f"bench/reading.py: scanmend process failed ({done.returncode}): {done.stderr[-2000:]}")
    if done.returncode:
        sys.stderr.write(done.stderr[-2000:])
    return out


def _readings(record_file: Path) -> tuple[Reading, Reading]:
    """Return the raw and the published reading of a document; both empty where it failed."""
    if not record_file.exists():
        return Reading(""), Reading("")
    record = json.loads(record_file.read_bytes())
    pages = record["pages"]
    timings = record["timings"]
    second_s = sum((page.get(SECOND_READER) or {}).get("seconds", 0.0) for page in pages)
    listed = [number for page in pages for number in page.get("numbers") or ()]
    raw = Reading("\f".join(page["raw"] for page in pages), seconds={"ocr": timings["ocr_s"]})
    published = Reading(
        record_file.with_suffix(".txt").read_text("utf-8"),
        marked=tuple(number["text"] for number in listed if number["state"] in ("disputed", "single")),
        disputed=sum(number["state"] == "disputed" for number in listed),
        seconds={"ocr": timings["ocr_s"], "second": second_s, "correct": timings["correct_s"]},
    )
    return raw, published
