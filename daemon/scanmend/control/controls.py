"""What may be asked of a running daemon, and told to it: the one thing that the API and the web page know of it."""

from collections.abc import Iterable, Sequence
from io import BufferedReader
from typing import Any, Protocol

from scanmend.control.values import Document, DocumentList, DocumentQuery, Now, OutputFile, Retried
from scanmend.ledger.reviews import State
from scanmend.review.documents import QueueItem, ReviewDocument
from scanmend.review.doubt.decisions import Decision
from scanmend.review.glossary import LearnedWord


class Steering(Protocol):
    """What a command, a program or a person may ask and tell, with a running daemon or by its files."""

    def status(self) -> dict[str, Any]:
        """Return the very values that ``scanmend status --json`` prints."""

    def retry(self, ids: Sequence[str] | None) -> Retried:
        """Give quarantined documents back to work, all of them for None; Unknown names ids that are none."""

    def unload(self) -> None:
        """Have the models' processes end as soon as no document needs them."""

    def pause(self, folder: str) -> None:
        """Have nothing more taken from the folder's inbox, over restarts too; what is in hand is finished. Unknown."""

    def resume(self, folder: str) -> None:
        """End what ``pause`` began; nothing where the folder was not paused. Unknown."""

    def rescan(self) -> None:
        """Have every inbox listed now."""

    def reload(self) -> None:
        """Have the configuration read again; status has a trouble where it is rejected."""


class ReviewDesk(Protocol):
    """Documents in review, as ``review.Reviews`` has them; DecisionRefused, StorageError."""

    def queue(self, after: str = "", limit: int = 50, state: State = "open") -> list[QueueItem]:
        """Return documents of a state, most doubtful first; ``after``: ``cursor`` of the last one already seen."""

    def counts(self) -> dict[str, int]:
        """Return how many documents are in each state."""

    def open(self, id_: str) -> ReviewDocument:
        """Return a document with its places."""

    def decide(self, id_: str, decisions: Iterable[Decision], name: str) -> ReviewDocument:
        """Take decisions, all or none, under a name that nobody checks."""

    def undo(self, id_: str, name: str) -> ReviewDocument:
        """Take the latest step back that still holds."""

    def restore_machine(self, id_: str, name: str = "") -> ReviewDocument:
        """Bring the outputs back as the machine published them."""

    def learned(self, folder: str) -> tuple[LearnedWord, ...]:
        """Return the words of a folder that people confirmed twice, and what they did."""


class Controls(Steering, Protocol):
    """A running daemon; every method may be called from any thread, and takes milliseconds.

    StorageError where the ledger or a folder cannot be used; Unknown for a document, folder or file that there is not.
    """

    @property
    def reviews(self) -> ReviewDesk:
        """Documents in review."""

    def now(self) -> Now:
        """Return what happens at this moment."""

    def documents(self, query: DocumentQuery) -> DocumentList:
        """Return the documents that match, newest first; ValueError for a ``query.after`` that no answer gave."""

    def document(self, id_: str) -> Document:
        """Return one document; Unknown."""

    def open_output(self, id_: str, name: str) -> tuple[BufferedReader, OutputFile]:
        """Open one of the outputs that ``document`` names, without following links; Unknown. The caller closes it."""

    def open_source(self, id_: str) -> tuple[BufferedReader, str]:
        """Open the scan where it lies now, without following links, and return it with its name; Unknown."""

    def wait_for_change(self, after: int, limit_s: float) -> int:
        """Wait until anything changed since change number ``after``, ``limit_s`` seconds at most.

        Returns the number of the latest change; ``after`` itself where there was none.
        """

    def trouble(self) -> str | None:
        """Say why the daemon is not ready to work: no pass of its loop for too long; None where it is."""
