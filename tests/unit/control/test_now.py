"""scanmend.control.now: what the loop reported and the ledger, put together; pure."""

from dataclasses import replace

import pytest

from ledger_entries import BLANK
from scanmend.config.schema import Config, Folder
from scanmend.control.now import PAGES_INTERVAL_S, FromLedger, folders_now, pages_now

PLACES = dict.fromkeys(("outbox", "archive", "quarantine"), "/p")
CONFIG = Config(
    source="/c.yaml",
    folders=(
        Folder(name="letters", inbox="/in", model="small", **PLACES),
        Folder(name="bills", inbox="/bills", strategy="off", **PLACES),
    ),
)


def letters(status, *active):
    """The first folder, where the ledger has these documents."""
    ledger = FromLedger(active, {("letters", "done"): 7, ("letters", "quarantined"): 2}, {})
    return next(iter(folders_now(CONFIG, status, ledger)))


def test_a_folder_before_the_loop_has_looked():
    """Everything is there, and nothing known."""
    now = letters({})
    assert (now.name, now.in_inbox, now.done, now.quarantined, now.paused_since) == ("letters", 0, 7, 2, None)


@pytest.mark.parametrize(
    ("stage", "shown"),
    [
        ("reading page 3 of 10", ("reading", 3, 10)),
        ("correcting page 1 of 1", ("correcting", 1, 1)),
        ("writing", ("writing", None, 4)),
    ],
)
def test_a_document_in_work(stage, shown):
    """With its page, where the stage is of one."""
    entry = replace(BLANK, id="a", state="working", pages=4)
    (work,) = letters({"working": [{"id": "a", "stage": stage}]}, entry).working
    assert (work.stage, work.page, work.pages) == shown


@pytest.mark.parametrize(
    ("entry", "status", "why"),
    [
        ({"error": "out of paper"}, {}, "out of paper"),
        ({}, {"folders": [{"name": "letters", "trouble": "/p is gone"}]}, "/p is gone"),
        ({}, {"downloads": [{"model": "small"}]}, "model small is being downloaded"),
        ({}, {}, "its turn"),
    ],
)
def test_why_a_document_waits(entry, status, why):
    """Its own error goes before what is wrong with its folder."""
    (waiting,) = letters(status, replace(BLANK, state="waiting", **entry)).waiting
    assert waiting.why == why


def test_a_document_of_another_folder_is_not_shown_here():
    """By its inbox: the name of a folder may change."""
    first, second = folders_now(CONFIG, {}, FromLedger([replace(BLANK, state="waiting")], {}, {}))
    assert (len(first.waiting), len(second.waiting)) == (1, 0)


def test_pages_of_the_last_hour():
    """Each interval has its number, none is left out, and older ones are."""
    now = 100 * PAGES_INTERVAL_S + 17.0
    counts = pages_now({100: 5, 99: 2, 88: 3, 87: 9}, now)
    assert [one.pages for one in counts] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 5]
