"""scanmend.notify.delivery: what fails is tried again, and no server takes more than its time."""

import time

import pytest
from structlog.testing import capture_logs

from receiver import SECRETS, Receiver
from scanmend.notify import delivery as module
from scanmend.notify import host
from scanmend.notify.delivery import MAX_WAITING, RETRY_DELAYS_S, Delivery, Outcome, send_in_child
from scanmend.notify.messages import Message

MESSAGE = Message("failure", "letters", "A scan failed", "text")
needs_apprise = pytest.mark.skipif(not host.is_installed(), reason="the extra notify is not installed")


class Sender:
    """Takes what is sent; ``refuses`` has the addresses that do not."""

    def __init__(self, *refuses):
        self.refuses = set(refuses)
        self.sent = []

    def __call__(self, addresses, title, text):
        self.sent.append((tuple(addresses), title))
        failed = tuple(a for a in addresses if a in self.refuses)
        return Outcome(failed, "json (error 503)" if failed else "")


def events(logs):
    return [(entry["event"], entry.get("again_in_s")) for entry in logs]


def test_what_is_taken_is_told_once_with_the_name_of_the_machine():
    sender = Sender()
    with capture_logs() as logs:
        Delivery(sender, "attic").send(MESSAGE, ["a", "b"], 0.0)
    assert sender.sent == [(("a", "b"), "scanmend on attic: A scan failed")]
    assert events(logs) == [("notify.sent", None)]


def test_what_fails_is_tried_again_at_those_that_did_not_take_it():
    """After longer and longer pauses; the others do not get it twice."""
    sender = Sender("b")
    delivery, now = Delivery(sender, "attic"), 0.0
    with capture_logs() as logs:
        delivery.send(MESSAGE, ["a", "b"], now)
        for delay in RETRY_DELAYS_S:
            assert delivery.seconds_until_retry(now) == delay
            delivery.retry(now + delay - 1)
            now += delay
            delivery.retry(now)
    assert [where for where, _ in sender.sent] == [("a", "b"), ("b",), ("b",), ("b",)]
    assert events(logs) == [*(("notify.failed", s) for s in RETRY_DELAYS_S), ("notify.given_up", None)]
    assert delivery.seconds_until_retry(now) == float("inf")


def test_one_that_works_at_last_is_over():
    sender = Sender("a")
    delivery = Delivery(sender, "attic")
    delivery.send(MESSAGE, ["a"], 0.0)
    sender.refuses.clear()
    delivery.retry(60.0)
    delivery.retry(1e6)
    assert len(sender.sent) == 2


def test_a_dead_server_does_not_fill_the_memory():
    """The oldest are given up, and the log says so."""
    delivery = Delivery(Sender("a"), "attic")
    with capture_logs() as logs:
        for _ in range(MAX_WAITING + 10):
            delivery.send(MESSAGE, ["a"], 0.0)
        assert events(logs).count(("notify.given_up", None)) == 10
        delivery.give_up([MESSAGE])
    assert events(logs).count(("notify.given_up", None)) == 10 + MAX_WAITING + 1


@needs_apprise
def test_a_server_that_never_answers_costs_its_time_and_no_more(monkeypatch):
    """The process that waits for it is ended."""
    monkeypatch.setattr(module, "SEND_LIMIT_S", 8.0)
    with Receiver(hang=True) as silent:
        began = time.monotonic()
        address = silent.address.replace("rto=2", "rto=55")
        outcome = send_in_child([address], "t", "x", lambda: False)
        assert silent.asked == 1
    assert outcome.failed == (address,)
    assert time.monotonic() - began < 30
    assert not [secret for secret in SECRETS if secret in outcome.why]


@needs_apprise
def test_a_daemon_that_stops_does_not_wait_for_it():
    with Receiver(hang=True) as silent:
        outcome = send_in_child([silent.address], "t", "x", lambda: silent.asked > 0)
    assert outcome.why == "the daemon stopped"


@needs_apprise
def test_a_real_message_arrives_from_a_process_of_its_own():
    with Receiver(500) as receiver:
        assert send_in_child([receiver.address], "t", "x", lambda: False).why == "json (error 500)"
        assert send_in_child([receiver.address], "t", "x", lambda: False) == Outcome(())
        assert receiver.got[0]["message"] == "x"
