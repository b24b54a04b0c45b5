"""Small scans of every kind, each of its own content, made in a moment."""

import hashlib
import random
from pathlib import Path
from typing import Any

import pymupdf

import render_scans
from scanmend.source.render import inspect, render
from scanmend.source.settings import SourceLimits

KINDS = ("png", "jpg", "bmp", "webp", "gif", "tiff", "pdf", "text.pdf", "cut.pdf", "cut.png")
"""What ``make_scan`` makes; a tiff has several pages, text.pdf brings its text along, what is cut is damaged."""
MISREAD_TEXT = "The comrnittee will rneet on whieh day, No"
"""Text with suspicious words, so that the model is asked about them."""


def make_scan(
    kind: str, number: int, folder: Path, rng: random.Random, *, hashed: bool = True, text: str = "No"
) -> tuple[Path, tuple[str, ...]]:
    """Make a scan of this kind; return it and the SHA-256 of its page images, none for what Tesseract does not read.

    ``hashed=False`` leaves those out. ``text``: what each page begins with; the numbers of scan and page follow.
    """
    path = folder / f"{number}.{kind.rpartition('.')[2]}"
    sheets = [render_scans.line(f"{text} {number} p {n}", height_px=24) for n in range(1, rng.randint(2, 4) + 1)]
    if kind == "tiff":
        render_scans.save_tiff(sheets, path)
    elif kind == "pdf":
        render_scans.save_pdf(sheets[:2], path)
    elif kind == "text.pdf":
        with pymupdf.open() as pdf:
            pdf.new_page(width=200, height=60).insert_text((10, 30), f"Letter number {number} to you")
            pdf.save(path)
    elif kind.startswith("cut."):
        whole = folder / f"whole-{path.name}"
        (render_scans.save_pdf if path.suffix == ".pdf" else _save_first)(sheets[:1], whole)
        render_scans.truncated(whole, path, 0.5)
        whole.unlink()
    else:
        sheets[0].convert("L").save(path)
    return path, page_images(path, folder) if hashed and "." not in kind else ()


def page_images(path: Path, work: Path) -> tuple[str, ...]:
    """SHA-256 of what Tesseract gets of each page of a source, where ``prepare`` is off."""
    limits = SourceLimits(500, 50.0, 300)
    found = []
    for number in range(1, inspect(path, limits).pages + 1):
        image = render(path, number, work, limits).path
        found.append(sha256_of(image))
        image.unlink()
    return tuple(found)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _save_first(sheets: Any, path: Path) -> None:
    render_scans.save_png(sheets[0], path)
