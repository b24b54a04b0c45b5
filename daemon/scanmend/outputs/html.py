"""The ``.html`` output: a proof sheet, each page's image beside its corrected text, with every edit marked on both.

One file that needs no network: its content security policy forbids the browser to fetch anything.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any

from scanmend.document import Box, CorrectedPage, Edit, Line, least_confidence, union
from scanmend.outputs.hocr import escape_text
from scanmend.outputs.word_boxes import PlacedWord, placed_words

UNSURE_NUMBER_CONFIDENCE = 80.0
"""Numbers read with less confidence (0–100) are marked as unsure."""
_JPEG_SIZES = ((20, 1500, 60), (100, 1200, 50), (400, 950, 40))
"""Page images by the length of the document: ``(most pages, width in pixels, JPEG quality)``."""
_SMALLEST_JPEG = (760, 35)
"""Width and JPEG quality of page images in longer documents."""

Mark = tuple[Box | None, str, str]
"""A mark on the page image: its box, its CSS classes, and its ``data-`` attributes."""

PageJpeg = Callable[[int, int, int, int], bytes]
"""``(number, width, quality, turned)`` to a page as JPEG, as ``source.preview.Preview.jpeg``."""


class ProofSheet:
    """Writes one proof sheet page by page."""

    def __init__(self, target: Path, page_jpeg: PageJpeg, facts: Mapping[str, Any]) -> None:
        """Open ``target``; ``facts`` as for ``pageworkers.compose``. OSError."""
        self._page_jpeg = page_jpeg
        self._jpeg_size = next(((w, q) for most, w, q in _JPEG_SIZES if facts["pages"] <= most), _SMALLEST_JPEG)
        self._script = _asset("proof.js")
        self._file = target.open("w", encoding="utf-8", errors="replace", newline="\n")
        self._file.write(_head(facts, _asset("proof.css"), self._script))

    def add(self, page: CorrectedPage) -> None:
        """Write one page."""
        jpeg = self._page_jpeg(page.page.number, *self._jpeg_size, page.page.turned)
        self._file.writelines(_page(page, base64.b64encode(jpeg).decode("ascii")))

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
{warnings}</header>
<div class="show">
<label><input type="checkbox" id="rejected"> rejected edits</label>
<label><input type="checkbox" id="numbers"> unsure numbers</label>
</div>
<main>
"""


