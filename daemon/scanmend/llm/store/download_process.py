"""Download in a child process, so that the daemon never loads what a download needs; both ends of that pipe.

The child gets one JSON request on its standard input and answers with JSON lines: ``{"done", "total"}`` in bytes
while it works, and last either ``{"path", "revision"}`` or ``{"error", "message"}``. It ends when its standard
input does, and so with its parent.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scanmend.errors import ModelError, ModelMissing, Stopping, StorageError
from scanmend.llm.store.hub import Fetched, Progress, Request, download

POLL_S = 0.2
"""How often a waiting parent asks whether it should stop, and a child reports progress."""
_KINDS: dict[str, type[ModelError | StorageError]] = {
    "missing": ModelMissing,
    "storage": StorageError,
    "model": ModelError,
}
_STDERR_KEPT = 2000


def fetch(request: Request, progress: Progress | None = None, stopping: Callable[[], bool] = lambda: False) -> Fetched:
    """Download in a child process; what it has when it is killed is taken up by the next one.

    Raises what ``hub.download`` raises, ModelError when the child dies, and Stopping when ``stopping`` says so.
    """
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "scanmend.llm.store.download_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is the parent's to handle
    ) as child:
        try:
            return _follow(child, request, progress or (lambda _done, _total: None), stopping)
        finally:
            child.kill()


def _follow(
    child: subprocess.Popen[bytes], request: Request, progress: Progress, stopping: Callable[[], bool]
) -> Fetched:
    assert child.stdin  # noqa: S101 -- Popen was given a pipe; this tells the type checker
    with suppress(BrokenPipeError):  # it died at once; why is on its standard error
        child.stdin.write(json.dumps(asdict(request)).encode() + b"\n")
        child.stdin.flush()
    complaints: list[str] = []
    for line in _lines(child, complaints, stopping):
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError as e:
            raise ModelError(f"the download process answered {line[:200]!r}") from e
        if "error" in answer:
            raise _KINDS.get(answer["error"], ModelError)(answer["message"])
        if "path" in answer:
            return Fetched(Path(answer["path"]), answer["revision"])
        progress(answer["done"], answer["total"])
    code = child.wait()
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    raise ModelError(
        f"the download process {how} and no answer; it said: {''.join(complaints)[-_STDERR_KEPT:].strip() or 'nothing'}"
    )


def _lines(child: subprocess.Popen[bytes], complaints: list[str], stopping: Callable[[], bool]) -> Iterator[bytes]:
    """Yield the child's lines until it closes its output; what it complains about is collected."""
    assert child.stdout  # noqa: S101 -- as above
    assert child.stderr  # noqa: S101 -- as above
    rest = b""
    with selectors.DefaultSelector() as ready:
        ready.register(child.stdout, selectors.EVENT_READ)
        ready.register(child.stderr, selectors.EVENT_READ)
        while ready.get_map():
            if stopping():
                raise Stopping("asked to stop during a download; what has come is kept")
            for key, _ in ready.select(POLL_S):
                data = os.read(key.fd, 65_536)
                if not data:
                    ready.unregister(key.fileobj)
                elif key.fileobj is child.stderr:
                    complaints[:] = ["".join([*complaints, data.decode("utf-8", "replace")])[-_STDERR_KEPT:]]
                else:
                    *whole, rest = (rest + data).split(b"\n")
                    yield from whole


def main() -> int:
    """Serve one request from standard input."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # whatever a library prints is no answer
    request = Request(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        answer = _served(request, lambda line: print(json.dumps(line), file=answers, flush=True))
    except BrokenPipeError:
        return 1
    print(json.dumps(answer), file=answers, flush=True)
    return 0


def _served(request: Request, say: Callable[[dict[str, int]], None]) -> dict[str, str]:
    latest: dict[str, int] = {}
    over = threading.Event()

    def tell() -> None:
        """Also while nothing comes, so that the last bytes before a stall are told of."""
        while not over.wait(POLL_S):
            if latest:
                with suppress(BrokenPipeError):  # the parent is gone, and this process is about to follow
                    say(dict(latest))

    def progress(done: int, total: int) -> None:
        latest.update(done=done, total=total)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        fetched = download(request, progress)
    except (ModelError, StorageError) as e:
        return {"error": next(kind for kind, error in _KINDS.items() if isinstance(e, error)), "message": str(e)}
    finally:
        over.set()
        teller.join()
        if latest:
            say(dict(latest))
    return {"path": str(fetched.path), "revision": fetched.revision}


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
