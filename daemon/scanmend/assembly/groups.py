"""Which files of an inbox make one document, in which order, and until when more of them are waited for."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanmend.errors import DocumentError

SUBFOLDER = "subfolder"
"""The pattern that makes one document of the files of each subfolder."""
DUPLEX_WITHIN_S = 300.0
"""How long fronts wait for backs where ``group`` says nothing, in seconds: time to turn a stack and scan it again."""
ANY_TWO = "().*"
"""The pattern where ``duplex`` stands alone: any two files of one folder belong together."""
PAIR = 2
"""Files of a document that is collated: fronts and backs."""
_BACKS = re.compile("back|rear|verso|even|rück|rueck|reverse", re.IGNORECASE)
"""Words in the name of a file of backs, where the file of fronts has none of them."""
_LOOSE_ENDS = " ._-+"
"""Characters that part a document's name from the number of its page."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """How a folder's files are put together."""

    within_s: float
    """A document is complete once no file of it came or changed for so many seconds."""
    pattern: str
    """Regular expression for whole file names, with or without suffix; files with the same first group belong together.

    Or ``SUBFOLDER``.
    """
    collate: bool = False
    """Whether a document is made of two files: fronts, and backs in reverse order."""

    def key_of(self, file: Path) -> str | None:
        """Return what the files of a document have in common beside their folder; None for a file that stands alone.

        ``file``: its path below the inbox.
        """
        if self.pattern == SUBFOLDER:
            return "" if file.parent.name else None
        match = re.fullmatch(self.pattern, file.name) or re.fullmatch(self.pattern, file.stem)
        return match[1] if match else None


@dataclass(frozen=True, slots=True)
class Gathering:
    """Files that lie in an inbox and will be one document."""

    name: Path
    """What the document is called, below the inbox."""
    files: tuple[Path, ...]
    """Paths below the inbox in the order of the document; never empty."""
    since: float
    """When its first file came, by the caller's clock."""
    until: float
    """When no more are waited for, as far as nothing else comes."""


def gather(seen: Mapping[Path, float], group: Grouping) -> list[Gathering]:
    """Return the documents that files of an inbox make, those first that are complete first.

    ``seen``: since when each file, by its path below the inbox, has been as it is. Files that stand alone are left out.
    """
    together: dict[tuple[Path, str], list[Path]] = {}
    for file in seen:
        if (key := group.key_of(file)) is not None:
            together.setdefault((file.parent, key), []).append(file)
    found = []
    for (folder, key), files in together.items():
        for some in _pairs(files) if group.collate else [in_order(files)]:
            latest = max(seen[file] for file in some)
            complete = group.collate and len(some) == PAIR
            until = latest if complete else latest + group.within_s
            found.append(Gathering(_name(folder, key, some[0], group), some, min(seen[f] for f in some), until))
    return sorted(found, key=lambda one: (one.until, one.name))


def in_order(files: Iterable[Path]) -> tuple[Path, ...]:
    """Return files in natural order: by their names, in which numbers count as numbers."""
    return tuple(sorted(files, key=_natural))


def fronts_first(files: Iterable[Path]) -> tuple[Path, ...]:
    """Return files to be collated in order: the file of backs last where one name alone says so, else natural order."""
    ordered = in_order(files)
    backs = [file for file in ordered if _BACKS.search(file.stem)]
    if len(ordered) == PAIR and len(backs) == 1:
        return (*(file for file in ordered if file not in backs), *backs)
    return ordered


def page_order(names: Sequence[str], counts: Sequence[int], *, collate: bool) -> list[tuple[int, int]]:
    """Return index of the file and 1-based number in it of each page of a document; DocumentError.

    ``names`` and ``counts``: of its files, in the order of the document, and of their pages.
    """
    if not collate:
        return [(i, number) for i, count in enumerate(counts) for number in range(1, count + 1)]
    if len(names) != PAIR:
        raise DocumentError(_not_two(names))
    (fronts, backs), (first, second) = counts, names
    if fronts != backs:
        raise DocumentError(
            f"fronts and backs are not equally many: {first} (fronts) has {_pages(fronts)}, {second} (backs) has "
            f"{_pages(backs)}; a sheet was drawn in twice or missed, or the scanner left out blank backs (switch that "
            "off). Scan both sides again, and drop both files together; nothing was joined"
        )
    return [page for n in range(1, fronts + 1) for page in ((0, n), (1, backs - n + 1))]


def _not_two(names: Sequence[str]) -> str:
    if len(names) == 1:
        return (
            f"{names[0]} came alone: with duplex: collate a document is a file of fronts and a file of backs, and no "
            "second one came in time. Put the other file beside it, and have it tried again (scanmend retry); or drop "
            "both into the inbox together"
        )
    return (
        f"{', '.join(names)} cannot be collated: with duplex: collate a document is two files, fronts and backs; leave "
        "these two, and have it tried again (scanmend retry)"
    )


def _pages(count: int) -> str:
    return f"{count} page{'s' * (count != 1)}"


def _pairs(files: Iterable[Path]) -> Iterator[tuple[Path, ...]]:
    """Yield each two files that follow each other in natural order; the last may be alone."""
    ordered = in_order(files)
    for i in range(0, len(ordered), PAIR):
        yield fronts_first(ordered[i : i + PAIR])


def _natural(file: Path) -> tuple[list[str | int], str]:
    # Between the pieces of text, also empty ones, stand the numbers: at one place there are always two of a kind.
    pieces = re.split(r"([0-9]+)", file.name.casefold())
    return [int(piece) if i % 2 else piece for i, piece in enumerate(pieces)], file.name


def _name(folder: Path, key: str, first: Path, group: Grouping) -> Path:
    if group.pattern == SUBFOLDER:
        return folder
    return folder / (key.strip(_LOOSE_ENDS) or first.stem)
