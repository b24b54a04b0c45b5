"""A Hugging Face hub on this machine: what the real client asks of it, and every way in which it may fail."""

import hashlib
import json
import ssl
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request that the hub got."""

    method: str
    path: str
    range: str | None
    token: str | None


@dataclass
class Repo:
    """One repository, of one commit."""

    files: dict[str, bytes]
    commit: str = "c0ffee" + "0" * 34
    refs: tuple[str, ...] = ("main",)
    gated: bool = False
    lfs: bool = True


@dataclass
class Hub:
    """The server; use it in a ``with`` statement. What is set on it decides how it misbehaves."""

    repos: dict[str, Repo] = field(default_factory=dict)
    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    """Status and headers that the next requests get instead of an answer."""
    cuts: deque[int] = field(default_factory=deque)
    """Number of bytes after which the connection of each of the next transfers is cut."""
    always_cut: int | None = None
    """Number of bytes after which every other transfer is cut."""
    wrong: int = 0
    """Number of next transfers with the right length and wrong content."""
    ranges: bool = True
    """Whether a transfer may begin in the middle."""
    stalls: int = 0
    """Number of next transfers that stop in the middle, until ``go_on`` is set or the server is closed."""
    pause_s: float = 0.0
    """Pause between pieces of 32 KiB."""
    moved: dict[str, str] = field(default_factory=dict)
    """Old and new names of repositories; requests for the old one are redirected."""
    tls: ssl.SSLContext | None = None
    cdn: str | None = None
    """Host name that transfers are redirected to; the same server."""
    asked: list[Asked] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    """Set once a transfer has stopped in the middle."""
    go_on: threading.Event = field(default_factory=threading.Event)
    not_the_hub: bytes | None = None
    """A page that answers every request, as that of a network's login does."""

    def __enter__(self) -> Self:
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        self._closed = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    @property
    def transfers(self) -> list[Asked]:
        return [a for a in self.asked if "/resolve/" in a.path or a.path.startswith("/cdn/")]


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path)
        self.hub.asked.append(Asked(self.command, path, self.headers.get("Range"), self.headers.get("Authorization")))
        if self.hub.not_the_hub is not None:
            return self._reply(200, self.hub.not_the_hub, {"Content-Type": "text/html"})
        if self.hub.answers:
            status, headers = self.hub.answers.popleft()
            return self._reply(status, b"", headers)
        for old, new in self.hub.moved.items():
            if f"/{old}/" in f"{path}/":
                return self._reply(307, b"", {"Location": self.path.replace(old, new)})
        if path.startswith("/api/models/"):
            return self._model(path.removeprefix("/api/models/"), blobs="blobs" in parse_qs(url.query))
        if path.startswith("/cdn/"):
            repo, _, name = path.removeprefix("/cdn/").partition("//")
            return self._bytes(self.hub.repos[repo].files[name], {})
        repo, _, rest = path[1:].partition("/resolve/")
        revision, _, name = rest.partition("/")
        return self._resolve(repo, revision, name)

    def _known(self, name: str, revision: str) -> Repo | None:
        repo = self.hub.repos.get(name)
        if repo is None:
            self._refuse(401, "RepoNotFound", "Invalid username or password.")
        elif revision not in (*repo.refs, repo.commit):
            self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        else:
            return repo
        return None

    def _model(self, path: str, *, blobs: bool) -> None:
        name, _, revision = path.partition("/revision/")
        repo = self._known(name, revision or "main")
        if repo is None:
            return
        siblings = []
        for file, data in repo.files.items():
            sibling: dict[str, object] = {"rfilename": file}
            if blobs:
                sibling |= {"size": len(data), "blobId": hashlib.sha1(data, usedforsecurity=False).hexdigest()}
                if repo.lfs:
                    digest = hashlib.sha256(data).hexdigest()
                    sibling["lfs"] = {"sha256": digest, "size": len(data), "pointerSize": 134}
            siblings.append(sibling)
        body = {"id": name, "modelId": name, "sha": repo.commit, "private": False, "tags": [], "siblings": siblings}
        self._reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _resolve(self, name: str, revision: str, file: str) -> None:
        repo = self._known(name, revision)
        if repo is None:
            return None
        if repo.gated:
            return self._refuse(403, "GatedRepo", "You are not in the authorized list.")
        if file not in repo.files:
            return self._refuse(404, "EntryNotFound", "Entry not found")
        data = repo.files[file]
        digest = hashlib.sha256(data).hexdigest()
        headers = {
            "X-Repo-Commit": repo.commit, "X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(data)),
            "ETag": f'"{digest}"',
        }  # fmt: skip
        if self.hub.cdn:
            where = f"http://{self.hub.cdn}:{self.hub.port}/cdn/{name}//{file}"
            return self._reply(302, b"", headers | {"Location": where})
        return self._bytes(data, headers)

    def _bytes(self, data: bytes, headers: dict[str, str]) -> None:
        size = len(data)
        if self.hub.wrong:
            self.hub.wrong -= 1
            data = bytes(byte ^ 255 for byte in data)
        status, start = 200, 0
        wanted = self.headers.get("Range")
        if wanted and self.hub.ranges:
            start = int(wanted.removeprefix("bytes=").split("-")[0])
            if start >= size:
                return self._reply(416, b"", {"Content-Range": f"bytes */{size}"})
            status = 206
            headers = headers | {"Content-Range": f"bytes {start}-{size - 1}/{size}"}
        body = data[start:]
        cut = self.hub.cuts.popleft() if self.hub.cuts else self.hub.always_cut
        stall = self.hub.stalls > 0
        self.hub.stalls -= stall
        return self._reply(status, body, headers | {"Accept-Ranges": "bytes"}, cut=cut, stall=stall)

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._reply(status, b"", {"X-Error-Code": code, "X-Error-Message": message})

    def _reply(
        self, status: int, body: bytes, headers: dict[str, str], *, cut: int | None = None, stall: bool = False
    ) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if stall:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.hub.stalled.set()
            self.hub.go_on.wait()
            if self.hub._closed.is_set():
                self.close_connection = True
            else:
                self.wfile.write(body[len(body) // 2 :])
        elif cut is not None and cut < len(body):
            self.wfile.write(body[:cut])
            self.close_connection = True
        elif self.hub.pause_s:
            for start in range(0, len(body), 1 << 15):
                self.wfile.write(body[start : start + (1 << 15)])
                self.hub._closed.wait(self.hub.pause_s)
        else:
            self.wfile.write(body)
