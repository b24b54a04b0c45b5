"""How many long documents are in work at a time, so that short ones always find room beside them."""

import threading

from scanmend.errors import Postponed

LONG = 10
"""Pages; a document with more is long."""


class Admission:
    """A few places for long documents; a document that finds none is put off until one is free."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._inside: set[str] = set()
        self._lock = threading.Lock()

    def enter(self, id_: str, pages: int) -> None:
        """Take a place for a document that turns out to be long; Postponed where none is free."""
        if pages <= LONG:
            return
        with self._lock:
            if self._full and id_ not in self._inside:
                raise Postponed(f"waits, having {pages} pages, until another long document is through")
            self._inside.add(id_)

    def leave(self, id_: str) -> None:
        """Give its place back, if it had one."""
        with self._lock:
            self._inside.discard(id_)

    @property
    def full(self) -> bool:
        """Whether no long document can enter now."""
        with self._lock:
            return self._full

    @property
    def _full(self) -> bool:
        return len(self._inside) >= self._places
