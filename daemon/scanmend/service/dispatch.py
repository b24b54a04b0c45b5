"""Which document is begun next: first those that are due again, then new files, of each folder in turn."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from scanmend.config.schema import Folder
from scanmend.errors import StorageError
from scanmend.intake.inbox import Missed
from scanmend.intake.pauses import Pauses
from scanmend.jobs.claim import Claimer
from scanmend.jobs.lifecycle import DocumentLifecycle
from scanmend.ledger.entry import Entry
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.service.document_pool import DocumentPool
from scanmend.service.folder_health import FolderHealth
from scanmend.service.inbox_watcher import InboxWatcher


class Dispatcher:
    """Begins documents while there are threads for them; used by the daemon's loop alone."""

    def __init__(
        self,
        documents: DocumentPool,
        claimer: Claimer,
        health: FolderHealth,
        slot: ModelSlot,
        lifecycle: DocumentLifecycle,
        pauses: Pauses,
        workers_away: Callable[[], bool] = lambda: False,
    ) -> None:
        """``lifecycle`` takes a document of a folder as far as it goes; it runs on threads of ``documents``.

        ``workers_away``: whether the machines that read pages are out of reach, so that documents wait.
        """
        self._workers_away = workers_away
        self._documents = documents
        self._claimer = claimer
        self._health = health
        self._slot = slot
        self._lifecycle = lifecycle
        self._pauses = pauses

    def begin_due(self, folders: Sequence[Folder], now: float) -> None:
        """Begin documents that were claimed before and are due; ``now`` is of the wall clock."""
        by_inbox = {folder.inbox: folder for folder in folders}
        for entry in self._documents.due(self.ready_inboxes(folders), now, self._documents.free):
            self._begin(entry, by_inbox[entry.inbox])

    def begin_new(self, watchers: Iterable[InboxWatcher], now: float) -> None:
        """Claim and begin settled files, one of each folder in turn; ``now`` is time.monotonic()."""
        if self._workers_away():
            return
        left = [watcher for watcher in watchers if not self._health.pause_reason(watcher.folder.name)]
        while left and self._documents.free > 0:
            for watcher in list(left):
                if self._documents.free <= 0:
                    break
                if not self._claim_one(watcher, now):
                    left.remove(watcher)

    def ready_inboxes(self, folders: Sequence[Folder]) -> list[Path]:
        """The inboxes whose claimed documents can be worked on now.

        Left out are those of a folder that is paused, or whose model is being downloaded, or left alone after failures,
        and all while the machines that read pages are out of reach; but not where a source is gone but for the file
        that is open, which is to be saved soon.
        """
        urgent = self._lifecycle.inboxes_of_only_copies
        if self._workers_away():
            return [folder.inbox for folder in folders if folder.inbox in urgent]
        return [
            folder.inbox
            for folder in folders
            if folder.inbox in urgent
            or (not self._health.pause_reason(folder.name) and not self._waits_for_model(folder))
        ]

    def _waits_for_model(self, folder: Folder) -> bool:
        if folder.strategy == "off":
            return False
        held = folder.on_model_failure == "hold" and self._slot.resting(folder.model)
        return bool(held) or self._slot.downloads.running(folder.model)

    def _claim_one(self, watcher: InboxWatcher, now: float) -> bool:
        """Try to claim and begin one file; whether there was one to try."""
        if self._pauses.holds(watcher.folder.name):  # asked each time: a pause holds from the moment it is there
            return False
        try:
            if (group := watcher.next_group(now)) is not None:
                files: Iterable[Path] = group[0].files
                entry = self._claimer.claim_group(watcher.folder, watcher.inbox, *group)
            elif (ready := watcher.next_ready(now)) is not None:
                files = ready[:1]
                entry = self._claimer.claim(watcher.folder, watcher.inbox, *ready)
            else:
                return False
        except StorageError as e:
            watcher.claim_failed(str(e), now)
        else:
            if isinstance(entry, Missed):
                watcher.claim_missed(now)
            else:
                for file in files:
                    watcher.claimed(file)
                self._begin(entry, watcher.folder)
        return True

    def _begin(self, entry: Entry, folder: Folder) -> None:
        self._documents.begin(entry, partial(self._lifecycle.work, entry, folder))
