"""Reviewing over a daemon's socket, for commands: the same as ``review.Reviews``, asked over HTTP."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import TypeAdapter

from scanmend.ledger.reviews import State
from scanmend.review.documents import QueueItem, ReviewDocument, ReviewQueue
from scanmend.review.doubt.decisions import Decision
from scanmend.review.glossary import LearnedWord

_queue = TypeAdapter(ReviewQueue)
_document = TypeAdapter(ReviewDocument)
_words = TypeAdapter(tuple[LearnedWord, ...])


class ReviewLink:
    """See ``controls.ReviewDesk``; ScanmendError with what the daemon says is wrong."""

    def __init__(self, ask: Callable[[str, str, Any], Any]) -> None:
        """``ask(method, path, body)`` returns the content of an answer; the path is below ``/api/v1/``."""
        self._ask = ask

    def queue(self, after: str = "", limit: int = 50, state: State = "open") -> list[QueueItem]:
        """See ReviewDesk."""
        given = {"state": state, "limit": limit} | ({"after": after} if after else {})
        return list(_queue.validate_python(self._ask("GET", f"reviews?{urlencode(given)}", None)).items)

    def counts(self) -> dict[str, int]:
        """See ReviewDesk."""
        return _queue.validate_python(self._ask("GET", "reviews?limit=1", None)).counts

    def open(self, id_: str) -> ReviewDocument:
        """See ReviewDesk."""
        return _document.validate_python(self._ask("GET", _path(id_), None))

    def decide(self, id_: str, decisions: Iterable[Decision], name: str) -> ReviewDocument:
        """See ReviewDesk."""
        given = [{**asdict(one), "source": one.source or None} for one in decisions]
        return self._step(id_, "decide", {"decisions": given, "by": name})

    def undo(self, id_: str, name: str) -> ReviewDocument:
        """See ReviewDesk."""
        return self._step(id_, "undo", {"by": name})

    def restore_machine(self, id_: str, name: str = "") -> ReviewDocument:
        """See ReviewDesk."""
        return self._step(id_, "restore", {"by": name})

    def learned(self, folder: str) -> tuple[LearnedWord, ...]:
        """See ReviewDesk."""
        return _words.validate_python(self._ask("GET", f"words?{urlencode({'folder': folder})}", None))

    def _step(self, id_: str, does: str, body: Any) -> ReviewDocument:
        return _document.validate_python(self._ask("POST", f"{_path(id_)}/{does}", body))


def _path(id_: str) -> str:
    return f"reviews/{quote(id_, safe='')}"
