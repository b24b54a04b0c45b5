"""The workers of a cluster as they come and go: what each reads with, which may read a page, and how many at once."""

import json
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from pydantic import TypeAdapter

from scanmend.errors import WorkersAway
from scanmend.pageworkers.remote.cluster import Cluster, Seat, explained
from scanmend.pageworkers.remote.versions import Versions, differences, lacks, own, unfit

PATIENCE_S = 5.0
"""Seconds after connecting in which all workers may say what they read with, before the first page goes out."""

log = structlog.get_logger()
_versions = TypeAdapter(Versions)


@dataclass(slots=True)
class _Member:
    seat: Seat
    versions: Versions | None = None
    """What it reads with; None until it has said so."""
    unfit: str = ""
    """Why it gets no page; empty where it does."""

    @property
    def fit(self) -> bool:
        return self.versions is not None and not self.unfit

    @property
    def host(self) -> str:
        return self.versions.host if self.versions else self.seat.address


class Crew:
    """All workers of one cluster; any number of threads may call it."""

    def __init__(self, in_flight: int, joined: Callable[[], None]) -> None:
        """``in_flight``: pages for each thread of a worker. ``joined`` is called when there are more slots."""
        self._in_flight, self._joined = in_flight, joined
        self._members: dict[str, _Member] = {}
        self._slots = 0
        self._patient_until: float | None = None
        """Until when no page goes out while a worker has not said what it reads with (monotonic)."""
        self._able: dict[tuple[str, ...], list[str]] = {}
        """What ``able`` has found since the workers changed last."""
        self._told: set[str] = set()
        """What was logged already."""
        self._lock = threading.Lock()

    @property
    def slots(self) -> int:
        """How many pages the fit workers take together."""
        return self._slots

    def update(self, cluster: Cluster) -> None:
        """Take the workers as they are now, and ask new ones what they read with. WorkersAway."""
        seats = cluster.seats()
        with self._lock:
            new = [seat for address, seat in seats.items() if address not in self._members]
            gone = [one for address, one in self._members.items() if address not in seats]
            self._members = {a: one for a, one in self._members.items() if a in seats}
            self._members |= {seat.address: _Member(seat) for seat in new}
            if self._patient_until is None and seats:
                self._patient_until = time.monotonic() + PATIENCE_S
            self._count()
        for one in gone:
            log.info("dask.worker_left", worker=one.seat.address, host=one.host)
        if new:
            own()  # so that no thread of an answer has to find it out
        for seat in new:
            ask(cluster, seat).add_done_callback(partial(self._described, seat.address))

    def dismiss(self) -> None:
        """Forget all, as the connection is gone."""
        with self._lock:
            self._members, self._patient_until = {}, None
            self._count()

    def able(self, languages: Iterable[str]) -> list[str]:
        """Return the addresses of workers that can read these languages, empty where all can. WorkersAway: none can."""
        wanted = tuple(languages)
        with self._lock:
            found = self._able.get(wanted)
            if found is None:
                members = self._members.values()
                able = [m.seat.address for m in members if m.fit and m.versions and not lacks(m.versions, wanted)]
                if not able:
                    raise WorkersAway(
                        f"no Dask worker has Tesseract's language {' and '.join(wanted)}; install it there"
                    )
                found = self._able[wanted] = [] if len(able) == len(members) else able
        return found

    def differences(self, address: str, languages: Iterable[str]) -> str:
        """Return what one worker reads with that is not what is here, for a warning of a page; empty for nothing."""
        with self._lock:
            one = self._members.get(address)
        if one is None or one.versions is None:
            return ""
        found = differences(one.versions, own(), tuple(languages))
        return f"{', '.join(found)} on {one.host}" if found else ""

    def why_none(self, scheduler: str) -> str:
        """Return why there is no worker that reads pages."""
        reasons = sorted({f"{one.host} {one.unfit}" for one in self._all() if one.unfit})
        if reasons:
            return f"no worker of the Dask scheduler at {scheduler} can read pages: {'; '.join(reasons)}"
        return f"the Dask scheduler at {scheduler} has no workers; start some (docs/scale.md)"

    def status(self) -> dict[str, Any]:
        """Return what there is to tell, as plain values."""
        members = self._all()
        fit = [one for one in members if one.fit]
        return {
            "workers": len(fit),
            "threads": sum(one.seat.threads for one in fit),
            "unfit": sorted({f"{one.host} {one.unfit}" for one in members if one.unfit}),
            "differ": sorted(
                {
                    f"{one.host}: {', '.join(d)}"
                    for one in fit
                    if one.versions and (d := differences(one.versions, own()))
                }
            ),
        }

    def _all(self) -> list[_Member]:
        with self._lock:
            return [*self._members.values()]

    def _described(self, address: str, asked: "Future[bytes]") -> None:
        """Take what a worker says of itself; called from a thread of Dask's."""
        versions, why = answer_of(asked)
        with self._lock:
            one = self._members.get(address)
            if one is None:
                return
            one.versions, one.unfit = versions, why
            self._count()
        if why:
            self._tell("dask.worker_unfit", one.host, why)
            return
        log.info("dask.worker_joined", worker=address, host=one.host, threads=one.seat.threads)
        if versions and (found := differences(versions, own())):
            self._tell("dask.worker_differs", one.host, ", ".join(found))
        self._joined()

    def _count(self) -> None:
        """Bring up to date what follows from the members; for holders of the lock."""
        slots = self._in_flight * sum(one.seat.threads for one in self._members.values() if one.fit)
        silent = any(one.versions is None and not one.unfit for one in self._members.values())
        patient = silent and self._patient_until is not None and time.monotonic() < self._patient_until
        self._slots = 0 if patient else slots
        self._able.clear()

    def _tell(self, event: str, host: str, what: str) -> None:
        """Log a warning once for each host and reason."""
        if (line := f"{event} {host} {what}") not in self._told:
            self._told.add(line)
            log.warning(event, host=host, what=what)


def ask(cluster: Cluster, seat: Seat) -> "Future[bytes]":
    """Ask a worker what it reads with; ``answer_of`` takes the answer. WorkersAway."""
    from scanmend.pageworkers.remote.tasks import describe  # noqa: PLC0415 -- imports ``distributed``

    return cluster.submit(describe, workers=[seat.address])


def answer_of(asked: "Future[bytes]") -> tuple[Versions | None, str]:
    """Return what a worker reads with, None where it cannot say, and why it is to get no page."""
    try:
        versions = _versions.validate_python(json.loads(asked.result()))
    except BaseException as e:  # noqa: BLE001 -- whatever a worker without scanmend may raise
        return None, f"cannot run scanmend's tasks: {explained(e)}"
    return versions, unfit(versions)
