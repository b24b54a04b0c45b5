"""What every view has around it: the title, the other views, and how many documents wait there for a person."""

from dataclasses import dataclass

PACE_MS = {"done": 5000, "failed": 5000}
"""How often an open page is fetched again at most, in milliseconds, where it is a list that is read, not watched."""
WATCHED_PACE_MS = 1000
"""The same of all others: people read slower than that."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of one answer."""

    view: str
    """``now``, ``done``, ``failed``, ``review``; empty where it is none of them."""
    title: str
    now: float
    """Wall clock in seconds, to which moments are told."""
    failed: int
    """Documents in quarantine."""
    doubtful: int
    """Documents in the queue of the review."""

    @property
    def pace_ms(self) -> int:
        """How often it is fetched again at most, in milliseconds."""
        return PACE_MS.get(self.view, WATCHED_PACE_MS)

    @property
    def views(self) -> tuple[tuple[str, str, str, int, str], ...]:
        """Address, name, view, number and tone of each link."""
        return (
            ("/", "Now", "now", 0, ""),
            ("/done", "Done", "done", 0, ""),
            ("/failed", "Failed", "failed", self.failed, "no"),
            ("/review", "Review", "review", self.doubtful, "two"),
        )
