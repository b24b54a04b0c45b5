#!/usr/bin/env python3
"""How long a step of a review takes in a long document: a decision over HTTP, and the page with the next place.

    .venv/bin/python scripts/bench/review.py [--pages 100] [--steps 30]

The daemon is the real one; the document is published by the real lifecycle, its pages are drawn up here, with some 20
KiB of JSON each. The outputs are written in between, as they are while a person decides.
"""

import argparse
import re
import statistics
import tempfile
import time
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode

import _support  # noqa: F401 -- before what it makes importable
from file_servers import free_port
from review_world import ReviewWorld, TwoReaders
from scanmend.config.schema import Settings
from scanmend.document import CorrectedPage, Edit, Line, Word, apply_edits, layout, without_glyphs
from scanmend.jobs.pipeline import Checkpoint, Converted
from scanmend.outputs.page_file import AppendablePages
from scanmend.pageworkers.pool import PagePool
from two_readers_page import two_readers_page
from web import daemon

CONFIG = """\
state_dir: state
models: {{}}
{web}
folders:
  - {{name: scans, inbox: in, outbox: out, archive: kept, quarantine: bad, review: on, strategy: "off",
     second_reader: "off", outputs: [txt, json]}}
"""
ROWS, WORDS = 40, 10
"""Lines of plain text below the doubtful ones of each page, and words of each."""
PLACE = re.compile(r'name="place" value="(\w+)"')


class LongDocument(TwoReaders):
    """Reads a page with three doubtful places and plain text, as often as it is told, from every file."""

    def __init__(self, pool: PagePool, pages: int) -> None:
        super().__init__(pool)
        self._pages = pages

    def convert(self, path: Path, settings: Settings, checkpoint: Checkpoint, done: AppendablePages) -> Converted:
        """See Pipeline."""
        converted: Converted = super().convert(path, settings, checkpoint, done)
        for number in range(2, self._pages + 1):
            done.append(full_page(number))
        return converted


def full_page(number: int) -> CorrectedPage:
    """Return a page of doubtful places and plain text."""
    page = without_glyphs(two_readers_page(number))
    plain = tuple(
        Line(tuple(Word(f"word{n % 10}", (40 + 60 * n, 300 + 20 * row, 90 + 60 * n, 315 + 20 * row), 91.0)
                   for n in range(WORDS)), 3 + row // 8)
        for row in range(ROWS)
    )  # fmt: skip
    lines = page.page.lines + plain
    edits = page.edits + tuple(Edit(len(page.page.lines) + n, 3, "word3", "ward3", "rescore") for n in range(ROWS))
    texts = (apply_edits(line, (e for e in edits if e.line == n)) for n, line in enumerate(lines))
    return replace(page, page=replace(page.page, lines=lines), corrected=layout(lines, texts), edits=edits)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=int, default=100)
    options.add_argument("--steps", type=int, default=30)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="scanmend-review-") as folder:
        root = Path(folder)
        id_, kept = published(root, given.pages)
        print(f"| document | {given.pages} pages, {kept / 1024:.0f} KiB kept |")
        port = free_port()
        with daemon(root, web=f"web: {{listen: 127.0.0.1:{port}}}", config=CONFIG):
            here = f"/review/{quote(id_)}"
            took, body = asked(port, "GET", here)
            print(f"| first view | {took * 1000:.0f} ms |")
            decided, shown = [], []
            for _ in range(given.steps):
                place = PLACE.search(body)
                took, target = asked(port, "POST", f"{here}/decide", {"place": place[1], "choice": "accept"})
                decided.append(took * 1000)
                took, body = asked(port, "GET", target)
                shown.append(took * 1000)
    for name, times in (("a decision", decided), ("the page with the next place", shown)):
        print(f"| {name} | median {statistics.median(times):.0f} ms, longest {max(times):.0f} ms |")


def published(root: Path, pages: int) -> tuple[str, int]:
    """Publish the document below ``root``; return its id, and the bytes of its kept pages."""
    pool = PagePool(1, root / "work")
    world = ReviewWorld(root, pool, outputs=("txt", "json"))
    id_ = world.publish(pipeline=LongDocument(pool, pages))
    kept = (world.reviews.shelf.bundle(id_).path / "pages").stat().st_size
    world.close()
    pool.close()
    return id_, kept


def asked(port: int, method: str, path: str, form: dict[str, str] | None = None) -> tuple[float, str]:
    """Return the seconds that an answer took, and its text, or where it sends the browser."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    began = time.perf_counter()
    connection.request(method, path, urlencode(form) if form else None, headers if form else {})
    answer = connection.getresponse()
    body = answer.read().decode()
    took = time.perf_counter() - began
    connection.close()
    if answer.status not in (200, 303):
        raise SystemExit(f"bench/review: {path} answered {answer.status}: {body[:500]}")
    return took, answer.headers.get("Location") or body


if __name__ == "__main__":
    main()
