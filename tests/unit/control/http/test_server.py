"""scanmend.control.http.server: its thread serves, outlives crashes and sockets that are taken, and ends in time."""

import socket
import threading
import time

import pytest
from structlog.testing import capture_logs

from control_world import controlled
from daemon_process import until
from http_over import ask, open_stream
from scanmend.control.http import server, sockets
from scanmend.control.http.app import create_app
from scanmend.errors import StorageError


@pytest.fixture
def controls(memory):
    with controlled(memory) as (_, controls):
        yield controls


@pytest.fixture
def started():
    made = []

    def start(make_app, *openings):
        made.append(server.ControlServer(make_app, openings))
        made[-1].start()
        return made[-1]

    yield start
    for one in made:
        one.stop()


def listening():
    return [sockets.open_address(("127.0.0.1", 0))]


def test_it_ends_in_time_with_fifty_streams_open(controls, started, memory):
    """Each of them is ended, none is waited for."""
    path = memory / "s"
    one = started(lambda: create_app(controls), lambda: [sockets.open_control(path, None)])
    streams = [open_stream(path) for _ in range(50)]
    began = time.monotonic()
    one.stop()
    took_s = time.monotonic() - began
    for stream in streams:
        rest = b"x"
        while rest:
            rest = stream.recv(4096)
        stream.close()
    assert took_s < server.STOP_LIMIT_S + 0.5  # the machine may have other work
    assert "control" not in {thread.name for thread in threading.enumerate()}


def test_a_crash_is_logged_and_it_starts_again(controls, started, monkeypatch):
    """Whatever it was."""
    monkeypatch.setattr(server, "RESTART_S", (0.05,))
    crashes = iter([RuntimeError("by the test"), OSError("by the test"), None])

    def make_app():
        if (error := next(crashes)) is not None:
            raise error
        return create_app(controls)

    (bound,) = listening()
    with capture_logs() as logs:
        started(make_app, lambda: [bound])
        assert ask(bound.getsockname()[1], "GET", "/livez")[0] == 200
    assert [line["error"] for line in logs if line["event"] == "control.crashed"] == ["by the test"] * 2


def test_a_socket_that_comes_later(controls, started, monkeypatch, memory):
    """The others are served meanwhile, and the trouble is told until then."""
    monkeypatch.setattr(server, "REOPEN_S", 0.1)
    free = threading.Event()

    def later():
        if not free.is_set():
            raise StorageError("it is taken")
        return [sockets.open_control(memory / "later", None)]

    one = started(lambda: create_app(controls), lambda: [sockets.open_control(memory / "s", None)], later)
    assert ask(memory / "s", "GET", "/livez")[0] == 200
    assert one.troubles() == ["it is taken"]
    free.set()
    until(lambda: not one.troubles(), "the socket")
    assert ask(memory / "later", "GET", "/livez")[0] == 200
    assert ask(memory / "s", "GET", "/livez")[0] == 200


def test_it_says_nothing_of_itself(controls, started):
    """No name or version of a program that a stranger could look up."""
    (bound,) = listening()
    started(lambda: create_app(controls), lambda: [bound])
    _, headers, _ = ask(bound.getsockname()[1], "GET", "/livez")
    assert "server" not in headers


def test_nonsense_on_the_line(controls, started):
    """Is answered as such, and logged without a traceback; the next request is served."""
    (bound,) = listening()
    started(lambda: create_app(controls), lambda: [bound])
    port = bound.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as stranger:
        stranger.sendall(b"\x16\x03\x01\x02\x00\r\n\r\n")
        assert stranger.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert ask(port, "GET", "/livez")[0] == 200
