"""A forward proxy on this machine, for plain HTTP and for tunnels, that takes one port for every host name."""

import selectors
import socket
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """The server; use it in a ``with`` statement."""

    def __init__(self, port: int) -> None:
        self.port_behind = port
        self.asked: list[tuple[str, str]] = []
        """Method and host of each request it got."""

    def __enter__(self) -> Self:
        proxy = self

        class Handler(_Handler):
            pass

        Handler.proxy = proxy
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.proxy.asked.append((self.command, url.netloc))
        behind = HTTPConnection("127.0.0.1", self.proxy.port_behind)
        headers = {key: value for key, value in self.headers.items() if not key.lower().startswith("proxy")}
        behind.request("GET", url.path + (f"?{url.query}" if url.query else ""), headers=headers)
        answer = behind.getresponse()
        self.send_response(answer.status)
        for key, value in answer.getheaders():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(answer.read())
        behind.close()

    def do_CONNECT(self) -> None:
        self.proxy.asked.append((self.command, self.path))
        with socket.create_connection(("127.0.0.1", self.proxy.port_behind)) as behind:
            self.send_response(200)
            self.end_headers()
            pairs = {self.connection: behind, behind: self.connection}
            with selectors.DefaultSelector() as ready:
                for end in pairs:
                    ready.register(end, selectors.EVENT_READ)
                while True:
                    for key, _ in ready.select():
                        data = key.fileobj.recv(1 << 16)
                        if not data:
                            self.close_connection = True
                            return
                        pairs[key.fileobj].sendall(data)
