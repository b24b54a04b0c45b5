"""The text of a page on the proof sheet: each edit and each doubtful number marked, there and on the image. Pure."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from scanmend.document import Box, CorrectedPage, Edit, Line, NumberReading, union
from scanmend.outputs.hocr import escape_text
from scanmend.outputs.word_boxes import PlacedWord, placed_words, words_of_numbers

UNSURE_NUMBER_CONFIDENCE = 80.0
"""Numbers read with less confidence (0–100) are marked as unsure."""

DOUBTFUL = ("disputed", "single")
"""States of numbers that are marked; those that both readers read alike, or a person decided, are not."""

Mark = tuple[Box | None, str, str]
"""A mark on the page image: its box, its CSS classes, and its ``data-`` attributes."""


def edit_id(page: CorrectedPage, index: int) -> str:
    """Return the id, in the HTML, of the table row of an edit, by its 0-based index."""
    return f"e{page.page.number}-{index + 1}"


def number_id(page: CorrectedPage, index: int) -> str:
    """Return the id, in the HTML, of the table row of a number, by its 0-based index."""
    return f"n{page.page.number}-{index + 1}"


class PageText:
    """The paragraphs of one page as HTML, and what is to be marked on its image.

    CSS classes say what a mark is: ``ok`` an accepted edit, with ``add`` where it inserts words and ``drop`` where it
    drops them; ``no`` a word with rejected edits, with ``add`` a word that was to be inserted; ``num`` a number read
    without confidence; ``disputed`` one that the two readers read differently; ``single`` one that only one reader has.
    What is not part of the published text, as dropped words are, is there to be shown on demand; a line or paragraph of
    nothing else has the class ``gone``.
    """

    def __init__(self, page: CorrectedPage) -> None:
        self.marks: list[Mark] = []
        self._page = page
        self._edit_index = {id(edit): i for i, edit in enumerate(page.edits)}
        self._number_index = {id(number): i for i, number in enumerate(page.numbers)}
        self._rejected: dict[int, list[Edit]] = {}
        self._unplaced: dict[int, list[PlacedWord]] = {}
        for edit in page.edits:
            if not edit.accepted:
                self._rejected.setdefault(edit.line, []).append(edit)
            if edit.kind == ("drop" if edit.accepted else "insert"):
                self._unplaced.setdefault(edit.line, []).append(_unpublished(page.page.lines[edit.line], edit))
        self._lines = placed_words(page)
        self.has_words = any(self._lines)
        """Whether any text is published of this page."""
        self.paragraphs = list(self._paragraphs())
        """One HTML element for each paragraph."""

    def _paragraphs(self) -> Iterator[str]:
        shown = [i for i, words in enumerate(self._lines) if words or i in self._unplaced]
        for _, group in groupby(shown, key=lambda i: self._page.page.lines[i].paragraph):
            of_paragraph = list(group)
            rows, parted = "", False
            for i in of_paragraph:
                row = self._row(i)
                if not self._lines[i]:
                    rows += f'<span class="gone">{row}</span>'
                    continue
                rows += "<br>\n" * parted + row
                parted = True
            yield f'<p dir="auto">{rows}</p>\n' if parted else f'<p class="gone" dir="auto">{rows}</p>\n'

    def _row(self, n: int) -> str:
        words = self._lines[n]
        readings = [number for number in self._page.numbers if number.line == n]
        number_at = words_of_numbers(words, readings)
        pieces: list[tuple[tuple[int, bool], str]] = []
        at = 0
        for _, group in groupby(words, key=lambda w: (w.first, id(w.edit))):
            of_edit = list(group)
            numbers = [number_at[i] for i in range(at, at + len(of_edit)) if i in number_at]
            at += len(of_edit)
            pieces.append((_order(of_edit[0]), self._piece(n, of_edit, numbers)))
        pieces += [(_order(word), self._piece(n, [word], [])) for word in self._unplaced.get(n, ())]
        placed = {id(number) for number in number_at.values()}
        for number in readings:
            if id(number) not in placed and number.state in DOUBTFUL:
                self.marks.append((number.box, number.state, self._attributes(number.box, [], [number])))
        return " ".join(html for _, html in sorted(pieces, key=lambda piece: piece[0]))

    def _piece(self, n: int, words: Sequence[PlacedWord], numbers: Sequence[NumberReading]) -> str:
        """Return the words of one edit, or one word without, as HTML; what is to be noted of them is marked."""
        word, text = words[0], " ".join(w.text for w in words)
        touching = [edit for edit in self._rejected.get(n, ()) if edit is not word.edit and _touches(edit, word)]
        doubtful = [number for number in numbers if number.state in DOUBTFUL]
        unsure = (
            word.confidence is not None
            and word.confidence < UNSURE_NUMBER_CONFIDENCE
            and any(c.isdigit() for c in text)
        )
        kinds = [*_kinds_of_edit(word.edit), *["no"] * bool(touching), *["num"] * unsure]
        kinds += sorted({number.state for number in doubtful})
        if not kinds:
            return escape_text(text)
        box = union(w.box for w in (word.raw or words))
        kind, more = " ".join(dict.fromkeys(kinds)), self._attributes(box, [word.edit, *touching], doubtful)
        if unsure:
            read = escape_text(" ".join(w.text for w in word.raw))
            more += f' data-c="{word.confidence:.0f}" data-t="{read}"'
        self.marks.append((box, kind, more))
        tag = "del" if "drop" in kinds else "ins" if word.edit and word.edit.accepted else "span"
        return f'<{tag} class="{kind}" {more}>{escape_text(text)}</{tag}>{_other_readings(doubtful)}'

    def _attributes(self, box: Box | None, edits: Sequence[Edit | None], numbers: Sequence[NumberReading]) -> str:
        """Return a mark's box, and the ids of the table rows that tell of it."""
        out = f'data-b="{" ".join(map(str, box or ()))}"'
        if rows := [edit_id(self._page, self._edit_index[id(edit)]) for edit in edits if edit]:
            out += f' data-e="{" ".join(rows)}"'
        if rows := [number_id(self._page, self._number_index[id(number)]) for number in numbers]:
            out += f' data-n="{" ".join(rows)}"'
        return out


def _unpublished(line: Line, edit: Edit) -> PlacedWord:
    """Return what an accepted edit dropped, or what a rejected one would have inserted, as one piece of text."""
    raw = line.words[edit.word : edit.word + edit.count]
    return PlacedWord(edit.raw or edit.new, edit.box or union(edit.boxes), edit.word, raw, edit)


def _order(word: PlacedWord) -> tuple[int, bool]:
    """Where a piece stands in its line: what is inserted before a raw word comes before it."""
    return word.first, bool(word.raw)


def _kinds_of_edit(edit: Edit | None) -> list[str]:
    if edit is None:
        return []
    return ["ok" if edit.accepted else "no", *{"insert": ["add"], "drop": ["drop"], "replace": []}[edit.kind]]


def _touches(edit: Edit, word: PlacedWord) -> bool:
    return edit.word < word.first + len(word.raw) and word.first < edit.word + edit.count


def _other_readings(numbers: Sequence[NumberReading]) -> str:
    """Return the readings that were not chosen, small and in brackets; they cannot be copied along with the text."""
    others = [f"[{escape_text(number.other)}]" for number in numbers if number.state == "disputed" and number.other]
    if not others:
        return ""
    return (
        f'<small class="other"><span class="unseen"> disputed; the other reading is </span>{" ".join(others)}</small>'
    )
