"""scanmend.notify.notifier: a real thread, real ledger and settings; clocks and sender are the test's."""

import os
import shutil
import subprocess
import sys
from datetime import datetime
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from ledger_entries import BLANK
from scanmend.config.load import load
from scanmend.ledger.ledger import Ledger
from scanmend.notify import notifier as module
from scanmend.notify.delivery import Outcome
from scanmend.notify.notifier import Notifier
from waiting import until

QUARANTINED = {"event": "document.quarantined", "folder": "letters", "file": "a.pdf", "reason": "encrypted"}


class World:
    """A configuration, a ledger, a status and clocks, and what was sent."""

    def __init__(self, root):
        self.root = root
        self.configure("notify: [json://u:p@host]")
        self.ledger = Ledger(root / "ledger.sqlite")
        self.status = {"working": [], "folders": [{"waiting": 0, "paused": False}]}
        self.now, self.wall = 0.0, datetime(2026, 11, 28, 6, 0).timestamp()  # noqa: DTZ001 -- local, as the digest's
        self.sent = []
        self.refuse = False
        self.notifier = Notifier(
            lambda: self.config,
            lambda: self.status,
            lambda: self.ledger,
            self.send,
            lambda: self.now,
            lambda: self.wall,
        )

    def configure(self, top):
        file = self.root / "c.yaml"
        file.write_text(f"folders: [{{name: letters, inbox: in, outbox: out, strategy: 'off'}}]\n{top}\n")
        self.config = load(file)

    def send(self, addresses, title, text):
        self.sent.append(SimpleNamespace(addresses=addresses, title=title, text=text))
        return Outcome(tuple(addresses), "json") if self.refuse else Outcome(())


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOOK_INTERVAL_S", 0.01)
    one = World(tmp_path)
    yield one
    one.ledger.close()


def test_what_is_heard_is_told_to_everybody(world):
    with world.notifier:
        world.notifier.hear(QUARANTINED)
        until(lambda: world.sent, "a message")
    (sent,) = world.sent
    assert sent.addresses == ("json://u:p@host",)
    assert "encrypted" in sent.text
    assert "a.pdf" not in sent.text


def test_what_was_heard_before_the_start_is_told_then(world):
    """As the configuration, and with it whom to tell, is read after the first events."""
    world.notifier.hear(QUARANTINED)
    with world.notifier:
        until(lambda: world.sent, "a message")


def test_a_flood_is_one_message_and_one_sum(world):
    with world.notifier:
        for _ in range(20):
            world.notifier.hear(QUARANTINED)
        until(lambda: world.sent, "a message")
        world.now = 3600.0
        until(lambda: len(world.sent) == 2, "the sum")
    assert "In all 19 of this kind" in world.sent[1].text


def test_names_are_told_only_where_that_is_wanted(world):
    world.configure("notify: {to: ['json://host'], names: true}")
    with world.notifier:
        world.notifier.hear(QUARANTINED)
        until(lambda: world.sent, "a message")
    assert "a.pdf" in world.sent[0].text


def test_a_queue_that_stands_still_is_told(world):
    """After the minutes that the configuration has."""
    world.configure("notify: {to: ['json://host'], queue_stuck_min: 10}")
    world.ledger.add(BLANK)
    world.ledger.move(BLANK.id, "waiting")
    with world.notifier:
        until(lambda: world.notifier.looks > 2, "some looks")
        world.now = 599.0
        seen = world.notifier.looks
        until(lambda: world.notifier.looks > seen + 2, "more looks")
        assert not world.sent
        world.now = 600.0
        until(lambda: world.sent, "a message")
    assert "nothing has moved for 10 minutes" in world.sent[0].text


def test_the_digest_comes_once_a_day_at_its_time(world):
    """With what the ledger has of the day before."""
    world.configure("notify: {to: ['json://host'], digest_at: '07:30'}")
    world.ledger.add(BLANK)
    world.ledger.move(BLANK.id, "working", pages=3)
    world.ledger.finish(BLANK.id)
    with world.notifier:
        until(lambda: world.notifier.looks > 2, "some looks")
        assert not world.sent
        world.wall += 5400.0
        until(lambda: world.sent, "the digest")
        seen = world.notifier.looks
        until(lambda: world.notifier.looks > seen + 3, "more looks")
        assert len(world.sent) == 1
        world.wall += 86_400.0
        until(lambda: len(world.sent) == 2, "the next digest")
    assert world.sent[0].title.endswith("The last 24 hours")
    assert "letters: 1 done with 3 pages." in world.sent[0].text


def test_without_notify_nothing_is_told(world):
    world.configure("")
    with world.notifier:
        world.notifier.hear(QUARANTINED)
        until(lambda: world.notifier.looks > 3, "some looks")
    assert not world.sent


def test_a_changed_configuration_counts_from_then_on(world):
    """No restart is needed."""
    world.configure("")
    with world.notifier:
        world.configure("notify: json://other")
        world.notifier.hear(QUARANTINED)
        until(lambda: world.sent, "a message")
    assert world.sent[0].addresses == ("json://other",)


def test_what_cannot_be_sent_before_the_end_is_logged(world):
    """Not lost without a word."""
    world.refuse = True
    with capture_logs() as logs:
        with world.notifier:
            world.notifier.hear(QUARANTINED)
            until(lambda: world.sent, "an attempt")
            until(lambda: [e for e in logs if e["event"] == "notify.failed"], "its failure")
        assert [e["why"] for e in logs if e["event"] == "notify.given_up"] == ["the daemon stopped"]


def test_addresses_that_cannot_be_read_are_logged_with_what_was_lost(world):
    world.configure("notify: {to_file: gone}")
    with capture_logs() as logs, world.notifier:
        world.notifier.hear(QUARANTINED)
        until(lambda: [e for e in logs if e["event"] == "notify.unavailable"], "the log to say so")
    (said,) = [e for e in logs if e["event"] == "notify.unavailable"]
    assert said["lost"] == ["failure"]


def test_a_storm_of_events_takes_no_more_memory_than_so_much(world):
    """The loop that logs them does not wait, either."""
    for _ in range(module.MAX_HEARD + 500):
        world.notifier.hear(QUARANTINED)
    assert world.notifier.unheard == 500


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root may make a network")
def test_a_service_without_network_notices():
    """PrivateNetwork=yes leaves it the network with itself, as unshare does; so it says at start what to do."""
    code = "from scanmend.notify.notifier import has_network; print(has_network())"
    for prefix, expected in ((["unshare", "--net"], "False"), ([], str(module.has_network()))):
        done = subprocess.run([*prefix, sys.executable, "-c", code], capture_output=True, text=True, check=False)
        if done.returncode and "unshare" in done.stderr:
            pytest.skip("this container may not make one")
        assert done.stdout.strip() == expected
