"""One source through all stages: inspect, read, correct."""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanmend import __version__
from scanmend.config.glossary_file import GlossaryFiles
from scanmend.config.schema import Settings
from scanmend.correct.task import CorrectionTask, skipped
from scanmend.document import CorrectedPage, Page, without_glyphs
from scanmend.errors import HostDied, ModelResting, OcrError, Postponed, Stopping
from scanmend.jobs.checkpoint import Checkpoint
from scanmend.language.installed import AUTO, can_detect_language
from scanmend.llm.scheduler.model_slot import Lease, ModelSlot
from scanmend.outputs.page_file import AppendablePages, Pages
from scanmend.outputs.record import Record
from scanmend.pageworkers.pool import PagePool
from scanmend.source.settings import Inspection, ReadSettings, SourceLimits

INSPECT_LIMIT_S = 300.0
AUTO_PAGES = 20
"""So many pages are looked at, one after the other, for the language of their document."""


@dataclass(slots=True)
class Tally:
    """What is known of all pages together; the pages themselves are not held in memory."""

    ocr_s: float = 0.0
    """Seconds that Tesseract took over all pages, whichever ran at the same time."""
    correct_s: float = 0.0
    """Seconds that correction took over all pages."""
    edits: int = 0
    rejected: int = 0
    asked: bool = False
    """Whether a model was asked for any page."""
    languages: dict[str, None] = field(default_factory=dict)
    """What the pages were read in, in the order they came up."""
    strategy: str = ""
    """What was chosen for the first page that a model was asked for."""

    def add(self, page: CorrectedPage, done: AppendablePages) -> None:
        """Count a page in, and put it with those that are done."""
        done.append(page)
        self.ocr_s += page.page.seconds
        self.correct_s += page.seconds
        self.edits += sum(edit.accepted for edit in page.edits)
        self.rejected += sum(not edit.accepted for edit in page.edits)
        self.asked |= not page.skipped
        self.strategy = self.strategy or page.strategy
        self.languages |= dict.fromkeys(page.page.languages)


@dataclass(frozen=True, slots=True)
class Converted:
    """A source as text."""

    inspection: Inspection
    pages: Pages
    model: dict[str, Any] | None
    """Identity of the model, None where none was asked."""
    started: datetime
    seconds: float
    tally: Tally
    uncorrected: str = ""
    """Why pages came out as they were read, because the model failed; empty when none did."""


class Pipeline:
    """The stages, wired to one page pool and one model slot; any number of threads may run documents through it."""

    def __init__(
        self,
        pool: PagePool,
        slot: ModelSlot,
        stopping: Callable[[], bool] = lambda: False,
        *,
        postpone: bool = False,
    ) -> None:
        """``postpone``: put off documents whose model is being downloaded, once they are read, instead of waiting."""
        self._postpone = postpone
        self.pool = pool
        self.slot = slot
        self.glossaries = GlossaryFiles()
        self._stopping = stopping

    def convert(self, path: Path, settings: Settings, keeper: Checkpoint, done: AppendablePages) -> Converted:
        """Read and correct every page, into ``done``; DocumentError, TransientError, Postponed, Stopping."""
        started, clock = datetime.now(UTC), time.monotonic()
        deadline = clock + settings.document_limit_s
        reading = read_settings_of(settings)
        found = self.pool.inspect(path, reading.limits, INSPECT_LIMIT_S)
        keeper.inspected(found)
        task = correction_task_of(settings, self.glossaries)
        tally, kept, failed = Tally(), 0, ""
        with ExitStack() as stack:
            lease: Lease | None = None
            pages = stack.enter_context(closing(self._read(path, found.pages, reading, keeper)))
            for page in pages:
                if isinstance(page, CorrectedPage):
                    tally.add(page, done)
                    self._check(deadline, settings, kept)
                    continue
                task = replace(task, languages=page.languages or task.languages)
                if reason := skipped(page, task):
                    _keep(without_glyphs(CorrectedPage(page, page.raw, skipped=reason)), keeper, tally, done)
                    kept += 1
                    self._check(deadline, settings, kept)
                    continue
                keeper.keep_page(page)
                self._check(deadline, settings, kept)
                try:
                    if lease is None:
                        self._see_to_model(settings)
                        keeper.advance(page.number, "waiting for the model with")
                        lease = stack.enter_context(self.slot.lease(settings.model))
                    keeper.advance(page.number, "correcting")
                    _keep(lease.correct(page, task, settings.model_call_limit_s), keeper, tally, done)
                    kept += 1
                except Postponed:
                    self._read_on(pages, keeper, deadline, settings)
                    raise
                except (HostDied, ModelResting) as e:
                    if settings.on_model_failure == "raw":
                        failed = failed or str(e)
                        raw = CorrectedPage(page, page.raw, skipped=f"the model failed: {e}")
                        tally.add(without_glyphs(raw), done)
                        continue
                    if self._postpone and isinstance(e, ModelResting):
                        self._read_on(pages, keeper, deadline, settings)
                        raise Postponed(str(e)) from e
                    raise
        model = self.slot.identity(settings.model) if tally.asked else None
        return Converted(found, done, model, started, round(time.monotonic() - clock, 3), tally, failed)

    def _see_to_model(self, settings: Settings) -> None:
        """Before a document takes its turn: Postponed where its model is being downloaded, ModelResting."""
        if why := self.slot.resting(settings.model):
            raise ModelResting(why)
        if self._postpone and self.slot.pending(settings.model):
            raise Postponed(f"waits for model {settings.model!r}, which is being downloaded")

    def _read_on(
        self, pages: Iterable[Page | CorrectedPage], keeper: Checkpoint, deadline: float, settings: Settings
    ) -> None:
        """Have the other pages read, for the next attempt."""
        for page in pages:
            if isinstance(page, Page):
                keeper.keep_page(page)
            self._check(deadline, settings)

    def _read(
        self, path: Path, count: int, reading: ReadSettings, keeper: Checkpoint
    ) -> Generator[Page | CorrectedPage]:
        """Yield pages in order; as many are read ahead as there are workers, so that OCR and correction overlap."""
        ahead: deque[Page | CorrectedPage | Future[Page]] = deque()
        try:
            for number in range(1, count + 1):
                known = keeper.recall(number)
                if known is None:
                    keeper.advance(number, "reading")
                    ahead.append(self.pool.submit(path, number, reading))
                else:
                    ahead.append(known)
                if reading.languages == AUTO:  # the pages behind are read in what this one tells
                    reading = _settled(reading, _result(ahead[-1]))
                while len(ahead) > self.pool.workers:
                    yield _result(ahead.popleft())
            while ahead:
                yield _result(ahead.popleft())
        finally:
            for page in ahead:  # not empty when the document ends early
                if isinstance(page, Future) and not page.cancel() and page.done() and not page.exception():
                    keeper.keep_page(page.result())

    def _check(self, deadline: float, settings: Settings, kept: int = 0) -> None:
        """Raise Stopping; or at the end of its time OcrError, but Postponed where pages were ``kept`` meanwhile."""
        if self._stopping():
            raise Stopping
        if time.monotonic() > deadline:
            if kept and self._postpone:
                raise Postponed(f"goes on later: {kept} pages were done within {settings.document_limit_s:g} s")
            raise OcrError(f"the document took longer than document_limit_s: {settings.document_limit_s:g} s")


