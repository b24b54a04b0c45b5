"""The daemon's loop: wait, look, settle, claim, dispatch, rest, stop. Signal handlers request; this loop decides."""

import os
import select
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from scanmend import __version__
from scanmend.config.load import load
from scanmend.config.permissions import refuse
from scanmend.config.schema import Config, Folder
from scanmend.errors import ConfigError, StorageError
from scanmend.fs.mounts import MountWatch
from scanmend.intake.fs_events import FsEvents
from scanmend.intake.inbox import Missed
from scanmend.jobs.claim import Claimer
from scanmend.jobs.lifecycle import DocumentLifecycle
from scanmend.jobs.pipeline import Pipeline
from scanmend.jobs.recover import ClaimRecovery
from scanmend.ledger.entry import Entry
from scanmend.ledger.recovery import names_in_damaged_ledgers, open_ledger
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.llm.scheduler.state import policy_of
from scanmend.pageworkers.pool import PagePool
from scanmend.service import malloc
from scanmend.service.document_pool import DocumentPool
from scanmend.service.folder_health import FolderHealth, trouble_of_folder
from scanmend.service.inbox_watcher import InboxWatcher
from scanmend.service.lock import hold_lock
from scanmend.service.sd_notify import notify, watchdog_s
from scanmend.service.startup import make_folders, sweep
from scanmend.service.status_file import StatusFile

LONGEST_WAIT_S = 30.0
POOL_REST_S = 20.0
"""Page workers end after so many seconds without work, or with the model where that is sooner."""
STOP_S = 5.0
"""How long pages in hand may take to finish after a stop was requested."""

log = structlog.get_logger()


