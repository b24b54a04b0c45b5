"""A web server on this machine that takes notifications as apprise's ``json://`` sends them."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Receiver:
    """Keeps what was posted; answers with ``codes`` in turn, then with 200."""

    def __init__(self, *codes: int, hang: bool = False) -> None:
        """``hang``: never answer."""
        self.got: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.asked = 0
        """Requests, answered or not."""
        self._codes, self._hang, self._over = list(codes), hang, threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked += 1
                if outer._hang:
                    outer._over.wait(60)
                    return
                code = outer._codes.pop(0) if outer._codes else 200
                if code == 200:
                    outer.headers.append(dict(self.headers))
                    outer.got.append(json.loads(body))
                self.send_response(code)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def address(self) -> str:
        """The apprise URL of this receiver; it holds a password."""
        return f"json://porter:sesame@127.0.0.1:{self._server.server_port}/hooks/a1b2c3?rto=2&cto=2"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


SECRETS = ("sesame", "porter", "a1b2c3")
"""Parts of the address that must not appear anywhere."""
