"""scanmend.notify.host: real apprise, a real server on this machine, and nothing else that is connected to."""

import json
import os
import subprocess
import sys

import pytest

from mail_receiver import MailReceiver
from receiver import SECRETS, Receiver
from scanmend.notify import host

pytestmark = [
    pytest.mark.skipif(not host.is_installed(), reason="the extra notify is not installed"),
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),  # one of apprise's plug-ins uses it
]


@pytest.fixture
def receiver():
    with Receiver() as one:
        yield one


def test_a_message_arrives_as_it_is(receiver):
    """No markup, no pictures of apprise's, no other name than ours."""
    assert host.send([receiver.address], "title", "a <b>text</b>\nin :two: lines") == {"failed": [], "why": ""}
    (got,), (headers,) = receiver.got, receiver.headers
    assert (got["title"], got["message"]) == ("title", "a <b>text</b>\nin :two: lines")
    assert headers["User-Agent"] == "scanmend"
    assert "apprise" not in json.dumps([got, headers]).lower()


def test_who_did_not_take_it_is_known_by_place_and_why_without_the_address():
    """The other one has it."""
    with Receiver(503) as refusing, Receiver() as taking:
        reply = host.send([refusing.address, taking.address, "nonsense://sesame"], "t", "x")
        assert len(taking.got) == 1
    assert reply == {"failed": [0, 2], "why": "json (error 503), nonsense"}


def test_a_mail_arrives_as_it_is():
    """Plain text from whom the address names, with nothing about apprise."""
    text = "the PDF is *encrypted* & <locked>\n. Müller: scanmend status has the name\n"
    with MailReceiver() as server:
        assert host.send([server.address()], "A scan of Büro failed", text) == {"failed": [], "why": ""}
    (mail,) = server.got
    assert (mail.sender, mail.recipients) == ("scanmend@example.org", ("office@example.org",))
    assert mail.message["Subject"] == "A scan of Büro failed"
    assert mail.message["To"] == "office@example.org"
    assert [part.get_content_type() for part in mail.message.walk()] == ["text/plain"]
    assert mail.text.splitlines() == text.splitlines()
    assert "apprise" not in mail.message.as_string().lower()
    assert "AUTH PLAIN" in server.lines


def test_a_mail_server_that_refuses_is_told_without_the_address():
    """A wrong password, and a mailbox that there is not."""
    with MailReceiver("nobody@example.org") as server:
        addresses = [server.address("office@example.org", "wrong"), server.address(to="nobody@example.org")]
        assert host.send(addresses, "t", "x") == {"failed": [0, 1], "why": "mailto, mailto"}
    assert server.got == []


def test_addresses_are_checked_without_sending(receiver):
    """And are not repeated."""
    found = host.problems([receiver.address, "nonsense://sesame@host", "mailto://"])
    assert found == [
        "address 2 (nonsense) is none that apprise understands",
        "address 3 (mailto) is none that apprise understands",
    ]
    assert receiver.asked == 0


def test_without_apprise_it_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(host, "is_installed", lambda: False)
    assert host.problems(["json://a"]) == [host.MISSING]
    assert host.send(["json://a"], "t", "x") == {"error": host.MISSING}


def test_nothing_is_connected_to_but_where_the_message_goes(receiver, tmp_path):
    """Neither apprise's project nor anybody else hears of it, and nothing is written."""
    code = """
import sys
def heard(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        print(event, args[1] if event != "socket.getaddrinfo" else args[:2], flush=True)
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+") and "pycache" not in str(args[0]):
        print("written", args[0], flush=True)
sys.addaudithook(heard)
from scanmend.notify import host
print(host.send([sys.argv[1]], "t", "x"))
"""
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, receiver.address], capture_output=True, text=True, check=True, env=env
    )
    port = receiver.address.split(":")[3].split("/")[0]
    lines = done.stdout.splitlines()
    assert lines[-1] == "{'failed': [], 'why': ''}"
    assert lines[:-1]
    assert all("127.0.0.1" in line and port in line for line in lines[:-1]), lines
    assert not [secret for secret in SECRETS if secret in done.stderr]
    assert list(tmp_path.iterdir()) == []
