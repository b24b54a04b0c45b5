"""Download in a child process, so that the daemon never loads what a download needs; both ends of it.

Run as ``python -m scanmend.llm.store.download_process SOCKET LIFELINE``, by ``process.child``. One request, a
``hub.Request``, is answered with ``{"path", "revision"}`` or ``{"error", "message"}``; progress is ``{"done",
"total"}`` in bytes.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from scanmend.errors import ChildDied, ModelError, ModelMissing, StorageError
from scanmend.llm.store import hub
from scanmend.process.child import SECRETS, Child, Message, Progress, serve

REPORT_S = 0.2
"""How often the child reports progress."""
SILENT_S = 60.0
"""The child reports from a thread of its own, whatever the hub does; one that is silent for so long has hung."""
_KINDS: dict[str, type[ModelError | StorageError]] = {
    "missing": ModelMissing,
    "storage": StorageError,
    "model": ModelError,
}


def fetch(
    request: hub.Request, progress: hub.Progress | None = None, stopping: Callable[[], bool] = lambda: False
) -> hub.Download:
    """Download in a child process, the only one that gets the hub's token.

    What the child has when it is ended is taken up by the next one. Raises what ``hub.download`` raises, ModelError
    when the child dies, and Stopping when ``stopping`` says so.
    """

    def report(details: Message) -> None:
        if progress is not None:
            progress(details["done"], details["total"])

    token = {name: os.environ[name] for name in SECRETS if name in os.environ}
    try:
        child = Child("scanmend.llm.store.download_process", token)
        try:
            answer = child.ask(asdict(request), SILENT_S, report, stopping)
        finally:
            child.end(0)
    except ChildDied as e:
        raise ModelError(f"the download process failed: {e}") from e
    if "error" in answer:
        raise _KINDS[answer["error"]](answer["message"])
    return hub.Download(Path(answer["path"]), answer["revision"])


def handle(request: Message, progress: Progress) -> Message:
    """Answer one request."""
    try:
        with _reporting(progress) as note:
            downloaded = hub.download(hub.Request(**request), note)
    except (ModelError, StorageError) as e:
        return {"error": next(kind for kind, error in _KINDS.items() if isinstance(e, error)), "message": str(e)}
    return {"path": str(downloaded.path), "revision": downloaded.revision}


@contextmanager
def _reporting(progress: Progress) -> Iterator[hub.Progress]:
    """Yield what takes note of bytes done and in all; a thread reports the latest, also while the hub stalls."""
    latest: Message = {}
    over = threading.Event()

    def note(done: int, total: int) -> None:
        latest.update(done=done, total=total)

    def report() -> None:
        while not over.wait(REPORT_S):
            progress(dict(latest) or None)

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield note
    finally:
        over.set()
        thread.join()
        if latest:
            progress(dict(latest))


if __name__ == "__main__":
    serve(handle)
