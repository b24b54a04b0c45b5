"""The daily digest: when it is due, and what it says; nothing but counts. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from scanmend.ledger.ledger import DayCount
from scanmend.notify.messages import Message

DAY_S = 86_400.0
"""Seconds that a digest looks back."""


def next_due(after: datetime, at: str) -> datetime:
    """Return the first moment later than ``after`` at the time of day ``at`` (``HH:MM``, of the same time zone)."""
    hour, minute = (int(part) for part in at.split(":"))
    today = after.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today > after else today + timedelta(days=1)


def message(counts: Iterable[DayCount], states: Mapping[str, int], paused: int) -> Message:
    """Return the digest of what came to its end in a day.

    ``states``: how many documents are in each state now. ``paused``: how many folders are.
    """
    lines = [_line(one) for one in sorted(counts, key=lambda one: one.folder)] or ["No document came to its end."]
    quarantined = states.get("quarantined", 0)
    waiting = sum(n for state, n in states.items() if state not in ("done", "quarantined"))
    now = f"Now: {waiting} in hand, {quarantined} in quarantine"
    lines.append(f"{now}, {paused} folder(s) paused." if paused else f"{now}.")
    return Message("digest", "", "The last 24 hours", "\n".join(lines))


def _line(one: DayCount) -> str:
    parts = [f"{one.done} done with {one.pages} pages"]
    if one.uncorrected:
        parts.append(f"{one.uncorrected} of them not corrected")
    if one.disputed:
        parts.append(f"{one.disputed} disputed numbers")
    if one.quarantined:
        parts.append(f"{one.quarantined} failed")
    return f"{one.folder}: {', '.join(parts)}."
