"""What follows a failed attempt on a document: when it is tried again, and when it is given up. Pure."""

from dataclasses import dataclass

from scanmend.config.schema import Settings
from scanmend.errors import DocumentError, PageFailed, Postponed, Stopping, StorageError, TransientError, WorkersAway
from scanmend.fs.mounts import is_file_specific
from scanmend.ledger.entry import Entry

BACKOFF_FACTOR = 6.0
"""Each pause is this many times as long as the one before it; the first is the folder's ``retry_delay_s``."""
MAX_DELAY_S = 3600.0
"""Longest pause between two attempts, in seconds; the ledger takes dues beyond FARTHEST_S for a clock put back."""
MAX_HOLD_S = 60.0
"""Longest pause, in seconds, of a document that waits for a folder, a disk or other machines."""
MAX_EXPONENT = 50
"""Highest power of BACKOFF_FACTOR that is computed: MAX_DELAY_S is long exceeded, and beyond 396 a float overflows."""
EXPECTED = (DocumentError, TransientError, Postponed, Stopping)
"""Errors that an attempt may end with; any other is a bug, and is logged with its traceback."""


@dataclass(frozen=True, slots=True)
class Resume:
    """The daemon stops: the document goes on at the next start."""


@dataclass(frozen=True, slots=True)
class Postpone:
    """What the document needs is on its way: it is due again at once, and no attempt is counted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A folder, a disk or the machines that read cannot be used: the document waits, and no attempt is counted."""

    reason: str
    delay_s: float
    """Seconds until the document is due again."""
    news: bool
    """Whether the reason is another than the last one recorded of the document."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The attempt counts, and the document is tried again after a pause."""

    reason: str
    delay_s: float
    """Seconds until the document is due again."""
    attempt: int
    """1-based number of the attempt that failed."""
    of: int
    """How many attempts the folder's settings allow."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The document goes to quarantine."""

    reason: str


@dataclass(frozen=True, slots=True)
class FinishWithoutSource:
    """The outputs are published and the source is gone for good: there is nothing left to do but to say so."""


Decision = Resume | Postpone | Hold | Retry | GiveUp | FinishWithoutSource


def decide(error: Exception, entry: Entry, settings: Settings, *, claims_lost: bool = False) -> Decision:
    """Return what follows an attempt that ended with this error; its class says whose fault that was.

    ``entry``: the document as the ledger has it now. ``claims_lost``: the inbox is there, but the folder with its
    claimed files is gone, so that nothing says that they will come back.
    """
    match error:
        case Stopping():
            return Resume()
        case Postponed():
            return Postpone(str(error))
        case DocumentError():
            return GiveUp(str(error))
        case StorageError() | WorkersAway() if not is_file_specific(error) and not claims_lost:
            return Hold(str(error), min(MAX_HOLD_S, uncounted_delay_s(settings)), str(error) != entry.error)
        case PageFailed() if error.repeats(entry.error):
            return GiveUp(f"{error} (for the second time)")
    known = isinstance(error, TransientError)
    reason = str(error) if known else f"unexpected {type(error).__name__}: {error}"
    return _retry(reason, entry, settings, claims_lost=claims_lost)


def _retry(reason: str, entry: Entry, settings: Settings, *, claims_lost: bool) -> Retry | GiveUp | FinishWithoutSource:
    """Count the attempt; a document whose outputs are published is never given up."""
    attempt = entry.attempts + 1
    if attempt > settings.retries:
        if entry.state != "published":
            return GiveUp(f"{reason} (tried {attempt} times)")
        if claims_lost:
            return FinishWithoutSource()
    return Retry(reason, delay_s(settings, attempt), attempt, settings.retries + 1)


def delay_s(settings: Settings, attempt: int) -> float:
    """Seconds from the attempt of this 1-based number, which failed, to the next."""
    return min(MAX_DELAY_S, settings.retry_delay_s * BACKOFF_FACTOR ** min(attempt - 1, MAX_EXPONENT))


def uncounted_delay_s(settings: Settings) -> float:
    """Seconds to wait where no attempts are counted: as after a second failure."""
    return delay_s(settings, 2)
