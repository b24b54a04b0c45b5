"""Errors on the way to the hub: which are retried, and when, and what message the others become."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar

from scanmend.document import printable
from scanmend.errors import ModelMissing, ScanmendError, StorageError

RETRIES = 6
"""How many failures in a row are retried."""
MAX_PAUSE_S = 10.0
"""Longest pause before a retry, where the server asks for none: the pauses double from one second on."""
MAX_ASKED_PAUSE_S = 300.0
"""Longest pause that a server may ask for; the hub counts requests in windows of five minutes."""
RETRIES_RESET_BYTES = 1 << 20
"""A failure after this much progress since the last one counts as the first in a row."""
_TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
"""HTTP status codes that are worth a retry."""

T = TypeVar("T")


class TransferCutError(Exception):
    """The server ended a transfer before the file was whole."""


def with_retries(attempt: Callable[[], T], sleep: Callable[[float], None], done: Callable[[], int] = lambda: 0) -> T:
    """Try until it works, pausing longer after each failure in a row, or for as long as the server asks.

    ``done`` returns the bytes that are here; after RETRIES_RESET_BYTES of progress the count of failures starts again.
    Raises the last failure after RETRIES, and at once one that a retry cannot mend.
    """
    failures, before = 0, done()
    while True:
        try:
            return attempt()
        except (TransferCutError, _http_error()) as e:
            pause = _pause_asked(e)
            failures = 1 if done() >= before + RETRIES_RESET_BYTES else failures + 1
            if pause is None or failures > RETRIES:
                raise
            before = done()
            sleep(max(pause, min(2.0 ** (failures - 1), MAX_PAUSE_S)))


def _pause_asked(e: Exception) -> float | None:
    """Return the seconds that the server asks to wait, 0 when it does not say; None when a retry is of no use."""
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415 -- heavy; only a downloading process needs it

    if not isinstance(e, HfHubHTTPError):
        return 0.0
    if e.response.status_code not in _TRANSIENT:
        return None
    headers = e.response.headers
    window = re.search(r";\s*r\s*=\s*0\s*;\s*t\s*=\s*(\d+)", headers.get("RateLimit", ""))
    asked = _seconds(headers.get("Retry-After", "")) or (float(window[1]) if window else 0.0)
    return max(0.0, min(asked, MAX_ASKED_PAUSE_S))


def _seconds(after: str) -> float:
    """Return the seconds of a Retry-After header, which has a number or a date; 0 for anything else."""
    if after.isdecimal():
        return float(after)
    try:
        return (parsedate_to_datetime(after) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):  # no date, or one without a zone
        return 0.0


def _http_error() -> type[Exception]:
    """Return the base of all errors of the HTTP library that this huggingface_hub was built on."""
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined] # noqa: PLC0415 -- whichever it is

    return HTTPError


@contextmanager
def explain_errors(repo: str, revision: str | None, folder: Path, where: str) -> Iterator[None]:
    """Turn every error of the library, the network and the disk into one of ours that says what to do.

    ``where``: name of the hub. Raises ModelMissing and StorageError.
    """
    from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled  # noqa: PLC0415 -- heavy, as above

    try:
        yield
    except ScanmendError:
        raise
    except (TransferCutError, HFValidationError, OfflineModeIsEnabled, _http_error()) as e:
        raise ModelMissing(f"{repo} {_explanation(e, revision, where)}") from e
    except OSError as e:
        raise StorageError(f"{printable(folder)}: the model cannot be stored: {e.strerror or e}") from e


def _explanation(e: Exception, revision: str | None, where: str) -> str:
    from huggingface_hub import errors  # noqa: PLC0415 -- heavy, as above

    said: tuple[tuple[type[Exception], str], ...] = (
        (
            errors.OfflineModeIsEnabled,
            "may not be fetched in offline mode; unset HF_HUB_OFFLINE, or bring it here by hand",
        ),
        (errors.HFValidationError, f"can be no repository; correct repo_id ({e})"),
        (
            errors.RevisionNotFoundError,
            f"has no revision {revision}; set revision to a branch, tag or commit of it",
        ),
        (errors.GatedRepoError, "is gated; accept its terms on the hub and set HF_TOKEN to a token of that account"),
        (
            errors.RepositoryNotFoundError,
            "does not exist, or is private; correct repo_id, or set HF_TOKEN to a token that may read it",
        ),
        (errors.EntryNotFoundError, "lists the file but does not have it; set file or revision to another"),
    )
    for kind, text in said:
        if isinstance(e, kind):
            return text
    if isinstance(e, errors.HfHubHTTPError):
        status = e.response.status_code
        if status in (401, 403):
            return f"is refused by the hub ({status}); set HF_TOKEN to a token that may read it"
        return f"cannot be fetched: the hub answers {status}" + (
            ", however often asked" if status in _TRANSIENT else ""
        )
    reason = str(e) or type(e).__name__
    if "INVOCATION_ID" in os.environ:
        reason += "; a service has a network only with downloads.conf"
    return f"cannot be fetched from {where}, however often tried: {reason}; what has come is kept for the next time"
