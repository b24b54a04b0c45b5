"""What of a server's answers is worth another try, and after which pause; pure."""

import math
from email.utils import parsedate_to_datetime

TRIES = 4
"""Times that one request is sent at most: three pauses of 0.5, 1 and 2 s outlast a restart behind a proxy."""
FIRST_PAUSE_S = 0.5
"""Seconds before the second try; each further pause is twice as long."""
LONGEST_REST_S = 900.0
"""Most seconds that a server's ``Retry-After`` is heeded; no server may put documents off for days."""
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP codes after which the same request may well succeed."""


def pause_s(tries: int, retry_after_s: float | None) -> float:
    """Return the seconds to wait after so many tries (at least 1); never less than the server asks for."""
    return max(FIRST_PAUSE_S * 2.0 ** (tries - 1), retry_after_s or 0.0)


def retry_after_s(header: str | None, now: float) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for, of either form; None where there is none. ``now``: epoch."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_REST_S) if math.isfinite(seconds) else None
