"""Drawn stacks that become several documents, and what has to become of them, however often the daemon is killed."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

import render_scans
import separator_sheets as sheets
from harness import Harness
from scanmend.fs.atomic import PART

DPI = 150
BY_BARCODE: dict[str, Any] = {
    "split": {"by": "barcode", "pattern": r"DOC-(\d+)", "separator": "drop"},
    "blank_pages": "drop",
    "output_name": "{barcode} {stem}",
    "outputs": ["txt", "pdf", "json"],
}
"""A folder whose documents begin at sheets with such a barcode."""
BY_PATCH: dict[str, Any] = {
    "split": {"by": "patch", "codes": ["T"], "separator": "drop"},
    "blank_pages": "drop",
    "outputs": ["txt", "pdf", "json"],
}
"""A folder whose documents begin at sheets with the patch code T."""
KINDS = ("upright", "upside down", "back", "DOC-7", "DOC-8", "DOC-9", "T", "2")
"""Sheets that ``sheet`` draws: two with text, a blank back, separators, and a patch code that separates nothing."""


def sheet(kind: str, *, small: bool = False) -> Image.Image:
    """Draw a sheet; ``small``: as little as shows what it is, to be read quickly."""
    if kind in ("T", "2"):
        drawn = sheets.patch_sheet(kind, 100 if small else DPI)
    elif kind.startswith("DOC-"):
        drawn = sheets.barcode(kind, dpi=DPI) if small else sheets.barcode_sheet([kind], dpi=DPI)
    elif kind == "back":
        drawn = render_scans.blank((400, 300)) if small else sheets.blank_sheet(DPI)
    elif small:
        drawn = render_scans.line("The committee", height_px=24)
    else:
        drawn = sheets.blank_sheet(DPI)
        for i, text in enumerate(("The committee will meet again on Thursday", "and decide on the new invoices")):
            drawn.paste(render_scans.line(text).convert("L"), (DPI, DPI * (i + 2) // 2))
        drawn = drawn.rotate(180) if kind == "upside down" else drawn
    drawn.info["dpi"] = (DPI, DPI)
    return drawn


def save_stack(kinds: Sequence[str], path: Path, *, small: bool = False) -> Path:
    """Write a stack of such sheets as a PDF or TIFF."""
    pages = [sheet(kind, small=small) for kind in kinds]
    (render_scans.save_pdf if path.suffix == ".pdf" else render_scans.save_tiff)(pages, path)
    return path


def problems(harness: Harness, folder: str, expected: dict[str, list[list[int]]]) -> list[str]:
    """Return what is wrong with what became of stacks; ``expected``: pages of each document, by name of the source."""
    found: dict[str, list[list[int]]] = {}
    said, ids = [], Counter[str]()
    outbox = harness.path_of(folder, "outbox")
    for file in sorted(outbox.glob("*.json")):
        record = json.loads(file.read_bytes())
        ids[record["id"]] += 1
        found.setdefault(record["source"], []).append([page["number"] for page in record["pages"]])
        missing = [kind for kind in ("txt", "pdf") if not file.with_suffix(f".{kind}").exists()]
        said += [f"{file.name} has no {kind}" for kind in missing]
    outputs = {p.stem for p in outbox.iterdir() if p.is_file() and not PART.fullmatch(p.name)}
    orphans = outputs - {p.stem for p in outbox.glob("*.json")}
    said += [f"{name} has outputs, but no record" for name in sorted(orphans)]
    said += [f"{id_} is there {n} times" for id_, n in ids.items() if n > 1]
    for source, documents in expected.items():
        if sorted(found.get(source, [])) != documents:
            said.append(f"{source}: documents have pages {sorted(found.get(source, []))}, and should have {documents}")
    archived = len([p for p in harness.path_of(folder, "archive").rglob("*") if p.is_file()])
    if archived != len(expected):
        said.append(f"{archived} of {len(expected)} sources are in the archive")
    left = [p for p in harness.path_of(folder, "inbox").rglob("*") if p.is_file()]
    return said + [f"{p.name} is left in the inbox" for p in left]