def _result(page: "Page | CorrectedPage | Future[Page]") -> Page | CorrectedPage:
    return page.result() if isinstance(page, Future) else page


def _settled(reading: ReadSettings, known: Page | CorrectedPage) -> ReadSettings:
    """With the language of a document, once a page tells it, or is far enough behind pages that did not."""
    page = known.page if isinstance(known, CorrectedPage) else known
    settled = can_detect_language(page) or (page.languages and page.number >= AUTO_PAGES)
    return replace(reading, languages=page.languages) if settled else reading


def _keep(page: CorrectedPage, keeper: Checkpoint, tally: Tally, done: AppendablePages) -> None:
    """Have a corrected page remembered, and put it with those that are done."""
    keeper.keep_corrected(page)
    tally.add(page, done)


def read_settings_of(settings: Settings) -> ReadSettings:
    """How pages of these settings are to be read."""
    limits = SourceLimits(settings.max_pages, settings.max_megapixels, settings.render_dpi)
    return ReadSettings(
        settings.languages,
        limits,
        settings.page_limit_s,
        settings.prepare,
        settings.pdf_text,
        alternatives=settings.strategy != "off",
    )


def correction_task_of(settings: Settings, glossaries: GlossaryFiles) -> CorrectionTask:
    """How pages of these settings are to be corrected; StorageError when there is no glossary to go by."""
    return CorrectionTask(
        settings.strategy,
        settings.prompt,
        settings.languages,
        settings.attention,
        settings.boldness,
        glossaries.entries(settings.glossary),
    )


def record_of(
    converted: Converted,
    settings: Settings,
    *,
    id_: str,
    folder: str,
    relative: Path,
    size: int,
    modified_ns: int,
    attempt: int = 1,
    duplicate_of: str | None = None,
) -> Record:
    """Everything the ``.json`` output says of a document."""
    return Record(
        id=id_,
        source=relative.name,
        relative=relative,
        sha256=converted.inspection.sha256,
        size=size,
        modified_ns=modified_ns,
        folder=folder,
        model=converted.model,
        strategy=converted.tally.strategy or settings.strategy,
        prompt_sha256=hashlib.sha256(settings.prompt.encode()).hexdigest(),
        languages=tuple(converted.tally.languages) if settings.languages == AUTO else settings.languages,
        started=converted.started.isoformat(timespec="milliseconds"),
        finished=datetime.now(UTC).isoformat(timespec="milliseconds"),
        timings={
            "ocr_s": converted.tally.ocr_s,
            "correct_s": converted.tally.correct_s,
            "total_s": converted.seconds,
        },
        pages=converted.pages,
        version=__version__,
        attempt=attempt,
        duplicate_of=duplicate_of,
        uncorrected=converted.uncorrected or None,
    )
