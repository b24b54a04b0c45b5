"""scanmend.jobs.retry_policy: the class of an error, the attempts so far and the folder's settings decide."""

import errno
from dataclasses import replace

import pytest

from ledger_entries import BLANK
from scanmend.config.schema import Settings
from scanmend.errors import (
    DocumentError,
    HostDied,
    LedgerDamaged,
    ModelError,
    OcrError,
    PageFailed,
    Postponed,
    Stopping,
    StorageError,
    WorkersAway,
)
from scanmend.jobs.retry_policy import (
    EXPECTED,
    MAX_DELAY_S,
    GiveUp,
    Hold,
    Postpone,
    Resume,
    Retry,
    decide,
    delay_s,
    uncounted_delay_s,
)

SETTINGS = Settings(retries=4, retry_delay_s=10.0)
WAITING = replace(BLANK, state="working")


def failed_with(number: int) -> StorageError:
    """Return what is raised where the system answered with this error number."""
    error = StorageError("cannot be written")
    error.__cause__ = OSError(number, "")
    return error


def test_a_stop_changes_nothing():
    """The document goes on at the next start."""
    assert decide(Stopping(), WAITING, SETTINGS) == Resume()


def test_what_is_on_its_way_is_waited_for():
    """However many attempts were counted before."""
    assert decide(Postponed("soon"), replace(WAITING, attempts=99), SETTINGS) == Postpone("soon")


def test_the_fault_of_the_file_ends_it_at_once():
    """Another attempt would find the same file."""
    assert decide(DocumentError("no scan"), WAITING, SETTINGS) == GiveUp("no scan")


@pytest.mark.parametrize("error", [OcrError("why"), ModelError("why"), HostDied("why")])
def test_other_failures_are_counted(error):
    """Up to the number of retries, and no further; the reason for giving up says how often it was tried."""
    assert decide(error, WAITING, SETTINGS) == Retry("why", 10.0, attempt=1, of=5)
    assert decide(error, replace(WAITING, attempts=3), SETTINGS) == Retry("why", 2160.0, attempt=4, of=5)
    assert decide(error, replace(WAITING, attempts=4), SETTINGS) == GiveUp("why (tried 5 times)")


def test_a_published_document_is_never_given_up():
    """Its outputs are out already: only the source still has to be put away."""
    published = replace(BLANK, state="published", attempts=5000)
    assert decide(OcrError("why"), published, SETTINGS) == Retry("why", MAX_DELAY_S, attempt=5001, of=5)


def test_an_unexpected_error_is_counted_and_named():
    """It is a bug, whose class helps to find it."""
    assert decide(ZeroDivisionError("oops"), WAITING, SETTINGS).reason == "unexpected ZeroDivisionError: oops"
    assert not isinstance(ZeroDivisionError(), EXPECTED)
    assert isinstance(HostDied("it died"), EXPECTED)


@pytest.mark.parametrize(
    "error", [failed_with(errno.ENOSPC), StorageError("gone"), LedgerDamaged("torn"), WorkersAway("off")]
)
def test_a_folder_that_cannot_be_used_counts_no_attempt(error):
    """The document waits a minute at most, and says so only where the reason is another than before."""
    entry = replace(WAITING, attempts=4)
    assert decide(error, entry, SETTINGS) == Hold(str(error), 60.0, news=True)
    assert decide(error, replace(entry, error=str(error)), SETTINGS) == Hold(str(error), 60.0, news=False)


def test_what_a_folder_answers_to_this_file_alone_is_counted():
    """Another file might well be stored there."""
    assert isinstance(decide(failed_with(errno.ENAMETOOLONG), WAITING, SETTINGS), Retry)


def test_claims_that_nothing_brings_back_are_counted():
    """The inbox is there, but not the folder with the claimed files."""
    assert isinstance(decide(StorageError("gone"), WAITING, SETTINGS, claims_lost=True), Retry)


def test_the_same_page_twice():
    """Once may be chance; another page, or another reason in between, begins from the start."""
    error = PageFailed("page 3", "crashed")
    assert isinstance(decide(error, WAITING, SETTINGS), Retry)
    assert isinstance(decide(error, replace(WAITING, error="page 31 crashed"), SETTINGS), Retry)
    again = decide(error, replace(WAITING, error="page 3 hung"), SETTINGS)
    assert again == GiveUp("page 3 crashed (for the second time)")


def test_pauses_grow_to_an_hour():
    """Six times as long each; the 5000th attempt is no number that a float cannot hold."""
    assert [delay_s(SETTINGS, n) for n in (1, 2, 3, 4, 5)] == [10.0, 60.0, 360.0, 2160.0, MAX_DELAY_S]
    assert delay_s(SETTINGS, 5000) == MAX_DELAY_S
    assert delay_s(Settings(retry_delay_s=0.001), 5000) == MAX_DELAY_S


def test_the_pause_without_a_count():
    """As after a second failure, and a minute at most where a folder is waited for."""
    assert uncounted_delay_s(SETTINGS) == 60.0
    assert decide(StorageError("gone"), WAITING, Settings(retry_delay_s=1.0)).delay_s == 6.0
    assert uncounted_delay_s(Settings(retry_delay_s=900.0)) == MAX_DELAY_S
    assert decide(StorageError("gone"), WAITING, Settings(retry_delay_s=900.0)).delay_s == 60.0
