"""Notifications of a real daemon, through real apprise, to a real web server on this machine."""

import pytest

from daemon_process import drop, until
from receiver import SECRETS, Receiver
from scanmend.notify import host

pytestmark = pytest.mark.skipif(not host.is_installed(), reason="the extra notify is not installed")


@pytest.fixture
def receiver():
    with Receiver() as one:
        yield one


def written(root):
    return [p for p in root.rglob("*") if p.is_file()]


def test_failures_arrive_once_without_names_and_no_address_is_written_anywhere(daemon, scans, tmp_path, receiver):
    """Three scans fail: one message now, the others wait for the end of the hour."""
    one = daemon(tmp_path / "d", top={"notify": {"to_file": str(tmp_path / "addresses")}})
    (tmp_path / "addresses").write_text(f"{receiver.address}\n")
    one.start()
    drop(scans / "encrypted.pdf", one.inbox, "Dear Ada.pdf")
    drop(scans / "text.txt", one.inbox, "Dear Bob.pdf")
    drop(scans / "line.png", one.inbox)
    one.wait("document.quarantined", 2)
    one.wait("document.done")
    one.wait("notify.sent")
    (got,) = receiver.got
    assert got["title"].endswith("A scan of scans failed")
    assert "could not be processed" in got["message"]
    assert "Ada" not in str(got)
    assert "Bob" not in str(got)
    said = one.command("check").stdout + one.command("status", "--json").stdout
    assert "notify: 1 address(es): json" in said
    assert one.stop() == 0
    for file in written(tmp_path / "d"):
        assert not [secret for secret in SECRETS if secret.encode() in file.read_bytes()], file
    assert not [secret for secret in SECRETS if secret in said]


def test_a_server_that_is_down_delays_no_document_and_hears_of_it_later(daemon, scans, tmp_path):
    """The failed attempt is in the log, and is tried again; a stop does not wait for it."""
    with Receiver(hang=True) as silent:
        one = daemon(tmp_path / "d", top={"notify": [silent.address.replace("rto=2", "rto=50")]})
        one.start()
        drop(scans / "encrypted.pdf", one.inbox)
        until(lambda: silent.asked, "the message")
        drop(scans / "line.png", one.inbox)
        one.wait_for("line.json")
        assert not one.said("notify.failed")
        assert one.stop() == 0
    (gone,) = one.said("notify.given_up")
    assert gone["why"] == "the daemon stopped"


def test_one_that_refuses_is_asked_again(daemon, scans, tmp_path):
    """With the number of its error in the log, and nothing of its address."""
    with Receiver(503) as refusing:
        one = daemon(tmp_path / "d", top={"notify": [refusing.address]}).start()
        drop(scans / "encrypted.pdf", one.inbox)
        (failed,) = one.wait("notify.failed")
        one.stop()
    assert failed["why"] == "json (error 503)"
    assert failed["again_in_s"] == 60.0
    assert not [secret for secret in SECRETS if secret in one.log.read_text()]


def test_a_rejected_configuration_is_told(daemon, tmp_path, receiver):
    """While the old one, and whom it names, still holds."""
    one = daemon(tmp_path / "d", top={"notify": [receiver.address]}).start()
    one.config.write_text(one.config.read_text() + "\nodd: 1\n")
    one.process.send_signal(1)
    one.wait("notify.sent")
    assert "scanmend check says what is wrong" in receiver.got[0]["message"]


def test_a_daemon_without_notify_starts_no_process_for_it(daemon, scans, tmp_path):
    """And with it, the process is gone once the message is."""
    one = daemon(tmp_path / "d").start()
    drop(scans / "encrypted.pdf", one.inbox)
    one.wait("document.quarantined")
    assert not [p for p in one.family() if "scanmend.notify.host" in p.cmdline()]
    assert not [line for line in one.lines() if str(line.get("event")).startswith("notify.")]
