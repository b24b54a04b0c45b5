"""A download that stands still until a test lets it go on."""

import threading

from fake_hosts import until
from scanmend.config.schema import ModelSpec
from scanmend.errors import Stopping
from scanmend.llm.store.hub import Download
from tiny_gguf import tiny_gguf

FAR = ModelSpec(repo_id="acme/far-GGUF", quantization="int8")
"""A model that has to be downloaded."""
MIB = 1 << 20


class HeldDownload:
    """Stands in for ``download_process.fetch``: brings a quarter, waits for ``go``, then brings the rest or fails."""

    def __init__(self):
        self.asked, self.stopped = [], 0
        self.go, self.reached = threading.Event(), threading.Event()
        self.error = None

    def __call__(self, request, progress, stopping):
        self.asked.append(request)
        progress(25 * MIB, 100 * MIB)
        self.reached.set()
        until(lambda: self.go.is_set() or stopping())
        if stopping():
            self.stopped += 1
            raise Stopping
        if self.error is not None:
            raise self.error
        request.folder.mkdir(parents=True, exist_ok=True)
        path = request.folder / "far-q8_0.gguf"
        path.write_bytes(tiny_gguf())
        return Download(path, "c0ffee")
