#!/usr/bin/env python3
"""Draw sets of pages with their true text, degraded as by printers, paper, scanners, faxes, phones and typewriters.

    bench/draw_pages.py OUT_DIR [--seed N] [--count N] [--sets receipts invoices …]

Writes ``OUT_DIR/<set>/<stem>.png`` and ``<stem>.gt.txt``: reading order, a row of a table as one line. A stem ends in
the language's two letters. Of receipts and invoices, ``<stem>.key.json`` has the facts as printed: company, date,
total and more. The same seed draws the same pages; another seed, pages that nobody has tuned anything to.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

from PIL import Image

import _support  # noqa: F401 -- makes tests/support importable
from drawn_pages import forms, invoices, letters, prints, receipts, slides, tables, typescripts

Draw = Callable[[Random, int], tuple[Image.Image, str, str]]
"""Takes a source of chance and the page's number in its set; returns its image, its text and its language."""
SETS: dict[str, Draw] = {
    "receipts": receipts.draw,
    "invoices": invoices.draw,
    "tables": tables.draw,
    "forms": forms.draw,
    "slides": slides.draw,
    "typescripts": typescripts.draw,
    "letters": letters.draw,
    "old_print": prints.draw_old,
    "newspaper": prints.draw_newspaper,
}
"""What draws a page of each set."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw what the command line asks for, and name each file."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path, help="folder to write to; made when missing")
    options.add_argument("--seed", type=int, default=1, help="chooses the pages (%(default)s)")
    options.add_argument("--count", type=int, default=12, help="pages of each set (%(default)s)")
    options.add_argument("--sets", nargs="*", choices=list(SETS), default=list(SETS), help="which sets; all by default")
    given = options.parse_args(arguments)
    for name in given.sets:
        for path in write_set(given.out, name, given.seed, given.count):
            sys.stdout.write(f"{path}\n")


def write_set(out: Path, name: str, seed: int, count: int) -> Iterator[Path]:
    """Draw a set's pages into ``out/name``; yield each image's path as it is written, its text beside it."""
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        rng = Random(f"{name} {seed} {number}")  # noqa: S311 -- to be repeated
        image, truth, language = SETS[name](rng, number)
        path = folder / f"{name}_{number + 1:02}_{language}.png"
        image.save(path, "PNG", dpi=image.info["dpi"], compress_level=1)  # noise does not pack well
        path.with_suffix(".gt.txt").write_text(truth, "utf-8")
        if facts := image.info.get("fields"):
            path.with_suffix(".key.json").write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", "utf-8")
        yield path


if __name__ == "__main__":
    main()
