"""One source through all stages: inspect, read, correct."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from scanmend.assembly.rules import Split
from scanmend.config.glossary_file import GlossaryFiles
from scanmend.config.schema import Settings
from scanmend.correct.settings import CorrectionSettings, has_second_reading, skip_reason
from scanmend.document import (
    NO_NUMBERS,
    CorrectedPage,
    DocumentField,
    DocumentWarning,
    NumberCounts,
    Page,
    SecondReading,
    without_glyphs,
)
from scanmend.errors import (
    DocumentError,
    EndpointFailed,
    HostDied,
    ModelError,
    ModelResting,
    OcrError,
    Postponed,
    ReaderError,
    Stopping,
)
from scanmend.jobs.checkpoint import Checkpoint
from scanmend.language.installed import AUTO, can_detect_language
from scanmend.llm.scheduler.model_process import engine_missing
from scanmend.llm.scheduler.model_slot import Lease, ModelSlot
from scanmend.outputs.page_file import AppendablePages, Pages
from scanmend.pageworkers.pool import PagePool
from scanmend.source.settings import Inspection, MarksWanted, ReadSettings, SourceLimits

INSPECT_LIMIT_S = 300.0
"""Longest time for counting the pages of a source and hashing it, in seconds."""
MODEL_FAILED = "the model failed: "
"""What ``skipped`` of a page begins with that came out as it was read for that reason."""
LANGUAGE_PAGES = 20
"""Pages that are read one after the other, at most, to find out the language of their document."""

log = structlog.get_logger()


@dataclass(slots=True)
class Tally:
    """Sums over all pages of a document; the pages themselves are not held in memory."""

    ocr_s: float = 0.0
    """Seconds that Tesseract took over all pages, whichever ran at the same time."""
    correct_s: float = 0.0
    """Seconds that correction took over all pages."""
    edits: int = 0
    """Accepted edits."""
    rejected: int = 0
    """Rejected edits."""
    asked: bool = False
    """Whether a model was asked for any page."""
    languages: dict[str, None] = field(default_factory=dict)
    """Languages that the pages were read in, by Tesseract's names, in the order in which they came up."""
    strategy: str = ""
    """Strategy that was chosen for the first page that a model was asked for; empty when none was."""
    warnings: list[DocumentWarning] = field(default_factory=list)
    """What was not read, in the order of the pages."""
    has_text: bool = False
    """Whether there is a word on any page."""
    numbers: NumberCounts = NO_NUMBERS
    """How many numbers are agreed, disputed and single."""

    def add(self, page: CorrectedPage, done: AppendablePages) -> None:
        """Add a page to the sums, and append it to those that are done."""
        done.append(page)
        self.ocr_s += page.page.seconds
        self.correct_s += page.seconds
        self.edits += sum(edit.accepted for edit in page.edits)
        self.rejected += sum(not edit.accepted for edit in page.edits)
        self.asked |= not page.skipped
        self.strategy = self.strategy or page.strategy
        self.languages |= dict.fromkeys(page.page.languages)
        self.warnings += page.page.warnings
        self.has_text |= bool(page.corrected or page.page.raw)
        self.numbers += NumberCounts.of(page.numbers)

    def require_something_read(self) -> None:
        """DocumentError where no page has text, and pictures of some could not be read."""
        unread = [warning for warning in self.warnings if warning.code == "picture_not_read"]
        if unread and not self.has_text:
            raise DocumentError(f"nothing of the document could be read; page {unread[0].page}: {unread[0].text}")


@dataclass(frozen=True, slots=True)
class Converted:
    """A source, read and corrected."""

    inspection: Inspection
    pages: Pages
    model: dict[str, Any] | None
    """Identity of the model, None where none was asked."""
    started: datetime
    seconds: float
    tally: Tally
    uncorrected: str = ""
    """Why pages came out as they were read, because the model failed; empty when none did."""

    @property
    def warnings(self) -> tuple[DocumentWarning, ...]:
        """What of the source was not read: first what is about the whole document, then page by page."""
        return (*self.inspection.warnings, *self.tally.warnings)


