"""The daemon's loop: sleep until something is due or asked for, and do it. Signal handlers ask; the loop decides."""

import os
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from scanmend import __version__
from scanmend.config.schema import Config, Folder
from scanmend.errors import ConfigError, StorageError
from scanmend.fs.mounts import MountWatch
from scanmend.intake.fs_events import FsEvents
from scanmend.intake.pauses import Pauses, paused_fields
from scanmend.intake.presence import Presence, daemon_mark, daemon_name
from scanmend.jobs.claim import Claimer
from scanmend.jobs.lifecycle import DocumentLifecycle
from scanmend.jobs.pipeline import Pipeline
from scanmend.jobs.recover import ClaimRecovery
from scanmend.ledger.recovery import names_in_damaged_ledgers, open_ledger
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.llm.scheduler.state import policy_of
from scanmend.pageworkers.pool import PagePool
from scanmend.process import malloc
from scanmend.review.reviews import Reviews
from scanmend.review.telling import Telling
from scanmend.service.dispatch import Dispatcher
from scanmend.service.document_pool import DocumentPool
from scanmend.service.folder_health import FolderHealth, trouble_of_folder
from scanmend.service.inbox_watcher import InboxWatcher
from scanmend.service.lock import hold_lock
from scanmend.service.reload import reload
from scanmend.service.sd_notify import notify, watchdog_s
from scanmend.service.startup import make_folders, read_glossaries, sweep
from scanmend.service.status_file import LatestStatus, StatusFile, summary

MAX_SLEEP_S = 30.0
"""Longest sleep of the loop, in seconds."""
WORKERS_IDLE_S = 20.0
"""Seconds without work after which the page workers end; sooner where the model does."""
STOP_GRACE_S = 5.0
"""How long pages in work may take to finish after a stop was requested, in seconds."""

log = structlog.get_logger()


