"""scanmend.llm.remote.client: faults of servers end within the deadline, as errors that say whose fault it is."""

import os
import time

import pytest

from model_server import KEY, ModelServer, code, cut_off, drip, huge, nonsense
from scanmend.errors import EndpointFailed, ModelError
from scanmend.llm.remote import retries, wire
from scanmend.llm.remote.client import Client
from scanmend.llm.remote.wire import Request

ASK = wire.chat("m", "Correct", "tbe")


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_PAUSE_S", 0.01)


@pytest.fixture
def server():
    with ModelServer(reply=lambda text: text.replace("tbe", "the")) as server:
        yield server


@pytest.fixture
def client(server):
    client = Client(server.url, KEY, connections=2)
    yield client
    client.close()


@pytest.mark.parametrize("fault", [code(500), code(429), code(503), nonsense, cut_off])
def test_what_passes_is_asked_again(server, client, fault):
    server.faults = [fault, fault]
    assert client.ask(ASK, wire.reply_text, 20) == "the"
    assert len(server.asked) == 3


def test_what_does_not_pass_ends(server, client):
    server.faults = [code(500)] * 9
    with pytest.raises(EndpointFailed, match="answered 500"):
        client.ask(ASK, wire.reply_text, 20)
    assert len(server.asked) == retries.TRIES


@pytest.mark.parametrize(
    ("number", "why"), [(401, "does not take the key"), (404, "no such model"), (302, "sends on to another address")]
)
def test_what_cannot_pass_is_not_asked_again(server, client, number, why):
    server.faults = [code(number, Location="http://127.0.0.1:9/v1")]
    with pytest.raises(EndpointFailed, match=why):
        client.ask(ASK, wire.reply_text, 20)
    assert len(server.asked) == 1


def test_a_request_that_is_refused_says_nothing_of_the_server(server, client):
    """So that one page too long does not open the circuit breaker."""
    server.faults = [code(400)]
    with pytest.raises(ModelError) as refused:
        client.ask(ASK, wire.reply_text, 20)
    assert not isinstance(refused.value, EndpointFailed)


def test_a_server_that_asks_for_more_time_than_there_is_gets_it_later(server, client):
    server.faults = [code(429, Retry_After="50")]
    with pytest.raises(EndpointFailed) as failed:
        client.ask(ASK, wire.reply_text, 20)
    assert failed.value.rest_s == 50


def test_a_slow_drip_ends_at_the_deadline(server, client):
    server.faults = [drip]
    began = time.monotonic()
    with pytest.raises(EndpointFailed, match="no whole answer"):
        client.ask(ASK, wire.reply_text, 0.3)
    assert time.monotonic() - began < 10


def test_a_huge_answer_is_not_read_to_its_end(server, client):
    server.faults = [huge] * retries.TRIES
    with pytest.raises(EndpointFailed, match="larger than 16 MiB"):
        client.ask(ASK, wire.reply_text, 60)


def test_nobody_listens():
    client = Client("http://127.0.0.1:9/v1", "")
    with pytest.raises(EndpointFailed, match="ConnectError"):
        client.ask(Request("models"), str, 20)
    client.close()


def test_no_proxy_of_the_environment_is_used_and_the_key_goes_along(server, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:9")
    client = Client(server.url, KEY)
    client.ask(Request("models"), str, 20)
    client.close()
    assert server.asked[0][2]["Authorization"] == f"Bearer {KEY}"
