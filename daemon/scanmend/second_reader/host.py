"""The second reader's own process: loads its networks while the first page is on its way, then reads page after page.

While Tesseract reads a page, this finds its lines.

It also makes one page of both readings where no language model is asked, as the word lists need memory, too.

Run as ``python -m scanmend.second_reader.host SOCKET LIFELINE``, by ``process.child``.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from scanmend.correct.confusions import Confusions
from scanmend.correct.corrector import Corrector
from scanmend.correct.lexicon.foreign import load_other_languages
from scanmend.correct.lexicon.wordlists import lexicon
from scanmend.correct.settings import CorrectionSettings
from scanmend.document import CorrectedPage, Page, SecondReading, without_glyphs
from scanmend.errors import ReaderError
from scanmend.language.installed import AUTO
from scanmend.process import malloc, rlimits
from scanmend.process.child import Message, Progress, serve
from scanmend.second_reader.read import Request, SecondReader
from scanmend.second_reader.reader_process import MOST_THREADS

_request = TypeAdapter(Request)
_reading = TypeAdapter(SecondReading)
_page = TypeAdapter(Page)
_task = TypeAdapter(CorrectionSettings)
_corrected = TypeAdapter(CorrectedPage)


class ReaderHost:
    """Answers requests: prepare for pages, ``look`` for lines of one, ``read`` it, ``settle`` what both have read."""

    def __init__(self) -> None:
        self._reader = SecondReader(min(MOST_THREADS, len(os.sched_getaffinity(0))))

    def handle(self, request: Message, progress: Progress) -> Message:
        """Answer one request; ReaderError and OSError are sent as ``error``, any other exception ends the process."""
        try:
            return {"result": self._answer(request, progress)}
        except (ReaderError, OSError) as e:
            return {"error": str(e)}
        finally:
            malloc.trim_heap()  # what each new width of a line left free adds up: to 95 MiB in 20 letters

    def _answer(self, request: Message, progress: Progress) -> Any:
        match request["do"]:
            case "prepare":
                return self._reader.prepare(tuple(request["languages"]))
            case "prepare_settling":
                return _prepare_settling(tuple(request["languages"]))
            case "look":
                return self._reader.look(Path(os.fsdecode(bytes.fromhex(request["image"]))), progress)
            case "read":
                return self._read(request, progress)
        return _settled(request)

    def _read(self, request: Message, progress: Progress) -> Any:
        wanted = {key: value for key, value in request.items() if key != "do"}
        wanted["image"] = os.fsdecode(bytes.fromhex(request["image"]))
        reading = self._reader.read(_request.validate_python(wanted), progress)
        return _reading.dump_python(reading, mode="json")


def _prepare_settling(languages: tuple[str, ...]) -> None:
    """Load the word lists that the first page would wait for; which are the page's own is not known with ``auto``."""
    if languages != AUTO:
        _corrector(languages)
    load_other_languages(languages)


def _settled(request: Message) -> Any:
    page, task = _page.validate_python(request["page"]), _task.validate_python(request["task"])
    return _corrected.dump_python(without_glyphs(_corrector(task.languages).correct(page, task)), mode="json")


@cache
def _corrector(languages: tuple[str, ...]) -> Corrector:
    return Corrector(None, lexicon(languages), Confusions.load())


if __name__ == "__main__":
    rlimits.die_first()
    serve(ReaderHost().handle)
