"""The tables below a page of the proof sheet: every edit, and every number that is disputed or was read once. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scanmend.document import CorrectedPage, Edit, least_confidence, row_numbers
from scanmend.outputs.hocr import escape_text
from scanmend.outputs.proof_text import edit_id, number_id
from scanmend.outputs.word_boxes import placed_words

_NOTHING = "<i>nothing</i>"
"""What stands in the table where words are inserted or dropped."""
_STATES = {"disputed": "disputed", "single": "read by one reader only"}
"""What the table says of a number's state."""


def tables(page: CorrectedPage) -> Iterator[str]:
    """Yield the tables as HTML; none where there is nothing to tell."""
    yield from _edits(page)
    yield from _numbers(page)


def fields_list(fields: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the table of a document's facts, as the record has them; none where there are none."""
    if not fields:
        return
    heads = "".join(f"<th>{name}</th>" for name in ("field", "value", "as read", "page", "confidence", "look at it"))
    yield f'<table class="fields">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n'
    for field in fields:
        cells = [field["name"], " ".join(filter(None, (field["value"], field["currency"]))), field["text"]]
        cells += [field["page"], f"{field['confidence']:.0%}" if field["value"] else "", field["doubt"]]
        kind = ' class="doubtful"' if field["doubt"] else ""
        row = "".join(f"<td>{escape_text(str(cell or ''))}</td>" for cell in cells)
        yield f"<tr{kind}>{row}</tr>\n"
    yield "</tbody>\n</table>\n"


def field_marks(fields: Sequence[Mapping[str, Any]], page: int) -> Iterator[str]:
    """Yield a frame, with its name, around each word of a fact on the image of a page."""
    for field in fields:
        if field["page"] != page:
            continue
        told = escape_text(f"{field['name']}: {field['value']}")
        kind = "field doubtful" if field["doubt"] else "field"
        for left, top, right, bottom in field["boxes"]:
            frame = f'x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"'
            yield f'<rect class="{kind}" {frame}><title>{told}</title></rect>'
        if field["boxes"]:
            left, top, _, bottom = field["boxes"][0]
            size = max(8, round(0.8 * (bottom - top)))
            yield f'<text class="field" x="{left}" y="{top - 2}" font-size="{size}">{escape_text(field["name"])}</text>'


def _edits(page: CorrectedPage) -> Iterator[str]:
    if not page.edits:
        return
    rows = row_numbers(line.words for line in page.page.lines)
    heads = ("line", "read", "proposed", "verdict", "reason", "evidence")
    yield _head(heads, "" if any(edit.accepted for edit in page.edits) else "no")
    for i, edit in enumerate(page.edits):
        kind = "ok" if edit.accepted else "no"
        yield (
            f'<tr class="{kind}" id="{edit_id(page, i)}"><td>{rows[edit.line]}</td>'
            f'<td><del class="raw">{escape_text(edit.raw)}</del>{_NOTHING * (not edit.raw)}</td>'
            f'<td><b class="new">{escape_text(edit.new)}</b>{_NOTHING * (not edit.new)}</td>'
            f'<td class="verdict {kind}">{edit.verdict}</td><td class="reason">{escape_text(edit.reason)}</td>'
            f'<td class="evidence">{escape_text(_evidence(page, edit))}</td></tr>\n'
        )
    yield "</tbody>\n</table>\n"


def _numbers(page: CorrectedPage) -> Iterator[str]:
    doubtful = [(i, number) for i, number in enumerate(page.numbers) if number.state in _STATES]
    if not doubtful:
        return
    rows = row_numbers(placed_words(page))
    heads = ("line", "number", "other reading", "state", "why this one")
    yield _head(heads, "" if any(number.state == "disputed" for _, number in doubtful) else "single")
    for i, number in doubtful:
        yield (
            f'<tr class="{number.state}" id="{number_id(page, i)}"><td>{rows[number.line]}</td>'
            f'<td><b class="published">{escape_text(number.text)}</b></td>'
            f'<td class="other-reading">{escape_text(number.other)}</td><td class="state">{_STATES[number.state]}</td>'
            f'<td class="chosen">{escape_text(number.chosen_by)}</td></tr>\n'
        )
    yield "</tbody>\n</table>\n"


def _head(names: tuple[str, ...], kind: str) -> str:
    """Return the begin of a table; ``kind``: class of its head, where all rows are of that one class."""
    heads = "".join(f"<th>{name}</th>" for name in names)
    only = f' class="{kind}"' if kind else ""
    return f"<table>\n<thead><tr{only}>{heads}</tr></thead>\n<tbody>\n"


def _evidence(page: CorrectedPage, edit: Edit) -> str:
    evidence = [f"proposed by {edit.proposer}"]
    if edit.gain is not None:
        evidence.append(f"the model gains {edit.gain:+.1f} nats")
    if edit.optical is not None:
        evidence.append(f"the image gains {edit.optical:+.1f} nats")
    words = page.page.lines[edit.line].words[edit.word : edit.word + edit.count]
    if (confidence := least_confidence(words)) is not None:
        evidence.append(f"read with confidence {confidence:.0f} of 100")
    return ", ".join(evidence)
