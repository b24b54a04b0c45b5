"""Files that become one document, and what has to become of them, however often the daemon is killed."""

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import render_scans
from harness import Harness
from scanmend.fs.atomic import PART

BY_NUMBER: dict[str, Any] = {"group": {"within_s": 0.3, "pattern": r"(.+)_\d+"}, "outputs": ["txt", "pdf", "json"]}
"""A folder whose page files become one document."""
COLLATED: dict[str, Any] = BY_NUMBER | {"duplex": "collate"}
"""A folder in which fronts and backs do."""


def drop(harness: Harness, folder: str, files: Mapping[str, Path]) -> None:
    """Let files appear in an inbox under these names, one after the other, each as a whole."""
    for name, made in files.items():
        target = harness.path_of(folder, "inbox") / name
        part = target.with_name(f".{name}.part")
        shutil.copyfile(made, part)
        part.rename(target)


def save_page(text: str, path: Path) -> Path:
    """Draw a small page that says this, as an image or PDF."""
    page = render_scans.line(text, height_px=24)
    if path.suffix == ".pdf":
        render_scans.save_pdf([page], path)
    else:
        render_scans.save_jpeg(page, path)
    return path


def problems(harness: Harness, folder: str, expected: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what is wrong with what became of files; ``expected``: by document, its files in order."""
    outbox, archive = harness.path_of(folder, "outbox"), harness.path_of(folder, "archive")
    records = {path.stem: json.loads(path.read_bytes()) for path in outbox.glob("*.json")}
    outputs = {p.stem for p in outbox.iterdir() if p.is_file() and not PART.fullmatch(p.name)}
    said = [f"{name} has outputs, but no record" for name in sorted(outputs - set(records))]
    if set(records) != set(expected):
        said.append(f"there are documents {sorted(records)}, and should be {sorted(expected)}")
    for name, files in expected.items():
        record = records.get(name, {"sources": ()})
        found = [one["file"] for one in record["sources"]]
        if found != list(files):
            said.append(f"{name} was made of {found}, and should be of {list(files)}")
        said += [f"{name} has no {kind}" for kind in ("txt", "pdf") if not (outbox / f"{name}.{kind}").exists()]
    archived = Counter(p.name for p in archive.rglob("*") if p.is_file())
    if archived != Counter(name for files in expected.values() for name in files):
        said.append(f"in the archive are {dict(archived)}")
    left = [p for p in harness.path_of(folder, "inbox").rglob("*") if p.is_file()]
    return said + [f"{p.name} is left in the inbox" for p in left]
