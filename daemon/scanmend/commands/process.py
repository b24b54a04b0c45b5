"""``scanmend process``: files converted into a folder, without a daemon."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import structlog
import typer

from scanmend.commands import progress
from scanmend.commands.models import ensure_settings_model
from scanmend.commands.options import USAGE, fail
from scanmend.config.schema import Config, Folder, Settings
from scanmend.document import NO_NUMBERS, DocumentWarning, Fingerprint, NumberCounts, printable
from scanmend.errors import ScanmendError
from scanmend.fs import atomic, free_name
from scanmend.jobs.checkpoint import NoCheckpoint
from scanmend.jobs.pipeline import Pipeline
from scanmend.jobs.write_outputs import SourceFile, make_outputs

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    source: Path
    """The scan, as it was named."""
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
    with open_pipeline(config) as pipeline, progress.file_bar(files) as bar:
        for outcome in convert(files, out, settings.name, settings, pipeline, bar.advance):
            bar.finish(outcome.source, outcome.error, outcome.written, outcome.warnings, outcome.numbers.to_review)
            failures += bool(outcome.error)
    if failures:
        raise typer.Exit(1)


def convert(
    files: Iterable[Path],
    out: Path,
    folder: str,
    settings: Settings,
    pipeline: Pipeline,
    advanced: Callable[[Path, int, int], None] = lambda _file, _done, _of: None,
) -> Iterator[Outcome]:
    """Convert files into ``out``, several at a time; yield each outcome as it comes. One failure stops no other.

    ``folder``: the name that their records get. ``advanced(file, done, of)`` is called, from threads, when a page is
    finished.
    """
    taken: set[Path] = set()
    jobs: list[tuple[Path, Path]] = []
    suffixes = [f".{name}" for name in settings.outputs]
    for file in files:
        stem = free_name.free_stem(out, Path(file.with_suffix("").name), suffixes, taken.__contains__)
        taken.add(stem)
        jobs.append((file, stem))
    threads = ThreadPoolExecutor(pipeline.pool.workers + 1)
    try:
        running = [
            threads.submit(_convert_one, file, out, stem, folder, settings, pipeline, advanced) for file, stem in jobs
        ]
        for future in as_completed(running):
            yield future.result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)  # when interrupted, the caller ends pool and slot next


def _convert_one(
    file: Path,
    out: Path,
    stem: Path,
    folder: str,
    settings: Settings,
    pipeline: Pipeline,
    advanced: Callable[[Path, int, int], None],
) -> Outcome:
    try:
        found = file.stat()
        if not file.is_file():
            return Outcome(file, error="it is no regular file")
        written = []
        with pipeline.pool.temporary_folder() as work:
            source = SourceFile(file.absolute(), secrets.token_hex(8), folder, Path(file.name), Fingerprint.of(found))
            checkpoint = NoCheckpoint(lambda done, of: advanced(file, done, of))
            outputs = make_outputs(pipeline, source, settings, checkpoint, work)
            for suffix, data in outputs.files.items():
                target = out / stem.with_name(stem.name + suffix)
                atomic.publish(target, data, access=settings.output_access)
                written.append(target)
        return Outcome(file, tuple(written), warnings=outputs.record.warnings, numbers=outputs.record.numbers)
    except FileExistsError as e:
        return Outcome(file, error=f"{e.filename} appeared meanwhile and is not overwritten")
    except OSError as e:
        return Outcome(file, error=f"cannot be read: {e.strerror}")
    except ScanmendError as e:
        return Outcome(file, error=str(e))
    except Exception as e:
        log.exception("document.unexpected", file=printable(file))
        return Outcome(file, error=f"unexpected {type(e).__name__}: {e}")
