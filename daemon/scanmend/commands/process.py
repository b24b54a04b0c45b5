"""``scanmend process``: files converted into a folder, without a daemon."""

import itertools
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import structlog
import typer

from scanmend.assembly.groups import gather
from scanmend.assembly.parts import Part
from scanmend.commands import progress
from scanmend.commands.models import ensure_settings_model
from scanmend.commands.options import USAGE, fail
from scanmend.config.schema import Config, Folder, Settings
from scanmend.config.splitting import template_of
from scanmend.document import NO_NUMBERS, DocumentField, DocumentWarning, Fingerprint, NumberCounts, printable
from scanmend.errors import ScanmendError
from scanmend.fs import atomic, free_name
from scanmend.intake.group_inbox import folder_name
from scanmend.jobs.checkpoint import NoCheckpoint
from scanmend.jobs.pipeline import Pipeline
from scanmend.jobs.publish import facts_of
from scanmend.jobs.write_outputs import (
    PAGES_FILE,
    SourceFile,
    fields_of_converted,
    joined,
    make_outputs,
    parted,
    parts_seen,
    whole_of,
)
from scanmend.outputs.page_file import PageFile

CTRL_C_S = 0.5
"""Longest wait in seconds without a look at signals: one that came while a thread was started wakes another thread."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be converted, or several that the folder puts together."""

    files: tuple[Path, ...]
    """As they were named, in the order of the document."""
    relative: Path
    """Name of the file, or of the document that several make."""
    is_joined: bool = False
    """Whether it is a document that the folder puts together, if of one file only."""

    def __str__(self) -> str:
        more = len(self.files) - 1
        return printable(self.files[0]) + (f" and {more} more" if more else "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file, or of several that make one document."""

    job: Job
    written: tuple[Path, ...] = ()
    """The outputs; none where it failed."""
    error: str = ""
    """Why it failed; empty where it did not."""
    warnings: tuple[DocumentWarning, ...] = ()
    """What of it was not read, not kept or not made."""
    numbers: NumberCounts = NO_NUMBERS
    """How many of its numbers are agreed, disputed and single."""


def run(
    files: Sequence[Path],
    out: Path,
    settings: Folder,
    config: Config,
    open_pipeline: Callable[[Config], AbstractContextManager[Pipeline]],
) -> None:
    """Convert files into ``out`` with a progress bar; exit code 1 when some failed, 2 when ``out`` cannot be made.

    ``open_pipeline`` starts what converts them, and ends it when its block does.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        fail(f"{out} cannot be made: {e.strerror}", USAGE)
    ensure_settings_model(config, settings)
    failures = 0
    jobs = jobs_of(files, settings)
    with open_pipeline(config) as pipeline, progress.file_bar([str(job) for job in jobs]) as bar:
        for outcome in convert(jobs, out, settings.name, settings, pipeline, bar.advance):
            bar.finish(str(outcome.job), outcome.error, outcome.written, outcome.warnings, outcome.numbers.to_review)
            failures += bool(outcome.error)
    if failures:
        raise typer.Exit(1)


def jobs_of(files: Iterable[Path], settings: Settings) -> list[Job]:
    """Return what is to be converted, in the order in which files were named; all that a document has is there."""
    given = {file.absolute(): file for file in files} if settings.gathered else {}
    gathered = gather(dict.fromkeys(given, 0.0), settings.gathered) if settings.gathered else ()
    among = {file: one for one in gathered for file in one.files}
    jobs = [
        Job(tuple(given[one] for one in found.files), Path(folder_name(found.name.name)), is_joined=True)
        if (found := among.get(file.absolute()))
        else Job((file,), Path(file.name))
        for file in files
    ]
    return list(dict.fromkeys(jobs)) if settings.gathered else jobs


def convert(
    jobs: Iterable[Job],
    out: Path,
    folder: str,
    settings: Settings,
    pipeline: Pipeline,
    advanced: Callable[[str, int, int], None] = lambda _job, _done, _of: None,
) -> Iterator[Outcome]:
    """Do jobs, several at a time, and write into ``out``; yield each outcome as it comes. One failure stops no other.

    ``folder``: the name that their records get. ``advanced(job, done, of)`` is called, from threads, when a page is
    finished, with the job as text.
    """
    names = Names(out, settings)
    named = [(job, names.free(job.relative.with_suffix(""))) for job in jobs]
    threads = ThreadPoolExecutor(pipeline.pool.workers + 1)
    try:
        running = [
            threads.submit(_convert_one, job, names, stem, folder, settings, pipeline, advanced) for job, stem in named
        ]
        yield from _as_they_end(running)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)  # when interrupted, the caller ends pool and slot next


def _as_they_end(running: Iterable[Future[Outcome]]) -> Iterator[Outcome]:
    """Yield each outcome as it comes, and let Ctrl-C through at any moment."""
    left = set(running)
    while left:
        ended, left = wait(left, CTRL_C_S, FIRST_COMPLETED)
        yield from (future.result() for future in ended)


def dry_run(
    files: Sequence[Path],
    out: Path,
    settings: Folder,
    config: Config,
    open_pipeline: Callable[[Config], AbstractContextManager[Pipeline]],
) -> None:
    """Read files, and say which documents each would make, under which names; exit code 1 where one cannot be read."""
    names = Names(out, settings)
    failures = 0
    with open_pipeline(config) as pipeline:
        for job in jobs_of(files, settings):
            try:
                for line in _foreseen(job, names, settings, pipeline):
                    typer.echo(line)
            except (ScanmendError, OSError) as e:
                typer.echo(f"FAILED {job}: {e}")
                failures += 1
    if failures:
        raise typer.Exit(1)


def _foreseen(job: Job, names: "Names", settings: Folder, pipeline: Pipeline) -> Iterator[str]:
    """Yield a line for each document that a job would make; no model is asked, as it has no say in this."""
    quick = settings.model_copy(update={"strategy": "off", "second_reader": "off"})
    source = _source(job, settings.name)
    with pipeline.pool.temporary_folder() as work:
        source = joined(source, settings, pipeline.pool, work)
        pages = PageFile(work / PAGES_FILE)
        converted = pipeline.convert(source.path, quick, NoCheckpoint(), pages)
        parts = parts_seen(pages, settings)
        fields = [fields_of_converted(own, settings) for _, _, own in parted(parts, converted, pages, work)]
    stem = names.free(job.relative.with_suffix(""))
    for part, name in zip(parts, names.of(source, stem, parts, fields), strict=True):
        begins = f"; begins with {printable(part.separator.value)!r}" if part.separator else ""
        dropped = ", ".join(f"{one.page} ({one.why})" for one in part.dropped)
        yield (
            f"{job}: document {part.number} of {part.of}: {printable(name)}, "
            f"pages {', '.join(map(str, part.pages))}{begins}{f'; leaves out {dropped}' if dropped else ''}"
        )


def _source(job: Job, folder: str) -> SourceFile:
    prints = {file.name: Fingerprint.of(file.stat()) for file in job.files}
    files = tuple(file.absolute() for file in job.files)
    found = Fingerprint.of_all(prints)
    return SourceFile(files[0], secrets.token_hex(8), folder, job.relative, found, files=files if job.is_joined else ())


class Names:
    """Names for the documents of one run, which no file has, nor another document; for any thread."""

    def __init__(self, out: Path, settings: Settings) -> None:
        self.out = out
        self._settings = settings
        self._template = template_of(settings.output_name)
        self._suffixes = [f".{name}" for name in settings.outputs]
        self._taken: set[Path] = set()
        self._count = itertools.count(1)
        self._lock = threading.Lock()

    def free(self, wanted: Path) -> Path:
        """Return the name, or the first free one of its kind, and keep it from others."""
        with self._lock:
            stem = free_name.free_stem(self.out, wanted, self._suffixes, self._taken.__contains__)
            self._taken.add(stem)
            return stem

    def of(
        self,
        source: SourceFile,
        stem: Path,
        parts: Sequence[Part | None],
        fields: Sequence[tuple[DocumentField, ...]],
    ) -> list[Path]:
        """Return a name for each document of a source whose own name is ``stem``; None: it is all of the source.

        ``fields``: what was found in each.
        """
        return [self._of(source, stem, part, known) for part, known in zip(parts, fields, strict=True)]

    def _of(self, source: SourceFile, stem: Path, part: Part | None, fields: tuple[DocumentField, ...]) -> Path:
        if part is None or (part.of == 1 and self._template is None):
            return stem
        if self._template is None:
            return self.free(stem.with_name(f"{stem.name}-{part.number}"))
        counter = next(self._count)
        facts = facts_of(source.folder, source.relative, source.fingerprint, part, counter, fields)
        wanted = stem.with_name(self._template.render(facts))
        return stem if part.of == 1 and wanted == stem else self.free(wanted)


def _convert_one(
    job: Job,
    names: Names,
    stem: Path,
    folder: str,
    settings: Settings,
    pipeline: Pipeline,
    advanced: Callable[[str, int, int], None],
) -> Outcome:
    try:
        for file in job.files:
            if not file.is_file():
                file.stat()  # to say why, where it is not there
                return Outcome(job, error=f"{f'{printable(file)}: ' if job.is_joined else ''}it is no regular file")
        written = []
        with pipeline.pool.temporary_folder() as work:
            source = _source(job, folder)
            checkpoint = NoCheckpoint(lambda done, of: advanced(str(job), done, of))
            made = make_outputs(pipeline, source, settings, checkpoint, work)
            parts, fields = [one.record.part for one in made], [one.record.fields for one in made]
            for outputs, name in zip(made, names.of(source, stem, parts, fields), strict=True):
                for suffix, data in outputs.files.items():
                    target = names.out / name.with_name(name.name + suffix)
                    atomic.publish(target, data, access=settings.output_access)
                    written.append(target)
        whole = whole_of(made)
        return Outcome(job, tuple(written), warnings=whole.record.warnings, numbers=whole.record.numbers)
    except FileExistsError as e:
        return Outcome(job, error=f"{e.filename} appeared meanwhile and is not overwritten")
    except OSError as e:
        return Outcome(job, error=f"cannot be read: {e.strerror}")
    except ScanmendError as e:
        return Outcome(job, error=str(e))
    except Exception as e:
        log.exception("document.unexpected", file=str(job))
        return Outcome(job, error=f"unexpected {type(e).__name__}: {e}")