class Pipeline:
    """The stages, wired to one page pool and one model slot; any number of threads may run documents through it."""

    def __init__(
        self,
        pool: PagePool,
        slot: ModelSlot,
        stopping: Callable[[], bool] = lambda: False,
        *,
        postpone: bool = False,
        learned: Callable[[Settings], tuple[str, ...]] = lambda _settings: (),
        engine_missing: Callable[[], str] = engine_missing,
    ) -> None:
        """``postpone``: put off documents whose model is being downloaded, once they are read, instead of waiting.

        ``learned``: entries that count beside those of the folder's glossary. ``engine_missing``: why no model can be
        run here, empty where one can; without one, pages come out as both readers have them.
        """
        self._postpone = postpone
        self.pool = pool
        self.slot = slot
        self.glossaries = GlossaryFiles()
        self._stopping = stopping
        self._learned = learned
        self._engine_missing = engine_missing

    def convert(self, path: Path, settings: Settings, checkpoint: Checkpoint, done: AppendablePages) -> Converted:
        """Read and correct every page, into ``done``; DocumentError, TransientError, Postponed, Stopping."""
        started, clock = datetime.now(UTC), time.monotonic()
        deadline = clock + settings.document_limit_s
        reading = read_settings_of(settings)
        found = self.pool.inspect(path, reading.limits, INSPECT_LIMIT_S)
        checkpoint.inspected(found)
        task = correction_settings_of(settings, self.glossaries)
        task = replace(task, glossary=(*task.glossary, *self._learned(settings)))
        tally, kept, failed = Tally(), 0, ""
        with ExitStack() as stack:
            lease: Lease | None = None
            pages = stack.enter_context(
                closing(self._read_ahead(partial(self.pool.submit, path), found.pages, reading, checkpoint))
            )
            for page in pages:
                if isinstance(page, CorrectedPage):
                    tally.add(page, done)
                    self._check(deadline, settings, kept)
                    continue
                task = replace(task, languages=page.languages or task.languages)
                reason = skip_reason(page, task)
                if not reason and (missing := self._engine_missing()) and not self.slot.is_elsewhere(settings.model):
                    reason = failed = missing
                if reason:
                    _finish_page(self._settled(page, task, reason), checkpoint, tally, done)
                    kept += 1
                    self._check(deadline, settings, kept)
                    continue
                checkpoint.keep_page(page)
                self._check(deadline, settings, kept)
                try:
                    if lease is None:
                        self._require_model(settings)
                        checkpoint.advance(page.number, "waiting for the model with")
                        lease = stack.enter_context(self.slot.lease(settings.model))
                    checkpoint.advance(page.number, "correcting")
                    _finish_page(lease.correct(page, task, settings.model_call_limit_s), checkpoint, tally, done)
                    kept += 1
                except Postponed:
                    self._read_remaining(pages, checkpoint, deadline, settings)
                    raise
                except (HostDied, ModelResting, EndpointFailed) as e:
                    if settings.on_model_failure == "raw":
                        failed = failed or str(e)
                        tally.add(self._settled(page, task, f"{MODEL_FAILED}{e}"), done)
                        continue
                    if self._postpone and isinstance(e, ModelResting):
                        self._read_remaining(pages, checkpoint, deadline, settings)
                        raise Postponed(str(e)) from e
                    raise
        tally.require_something_read()
        model = self.slot.identity(settings.model) if tally.asked else None
        return Converted(found, done, model, started, round(time.monotonic() - clock, 3), tally, failed)

    def choose_fields(
        self, fields: tuple[DocumentField, ...], pages: Pages, settings: Settings
    ) -> tuple[DocumentField, ...]:
        """Return a document's fields; of doubtful ones the folder's model chooses among the candidates, if it is to.

        Where there is no model just now, the ranker's values stay. Stopping.
        """
        if settings.fields_by != "model" or not any(field.doubt and field.others for field in fields):
            return fields
        from scanmend.fields.choice import MAX_TEXT, PROMPT, choose  # noqa: PLC0415 -- an idle daemon does without

        text = ""
        for page in pages:
            text += f"{page.corrected}\n"
            if len(text) >= MAX_TEXT:
                break
        try:
            if self._engine_missing() or self.slot.resting(settings.model) or self.slot.pending(settings.model):
                return fields
            with self.slot.lease(settings.model) as lease:
                ask = partial(lease.choose, PROMPT, call_limit_s=settings.model_call_limit_s)
                return tuple(choose(one, text, ask) if one.doubt and one.others else one for one in fields)
        except ModelError as e:
            log.warning("fields.model_failed", model=settings.model, reason=str(e))
            return fields

    def _settled(self, page: Page, task: CorrectionSettings, why: str) -> CorrectedPage:
        """Return the page as both readers have it, or as Tesseract has it; ``why`` no model was asked."""
        if has_second_reading(page):
            try:
                return replace(self.pool.settle(page, replace(task, strategy="off")), skipped=why)
            except ReaderError as e:
                second = SecondReading(problem=f"both readings could not be compared: {e}")
                page = replace(page, second=second)
        return without_glyphs(CorrectedPage(page, page.raw, skipped=why))

    def _require_model(self, settings: Settings) -> None:
        """Raise Postponed where the model is being downloaded, ModelResting where it is left alone after failures."""
        if why := self.slot.resting(settings.model):
            raise ModelResting(why)
        if self._postpone and self.slot.pending(settings.model):
            raise Postponed(f"waits for model {settings.model!r}, which is being downloaded")

    def _read_remaining(
        self, pages: Iterable[Page | CorrectedPage], checkpoint: Checkpoint, deadline: float, settings: Settings
    ) -> None:
        """Have the remaining pages read, for the next attempt; errors as ``convert``."""
        for page in pages:
            if isinstance(page, Page):
                checkpoint.keep_page(page)
            self._check(deadline, settings)

    def _read_ahead(
        self,
        submit: Callable[[int, ReadSettings], Future[Page]],
        count: int,
        reading: ReadSettings,
        checkpoint: Checkpoint,
    ) -> Generator[Page | CorrectedPage]:
        """Yield pages in order; as many are read ahead as there are workers, so that OCR and correction overlap.

        ``submit(number, reading)`` gives a page to a worker.
        """
        ahead: deque[Page | CorrectedPage | Future[Page]] = deque()
        try:
            for number in range(1, count + 1):
                known = checkpoint.recall(number)
                if known is None or (reading.marks != "none" and _read_page(known).marks is None):
                    checkpoint.advance(number, "reading")
                    ahead.append(submit(number, reading))
                else:
                    ahead.append(known)
                if reading.languages == AUTO:  # the pages after it are read in this one's language
                    reading = _with_language(reading, _page_of(ahead[-1]))
                while len(ahead) > self.pool.workers:
                    yield _page_of(ahead.popleft())
            while ahead:
                yield _page_of(ahead.popleft())
        finally:
            for page in ahead:  # not empty when the document ends early
                if isinstance(page, Future) and not page.cancel() and page.done() and not page.exception():
                    checkpoint.keep_page(page.result())

    def _check(self, deadline: float, settings: Settings, kept: int = 0) -> None:
        """Raise Stopping; or at the end of its time OcrError, but Postponed where pages were ``kept`` meanwhile."""
        if self._stopping():
            raise Stopping
        if time.monotonic() > deadline:
            if kept and self._postpone:
                raise Postponed(f"goes on later: {kept} pages were done within {settings.document_limit_s:g} s")
            raise OcrError(f"the document took longer than document_limit_s: {settings.document_limit_s:g} s")


