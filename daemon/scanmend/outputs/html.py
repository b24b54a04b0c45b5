"""The ``.html`` output: a proof sheet, each page's image beside its corrected text, edits and doubts marked on both.

One file that needs no network: its content security policy forbids the browser to fetch anything.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from scanmend.document import CorrectedPage, NumberCounts
from scanmend.outputs.hocr import escape_text
from scanmend.outputs.proof_tables import field_marks, fields_list, tables
from scanmend.outputs.proof_text import PageText

_JPEG_SIZES = ((20, 1500, 60), (100, 1200, 50), (400, 950, 40))
"""Page images by the length of the document: ``(most pages, width in pixels, JPEG quality)``."""
_SMALLEST_JPEG = (760, 35)
"""Width and JPEG quality of page images in longer documents."""

PageJpeg = Callable[[int, int, int, int], bytes]
"""``(number, width, quality, turned)`` to a page as JPEG, as ``source.preview.Preview.jpeg``."""


class ProofSheet:
    """Writes one proof sheet page by page."""

    def __init__(self, target: Path, page_jpeg: PageJpeg, facts: Mapping[str, Any]) -> None:
        """Open ``target``; ``facts`` as for ``pageworkers.compose``. OSError."""
        self._page_jpeg = page_jpeg
        self._jpeg_size = next(((w, q) for most, w, q in _JPEG_SIZES if facts["pages"] <= most), _SMALLEST_JPEG)
        self._fields: Sequence[Mapping[str, Any]] = facts["fields"]
        self._script = _asset("proof.js")
        self._file = target.open("w", encoding="utf-8", errors="replace", newline="\n")
        self._file.write(_head(facts, _asset("proof.css"), self._script))

    def add(self, page: CorrectedPage) -> None:
        """Write one page."""
        jpeg = self._page_jpeg(page.page.number, *self._jpeg_size, page.page.turned)
        self._file.writelines(_page(page, base64.b64encode(jpeg).decode("ascii"), self._fields))

    def finish(self) -> None:
        """Write the script and the end of the file, and close it."""
        card = '<div id="card" role="status" hidden></div>'
        self._file.write(f"</main>\n{card}\n<script>{self._script}</script>\n</body>\n</html>\n")
        self._file.close()


def _asset(name: str) -> str:
    return resources.files("scanmend.outputs").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _head(facts: Mapping[str, Any], style: str, script: str) -> str:
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    counts = [_count_of(facts["pages"], "page"), _count_of(facts["accepted"], "correction")]
    counts.append(f"{facts['rejected']} rejected")
    if numbers := NumberCounts(**facts["numbers"]):
        counts.append(f"{numbers.disputed} of {_count_of(numbers.total, 'number')} disputed")
    if facts["model"]:
        counts.append(f"model {facts['model']}")
    warnings = "".join(f'<p class="warning" role="note">{escape_text(text)}</p>\n' for text in facts["warnings"])
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escape_text(facts["title"])}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{escape_text(facts["source"])}</h1>
<p>{escape_text(" · ".join(counts))}</p>
{warnings}{"".join(fields_list(facts["fields"]))}</header>
<div class="show">
<label><input type="checkbox" id="rejected"> rejected edits</label>
<label><input type="checkbox" id="numbers"> unsure numbers</label>
<label><input type="checkbox" id="dropped"> dropped words</label>
</div>
<main>
"""


def _count_of(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _page(page: CorrectedPage, jpeg: str, fields: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    read = page.page
    text = PageText(page)
    width, height = read.width or 1, read.height or 1
    yield f'<section class="page" id="p{read.number}">\n<h2>Page {read.number}{_note(page)}</h2>\n<div class="pair">\n'
    yield f'<div class="sheet"><svg viewBox="0 0 {width} {height}" role="img" aria-label="Scan of page {read.number}">'
    yield f'<image width="{width}" height="{height}" preserveAspectRatio="none" href="data:image/jpeg;base64,'
    yield jpeg
    yield '"/>'
    for box, kind, more in text.marks:
        if box:
            left, top, right, bottom = box
            yield f'<rect class="{kind}" x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" {more}/>'
    yield from field_marks(fields, read.number)
    yield '</svg></div>\n<div class="text">\n'
    if not text.has_words:
        yield '<p class="none">No text was found on this page.</p>\n'
    yield from text.paragraphs
    yield "</div>\n</div>\n"
    yield from tables(page)
    yield "</section>\n"


def _note(page: CorrectedPage) -> str:
    notes = [f"mean confidence {page.page.mean_confidence:g}"] if page.page.mean_confidence is not None else []
    notes += [f"not corrected: {page.skipped}"] if page.skipped else []
    if page.page.second and page.page.second.problem:
        notes.append(f"no second reading: {page.page.second.problem}")
    return escape_text("".join(f" · {note}" for note in notes))
