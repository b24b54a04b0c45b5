"""Parts a source into documents, from what was seen on each of its pages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from scanmend.assembly.rules import Separator, Split
from scanmend.document import Mark
from scanmend.errors import DocumentError


@dataclass(frozen=True, slots=True)
class SeenPage:
    """What a page of the source shows that matters here."""

    number: int
    """1-based."""
    blank: bool
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """A page of the source that is left out of the document that it belongs to."""

    page: int
    """1-based number in the source."""
    why: Literal["separator", "blank"]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One document of a source."""

    number: int
    """1-based."""
    of: int
    """How many documents the source makes."""
    pages: tuple[int, ...]
    """1-based numbers of its pages in the source; never empty."""
    dropped: tuple[Dropped, ...] = ()
    """Pages that lie among or beside its own, and are left out."""
    separator: Separator | None = None
    """What it begins with; None for what comes before the first separator, and where nothing printed separates."""
    unfilled: tuple[Separator, ...] = ()
    """Separators of other values right before or behind it, which have no pages of their own."""


@dataclass(slots=True)
class _Group:
    """Pages between two separators."""

    separator: Separator | None = None
    pages: list[int] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    unfilled: list[Separator] = field(default_factory=list)


def parts_of(pages: Iterable[SeenPage], split: Split | None, blank_pages: Literal["keep", "drop"]) -> tuple[Part, ...]:
    """Return the documents of a source in order; DocumentError where none would have a page.

    A separator behind which no page is left, as another follows or it is the last, makes no document: it is noted with
    the next one, or the last.
    """
    groups = list(_filled(_groups(pages, split, blank_pages)))
    if not groups:
        raise DocumentError("no page would be left of it: all are separators or blank, and these are dropped")
    return tuple(
        Part(i, len(groups), tuple(g.pages), tuple(g.dropped), g.separator, _unlike(g.unfilled, g.separator))
        for i, g in enumerate(groups, 1)
    )


def _groups(pages: Iterable[SeenPage], split: Split | None, blank_pages: Literal["keep", "drop"]) -> Iterator[_Group]:
    """Yield the pages from each separator to the next; of blank pages that separate, the last pages before them."""
    group, parted, begun = _Group(), False, False
    for i, page in enumerate(pages):
        separator = None
        if split is None:
            begins, separates = False, False
        elif split.by == "pages":
            begins, separates = i > 0 and i % split.every == 0, False
        elif split.by == "blank":
            begins, separates = parted and not page.blank, page.blank
            parted = page.blank and begun
        else:
            separator = split.separator_on(page.number, page.marks)
            begins = separates = separator is not None
        if begins and begun:
            yield group
            group, begun = _Group(), False
        begun = begun or not (separates and split is not None and split.by == "blank")
        group.separator = separator or group.separator
        if separates and split is not None and split.separator == "drop":
            group.dropped.append(Dropped(page.number, "separator", page.marks))
        elif page.blank and blank_pages == "drop":
            group.dropped.append(Dropped(page.number, "blank", page.marks))
        else:
            group.pages.append(page.number)
    yield group


def _filled(groups: Iterable[_Group]) -> Iterator[_Group]:
    """Yield groups that have pages; what the others have goes to the next one, or the last."""
    last: _Group | None = None
    waiting: list[_Group] = []
    for group in groups:
        if not group.pages:
            waiting.append(group)
            continue
        if last is not None:
            yield last
        group.dropped = [dropped for empty in waiting for dropped in empty.dropped] + group.dropped
        group.unfilled = [empty.separator for empty in waiting if empty.separator]
        last, waiting = group, []
    if last is not None:
        last.dropped += [dropped for empty in waiting for dropped in empty.dropped]
        last.unfilled += [empty.separator for empty in waiting if empty.separator]
        yield last


def _unlike(unfilled: list[Separator], own: Separator | None) -> tuple[Separator, ...]:
    """Leave out those that say the same as the document's own: both sides of one sheet, say."""
    return tuple(one for one in unfilled if own is None or one.value != own.value)