def _page_of(page: "Page | CorrectedPage | Future[Page]") -> Page | CorrectedPage:
    return page.result() if isinstance(page, Future) else page


def _read_page(known: Page | CorrectedPage) -> Page:
    return known.page if isinstance(known, CorrectedPage) else known


def _with_language(reading: ReadSettings, known: Page | CorrectedPage) -> ReadSettings:
    """Fix the language for the pages that follow once a page shows it, or LANGUAGE_PAGES pages did not."""
    page = _read_page(known)
    settled = can_detect_language(page) or (page.languages and page.number >= LANGUAGE_PAGES)
    return replace(reading, languages=page.languages) if settled else reading


def _finish_page(page: CorrectedPage, checkpoint: Checkpoint, tally: Tally, done: AppendablePages) -> None:
    """Remember a corrected page, and append it to those that are done."""
    checkpoint.keep_corrected(page)
    tally.add(page, done)


def limits_of(settings: Settings) -> SourceLimits:
    """Return how sources are to be opened with these settings."""
    passwords = str(settings.passwords) if settings.passwords else None
    return SourceLimits(settings.max_pages, settings.max_megapixels, settings.render_dpi, passwords)


def read_settings_of(settings: Settings) -> ReadSettings:
    """Return how pages are to be read with these settings."""
    return ReadSettings(
        settings.languages,
        limits_of(settings),
        settings.page_limit_s,
        settings.prepare,
        settings.pdf_text,
        alternatives=settings.strategy != "off",
        second=settings.second_reader,
        marks=_marks_for(settings.split),
    )


def _marks_for(split: Split | None) -> MarksWanted:
    """Return what is looked for on pages, so that the source can be split."""
    if split is None or split.by not in ("barcode", "patch"):
        return "none"
    if split.by == "patch":
        return "patch codes"
    return "barcodes and patch codes" if split.codes else "barcodes"


def correction_settings_of(settings: Settings, glossaries: GlossaryFiles) -> CorrectionSettings:
    """Return how pages are to be corrected with these settings; StorageError when the glossary cannot be read."""
    return CorrectionSettings(
        settings.strategy,
        settings.prompt,
        settings.languages,
        settings.attention,
        settings.boldness,
        () if settings.glossary is None else glossaries.entries(settings.glossary),
        settings.model_page_limit_s,
        settings.numbers,
        settings.noise,
    )
