"""Requests to a daemon over its Unix socket or a TCP port, with nothing between the test and the bytes."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any


class Unix(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(str(self.path))


def ask(where: Path | int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
    """Return status, headers and content of the answer; JSON is read. ``where``: a socket's path, or a port."""
    connection = Unix(where) if isinstance(where, Path) else http.client.HTTPConnection("127.0.0.1", where, timeout=20)
    data = json.dumps(body).encode() if body is not None else None
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        sent.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, path, data, sent)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    found = {name.lower(): value for name, value in answer.getheaders()}
    return answer.status, found, json.loads(content) if "json" in found.get("content-type", "") else content


def open_stream(where: Path | int) -> socket.socket:
    """Open a stream of events and return its socket, once the daemon has begun to answer."""
    if isinstance(where, Path):
        stream = socket.socket(socket.AF_UNIX)
        stream.connect(str(where))
    else:
        stream = socket.create_connection(("127.0.0.1", where))
    stream.settimeout(20)
    stream.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert stream.recv(4096).startswith(b"HTTP/1.1 200 ")
    return stream


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
