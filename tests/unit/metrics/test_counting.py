"""scanmend.metrics.counting: log events become numbers, and whatever an event holds, nothing is raised."""

import threading

import pytest

from scanmend.metrics import catalogue as c
from scanmend.metrics.catalogue import Distribution
from scanmend.metrics.counting import REMOVED, Counting

DONE = {
    "event": "document.done", "level": "info", "folder": "letters", "pages": 3, "ocr_s": 1.5, "llm_s": 8.0,
    "write_s": 0.1, "total_s": 9.5, "age_s": 12.0, "edits": 14, "rejected": 3,
    "numbers_agreed": 5, "numbers_disputed": 2, "numbers_single": 1,
}  # fmt: skip


@pytest.fixture
def counting():
    one = Counting(clock=lambda: 1000.0)
    one.declare(["letters", "invoices"])
    return one


def test_a_finished_document_counts_in_every_way(counting):
    """One event has its pages, seconds, edits, numbers and the time."""
    counting.hear(DONE)
    counting.hear(DONE)
    samples = counting.samples()
    assert samples[c.DOCUMENTS]["letters", "done"] == 2
    assert samples[c.PAGES]["letters",] == 6
    assert samples[c.EDITS] == {
        ("letters", "accepted"): 28, ("letters", "rejected"): 6,
        ("invoices", "accepted"): 0, ("invoices", "rejected"): 0,
    }  # fmt: skip
    assert samples[c.NUMBERS]["letters", "disputed"] == 4
    assert samples[c.LAST_SUCCESS] == {("letters",): 1000.0}
    ocr = samples[c.STAGE_SECONDS]["letters", "ocr"]
    assert isinstance(ocr, Distribution)
    assert ocr.total == 3.0
    assert sum(ocr.counts) == 2
    assert samples[c.LOG_LINES] == {("info",): 2}


@pytest.mark.parametrize(
    ("more", "outcome"),
    [({}, "done"), ({"warnings": 1}, "warnings"), ({"uncorrected": "the model failed", "warnings": 1}, "uncorrected")],
)
def test_a_document_has_the_worst_outcome_that_holds(counting, more, outcome):
    """Each counts once, so that the sum over all outcomes is the number of documents."""
    counting.hear(DONE | more)
    counted = counting.samples()[c.DOCUMENTS]
    assert {labels for labels, n in counted.items() if n} == {("letters", outcome)}


def test_folders_begin_with_zeros(counting):
    """Else the first failure would be no increase, and no alert would see it."""
    counted = counting.samples()[c.DOCUMENTS]
    assert counted["invoices", "quarantined"] == 0
    assert {outcome for _, outcome in counted} == {"done", "warnings", "uncorrected", "quarantined"}


def test_folders_come_with_a_reload(counting):
    """From then on they count by name."""
    counting.hear({"event": "config.reloaded", "folders": ["new"]})
    counting.hear({"event": "document.quarantined", "folder": "new"})
    assert counting.samples()[c.DOCUMENTS]["new", "quarantined"] == 1


def test_what_the_configuration_does_not_name_has_one_label_together(counting):
    """So the number of series is bounded by the configuration, whatever old ledgers hold."""
    for n in range(100):
        counting.hear({"event": "document.quarantined", "folder": f"old {n}"})
    counted = counting.samples()[c.DOCUMENTS]
    assert counted[REMOVED, "quarantined"] == 100
    assert {folder for folder, _ in counted} == {"letters", "invoices", REMOVED}


def test_a_rejected_configuration_shows_until_one_is_taken(counting):
    """As a gauge, beside the count."""
    said = []
    for event in ("daemon.ready", "config.rejected", "config.reloaded"):
        counting.hear({"event": event})
        said.append(counting.samples()[c.CONFIG_GOOD][()])
    assert said == [1, 0, 1]
    assert counting.samples()[c.REJECTIONS][()] == 1


def test_memory_is_in_bytes(counting):
    """Events say MiB."""
    counting.hear({"event": "model.unloaded", "model": "m", "seconds": 0.2, "gpu_after_mib": 2.0, "returned": True})
    samples = counting.samples()
    assert samples[c.GPU_MEMORY] == {("m", "after"): 2 * 1024 * 1024}
    assert samples[c.NOT_RETURNED] == {}


def test_memory_that_is_unknown_is_no_zero(counting):
    """Machines without a GPU log none."""
    counting.hear({"event": "model.unloaded", "model": "m", "seconds": 0.2, "gpu_after_mib": None, "returned": False})
    samples = counting.samples()
    assert samples[c.GPU_MEMORY] == {}
    assert samples[c.NOT_RETURNED] == {("m",): 1}


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event": None, "level": "info"},
        {"event": ["document.done"], "level": "info"},
        {"event": "document.done"},
        {**DONE, "pages": "three", "ocr_s": object(), "level": "info"},
        {**DONE, "pages": {}, "folder": None, "level": "info"},
        {"event": "config.reloaded", "folders": None, "level": "info"},
    ],
)
def test_odd_events_raise_nothing(counting, event):
    """What can be counted of them is, the rest is a number for whoever looks for the bug."""
    counting.hear(event)
    assert counting.mistakes >= ("level" not in event)


def test_later_events_win_over_what_the_ledger_recalls(counting):
    """The time of the last success outlives a restart, and moves on."""
    counting.hear(DONE)
    counting.recall({"letters": 10.0, "invoices": 20.0, "gone": 30.0})
    assert counting.samples()[c.LAST_SUCCESS] == {("letters",): 1000.0, ("invoices",): 20.0}


def test_threads_lose_no_count(counting):
    """Documents end on many threads at a time."""
    threads = [threading.Thread(target=lambda: [counting.hear(DONE) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counting.samples()[c.DOCUMENTS]["letters", "done"] == 2000
