"""The corrected pages of one document in a file: memory does not grow with them, and page workers can read them."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter

from scanmend.document import CorrectedPage
from scanmend.errors import StorageError

_corrected = TypeAdapter(CorrectedPage)


class Pages(Protocol):
    """Corrected pages in order, which can be iterated any number of times."""

    def __iter__(self) -> Iterator[CorrectedPage]:
        """Iterate from the first page."""

    def __len__(self) -> int:
        """Return the number of pages."""


class AppendablePages(Pages, Protocol):
    """Pages to which more can be appended, as to a list."""

    def append(self, page: CorrectedPage, /) -> None:
        """Add the next page."""


class PageFile:
    """Corrected pages on disk, as one line of JSON each: appended one by one, read back one at a time."""

    def __init__(self, path: Path) -> None:
        """``path``: a file that does not exist yet; the caller removes it with its folder."""
        self.path = path
        self._count = 0

    @classmethod
    def saved(cls, path: Path) -> "PageFile":
        """Return the pages that were saved in a file earlier; StorageError where it cannot be read."""
        pages = cls(path)
        try:
            with path.open("rb") as file:
                pages._count = sum(1 for _ in file)
        except OSError as e:
            raise StorageError(f"{path} cannot be read: {e.strerror}") from e
        return pages

    def append(self, page: CorrectedPage, /) -> None:
        """Add the next page; StorageError."""
        try:
            with self.path.open("ab") as file:
                file.write(_corrected.dump_json(page) + b"\n")
        except OSError as e:
            raise StorageError(f"{self.path} cannot be written: {e.strerror}") from e
        self._count += 1

    def at(self, index: int) -> CorrectedPage:
        """Return one page by its 0-based index, without parsing those before it; StorageError."""
        try:
            with self.path.open("rb") as file:
                return _corrected.validate_json(next(islice(file, index, None)))
        except (OSError, StopIteration) as e:
            raise StorageError(f"{self.path} has no page {index + 1}: {e}") from e

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[CorrectedPage]:
        return saved_pages(self.path) if self._count else iter(())


def saved_pages(source: Path) -> Iterator[CorrectedPage]:
    """Yield the pages of a ``PageFile`` in order, one at a time; OSError."""
    with source.open("rb") as file:
        for line in file:
            yield _corrected.validate_json(line)
