"""scanmend.notify.messages: what is told of an event, and what never is."""

import pytest

from scanmend.notify.messages import of_event

FAILED = {
    "event": "document.quarantined", "folder": "letters", "file": "sub/Dear Ada.pdf", "id": "ab12", "level": "error",
    "reason": "page 2 of Dear Ada.pdf cannot be read: /srv/in/.scanmend/ab12/Dear Ada.pdf is encrypted",
    "where": "/srv/out/quarantine/Dear Ada.pdf",
}  # fmt: skip


def test_a_failure_says_where_and_why_but_not_which_file():
    """Names of scans are often names of people, and messages go through the servers of others."""
    message = of_event(FAILED, names=False)
    assert (message.kind, message.subject) == ("failure", "letters")
    assert "Dear Ada" not in message.title + message.text
    assert "/srv" not in message.text
    assert "page 2 of <file> cannot be read" in message.text


def test_with_names_it_says_which():
    """Where the administrator wants that."""
    message = of_event(FAILED, names=True)
    assert "sub/Dear Ada.pdf" in message.text
    assert "Dear Ada" not in message.title


@pytest.mark.parametrize(
    ("event", "kind", "subject"),
    [
        ({"event": "folder.paused", "folder": "a", "reason": "gone"}, "folder", "a"),
        ({"event": "folder.paused", "folder": "a", "reason": "full", "disk_full": True}, "disk", "a"),
        ({"event": "inbox.trouble", "folder": "a", "reason": "gone"}, "folder", "a"),
        ({"event": "model.resting", "model": "m", "failures": 3, "seconds": 60, "error": "no"}, "model", "m"),
        ({"event": "model.download_failed", "model": "m", "error": "no"}, "model", "m"),
        ({"event": "config.rejected", "problems": ["c.yaml:3: secret: wrong"]}, "config", ""),
    ],
)
def test_other_troubles_have_a_kind_and_a_subject(event, kind, subject):
    """By which they are told once an hour."""
    message = of_event(event, names=False)
    assert (message.kind, message.subject) == (kind, subject)
    assert "secret" not in message.text


@pytest.mark.parametrize("name", ["document.done", "notify.failed", "notify.given_up", "daemon.ready", None])
def test_nothing_else_is_told(name):
    """Least of all that a notification failed."""
    assert of_event({"event": name}, names=True) is None


def test_no_address_is_told():
    """A hub's, with a token in it."""
    event = {"event": "model.download_failed", "model": "m", "error": "https://u:p@hub/x refused hf_abcdefgh1234"}
    assert "https://… refused <secret>" in of_event(event, names=True).text