class Service:
    """Everything that lives as long as the daemon."""

    def __init__(
        self, config: Config, make_pool: Callable[[Config], PagePool], make_slot: Callable[..., ModelSlot]
    ) -> None:
        """Take the lock and open the ledger; StorageError when another daemon has this state folder."""
        self.config = config
        make_folders(config)
        self._lock = hold_lock(config.state_dir)
        malloc.use_one_arena()
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._stopping = threading.Event()
        self._reload = self._unload = False
        self._unloads = 0
        self._rejected = ""
        self.ledger = open_ledger(config.state_dir / "ledger.sqlite")
        self.pool = make_pool(config)
        self.slot = make_slot(config, changed=self.ring)
        pipeline = Pipeline(self.pool, self.slot, self._stopping.is_set, postpone=True)
        self._glossaries = pipeline.glossaries
        self._read_glossaries(config)
        self._claimer = Claimer(self.ledger)
        self._recovery = ClaimRecovery(self.ledger, names_in_damaged_ledgers(config.state_dir))
        self._storage = MountWatch()
        self._pauses = FolderHealth(self._storage)
        self._workload = DocumentPool(self.ledger, self.pool.workers, self.ring)
        self._status_file = StatusFile(config.state_dir)
        self._lifecycle = DocumentLifecycle(
            self.ledger,
            pipeline,
            self._workload.at_stage,
            self._stopping.is_set,
            self._workload.enter,
            lambda folder, room: trouble_of_folder(self._storage, folder, config.state_dir, room=room),
        )
        self._doorbell = FsEvents(self._heard)
        self._watches: list[InboxWatcher] = []
        self._started = time.time()
        self._trimmed = time.monotonic()
        self._rung = threading.Event()

    def ring(self) -> None:
        """Wake the loop; safe from any thread and from signal handlers."""
        os.eventfd_write(self._event, 1)

    def _heard(self) -> None:
        """Wake the loop to list the inboxes; from watchdog's thread."""
        self._rung.set()
        self.ring()

    def request_stop(self) -> None:
        """Ask the loop to end."""
        self._stopping.set()
        self.ring()

    def request_reload(self) -> None:
        """Ask the loop to read the configuration again."""
        self._reload = True
        self.ring()

    def request_unload(self) -> None:
        """Ask the loop to have the models' processes end as soon as no document needs them."""
        self._unload = True
        self.ring()

    def run(self) -> None:
        """Work until asked to stop; everything is ended and put down when this returns."""
        try:
            self._recovery.recover(self.config.folders)
            threading.Thread(target=sweep, args=(self.config,), name="sweep", daemon=True).start()
            self._watches = self._make_watches()
            notify("READY=1", f"MAINPID={os.getpid()}")
            log.info(
                "daemon.ready", version=__version__, pid=os.getpid(), folders=[f.name for f in self.config.folders]
            )
            while not self._stopping.is_set():
                self._turn()
                self._sleep()
        finally:
            self._stop()

    def _make_watches(self) -> list[InboxWatcher]:
        adopt, storage = self._recovery.adopt, self._storage
        return [InboxWatcher(f, self.ledger, self._doorbell, adopt, storage=storage) for f in self.config.folders]

    def _read_glossaries(self, config: Config) -> None:
        """Know the words from now on, whatever becomes of their files; StorageError."""
        for folder in config.folders:
            self._glossaries.entries(folder.glossary)

    def _turn(self) -> None:
        """Do once what is to be done now."""
        if self._reload:
            self._reload = False
            self._reconfigure()
        if self._unload:
            self._unload = False
            self._unloads += 1
            self.slot.unload()
        if rung := self._rung.is_set():
            self._rung.clear()  # and what rings from here on is for the next turn
        now = time.monotonic()
        self._workload.collect()
        coming = 0
        for watch in self._watches:
            watch.look(now, rung=rung)
            if watch.fresh() and self._rest_s > watch.folder.settle_s and not self._pauses.why(watch.folder.name):
                # of the sources that stay in an inbox, all may be known already
                coming += 1 if watch.folder.original == "keep" else watch.waiting
        if coming:
            self.pool.start_ahead(coming)  # they start while the files settle
        self._pauses.look(self.config, [watch.trouble or "" for watch in self._watches], now)
        self._dispatch_due()
        self._dispatch_new(now)
        self.slot.tick()
        if not self._workload:
            self.pool.end_idle(self._rest_s)
        self._tell()
        if now - self._trimmed >= malloc.TRIM_S:
            self._trimmed = now
            malloc.trim_heap()

    @property
    def _rest_s(self) -> float:
        """Seconds without work after which the page workers end; never later than the model."""
        unload_s = self.config.idle_unload_s
        return POOL_REST_S if unload_s < 0 else min(POOL_REST_S, unload_s)

    def _sleep(self) -> None:
        now = time.monotonic()
        waits = [
            LONGEST_WAIT_S,
            *(w.wait(now) for w in self._watches),
            *self._workload.waits(self._ready_inboxes(), now),
        ]
        if not self._workload and self.pool.pids:
            waits.append(max(0.1, self._rest_s / 4))
        if (idle := self.slot.seconds_until_tick()) is not None:
            waits.append(idle + 0.01)
        waits += (wait for one in (self._pauses, self._status_file) if (wait := one.wait(now)) is not None)
        if ping := watchdog_s():
            waits.append(ping / 3)
        ready, _, _ = select.select([self._event], [], [], max(0.0, min(waits)))
        if ready:
            os.eventfd_read(self._event)

    def _dispatch_due(self) -> None:
        folders = {folder.inbox: folder for folder in self.config.folders}
        for entry in self._workload.due(self._ready_inboxes(), time.time(), self._workload.room):
            self._dispatch(entry, folders[entry.inbox])

    def _ready_inboxes(self) -> list[Path]:
        """The inboxes whose waiting documents can be worked on.

        Those of a folder that pauses, or whose model is being downloaded, or rests after failures, wait for it.
        """
        return [
            folder.inbox
            for folder in self.config.folders
            if not self._pauses.why(folder.name) and not self._waits_for_model(folder)
        ]

    def _waits_for_model(self, folder: Folder) -> bool:
        if folder.strategy == "off":
            return False
        held = folder.on_model_failure == "hold" and self.slot.resting(folder.model)
        return bool(held) or self.slot.downloads.running(folder.model)

    def _dispatch_new(self, now: float) -> None:
        """Claim settled files in turn over the folders, while there is room."""
        waiting = [watch for watch in self._watches if not self._pauses.why(watch.folder.name)]
        while waiting and self._workload.room > 0:
            for watch in list(waiting):
                if self._workload.room <= 0:
                    break
                if not self._claim_one(watch, now):
                    waiting.remove(watch)

    def _claim_one(self, watch: InboxWatcher, now: float) -> bool:
        try:
            taken = watch.take(now)
            if taken is None:
                return False
            entry = self._claimer.claim(watch.folder, watch.inbox, *taken)
        except StorageError as e:
            watch.failed(str(e), now)
        else:
            if isinstance(entry, Missed):
                watch.missed(now)
            else:
                watch.taken(taken[0])
                self._dispatch(entry, watch.folder)
        return True

    def _dispatch(self, entry: Entry, folder: Folder) -> None:
        self._workload.begin(entry, partial(self._lifecycle.work, entry, folder))

    def _reconfigure(self) -> None:
        """Take the configuration file as it is now; a bad one is reported, and the old one stays."""
        try:
            config = load(self.config.source)
            refuse(config)
            if (config.state_dir, config.workers) != (self.config.state_dir, self.config.workers):
                raise ConfigError(
                    [f"{config.source}: state_dir and workers cannot change while running; restart instead"]
                )
            make_folders(config)
            self._read_glossaries(config)
        except (ConfigError, StorageError) as e:
            self._rejected = f"a change of the configuration was rejected, the old one stays: {e}".replace("\n", "; ")
            log.warning("config.rejected", problems=str(e).splitlines(), meaning="the old configuration stays")
            return
        self._rejected = ""
        notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        for watch in self._watches:
            watch.close()
        self.config = config
        self.slot.configure(config.models, policy_of(config))
        self._recovery.recover(config.folders, self._workload.ids)
        self._pauses.forget()
        self._watches = self._make_watches()
        notify("READY=1")
        log.info("config.reloaded", folders=[f.name for f in config.folders])

    def _tell(self) -> None:
        """Ping systemd, and write the status file when something changed."""
        told = self.status()
        waiting = sum(w.waiting for w in self._watches)
        sentence = f"{len(self._workload)} in work, {waiting} waiting, model {told['model']['state']}"
        sentence += ", trouble (scanmend status)" if told["troubles"] else ""
        sentence += "".join(f", downloading {d['model']}" for d in told["downloads"])
        notify("WATCHDOG=1", f"STATUS={sentence}")
        self._status_file.tell(told, time.monotonic())

    def status(self) -> dict[str, Any]:
        """What only the daemon knows: work in hand, the model, the inboxes."""
        model, loaded = self.slot.state(), self.slot.loaded()
        for one in (model, *loaded):
            one.pop("unload_in_s", None)
        return {
            "pid": os.getpid(),
            "version": __version__,
            "started": self._started,
            "working": self._workload.told(),
            "model": model,
            "loaded": loaded,
            "unload_requests": self._unloads,
            "troubles": [*self.slot.troubles(), *filter(None, [self._rejected])],
            "downloads": self.slot.downloads.snapshot(),
            "page_workers": len(self.pool.pids),
            "folders": [
                {
                    "name": w.folder.name,
                    "mode": w.mode,
                    "why": w.why,
                    "waiting": w.waiting,
                    "trouble": w.trouble or self._pauses.why(w.folder.name),
                }
                for w in self._watches
            ],
        }

    def _stop(self) -> None:
        """End: pages in hand get a moment, what is left is handed back to the ledger, every child goes."""
        notify("STOPPING=1")
        if not self._stopping.is_set():  # a signal handler that sets it just now would wait for us for ever
            self._stopping.set()
        log.info("daemon.stopping", in_work=len(self._workload))
        self._doorbell.close()
        self._workload.wait(time.monotonic() + STOP_S)
        self.pool.close()
        self.slot.stop()
        self._workload.close()
        self.ledger.close()
        self._status_file.remove()
        os.close(self._lock)
        log.info("daemon.stopped")
