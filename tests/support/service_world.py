"""A service in the test's own process, on folders of its own; pages are read by stand-ins in no time."""

import hashlib
import os
import re
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import yaml

from daemon_process import until
from scanmend.config.load import load
from scanmend.document import Line, Page, Word
from scanmend.errors import HostDied
from scanmend.llm.scheduler.model_process import Effects
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.llm.scheduler.state import policy_of
from scanmend.llm.store.store import Store
from scanmend.pageworkers.pool import PagePool
from scanmend.service.service import Service

GIF = b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"


class Reader:
    """Answers as a page worker does; files called ``slow…`` take until ``gate`` opens, ``fails…`` never work.

    ``a 300 pages.gif`` has 300 pages, each of which takes a few milliseconds.
    """

    read: ClassVar[Counter[str]] = Counter()
    order: ClassVar[list[str]] = []
    gate = threading.Event()
    pid = 4_000_000
    alive = True

    def ask(self, request, limit_s, progress=None, *, in_all=False):
        path = Path(os.fsdecode(bytes.fromhex(request["path"])))
        if request["do"] == "inspect":
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            pages = int(found[1]) if (found := re.search(r"(\d+) pages", path.name)) else 1
            return {"result": {"kind": "gif", "pages": pages, "sha256": digest}}
        Reader.read[path.name] += 1
        Reader.order.append(path.name)
        if path.name.startswith("slow") and not Reader.gate.wait(limit_s):
            raise HostDied("too slow")
        if "pages" in path.name:
            time.sleep(0.005)
        if path.name.startswith("fails"):
            return {"error": "ocr", "message": "out of paper"}
        page = Page(1, (Line((Word(path.name, (0, 0, 9, 9), 95.0),)),))
        words = [{"text": w.text, "box": w.box, "confidence": w.confidence, "glyphs": []} for w in page.lines[0].words]
        return {"result": {"number": request["number"], "lines": [{"words": words, "paragraph": 0}]}}

    def end(self, grace_s=10.0):
        self.alive = False

    def kill(self):
        self.alive = False
        Reader.gate.set()


class House:
    """A configuration file, and services that run on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = root / "scanmend.yaml"
        self.configure()

    def configure(self, *folders, **top):
        shared = {"settle_s": 0.1, "incomplete_s": 0.2, "strategy": "off", "second_reader": "off", "retry_delay_s": 0.1}
        folders = [{"name": n, "inbox": f"{n}/in", "outbox": f"{n}/out"} | shared | more for n, more in folders]
        self.file.write_text(
            yaml.safe_dump({"state_dir": "state", "models": {}, "workers": 2, "folders": folders, **top})
            if folders
            else ""
        )
        if not folders:
            self.configure(("a", {}), **top)

    @contextmanager
    def open(self, kind=Service, **model):
        """Run a service until the block ends; ``model``: how the effects of its slot differ from the real ones."""
        config = load(self.file)
        service = kind(
            config,
            lambda c: PagePool(c.workers, c.state_dir / "work", Reader),
            lambda c, **wiring: ModelSlot(c.models, Store(c.models_dir), policy_of(c), Effects(**wiring, **model)),
        )
        thread = threading.Thread(target=service.run)
        thread.start()
        try:
            until(lambda: service.passes or not thread.is_alive(), "the first pass")
            yield service
        finally:
            Reader.gate.set()
            service.request_stop()
            thread.join(20)
            assert not thread.is_alive()

    def inbox(self, name="a"):
        return self.root / name / "in"

    def outbox(self, name="a"):
        return self.root / name / "out"

    def drop(self, file, folder="a"):
        part = self.inbox(folder) / f".{file}"
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(GIF)
        part.rename(self.inbox(folder) / file)

    def done(self, *stems, folder="a"):
        until(lambda: all((self.outbox(folder) / f"{s}.json").exists() for s in stems), f"{stems} to be done")
