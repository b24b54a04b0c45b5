"""scanmend.metrics.gauges: what status and ledger say, as metrics."""

from scanmend.ledger.ledger import ACTIVE, FolderCount
from scanmend.metrics import catalogue as c
from scanmend.metrics import gauges
from scanmend.metrics.counting import REMOVED

STATUS = {
    "started": 5.0,
    "folders": [
        {"name": "a", "waiting": 3, "trouble": None, "paused": False},
        {"name": "b", "waiting": 0, "trouble": "the disk is full", "paused": True},
    ],
    "loaded": [{"model": "small"}],
    "downloads": [{"model": "large"}],
    "troubles": ["a model rests"],
    "page_workers": 2,
}


def test_the_status_says_what_waits_and_what_is_wrong():
    """Every folder and model has a value, so that nothing has to be guessed from a series that is not there."""
    samples = gauges.of_status(STATUS, ["small", "large"])
    assert samples[c.INBOX] == {("a",): 3, ("b",): 0}
    assert samples[c.PAUSED] == samples[c.TROUBLE] == {("a",): 0, ("b",): 1}
    assert samples[c.MODEL_LOADED] == {("small",): 1, ("large",): 0}
    assert samples[c.DOWNLOADING] == {("small",): 0, ("large",): 1}
    assert samples[c.TROUBLES] == {(): 1}


def test_before_the_first_pass_there_is_nothing_to_say():
    """No zeros that would look like facts."""
    assert gauges.of_status({}, ["small"]) == {}


def test_the_ledger_says_how_many_are_where():
    """Folders that are not configured any more are one together."""
    counts = [
        FolderCount("a", "waiting", 4),
        FolderCount("a", "quarantined", 2),
        FolderCount("x", "quarantined", 1),
        FolderCount("y", "quarantined", 1),
        FolderCount("y", "waiting", 1),
    ]
    samples = gauges.of_ledger(counts, ["a"])
    assert samples[c.QUARANTINED] == {("a",): 2, (REMOVED,): 2}
    assert samples[c.QUEUE]["a", "waiting"] == 4
    assert samples[c.QUEUE][REMOVED, "waiting"] == 1
    assert {state for folder, state in samples[c.QUEUE] if folder == "a"} == set(ACTIVE)
