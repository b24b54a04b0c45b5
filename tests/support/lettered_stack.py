"""Reads sources that are drawn in letters, one a page, in no time: for what becomes of their documents."""

from dataclasses import replace
from datetime import UTC, datetime

from document_world import Scripted
from scanmend.document import CorrectedPage, Line, Mark, Page, Word
from scanmend.jobs.pipeline import Converted, Tally
from scanmend.source.settings import Inspection

BOX = (1, 2, 30, 40)
MARKS = {"a": Mark("code128", "DOC-1", BOX), "b": Mark("code128", "DOC-2", BOX), "T": Mark("patch", "T", BOX)}


class Stack(Scripted):
    """Reads a stack drawn in letters: ``a`` and ``b`` are barcodes, ``T`` is a patch code, ``-`` blank, ``p`` text."""

    def convert(self, path, settings, keeper, done):
        """See Pipeline; each error given is raised once, before anything is done."""
        drawn = path.read_bytes().decode().removeprefix("GIF89a")
        if self.errors:
            raise self.errors.pop(0)
        keeper.inspected(Inspection("gif", len(drawn), f"{abs(hash(drawn)):064x}"[:64]))
        tally = Tally()
        for number, letter in enumerate(drawn, 1):
            page = keeper.recall(number)
            if page is None:
                lines = () if letter == "-" else (Line((Word(f"page{number}", (1, 2, 3, 4), 90.0),)),)
                read = Page(number, lines, origin="blank" if letter == "-" else "ocr")
                read = replace(read, marks=(MARKS[letter],) if letter in MARKS else ())
                page = CorrectedPage(read, read.raw)
                keeper.keep_corrected(page)
                self.done[drawn, number] += 1
            tally.add(page, done)
        return Converted(Inspection("gif", len(drawn), "0" * 64), done, None, datetime.now(UTC), 0.1, tally)
