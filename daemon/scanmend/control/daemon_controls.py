"""The controls of a running service: what its loop reported last, the ledger, and requests that the loop takes up."""

import os
import threading
import time
from collections.abc import Sequence
from io import BufferedReader
from typing import Any

from scanmend import __version__
from scanmend.control import files
from scanmend.control.documents import document_row, find, warned
from scanmend.control.link import known_folder
from scanmend.control.now import (
    PAGES_INTERVAL_S,
    PAGES_SPAN_S,
    FromLedger,
    folders_now,
    models_now,
    pages_now,
)
from scanmend.control.retry import retry
from scanmend.control.samples import Samples, ram_total_mib
from scanmend.control.status import combined
from scanmend.control.values import Document, DocumentList, DocumentQuery, Now, OutputFile, Retried, Sample, Unknown
from scanmend.document import local_iso, printable
from scanmend.ledger import listing
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import ACTIVE, Ledger
from scanmend.ledger.names import NameIndex
from scanmend.process.memory import resident_mib
from scanmend.review.reviews import Reviews
from scanmend.service.service import Service

MAX_PASS_AGE_S = 120.0
"""When the loop's latest pass is this long ago, in seconds, it hangs; systemd's watchdog has the same limit."""
COUNT_INTERVAL_S = 2.0
"""Shortest time between two counts of all documents, in seconds."""


class DaemonControls:
    """See ``Controls``; for the threads that serve them, never for the loop's own."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._reading = Ledger(service.ledger.path, read_only=True)  # never holds up the loop's own connection
        self._names = NameIndex(self._reading.db)
        self._samples = Samples(lambda: bool(service.slot.snapshot.loaded))
        self._lock = threading.Lock()
        self._from_ledger: tuple[tuple[int, int], FromLedger] | None = None
        self._counts: dict[tuple[str, str], int] = {}
        self._next_count = 0.0

    @property
    def reviews(self) -> Reviews:
        """See Controls."""
        return self._service.reviews

    def start(self) -> None:
        """Begin to take samples of memory, as ``now`` does, too, and to index the names of documents."""
        self._samples.start()
        self._names.catch_up_later()

    def close(self) -> None:
        """Take no more samples, and close the ledger."""
        self._samples.stop()
        self._names.close()
        self._reading.close()

    def status(self) -> dict[str, Any]:
        """See Controls."""
        status, _ = self._service.latest.get()
        known = {"pid": os.getpid(), **status, "written": time.time()}  # before the first pass there is no status
        return combined(self._service.config, known, self._reading)

    def now(self) -> Now:
        """See Controls."""
        self._samples.start()
        status, change = self._service.latest.get()
        at, slot = time.time(), self._service.slot
        ledger = self._ledger_at(change, at)
        pages = pages_now(ledger.pages, at)
        return Now(
            change,
            local_iso(at),
            os.getpid(),
            __version__,
            local_iso(status.get("started", at)),
            tuple(folders_now(self._service.config, status, ledger)),
            slot.state()["state"],
            tuple(models_now(slot.loaded(), resident_mib)),
            tuple(status.get("downloads", ())),
            status.get("page_workers", 0),
            tuple(status.get("troubles", ())),
            tuple(Sample(local_iso(one.at), one.ram_mib, one.gpu_mib) for one in self._samples.last_hour()),
            ram_total_mib(),
            self._samples.gpu_total_mib,
            pages,
            sum(one.pages for one in pages),
        )

    def documents(self, query: DocumentQuery) -> DocumentList:
        """See Controls."""
        found = find(self._reading, self._names, query)
        self._names.catch_up_later()
        return found

    def document(self, id_: str) -> Document:
        """See Controls."""
        entry = self._entry(id_)
        status, _ = self._service.latest.get()
        source = files.source_path(entry, self._service.config)
        return Document(
            document_row(entry),
            warned(entry),
            tuple(files.outputs(entry, self._reading.parts.of(entry.id))),
            printable(entry.outbox),
            printable(source) if source else None,
            next((one["stage"] for one in status.get("working", ()) if one["id"] == id_), None),
            files.record_head(entry),
            entry.state == "quarantined",
        )

    def open_output(self, id_: str, name: str) -> tuple[BufferedReader, OutputFile]:
        """See Controls."""
        return files.open_output(self._entry(id_), name, self._reading.parts.of(id_))

    def open_source(self, id_: str) -> tuple[BufferedReader, str]:
        """See Controls."""
        entry = self._entry(id_)
        return files.open_scan(entry, self._service.config), printable(entry.relative.name)

    def retry(self, ids: Sequence[str] | None) -> Retried:
        """See Controls."""
        done = retry(self._service.config, self._service.ledger, ids)
        if done.returned or done.taken_over:
            self._changed()
        return done

    def unload(self) -> None:
        """See Controls."""
        self._service.request_unload()

    def pause(self, folder: str) -> None:
        """See Controls."""
        self._service.pauses.add(known_folder(self._service.config, folder))
        self._changed()

    def resume(self, folder: str) -> None:
        """See Controls."""
        self._service.pauses.remove(known_folder(self._service.config, folder))
        self._changed()

    def rescan(self) -> None:
        """See Controls."""
        self._service.request_rescan()

    def reload(self) -> None:
        """See Controls."""
        self._service.request_reload()

    def wait_for_change(self, after: int, limit_s: float) -> int:
        """See Controls."""
        return self._service.latest.wait(after, limit_s)

    def trouble(self) -> str | None:
        """See Controls."""
        age_s = self._service.latest.age_s(time.monotonic())
        if age_s == float("inf"):
            return "the daemon has just been started, and has not looked at its inboxes yet"
        if age_s > MAX_PASS_AGE_S:
            return f"the daemon's loop has not come round for {age_s:.0f} s; see its log, and restart it"
        return None

    def _changed(self) -> None:
        self._service.wake()
        self._service.latest.note_change()

    def _entry(self, id_: str) -> Entry:
        entry = self._reading.get(id_)
        if entry is None:
            raise Unknown("document", f"no document has the id {printable(id_)}; scanmend status lists the latest")
        return entry

    def _ledger_at(self, change: int, now: float) -> FromLedger:
        """Return what the ledger says, asked once for each change however many pages are open."""
        moment = (change, int(now / COUNT_INTERVAL_S))
        with self._lock:
            if self._from_ledger is None or self._from_ledger[0] != moment:
                if time.monotonic() >= self._next_count:
                    self._counts = listing.counts_by_folder(self._reading.db)
                    self._next_count = time.monotonic() + COUNT_INTERVAL_S
                since = now - PAGES_SPAN_S - PAGES_INTERVAL_S
                read = FromLedger(
                    self._reading.in_state(*ACTIVE),
                    self._counts,
                    listing.pages_finished(self._reading.db, since, PAGES_INTERVAL_S),
                )
                self._from_ledger = (moment, read)
            return self._from_ledger[1]
