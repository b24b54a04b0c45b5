"""Documents with doubtful places, published and reviewed; a stand-in reads them, page workers make their outputs."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image, ImageDraw

from scanmend.config.schema import Folder
from scanmend.document import CorrectedPage, NumberCounts, without_glyphs
from scanmend.fs import atomic
from scanmend.intake.inbox import Inbox
from scanmend.jobs.claim import Claimer
from scanmend.jobs.lifecycle import DocumentLifecycle
from scanmend.jobs.pipeline import Converted, Pipeline, Tally
from scanmend.ledger.ledger import Ledger
from scanmend.pageworkers.pool import PagePool
from scanmend.review.documents import ReviewDocument
from scanmend.review.doubt.decisions import Decision
from scanmend.review.reviews import Reviews
from scanmend.review.telling import Telling
from scanmend.source.settings import Inspection
from two_readers_page import HEIGHT, WIDTH, two_readers_page

ALL_OUTPUTS = ("txt", "md", "hocr", "pdf", "html", "json")
AMOUNT = "p1l4w2"
"""The place of the disputed number: 19.10 is published, Tesseract read 49.10."""
WAIT_S = 30.0
"""Longest time for outputs to be written, in seconds."""
FOUND = "p1l2w1i1"
"""The place of a line that only the second reader has."""


Pages = Callable[[CorrectedPage], Sequence[CorrectedPage]]
"""Makes the pages of a source from the one of ``two_readers_page``."""


def draw_scan(path: Path) -> None:
    """Draw what the words of ``two_readers_page`` stand on."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    ImageDraw.Draw(image).rectangle((220, 240, 300, 270), fill="navy")
    image.save(path, dpi=(200, 200))


class TwoReaders(Pipeline):
    """Reads the page of ``two_readers_page`` from every file, or the pages that ``pages`` makes of it."""

    def __init__(self, pool: PagePool, pages: Pages = lambda page: (page,)) -> None:
        self.pool, self._pages = pool, pages

    def convert(self, path, settings, checkpoint, done):
        """See Pipeline."""
        pages = self._pages(without_glyphs(two_readers_page()))
        found = Inspection("png", len(pages), hashlib.sha256(path.read_bytes()).hexdigest())
        checkpoint.inspected(found)
        numbers = NumberCounts()
        for page in pages:
            done.append(page)
            numbers += NumberCounts.of(page.numbers)
        tally = Tally(numbers=numbers, languages={"eng": None}, has_text=True)
        return Converted(found, done, None, datetime.now(UTC), 0.1, tally)


class ReviewWorld:
    """One folder, and daemons over it that end and come again; ``boot`` is a new daemon."""

    telling: Telling | None = None
    """What daemons from now on run commands with."""

    def __init__(self, root: Path, pool: PagePool, **settings) -> None:
        self.root, self.pool = root, pool
        self.pages: Pages = lambda page: (page,)
        places = {"outbox": root / "out", "archive": root / "kept", "quarantine": root / "bad"}
        given = {"review": "on", "outputs": ALL_OUTPUTS} | settings
        self.folder = Folder(name="scans", inbox=root / "in", **places, **given)
        for path in (self.folder.inbox, self.folder.outbox, self.folder.archive):
            path.mkdir(parents=True, exist_ok=True)
        self.boot()

    def boot(self):
        if hasattr(self, "ledger"):
            self.close()
        self.ledger = Ledger(self.root / "state" / "ledger.sqlite")
        self.reviews = Reviews(self.root / "state", self.ledger, self.pool, quiet_s=0.0, telling=self.telling)
        self.reviews.recover()

    def close(self):
        self.reviews.close()
        self.ledger.close()

    def publish(self, name="a.png", pipeline: Pipeline | None = None) -> str:
        """Draw a scan, take it through the lifecycle, read as ``pipeline`` does, and return the document's id."""
        draw_scan(self.folder.inbox / name)
        inbox = Inbox(self.folder)
        relative = Path(name)
        entry = Claimer(self.ledger).claim(self.folder, inbox, relative, inbox.listing()[relative])
        lifecycle = DocumentLifecycle(
            self.ledger, pipeline or TwoReaders(self.pool, self.pages), reviewing=self.reviews.shelf
        )
        lifecycle.work(entry, self.folder)
        assert self.ledger.get(entry.id).state == "done"
        return entry.id

    def decide(self, id_: str, *decisions: Decision) -> ReviewDocument:
        """Take decisions, wait until the outputs have them, and return the document."""
        self.reviews.decide(id_, decisions, "Ana")
        assert self.reviews.wait_written(id_, WAIT_S)
        return self.reviews.open(id_)

    def outputs(self) -> dict[str, bytes]:
        """Return the outputs by name."""
        return {
            p.name: p.read_bytes()
            for p in sorted(self.folder.outbox.iterdir())
            if p.is_file() and not atomic.PART.fullmatch(p.name)
        }
