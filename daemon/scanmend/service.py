"""The daemon's loop: wait, look, settle, claim, dispatch, rest, stop. Signal handlers request; this loop decides."""

import json
import math
import os
import select
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import structlog

from scanmend import __version__
from scanmend.admission import LONG, Admission
from scanmend.claims import Claims
from scanmend.config import Config, Folder, load
from scanmend.custody import Custody
from scanmend.document import printable
from scanmend.errors import ConfigError, StorageError
from scanmend.exposure import refuse
from scanmend.intake.doorbell import Doorbell
from scanmend.intake.inbox import Missed
from scanmend.ledger import Entry
from scanmend.llm.slot import ModelSlot
from scanmend.llm.terms import terms_of
from scanmend.lock import hold_lock
from scanmend.notify import notify, watchdog_s
from scanmend.ocr.pool import PagePool
from scanmend.outbox import atomic
from scanmend.pipeline import Pipeline
from scanmend.salvage import names_in, open_ledger
from scanmend.storage import Storage
from scanmend.watch import Watch

LONGEST_WAIT_S = 30.0
POOL_REST_S = 20.0
"""Page workers end after so many seconds without work, or with the model where that is sooner."""
STOP_S = 5.0
"""How long pages in hand may take to finish after a stop was requested."""
UNRECORDED_S = 60.0
"""When a document is taken up again whose state the ledger could not take in."""
STATUS_FILE = "daemon.json"
TELL_S = 0.5
"""The status file is written at most so often."""
PLACES_S = 3.0
"""How often the places of each folder are looked at: are they there, writable, with room?"""
LONG_AT_ONCE = 2
"""Long documents in work: one keeps all workers busy, the other begins while the first is being written."""

log = structlog.get_logger()


