"""Reads one page: finds its lines, decides which of them to read, and reads these.

The lines can be looked for ahead, while the first reader is at work: words matter only for which of them are read, and,
where they are small, for the scale at which lines are looked for.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Literal

from scanmend.document import Corners, LatticeStep, SecondLine, SecondReading
from scanmend.second_reader import weights
from scanmend.second_reader.choose import FirstWord, pieces_to_read, word_height_px
from scanmend.second_reader.detect import find_lines, map_scale
from scanmend.second_reader.image import Grey, line_image, open_page
from scanmend.second_reader.lattice import lattice
from scanmend.second_reader.network import LINE_HEIGHT_PX, LINE_WIDTHS_PX, Networks
from scanmend.second_reader.symbols import columns

MOST_SEEN = 64
"""Pages at most whose lines were found ahead and are kept; more than are ever on their way but by mistake."""

Which = Literal["auto", "always"]
"""Which lines of a page are read: those where that may help, or all."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the second reader is asked about one page."""

    image: Path
    """The page image, upright, as a PGM file; boxes are in its pixels."""
    words: tuple[FirstWord, ...]
    """What the first reader read."""
    languages: tuple[str, ...]
    """Tesseract's names of the page's languages."""
    which: Which
    limit_s: float
    """Seconds after which no further line is read."""


class _LineReader:
    """Reads lines in the script of some languages."""

    def __init__(self, networks: Networks, symbols: tuple[str, ...], languages: tuple[str, ...]) -> None:
        """``symbols``: what the columns of the recognizer stand for."""
        self._networks = networks
        self._columns = columns(languages, symbols)
        self._symbols = [symbols[column] for column in self._columns]

    def prepare(self) -> None:
        """Prepare both networks. ReaderError."""
        self._networks.prepare(self._columns)

    def read(self, page: Grey, lines: Iterable[Corners]) -> Iterator[tuple[LatticeStep, ...]]:
        """Yield the lattice of each line between these corners of a page."""
        images = (line_image(page, corners, LINE_HEIGHT_PX, LINE_WIDTHS_PX[1]) for corners in lines)
        for probabilities, width in self._networks.read_lines(images, self._columns):
            yield lattice(probabilities, self._symbols, width)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The lines that were found ahead on an image."""

    file: tuple[int, int, int]
    """Device, inode and time of change of the image's file: another may have taken its name since."""
    scale: float
    lines: list[Corners]


class SecondReader:
    """Both networks and what they read; everything is loaded when it is first needed."""

    def __init__(self, threads: int) -> None:
        """``threads``: how many threads a network may use."""
        self._threads = threads
        self._line_reader: tuple[tuple[str, ...], _LineReader] | None = None
        self._seen: dict[Path, _Seen] = {}

    def prepare(self, languages: tuple[str, ...]) -> None:
        """Load everything that a page in these languages (Tesseract's names) needs. ReaderError."""
        self._reader_for(languages).prepare()

    def look(self, image: Path, progress: Callable[[], None] = lambda: None) -> None:
        """Find the lines of a page (PGM file) that is to be read soon. ReaderError, OSError."""
        file = _identity(image)
        page = open_page(image)
        scale = map_scale(page)
        lines = self._find_lines(page, scale, progress)
        while len(self._seen) >= MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        self._seen[image] = _Seen(file, scale, lines)

    def read(self, request: Request, progress: Callable[[], None] = lambda: None) -> SecondReading:
        """Read a page; ``progress`` is called after each line. ReaderError, OSError."""
        started = time.monotonic()
        page = open_page(request.image)
        scale = map_scale(page, word_height_px(request.words))
        seen = self._seen.pop(request.image, None)
        if seen is not None and (seen.file, seen.scale) == (_identity(request.image), scale):
            found = seen.lines
        else:
            found = self._find_lines(page, scale, progress)
        doubtful = request.which == "auto"
        every = [(corners, True) for corners in found]
        pieces = pieces_to_read(found, request.words, request.languages) if doubtful else every
        end = started + request.limit_s
        in_time = takewhile(lambda _: time.monotonic() <= end, (corners for corners, wanted in pieces if wanted))
        readings = self._reader_for(request.languages).read(page, in_time)
        lines: list[SecondLine] = []
        for corners, wanted in pieces:
            lines.append(SecondLine(corners, next(readings, ()) if wanted else ()))
            progress()
        return SecondReading(tuple(lines), round(time.monotonic() - started, 3))

    def _find_lines(self, page: Grey, scale: float, progress: Callable[[], None]) -> list[Corners]:
        found = find_lines(page, scale, self._networks.find_text)
        self._networks.forget_text()
        progress()
        return found

    def _reader_for(self, languages: tuple[str, ...]) -> _LineReader:
        if self._line_reader is None or self._line_reader[0] != languages:
            self._line_reader = languages, _LineReader(self._networks, self._symbols, languages)
        return self._line_reader[1]

    @cached_property
    def _networks(self) -> Networks:
        files = weights.checked_path(weights.DETECTION), weights.checked_path(weights.RECOGNITION)
        return Networks(*files, self._threads)

    @cached_property
    def _symbols(self) -> tuple[str, ...]:
        return weights.symbols(weights.checked_path(weights.RECOGNITION))


def _identity(image: Path) -> tuple[int, int, int]:
    """Return what tells the file of this name from another; OSError where there is none."""
    found = image.stat()
    return found.st_dev, found.st_ino, found.st_mtime_ns