class Service:
    """The daemon, and everything that lives as long as it does."""

    def __init__(
        self, config: Config, make_pool: Callable[[Config], PagePool], make_slot: Callable[..., ModelSlot]
    ) -> None:
        """Take the lock and open the ledger; StorageError when another daemon has this state folder."""
        self.config = config
        self.passes = 0
        """How often the loop has run; this stands still while there is nothing to do."""
        make_folders(config)
        self._lock = hold_lock(config.state_dir)
        malloc.use_one_arena()
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._signals_fd, self.signal_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        """For signal.set_wakeup_fd: a signal that comes just as the loop goes to sleep wakes it, too."""
        self._stopping = threading.Event()
        self._reload_requested = self._unload_requested = self._rescan_requested = False
        self._unload_count = self._reload_count = 0
        self._rejected = ""
        self._troubles_beside: list[Callable[[], list[str]]] = []
        self._before_stop: list[Callable[[], None]] = []
        self.pauses = Pauses(config.state_dir)
        self._paused: dict[str, float] = {}
        self.latest = LatestStatus()
        """What the loop has reported last; like ``ledger``, ``slot`` and ``pauses`` safe to use from other threads."""
        self.ledger = open_ledger(config.state_dir / "ledger.sqlite", config.keep_documents)
        self.pool = make_pool(config)
        if self.pool.remote is not None:
            self.pool.remote.on_change(self.wake)
        self.slot = make_slot(config, changed=self.wake)
        telling = Telling(self._folder_of, self._stopping.is_set)
        self.reviews = Reviews(config.state_dir, self.ledger, self.pool, self._review_changed, telling=telling)
        learned = self.reviews.glossary.entries_for
        pipeline = Pipeline(self.pool, self.slot, self._stopping.is_set, postpone=True, learned=learned)
        self._glossaries = pipeline.glossaries
        read_glossaries(config, self._glossaries)
        self._recovery = ClaimRecovery(self.ledger, names_in_damaged_ledgers(config.state_dir))
        self._storage = MountWatch()
        self._health = FolderHealth(self._storage)
        self._documents = DocumentPool(self.ledger, lambda: self.pool.workers, self.wake)
        self._status_file = StatusFile(config.state_dir)
        self._presence = Presence(daemon_mark(config.state_dir))
        self._lifecycle = DocumentLifecycle(
            self.ledger,
            pipeline,
            self._documents.set_stage,
            self._stopping.is_set,
            self._documents.admit,
            lambda folder, space, inbox: trouble_of_folder(
                self._storage, folder, config.state_dir, writing=space, inbox=inbox
            ),
            self.reviews.shelf,
            lambda: daemon_name(self.config, self._presence.mark),
        )
        self._dispatcher = Dispatcher(
            self._documents,
            Claimer(self.ledger),
            self._health,
            self.slot,
            self._lifecycle,
            self.pauses,
            self._workers_away,
        )
        self._fs_events = FsEvents(self._inbox_changed)
        self._fs_changed = threading.Event()
        self._watchers: list[InboxWatcher] = []
        self._started, self._heap_trimmed = time.time(), time.monotonic()

    def _workers_away(self) -> bool:
        """Whether the machines that read pages are out of reach."""
        return self.pool.remote is not None and bool(self.pool.remote.trouble)

    def include_troubles(self, of: Callable[[], list[str]]) -> None:
        """Have status tell the troubles of what runs beside the loop, too; before ``run``."""
        self._troubles_beside.append(of)

    def before_stop(self, call: Callable[[], None]) -> None:
        """Have this called first when the daemon ends; before ``run``."""
        self._before_stop.append(call)

    def wake(self) -> None:
        """Have the loop run once more; safe from any thread and from signal handlers."""
        os.eventfd_write(self._wake_fd, 1)

    def request_stop(self) -> None:
        """Ask the loop to end; as safe as ``wake``, like the other requests."""
        self._stopping.set()
        self.wake()

    def request_reload(self) -> None:
        """Ask the loop to read the configuration again."""
        self._reload_requested = True
        self.wake()

    def request_unload(self) -> None:
        """Ask the loop to have the models' processes end as soon as no document needs them."""
        self._unload_requested = True
        self.wake()

    def request_rescan(self) -> None:
        """Ask the loop to list every inbox, and to begin what other processes have made ready."""
        self._rescan_requested = True
        self.wake()

    def run(self) -> None:
        """Work until asked to stop; when this returns, every child process has ended and all is written down."""
        try:
            self._recovery.recover(self.config.folders)
            self.reviews.recover()
            threading.Thread(target=sweep, args=(self.config,), name="sweep", daemon=True).start()
            self._watchers = self._make_watchers()
            notify("READY=1", f"MAINPID={os.getpid()}")
            folders = [folder.name for folder in self.config.folders]
            log.info("daemon.ready", version=__version__, pid=os.getpid(), folders=folders)
            while not self._stopping.is_set():
                self.run_once()
                self.passes += 1
                self._sleep()
        finally:
            self._stop()

    def run_once(self) -> None:
        """Do what is due now; the body of the loop."""
        if self._reload_requested:
            self._reload_requested = False
            self._reload()
        if self._unload_requested:
            self._unload_requested = False
            self._unload_count += 1
            self.slot.unload()
        if self._rescan_requested:
            self._rescan_requested = False
            for watcher in self._watchers:
                watcher.rescan()
        now = time.monotonic()
        self._read_pauses()
        self._documents.collect()
        self._update_watchers(now)
        self._health.check(self.config, [watcher.trouble or "" for watcher in self._watchers], now)
        self._dispatcher.begin_due(self.config.folders, time.time())
        self._dispatcher.begin_new(self._watchers, now)
        self._presence.renew(daemon_name(self.config, self._presence.mark), self.config.folders, now)
        self.slot.tick()
        self.reviews.look()
        if not self._documents:
            self.pool.end_idle(self._workers_idle_s)
        self._report()
        if now - self._heap_trimmed >= malloc.TRIM_INTERVAL_S:
            self._heap_trimmed = now
            malloc.trim_heap()

    def _read_pauses(self) -> None:
        """Learn which folders a person has paused or resumed, and log it."""
        before, self._paused = self._paused, self.pauses.since()
        for folder in self.config.folders:
            if folder.name in self._paused and folder.name not in before:
                log.info("folder.paused_by_hand", folder=folder.name, meaning="nothing is taken from its inbox")
            elif folder.name in before and folder.name not in self._paused:
                log.info("folder.resumed_by_hand", folder=folder.name)

    def _is_paused(self, name: str) -> bool:
        return name in self._paused or self._health.pause_reason(name) is not None

    def _make_watchers(self) -> list[InboxWatcher]:
        adopt, storage = self._recovery.adopt, self._storage
        return [InboxWatcher(f, self.ledger, self._fs_events, adopt, storage=storage) for f in self.config.folders]

    def _folder_of(self, inbox: Path) -> Folder | None:
        """Return the folder with this inbox as it is configured now; for any thread."""
        return self.config.folder_of(inbox)

    def _review_changed(self) -> None:
        """Tell pages that are open; called from threads of the review and of requests."""
        self.latest.note_change()
        self.wake()

    def _inbox_changed(self) -> None:
        """Have the inboxes listed; called from watchdog's thread."""
        self._fs_changed.set()
        self.wake()

    def _update_watchers(self, now: float) -> None:
        if changed := self._fs_changed.is_set():
            self._fs_changed.clear()  # an event from here on is for the next pass
        coming = 0
        for watcher in self._watchers:
            watcher.update(now, changed=changed)
            arrived, pictures, folder = watcher.pop_arrived(), watcher.pop_pictures_arrived(), watcher.folder
            if arrived and self._workers_idle_s > folder.settle_s and not self._is_paused(folder.name):
                # of sources that stay in the inbox, all but one may have been processed before
                coming += 1 if folder.original == "keep" else watcher.waiting
                if pictures and folder.second_reader != "off":
                    self.pool.prepare_second_reader(folder.languages)
        if coming:
            self.pool.start_ahead(coming)  # they start while the files settle

    @property
    def _workers_idle_s(self) -> float:
        unload_s = self.config.idle_unload_s
        return WORKERS_IDLE_S if unload_s < 0 else min(WORKERS_IDLE_S, unload_s)

    def _sleep(self) -> None:
        """Wait until something is due, or until somebody wakes the loop."""
        now = time.monotonic()
        ready = self._dispatcher.ready_inboxes(self.config.folders)
        seconds = [MAX_SLEEP_S, self._documents.seconds_until_due(ready, now), self._health.seconds_until_check(now)]
        seconds += [watcher.seconds_until_update(now) for watcher in self._watchers]
        seconds.append(self._status_file.seconds_until_write(now))
        if not self._documents and not self.pool.idle:
            seconds.append(max(0.1, self._workers_idle_s / 4))
        if (idle := self.slot.seconds_until_tick()) is not None:
            seconds.append(idle + 0.01)
        if ping := watchdog_s():
            seconds.append(ping / 3)
        woken, _, _ = select.select([self._wake_fd, self._signals_fd], [], [], max(0.0, min(seconds)))
        if self._wake_fd in woken:
            os.eventfd_read(self._wake_fd)
        if self._signals_fd in woken:
            os.read(self._signals_fd, select.PIPE_BUF)

    def _reload(self) -> None:
        """Take the configuration file as it is now; a bad one is reported, and the old one stays."""
        self._reload_count += 1
        try:
            config = reload(self.config, self._glossaries)
        except (ConfigError, StorageError) as e:
            self._rejected = f"a change of the configuration was rejected, the old one stays: {e}".replace("\n", "; ")
            log.warning("config.rejected", problems=str(e).splitlines(), meaning="the old configuration stays")
            return
        self._rejected = ""
        notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        for watcher in self._watchers:
            watcher.close()
        self.config = config
        self.ledger.remembered = config.keep_documents
        self.slot.configure(config.models, policy_of(config))
        self._recovery.recover(config.folders, self._documents.ids)
        self._health.reset()
        self._watchers = self._make_watchers()
        notify("READY=1")
        log.info("config.reloaded", folders=[f.name for f in config.folders])

    def _report(self) -> None:
        """Ping systemd, and bring the status file up to date."""
        status = self.status()
        notify("WATCHDOG=1", f"STATUS={summary(status)}")
        self.latest.report(status, time.monotonic())
        self._status_file.update(status, time.monotonic())

    def status(self) -> dict[str, Any]:
        """What only the daemon knows: documents in work, the models, the inboxes; plain values."""
        model, loaded = self.slot.state(), self.slot.loaded()
        for one in (model, *loaded):
            one.pop("unload_in_s", None)
        beside = [trouble for of in self._troubles_beside for trouble in of()]
        dask = self.pool.remote.status() if self.pool.remote is not None else None
        return {
            "pid": os.getpid(),
            "version": __version__,
            "started": self._started,
            "working": self._documents.snapshot(),
            "model": model,
            "loaded": loaded,
            "unload_requests": self._unload_count,
            "reloads": self._reload_count,
            "rejected": self._rejected or None,
            "troubles": [*self.slot.troubles(), *filter(None, [self._rejected]), *_troubles_of(dask), *beside],
            "downloads": self.slot.downloads.snapshot(),
            "page_workers": len(self.pool.pids),
            "dask": dask,
            "folders": [w.snapshot(self._health.pause_reason(w.folder.name)) for w in self._watchers],
            "paused": paused_fields(self._paused, self.config.folders),
        }

    def _stop(self) -> None:
        """Let pages in work finish for a moment, leave the rest to the ledger, and end every child process."""
        notify("STOPPING=1")
        if not self._stopping.is_set():  # a signal handler that sets it just now would wait for us for ever
            self._stopping.set()
        log.info("daemon.stopping", in_work=len(self._documents))
        self.latest.end()
        for call in self._before_stop:
            call()
        self._fs_events.close()
        self._documents.wait(time.monotonic() + STOP_GRACE_S)
        self.pool.close()
        self.slot.stop()
        self.reviews.close()
        self._documents.close()
        self._lifecycle.close()
        self.ledger.close()
        self._presence.end(daemon_name(self.config, self._presence.mark), self.config.folders)
        self._status_file.remove()
        os.close(self._lock)
        log.info("daemon.stopped")


def _troubles_of(dask: dict[str, Any] | None) -> list[str]:
    """What is wrong with a Dask cluster, by its status."""
    if dask is None:
        return []
    differ = [f"a Dask worker reads with others than this machine: {one}" for one in dask["differ"]]
    unfit = [f"a Dask worker reads no pages: {one}" for one in dask["unfit"]]
    return [*([dask["trouble"]] if dask["trouble"] else []), *unfit, *differ]
