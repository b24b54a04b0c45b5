"""The demo's receipt: an ordinary one, faded by age, of which Tesseract gets a few amounts wrong."""

from pathlib import Path
from random import Random

import _support  # noqa: F401 -- makes tests/support importable
from drawn_pages import receipts
from render_scans import Scan, save_png

NUMBER = 4
"""Number of an English receipt in its set, read by a desktop scanner."""
SEED = "demo receipt 232"
"""One of fifty that were drawn alike: with others, Tesseract gets from none to eight of the amounts wrong."""
FADED = 0.45
"""How worn it is, 0 to 1: less than most of the receipts that bench/draw_pages.py draws."""
FACES = tuple(face for face in receipts.FACES if not face.font.startswith("DejaVu"))
"""Types that every machine has, as they lie in PyMuPDF, so that the receipt is the same on each."""


def receipt() -> Scan:
    """Return a grey receipt whose items, tax and change are right sums, and its text."""
    image, truth, _ = receipts.draw(Random(SEED), NUMBER, FADED, FACES)  # noqa: S311 -- to be the same each time
    return Scan("receipt", (image,), (truth,), "eng")


def write(folder: Path) -> Path:
    """Write the receipt and its text, as ``.gt.txt``; return the scan's path."""
    scan, path = receipt(), folder / "receipt.png"
    save_png(scan.pages[0], path)
    path.with_suffix(".gt.txt").write_text(scan.truth[0], "utf-8")
    return path
