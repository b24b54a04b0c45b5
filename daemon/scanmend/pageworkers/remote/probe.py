"""A look at a cluster before it is used: its workers, what each reads with, and what of that is wrong."""

import time
from concurrent.futures import wait
from dataclasses import dataclass

from scanmend.pageworkers.remote.cluster import CONNECT_S, Cluster, ClusterSettings, Seat
from scanmend.pageworkers.remote.crew import answer_of, ask
from scanmend.pageworkers.remote.versions import Versions

ANSWER_S = 20.0
"""Seconds in which all workers have to say what they read with; a busy one first ends a page."""


@dataclass(frozen=True, slots=True)
class Found:
    """One worker."""

    seat: Seat
    versions: Versions | None
    """What it reads with; None where it did not say."""
    unfit: str
    """Why it gets no page; empty where it does."""


def look(settings: ClusterSettings, connect_s: float = CONNECT_S, answer_s: float = ANSWER_S) -> list[Found]:
    """Return the workers of a cluster, in the order of their addresses; WorkersAway.

    ``connect_s``: seconds in which the scheduler has to answer, ``answer_s``: the workers.
    """
    cluster = Cluster(settings, connect_s)
    try:
        seats = [seat for _, seat in sorted(cluster.seats().items())]
        asked = [(seat, ask(cluster, seat)) for seat in seats]
        until = time.monotonic() + answer_s
        found = []
        for seat, answer in asked:
            if wait([answer], max(0.0, until - time.monotonic())).done:
                found.append(Found(seat, *answer_of(answer)))
            else:
                found.append(Found(seat, None, f"does not say within {answer_s:g} s what it reads with"))
        return found
    finally:
        cluster.close()
