"""The second reader's own process: loads its networks when the first page comes, then reads page after page.

Run as ``python -m scanmend.second_reader.host SOCKET LIFELINE``, by ``process.child``.
"""

import os
from typing import Any

from pydantic import TypeAdapter

from scanmend.document import SecondReading
from scanmend.errors import ReaderError
from scanmend.process import rlimits
from scanmend.process.child import Message, Progress, serve
from scanmend.second_reader.read import Request, SecondReader

MOST_THREADS = 2
"""Threads of a network at most. Two take no more processor time together than one, beside busy page workers, too, and a
page waits half as long for them."""

_request = TypeAdapter(Request)
_reading = TypeAdapter(SecondReading)


class ReaderHost:
    """Answers requests to read a page."""

    def __init__(self) -> None:
        self._reader = SecondReader(min(MOST_THREADS, len(os.sched_getaffinity(0))))

    def handle(self, request: Message, progress: Progress) -> Message:
        """Answer one request; ReaderError and OSError are sent as ``error``, any other exception ends the process."""
        wanted: dict[str, Any] = {**request, "image": os.fsdecode(bytes.fromhex(request["image"]))}
        try:
            reading = self._reader.read(_request.validate_python(wanted), progress)
        except (ReaderError, OSError) as e:
            return {"error": str(e)}
        return {"result": _reading.dump_python(reading, mode="json")}


if __name__ == "__main__":
    rlimits.die_first()
    serve(ReaderHost().handle)
