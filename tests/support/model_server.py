"""A small server that speaks OpenAI's protocol, with a scripted or the bundled model, and with faults on request."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "a-key-made-up-for-tests"
"""The key that the server takes."""


class ModelServer:
    """Serves on loopback within a ``with`` block; what it was asked is in ``asked``, as path, body and headers."""

    def __init__(
        self, reply: Callable[[str], str] = str, score: Callable[[str], list[tuple[str, float]]] | None = None
    ):
        """``reply``: the rewrite of a text. ``score``: tokens of a text with their log-probabilities; None: none."""
        self.reply, self.score = reply, score
        self.faults: list[Callable[[BaseHTTPRequestHandler], None]] = []
        self.asked: list[tuple[str, dict, dict]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                server.answer(self, {})

            def do_POST(self):
                server.answer(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()

    def answer(self, handler, body):
        self.asked.append((handler.path, body, dict(handler.headers)))
        if self.faults:
            self.faults.pop(0)(handler)
        elif handler.headers.get("Authorization") != f"Bearer {KEY}":
            send(handler, 401, {"error": "wrong key"})
        elif handler.path.endswith("/models"):
            send(handler, 200, {"data": [{"id": "m"}]})
        elif handler.path.endswith("/chat/completions"):
            message = {"content": self.reply(body["messages"][-1]["content"])}
            send(handler, 200, {"choices": [{"message": message, "finish_reason": "stop"}]})
        elif handler.path.endswith("/completions") and self.score is not None:
            send(handler, 200, self._completion(body["prompt"], echo=body["echo"]))
        elif "unload" in handler.path or handler.path.endswith("/api/generate"):
            send(handler, 200, {})
        else:
            send(handler, 400, {"error": "no log-probabilities here"})

    def _completion(self, prompt, *, echo):
        _, *scored = [(None, None), *self.score(prompt)]
        following = ("!", self.score(prompt + "!")[-1][1])
        tokens = [*(scored if echo else ()), following]
        nats = [n for _, n in tokens]
        logprobs = {"tokens": [t for t, _ in tokens], "token_logprobs": [None, *nats[1:]] if echo else nats}
        return {"choices": [{"text": "", "logprobs": logprobs}], "usage": {"completion_tokens": 1}}


def send(handler, code, value, **headers):
    """Send a whole answer."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    handler.send_response(code)
    for name, text in headers.items():
        handler.send_header(name.replace("_", "-"), text)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def code(number, **headers):
    """Return a fault that is this HTTP code."""
    return lambda handler: send(handler, number, {"error": "asked for"}, **headers)


def nonsense(handler):
    send(handler, 200, b'{"choices": 7')


def cut_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


def huge(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(1 << 40))
    handler.end_headers()
    try:
        for _ in range(64):
            handler.wfile.write(b" " * 2**20)
    except OSError:
        handler.close_connection = True


def drip(handler):
    """Send a byte now and then, for ever as far as the client is concerned."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    try:
        for _ in range(1000):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.02)
    except OSError:
        handler.close_connection = True
