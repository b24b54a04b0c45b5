"""Asks the second reader by itself for all lines of a page, and puts them in its own simple order."""

import importlib
import importlib.util
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from readings.scores import Reading
from scanmend.document import SecondLine
from scanmend.source import render
from scanmend.source.settings import SourceLimits

READER = "scanmend.second_reader"
"""The package of the second reader; it is looked up when it is needed, as not every installation has it."""
LIMITS = SourceLimits(max_pages=1, max_megapixels=200, render_dpi=300)
"""Limits under which images are rendered."""
LIMIT_S = 600.0
"""Seconds that a page may take."""


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line as it was read, and where."""

    text: str
    left: float
    top: float
    bottom: float


def read_all(pages: Sequence[tuple[Path, str]]) -> dict[Path, Reading] | None:
    """Return the reading of each image in its language (Tesseract's name); None where there is no second reader."""
    if importlib.util.find_spec(READER) is None:
        return None
    weights = importlib.import_module(f"{READER}.weights")
    if weights.missing():
        return None
    reading = importlib.import_module(f"{READER}.read")
    reader = reading.SecondReader(os.cpu_count() or 1)
    return {image: _read(reader, reading.Request, image, language) for image, language in pages}


def in_rows(lines: Sequence[ReadLine]) -> str:
    """Return the lines from top to bottom; those beside each other stand in one row, from left to right."""
    rows: list[list[ReadLine]] = []
    for line in sorted(lines, key=lambda found: found.top + found.bottom):
        middle = (line.top + line.bottom) / 2
        if rows and middle < rows[-1][0].bottom and middle > rows[-1][0].top:
            rows[-1].append(line)
        else:
            rows.append([line])
    return "\n".join(" ".join(line.text for line in sorted(row, key=lambda found: found.left)) for row in rows)


def _read(reader: Any, request: Any, image: Path, language: str) -> Reading:
    """Read one page as it was scanned, upright or not, without any preparation."""
    greedy_text = importlib.import_module(f"{READER}.lattice").greedy_text
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        rendered = render.render(image, 1, work, LIMITS)
        grey = work / "grey.pgm"
        with Image.open(rendered.path) as page:
            page.convert("L").save(grey)
        found = reader.read(request(grey, (), (language,), "always", LIMIT_S))
    lines = [_line(line, greedy_text(line.steps)) for line in found.lines]
    return Reading(in_rows([line for line in lines if line.text]), seconds={"second": found.seconds})


def _line(line: SecondLine, text: str) -> ReadLine:
    left, top, _, bottom = line.box
    return ReadLine(text, left, top, bottom)
