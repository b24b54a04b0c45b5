"""What runs in a Dask worker: pure functions of bytes, found by their names; pages go to processes of its own.

A Dask worker is one process with a thread for each page. Here, too, MuPDF and Tesseract run in page processes and the
second reader in its own, so that a crash costs a page and not the worker; all of them end when nothing comes.
"""

import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from distributed import get_worker
from pydantic import TypeAdapter

from scanmend.document import Page
from scanmend.errors import DocumentError, OcrError, PageFailed, ScanmendError, StorageError
from scanmend.pageworkers.pool import PagePool
from scanmend.pageworkers.protocol import ERRORS
from scanmend.pageworkers.remote.source_cache import SourceCache
from scanmend.pageworkers.remote.versions import own
from scanmend.source.settings import ReadSettings

IDLE_S = 30.0
"""Seconds without a page after which a worker's processes end and the files that it was sent go."""

_page = TypeAdapter(Page)
_settings = TypeAdapter(ReadSettings)
_start = threading.Lock()


def describe() -> bytes:
    """Return what this worker reads pages with, as JSON (``versions.Versions``)."""
    return json.dumps(asdict(own())).encode()


def read(request: bytes, source: bytes | None) -> bytes:
    """Read one page; ``request`` as ``sources.Sources.request`` has it, in JSON, ``source``: the file's bytes.

    Return JSON: the worker's address as ``worker``, and a ``page``; or ``missing`` where the file is not here and
    did not come along; or an ``error`` as ``pageworkers.protocol`` has them.
    """
    asked = json.loads(request)
    with _start:
        bench = _bench()
    reply = bench.read(asked, source)
    return json.dumps({"worker": _address(), **reply}).encode()


class _Bench:
    """The page processes and files of one Dask worker."""

    def __init__(self, threads: int, folder: Path) -> None:
        self._folder = folder
        self._pool = PagePool(threads, folder / "pages")
        self._sources = SourceCache(folder / "sources")
        self._running = 0
        self._lock = threading.Lock()
        self._last_used = time.monotonic()
        threading.Thread(target=self._end_when_idle, name="scanmend-idle", daemon=True).start()

    def read(self, asked: dict[str, Any], content: bytes | None) -> dict[str, Any]:
        with self._lock:
            self._running += 1
        try:
            return self._read(asked, content)
        except PageFailed as e:
            return {"error": "page", "what": e.what, "message": e.how}
        except (DocumentError, StorageError, OcrError) as e:
            kind = next(kind for kind, error in ERRORS.items() if isinstance(e, error))
            where = "" if kind == "document" else f"on {own().host}: "
            return {"error": kind, "message": f"{where}{e}"}
        except ScanmendError as e:  # the worker ends
            return {"error": "ocr", "message": f"on {own().host}: the worker stops ({e or type(e).__name__})"}
        except OSError as e:
            return {"error": "ocr", "message": f"on {own().host}: {e}"}
        finally:
            with self._lock:
                self._running -= 1
                self._last_used = time.monotonic()

    def _read(self, asked: dict[str, Any], content: bytes | None) -> dict[str, Any]:
        settings = _settings.validate_python(asked["settings"])
        with self._source(asked, content) as path, self._passwords(asked) as passwords:
            if path is None:
                return {"missing": True}
            limits = replace(settings.limits, passwords=passwords)
            page = self._pool.submit(path, asked["number"], replace(settings, limits=limits)).result()
            return {"page": _page.dump_python(page, mode="json")}

    @contextmanager
    def _source(self, asked: dict[str, Any], content: bytes | None) -> Iterator[Path | None]:
        """Yield where the source is: under the daemon's own path, where that leads to the same file, else in a copy."""
        if content is None and "path" in asked:
            shared = Path(os.fsdecode(bytes.fromhex(asked["path"])))
            with suppress(OSError):
                found = shared.stat()
                if (found.st_size, found.st_mtime_ns) == (asked["size"], asked["mtime_ns"]):
                    yield shared
                    return
        name = Path(os.fsdecode(bytes.fromhex(asked["name"]))).name
        with self._sources.holding(asked["key"], name, content) as path:
            yield path

    @contextmanager
    def _passwords(self, asked: dict[str, Any]) -> Iterator[str | None]:
        """Yield a file with the passwords that came along, which nobody else may read, and which is gone afterwards."""
        if "passwords" not in asked:
            yield None
            return
        with tempfile.NamedTemporaryFile(dir=self._folder) as file:  # mode 0600
            file.write("\n".join(asked["passwords"]).encode())
            file.flush()
            yield file.name

    def _end_when_idle(self) -> None:
        while True:
            time.sleep(IDLE_S / 6)
            with self._lock:
                idle = not self._running and time.monotonic() - self._last_used > IDLE_S
            if idle:
                self._pool.end_idle()
                self._sources.clear()


@cache
def _bench() -> _Bench:
    """The only one of this process; where several Dask workers share a process, they share it."""
    worker = get_worker()
    return _Bench(worker.state.nthreads, Path(tempfile.mkdtemp(prefix="scanmend-", dir=worker.local_directory)))


def _address() -> str:
    return str(get_worker().address)