class Service:
    """Everything that lives as long as the daemon."""

    def __init__(
        self, config: Config, make_pool: Callable[[Config], PagePool], make_slot: Callable[..., ModelSlot]
    ) -> None:
        """Take the lock and open the ledger; StorageError when another daemon has this state folder."""
        self.config = config
        _make_folders(config)
        self._lock = hold_lock(config.state_dir)
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._stopping = threading.Event()
        self._reload = self._unload = False
        self._unloads = 0
        self.ledger = open_ledger(config.state_dir / "ledger.sqlite")
        self.pool = make_pool(config)
        self.slot = make_slot(config, changed=self.ring)
        self._stages: dict[str, str] = {}
        pipeline = Pipeline(self.pool, self.slot, self._stopping.is_set, postpone=True)
        self._glossaries = pipeline.glossaries
        self._read_glossaries(config)
        self._claims = Claims(self.ledger, names_in(config.state_dir))
        self._admission = Admission(LONG_AT_ONCE)
        self._storage = Storage()
        self._troubles: dict[str, str] = {}
        self._places_at = 0.0
        self._custody = Custody(
            self.ledger,
            pipeline,
            self._stages.__setitem__,
            self._stopping.is_set,
            self._admission.enter,
            lambda folder, room: self._storage.trouble_of(folder, config.state_dir, room=room),
        )
        self._doorbell = Doorbell(self._heard)
        self._capacity = self.pool.workers + LONG_AT_ONCE
        self._documents = ThreadPoolExecutor(self._capacity, thread_name_prefix="document")
        self._working: dict[str, tuple[Entry, Future[None]]] = {}
        self._watches: list[Watch] = []
        self._started = time.time()
        self._told: dict[str, Any] = {}
        self._tell_at = 0.0
        self._untold = self._status_lost = False
        self._rung = threading.Event()
        self._unrecorded: dict[str, float] = {}

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
            self._claims.recover(self.config.folders)
            threading.Thread(target=_sweep, args=(self.config,), name="sweep", daemon=True).start()
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

    def _make_watches(self) -> list[Watch]:
        adopt, storage = self._claims.adopt, self._storage
        return [Watch(f, self.ledger, self._doorbell, adopt, storage=storage) for f in self.config.folders]

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
        self._collect()
        for watch in self._watches:
            watch.look(now, rung=rung)
            if watch.fresh() and self._rest_s > watch.folder.settle_s:
                self.pool.warm()  # it starts while the file settles
        self._look_at_places(now)
        self._dispatch_due()
        self._dispatch_new(now)
        self.slot.tick()
        if not self._working:
            self.pool.rest(self._rest_s)
        self._tell()

    def _look_at_places(self, now: float) -> None:
        """See which folders must pause, because something they need is gone, read-only or full; say so once."""
        if now < self._places_at:
            return
        self._places_at = now + PLACES_S
        said = [watch.trouble or "" for watch in self._watches]
        for folder in self.config.folders:
            before, why = self._troubles.get(folder.name), self._storage.trouble_of(folder, self.config.state_dir)
            if why is None and before is not None:
                del self._troubles[folder.name]
                log.info("folder.resumed", folder=folder.name)
            elif why is not None:
                self._troubles[folder.name] = why
                if before is None and not any(trouble.endswith(why) for trouble in said):
                    log.warning("folder.paused", folder=folder.name, reason=why)

    @property
    def _rest_s(self) -> float:
        """Seconds without work after which the page workers end; never later than the model."""
        unload_s = self.config.idle_unload_s
        return POOL_REST_S if unload_s < 0 else min(POOL_REST_S, unload_s)

    def _sleep(self) -> None:
        now = time.monotonic()
        waits = [LONGEST_WAIT_S, *(w.wait(now) for w in self._watches)]
        if self._working:
            waits.append(1.0)  # so that status follows the pages
        elif self.pool.pids:
            waits.append(max(0.1, self._rest_s / 4))
        if self._untold:
            waits.append(self._tell_at - now)
        if self._troubles:
            waits.append(self._places_at - now)
        if (idle := self.slot.wait()) is not None:
            waits.append(idle + 0.01)
        if len(self._working) < self._capacity:
            waits += (max(0.2, entry.due - time.time()) for entry in self._waiting(math.inf, 1))
        waits += (due - now for due in self._unrecorded.values())
        if ping := watchdog_s():
            waits.append(ping / 3)
        ready, _, _ = select.select([self._event], [], [], max(0.0, min(waits)))
        if ready:
            os.eventfd_read(self._event)

    def _collect(self) -> None:
        for id_, (_, future) in list(self._working.items()):
            if future.done():
                del self._working[id_]
                self._stages.pop(id_, None)
                self._admission.leave(id_)
                if error := future.exception():
                    log.error("document.unrecorded", id=id_, error=str(error), again_in_s=UNRECORDED_S)
                    self._unrecorded[id_] = time.monotonic() + UNRECORDED_S
        for id_ in [i for i, due in self._unrecorded.items() if due <= time.monotonic()]:
            try:
                entry = self.ledger.get(id_)
                if entry is not None and entry.state == "working":
                    self.ledger.move(id_, "waiting")
                del self._unrecorded[id_]
            except StorageError as e:
                log.warning("document.still_unrecorded", id=id_, error=str(e), again_in_s=UNRECORDED_S)
                self._unrecorded[id_] = time.monotonic() + UNRECORDED_S

    def _dispatch_due(self) -> None:
        folders = {folder.inbox: folder for folder in self.config.folders}
        for entry in self._waiting(time.time(), self._capacity - len(self._working)):
            self._dispatch(entry, folders[entry.inbox])

    def _waiting(self, until: float, count: int) -> list[Entry]:
        """Documents due until then (wall clock) that are not in work, of the folders there are; the first first.

        Those of a folder that pauses, or whose model is being downloaded, or rests after failures, wait for it; long
        ones wait while there are enough of them in work.
        """
        busy = self._working.keys() | self._unrecorded.keys()
        inboxes = [folder.inbox for folder in self.config.folders if not self._pauses(folder)]
        most_pages = LONG if self._admission.full else None
        due = self.ledger.due(until, count + len(busy), inboxes, most_pages) if count > 0 else []
        return [entry for entry in due if entry.id not in busy][:count]

    def _pauses(self, folder: Folder) -> bool:
        return folder.name in self._troubles or self._waits_for_model(folder)

    def _waits_for_model(self, folder: Folder) -> bool:
        if folder.strategy == "off":
            return False
        held = folder.on_model_failure == "hold" and self.slot.resting(folder.model)
        return bool(held) or self.slot.arrivals.running(folder.model)

    def _dispatch_new(self, now: float) -> None:
        """Claim settled files in turn over the folders, while there is room."""
        waiting = [watch for watch in self._watches if watch.folder.name not in self._troubles]
        while waiting and len(self._working) < self._capacity:
            for watch in list(waiting):
                if len(self._working) >= self._capacity:
                    break
                if not self._claim_one(watch, now):
                    waiting.remove(watch)

    def _claim_one(self, watch: Watch, now: float) -> bool:
        try:
            taken = watch.take(now)
            if taken is None:
                return False
            entry = self._claims.claim(watch.folder, watch.inbox, *taken)
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
        self._stages[entry.id] = "starting"
        future = self._documents.submit(self._custody.work, entry, folder)
        self._working[entry.id] = (entry, future)
        future.add_done_callback(lambda _: self.ring())

    def _reconfigure(self) -> None:
        """Take the configuration file as it is now; a bad one is reported, and the old one stays."""
        try:
            config = load(self.config.source)
            refuse(config)
            if (config.state_dir, config.workers) != (self.config.state_dir, self.config.workers):
                raise ConfigError(
                    [f"{config.source}: state_dir and workers cannot change while running; restart instead"]
                )
            _make_folders(config)
            self._read_glossaries(config)
        except (ConfigError, StorageError) as e:
            log.warning("config.rejected", problems=str(e).splitlines(), meaning="the old configuration stays")
            return
        notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        for watch in self._watches:
            watch.close()
        self.config = config
        self.slot.configure(config.models, terms_of(config))
        self._claims.recover(config.folders, self._working.keys())
        self._storage.forget()
        self._troubles.clear()
        self._places_at = 0.0
        self._watches = self._make_watches()
        notify("READY=1")
        log.info("config.reloaded", folders=[f.name for f in config.folders])

    def _tell(self) -> None:
        """Ping systemd, and write the status file when something changed."""
        told = self.status()
        now = time.monotonic()
        waiting = sum(w.waiting for w in self._watches)
        sentence = f"{len(self._working)} in work, {waiting} waiting, model {told['model']['state']}"
        sentence += ", trouble with a model" if told["troubles"] else ""
        sentence += "".join(f", downloading {d['model']}" for d in told["downloads"])
        notify("WATCHDOG=1", f"STATUS={sentence}")
        self._untold = told != self._told
        if self._untold and now >= self._tell_at:
            self._untold, self._told, self._tell_at = False, told, now + TELL_S
            data = {**told, "written": time.time()}
            try:
                atomic.replace(self.config.state_dir / STATUS_FILE, json.dumps(data).encode())
                self._status_lost = False
            except StorageError as e:
                if not self._status_lost:
                    log.warning("status.unwritten", error=str(e))
                self._status_lost = True

    def status(self) -> dict[str, Any]:
        """What only the daemon knows: work in hand, the model, the inboxes."""
        model, loaded = self.slot.state(), self.slot.loaded()
        for one in (model, *loaded):
            one.pop("unload_in_s", None)
        return {
            "pid": os.getpid(),
            "version": __version__,
            "started": self._started,
            "working": [
                {"id": i, "folder": e.folder, "file": printable(e.relative), "stage": self._stages.get(i, "")}
                for i, (e, _) in sorted(self._working.items())
            ],
            "model": model,
            "loaded": loaded,
            "unload_requests": self._unloads,
            "troubles": self.slot.troubles(),
            "downloads": self.slot.arrivals.told(),
            "page_workers": len(self.pool.pids),
            "folders": [
                {
                    "name": w.folder.name,
                    "mode": w.mode,
                    "why": w.why,
                    "waiting": w.waiting,
                    "trouble": w.trouble or self._troubles.get(w.folder.name),
                }
                for w in self._watches
            ],
        }

    def _stop(self) -> None:
        """End: pages in hand get a moment, what is left is handed back to the ledger, every child goes."""
        notify("STOPPING=1")
        if not self._stopping.is_set():  # a signal handler that sets it just now would wait for us for ever
            self._stopping.set()
        log.info("daemon.stopping", in_work=len(self._working))
        self._doorbell.close()
        limit = time.monotonic() + STOP_S
        for _, future in self._working.values():
            _wait(future, max(0.0, limit - time.monotonic()))
        self.pool.close()
        self.slot.stop()
        self._documents.shutdown(wait=True, cancel_futures=True)
        self.ledger.close()
        (self.config.state_dir / STATUS_FILE).unlink(missing_ok=True)
        os.close(self._lock)
        log.info("daemon.stopped")


def _sweep(config: Config) -> None:
    """Remove what a crash left half-written; an archive may be large, so nothing waits for this."""
    targets = {p for f in config.folders for p in (f.outbox, f.archive, f.quarantine)} | {config.state_dir}
    for path in sorted(p for p in targets if not any(q in targets for q in p.parents)):
        if swept := atomic.sweep(path, time.time()):
            log.info("outbox.swept", path=str(path), files=swept)


def _wait(future: "Future[None]", limit_s: float) -> None:
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    done.wait(limit_s)


def _make_folders(config: Config) -> None:
    """Create the folders that are not there yet, at start only: a folder that vanishes later is an outage."""
    wanted = [config.state_dir, *(p for f in config.folders for p in (f.inbox, f.outbox))]
    wanted += [f.archive for f in config.folders if f.original == "archive"]
    wanted += [f.quarantine.parent for f in config.folders]
    for path in wanted:
        if not path.is_dir():
            try:
                path.mkdir(parents=True)
            except OSError as e:
                raise StorageError(
                    f"{path} cannot be made: {e.strerror}; create it, or correct the configuration"
                ) from e
            log.info("folder.created", path=str(path))
