"""The metrics of a running daemon, as ``/metrics`` and the textfile have them."""

import os
import platform
import time
from collections.abc import Callable, Mapping
from typing import Any

from scanmend import __version__
from scanmend.config.schema import Config
from scanmend.errors import StorageError
from scanmend.ledger.ledger import Ledger
from scanmend.metrics import gauges
from scanmend.metrics.catalogue import Samples
from scanmend.metrics.counting import Counting, merged
from scanmend.metrics.exposition import render
from scanmend.metrics.gauges import Process
from scanmend.process.memory import MIB, resident_mib


class Metrics:
    """Puts together what was counted and what is so now; may be called from any thread."""

    def __init__(
        self,
        counting: Counting,
        config: Callable[[], Config],
        status: Callable[[], Mapping[str, Any]],
        ledger: Ledger,
    ) -> None:
        """Ask the ledger what was last done, which takes a tenth of a second of a large one; StorageError.

        ``status`` returns the daemon's latest status, which never changes afterwards; empty before its first.
        """
        counting.declare([folder.name for folder in config().folders])
        counting.recall(ledger.last_done())
        self._counting = counting
        self._config = config
        self._status = status
        self._ledger = ledger

    def render(self) -> bytes:
        """Return all metrics in the text format; without those of the ledger where it cannot be read just now."""
        config = self._config()
        folders = [folder.name for folder in config.folders]
        parts: list[Samples] = [self._counting.samples(), gauges.of_status(self._status(), config.models.keys())]
        try:
            parts.append(gauges.of_ledger(self._ledger.counts_by_folder(), folders))
        except StorageError:  # the daemon's own log says so, and nobody is to take old numbers for new ones
            parts.append({})
        return render(merged([*parts, gauges.of_process(_own_process(), __version__, platform.python_version())]))

    def render_stopped(self) -> bytes:
        """Return what remains to be said by a daemon that ends."""
        return render(gauges.of_moment(time.time(), __version__, platform.python_version(), running=False))


def _own_process() -> Process:
    return Process(round((resident_mib(os.getpid()) or 0.0) * MIB), time.process_time(), time.time())