def _count_of(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _page(page: CorrectedPage, jpeg: str) -> Iterator[str]:
    read = page.page
    lines = placed_words(page)
    rejected: dict[int, list[int]] = {}
    for i, edit in enumerate(page.edits):
        if not edit.accepted:
            rejected.setdefault(edit.line, []).append(i)
    marks: list[Mark] = []
    text = list(_text(page, lines, rejected, marks))
    width, height = read.width or 1, read.height or 1
    yield f'<section class="page" id="p{read.number}">\n<h2>Page {read.number}{_note(page)}</h2>\n<div class="pair">\n'
    yield f'<div class="sheet"><svg viewBox="0 0 {width} {height}" role="img" aria-label="Scan of page {read.number}">'
    yield f'<image width="{width}" height="{height}" preserveAspectRatio="none" href="data:image/jpeg;base64,'
    yield jpeg
    yield '"/>'
    for box, kind, more in marks:
        if box:
            left, top, right, bottom = box
            yield f'<rect class="{kind}" x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" {more}/>'
    yield '</svg></div>\n<div class="text">\n'
    yield from text or ['<p class="none">No text was found on this page.</p>\n']
    yield "</div>\n</div>\n"
    yield from _table(page)
    yield "</section>\n"


def _note(page: CorrectedPage) -> str:
    notes = [f"mean confidence {page.page.mean_confidence:g}"] if page.page.mean_confidence is not None else []
    notes += [f"not corrected: {page.skipped}"] if page.skipped else []
    return escape_text("".join(f" · {note}" for note in notes))


def _text(
    page: CorrectedPage, lines: list[list[PlacedWord]], rejected: Mapping[int, list[int]], marks: list[Mark]
) -> Iterator[str]:
    """Yield the paragraphs as HTML, and append to ``marks`` what is to be marked on the image.

    ``rejected``: indices of rejected edits by line.
    """
    numbered = [(i, line) for i, line in enumerate(page.page.lines) if lines[i]]
    ids = {id(edit): i for i, edit in enumerate(page.edits)}

    def paragraph(item: tuple[int, Line]) -> int:
        return item[1].paragraph

    for _, of_paragraph in groupby(numbered, key=paragraph):
        rows = "<br>\n".join(_line(page, lines[i], rejected.get(i, []), ids, marks) for i, _ in of_paragraph)
        yield f'<p dir="auto">{rows}</p>\n'


def _line(
    page: CorrectedPage, words: list[PlacedWord], rejected: list[int], ids: Mapping[int, int], marks: list[Mark]
) -> str:
    out = []
    for _, group in groupby(words, key=lambda w: (w.first, id(w.edit))):
        of_edit = list(group)
        word, text = of_edit[0], " ".join(w.text for w in of_edit)
        box = union([w.box for w in word.raw])
        mine = [ids[id(word.edit)]] if word.edit else []
        mine += [i for i in rejected if _touches(page.edits[i], word)]
        unsure = (
            word.confidence is not None
            and word.confidence < UNSURE_NUMBER_CONFIDENCE
            and any(c.isdigit() for c in text)
        )
        if not mine and not unsure:
            out.append(escape_text(text))
            continue
        kinds = ["ok"] * bool(word.edit) + ["no"] * (len(mine) > bool(word.edit)) + ["num"] * unsure
        kind = " ".join(kinds)
        corners = " ".join(map(str, box or ()))
        more = f'data-b="{corners}"'
        if mine:
            edits = " ".join(f"e{page.page.number}-{i + 1}" for i in mine)
            more += f' data-e="{edits}"'
        if unsure:
            read = escape_text(" ".join(w.text for w in word.raw))
            more += f' data-c="{word.confidence:.0f}" data-t="{read}"'
        marks.append((box, kind, more))
        tag = "ins" if word.edit else "span"
        out.append(f'<{tag} class="{kind}" {more}>{escape_text(text)}</{tag}>')
    return " ".join(out)


def _touches(edit: Edit, word: PlacedWord) -> bool:
    return edit.word < word.first + len(word.raw) and word.first < edit.word + edit.count


def _table(page: CorrectedPage) -> Iterator[str]:
    if not page.edits:
        return
    heads = "".join(f"<th>{name}</th>" for name in ("line", "read", "proposed", "verdict", "reason", "evidence"))
    only = "" if any(edit.accepted for edit in page.edits) else ' class="no"'
    yield f"<table>\n<thead><tr{only}>{heads}</tr></thead>\n<tbody>\n"
    for i, edit in enumerate(page.edits, 1):
        kind = "ok" if edit.accepted else "no"
        yield (
            f'<tr class="{kind}" id="e{page.page.number}-{i}"><td>{edit.line + 1}</td>'
            f'<td><del class="raw">{escape_text(edit.raw)}</del></td>'
            f'<td><b class="new">{escape_text(edit.new)}</b></td>'
            f'<td class="verdict {kind}">{edit.verdict}</td><td class="reason">{escape_text(edit.reason)}</td>'
            f'<td class="evidence">{escape_text(_evidence(page, edit))}</td></tr>\n'
        )
    yield "</tbody>\n</table>\n"


def _evidence(page: CorrectedPage, edit: Edit) -> str:
    evidence = [f"proposed by {edit.proposer}"]
    if edit.gain is not None:
        evidence.append(f"the model gains {edit.gain:+.1f} nats")
    words = page.page.lines[edit.line].words[edit.word : edit.word + edit.count]
    if (confidence := least_confidence(words)) is not None:
        evidence.append(f"read with confidence {confidence:.0f} of 100")
    return ", ".join(evidence)
