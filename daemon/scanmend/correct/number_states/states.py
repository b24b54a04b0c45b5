"""Says of each published token with a digit whether both readers agree on it, and nothing speaks against it."""

import re
from collections.abc import Iterator, Mapping, Sequence

from scanmend.correct.lexicon.number_marks import Custom
from scanmend.correct.number_states.doubts import doubt_about
from scanmend.correct.two_readers.comparison import SecondWord
from scanmend.correct.two_readers.together import PROPOSER
from scanmend.correct.two_readers.weigh import holds_digit
from scanmend.document import Edit, Line, NumberReading, Page, Word, in_text_order

TESSERACT_STAYS = "Tesseract's reading stays, as the evidence is not clear"
"""Why a disputed number is published as Tesseract read it."""
BOTH_HAVE_IT = "both readers have it"
"""Why a number is published though something speaks against it."""
_MARKS = re.compile(r"[^\w.,:/%+-]")


def number_readings(
    page: Page,
    edits: Sequence[Edit],
    seconds: Mapping[tuple[int, int], SecondWord],
    custom: Custom = Custom(),  # noqa: B008 -- immutable
) -> tuple[NumberReading, ...]:
    """Return the state of every token with a digit in the published text, in reading order.

    ``edits`` and ``seconds``, the second readings by line and word, are those of the page given; ``custom``: how it
    writes its numbers.
    """
    of_line: dict[int, list[Edit]] = {}
    for edit in edits:
        of_line.setdefault(edit.line, []).append(edit)
    return tuple(
        reading
        for n, line in enumerate(page.lines)
        for reading in _of_line(n, line, of_line.get(n, []), seconds, custom)
    )


def same_number(one: str, other: str) -> bool:
    """Whether two readings are of the same number: blanks, brackets and marks around it do not count."""
    a, b = (_MARKS.sub("", text).strip(".,:-").casefold() for text in (one, other))
    return a == b


def _of_line(
    n: int, line: Line, edits: Sequence[Edit], seconds: Mapping[tuple[int, int], SecondWord], custom: Custom
) -> Iterator[NumberReading]:
    rejected = {e.word: e for e in edits if not e.accepted and e.proposer == PROPOSER}
    for part in in_text_order(line, edits):
        if isinstance(part, Edit):
            yield from _edited(n, part, seconds)
        else:
            yield from _as_read(n, line.words[part], seconds.get((n, part)), rejected.get(part), custom)


def _as_read(
    n: int, word: Word, second: SecondWord | None, rejected: Edit | None, custom: Custom
) -> Iterator[NumberReading]:
    """Yield the state of a word that is published as Tesseract read it, if it is a number."""
    if not holds_digit(word.text):
        return
    if second is None:
        yield NumberReading(n, word.text, "single", box=word.box)
    elif same_number(word.text, second.text):
        doubt = doubt_about(word, second, custom)
        if doubt is None:
            yield NumberReading(n, word.text, "agreed", box=word.box)
        else:
            yield NumberReading(n, word.text, "disputed", doubt.other, word.box, f"{BOTH_HAVE_IT}; {doubt.reason}")
    else:
        why = rejected.reason if rejected else TESSERACT_STAYS
        yield NumberReading(n, word.text, "disputed", second.text, word.box, why)


def _edited(n: int, edit: Edit, seconds: Mapping[tuple[int, int], SecondWord]) -> Iterator[NumberReading]:
    """Yield the states of the numbers that an accepted edit publishes."""
    other = edit.raw
    if edit.proposer != PROPOSER:
        known = [second.text for i in range(edit.word, edit.word + edit.count) if (second := seconds.get((n, i)))]
        other = " ".join(known)
    texts = edit.new.split()
    for k, text in enumerate(texts):
        if not holds_digit(text):
            continue
        box = edit.boxes[k] if len(edit.boxes) == len(texts) else edit.box
        if not edit.count or not other:
            yield NumberReading(n, text, "single", box=box)
        elif edit.new.replace(" ", "") == other or any(same_number(text, part) for part in (other, *other.split())):
            yield NumberReading(n, text, "agreed", box=box)
        else:
            yield NumberReading(n, text, "disputed", other, box, edit.reason)
