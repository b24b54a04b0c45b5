"""Asking a running daemon over its Unix socket, for commands; the socket's permissions say who may."""

import contextlib
import http.client
import json
import os
import socket
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from scanmend.config.schema import Config
from scanmend.control.controls import ReviewDesk
from scanmend.control.link import MAX_FOUND, Link, LocalLink
from scanmend.control.values import Retried
from scanmend.errors import ScanmendError

FIRST_LIMIT_S = 3.0
"""How long a daemon may take for its first answer, in seconds; else it is not listening, and signals have to do."""
LIMIT_S = 60.0
"""How long it may take for a further one, in seconds: moving many files back to work takes a while."""
NAME = "control.sock"
"""Name of the socket, in the state folder or a runtime folder."""
SYSTEM_RUNTIME = Path("/run/scanmend")
"""The runtime folder of the service."""


def link_to(config: Config) -> Link:
    """Return the link to the daemon of this configuration: its socket where it answers, else signals and files."""
    local = LocalLink(config)
    for path in _candidates(config):
        with contextlib.suppress(_Unreachable):
            if _ask(path, FIRST_LIMIT_S, "GET", "status")["state_dir"] == str(config.state_dir):
                return SocketLink(path, local)
    return local


def _candidates(config: Config) -> Iterator[Path]:
    user = os.environ.get("XDG_RUNTIME_DIR", "")
    for folder in (config.state_dir, SYSTEM_RUNTIME, *([Path(user) / "scanmend"] if user else [])):
        yield folder / NAME


class SocketLink:
    """See Link; over the daemon's socket."""

    def __init__(self, path: Path, otherwise: Link) -> None:
        """``otherwise`` tells how things are once the daemon does not answer any more."""
        self._path, self._otherwise = path, otherwise

    def pid(self) -> int | None:
        """See Link."""
        return self.status()["pid"]  # type: ignore[no-any-return]

    def reviews(self) -> ReviewDesk | None:
        """See Link."""
        from scanmend.control.review_link import ReviewLink  # noqa: PLC0415 -- no other command needs its types

        return ReviewLink(self._ask)

    def find(self, text: str) -> dict[str, Any]:
        """See Link."""
        query = urlencode({"name": text, "limit": MAX_FOUND}, errors="replace")
        return self._ask("GET", f"documents?{query}")  # type: ignore[no-any-return]

    def status(self) -> dict[str, Any]:
        """See Link."""
        try:
            return self._ask("GET", "status")  # type: ignore[no-any-return]
        except _Unreachable:
            return self._otherwise.status()

    def retry(self, ids: Sequence[str] | None) -> Retried:
        """See Link."""
        answer = self._ask("POST", "retry", {"all": True} if ids is None else {"ids": list(ids)})
        return Retried(tuple(answer["returned"]), tuple(answer["taken_over"]), answer["refused"])

    def unload(self) -> None:
        """See Link."""
        self._ask("POST", "unload")

    def pause(self, folder: str) -> None:
        """See Link."""
        self._ask("POST", "pause", {"folder": folder})

    def resume(self, folder: str) -> None:
        """See Link."""
        self._ask("POST", "resume", {"folder": folder})

    def rescan(self) -> None:
        """See Link."""
        self._ask("POST", "rescan")

    def reload(self) -> None:
        """See Link."""
        self._ask("POST", "reload")

    def _ask(self, method: str, what: str, body: Any = None) -> Any:
        return _ask(self._path, LIMIT_S, method, what, body)


def _ask(path: Path, limit_s: float, method: str, what: str, body: Any = None) -> Any:
    """Return the content of an answer; ScanmendError with what the daemon says is wrong."""
    connection = _Connection(path, limit_s)
    try:
        headers = {} if body is None else {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, f"/api/v1/{what}", data, headers)
        answer = connection.getresponse()
        content = answer.read()
        found = json.loads(content) if content else None
    except (OSError, http.client.HTTPException, ValueError) as e:
        raise _Unreachable(f"the daemon does not answer on {path}: {e}") from e
    finally:
        connection.close()
    if answer.status >= HTTPStatus.BAD_REQUEST:
        problem = found if isinstance(found, dict) else {}
        raise ScanmendError(str(problem.get("detail", f"the daemon answered with status {answer.status}")))
    return found


class _Unreachable(ScanmendError):
    """No daemon answers on this socket, or not to this user."""


class _Connection(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: Path, limit_s: float) -> None:
        super().__init__("localhost", timeout=limit_s)
        self._path = path

    def connect(self) -> None:
        """See HTTPConnection."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self._path))
