"""One-shot work without a daemon: files into a folder, text from stdin to stdout."""

import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import structlog

from scanmend.config.glossary_file import GlossaryFiles
from scanmend.config.schema import Settings
from scanmend.document import CorrectedPage, Fingerprint, apply_to_text, page_from_text, printable
from scanmend.errors import OcrError, ScanmendError, StorageError
from scanmend.fs import atomic, free_name
from scanmend.jobs.checkpoint import NoCheckpoint
from scanmend.jobs.pipeline import Pipeline, correction_task_of
from scanmend.jobs.write_outputs import SourceFile, make_outputs
from scanmend.language.codes import CODES
from scanmend.language.detect import guess_language
from scanmend.language.installed import AUTO, FALLBACK, auto_languages, installed_languages
from scanmend.llm.scheduler.model_slot import Lease, ModelSlot
from scanmend.outputs.record import edit_fields

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    source: Path
    written: tuple[Path, ...] = ()
    error: str = ""


def process(
    files: Iterable[Path],
    out: Path,
    folder: str,
    settings: Settings,
    pipeline: Pipeline,
    advanced: Callable[[Path, int, int], None] = lambda _file, _done, _of: None,
) -> Iterator[Outcome]:
    """Convert files into ``out``, several at a time; yield each outcome as it comes. One failure stops no other."""
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
            threads.submit(_process_one, file, out, stem, folder, settings, pipeline, advanced) for file, stem in jobs
        ]
        for future in as_completed(running):
            yield future.result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)  # when interrupted, the caller ends pool and slot next


def _process_one(
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
            for suffix, data in make_outputs(pipeline, source, settings, checkpoint, work).files.items():
                target = out / stem.with_name(stem.name + suffix)
                atomic.publish(target, data, access=settings.output_access)
                written.append(target)
        return Outcome(file, tuple(written))
    except FileExistsError as e:
        return Outcome(file, error=f"{e.filename} appeared meanwhile and is not overwritten")
    except OSError as e:
        return Outcome(file, error=f"cannot be read: {e.strerror}")
    except ScanmendError as e:
        return Outcome(file, error=str(e))
    except Exception as e:
        log.exception("document.unexpected", file=printable(file))
        return Outcome(file, error=f"unexpected {type(e).__name__}: {e}")


def correct_text(
    text: str, lease: Lease | None, settings: Settings, glossaries: GlossaryFiles | None = None
) -> tuple[str, CorrectedPage]:
    """Return the text with its OCR errors mended and all white space as it was, and the page that says how.

    ``glossaries``: those that were read for other texts.
    """
    page = page_from_text(text)
    if settings.languages == AUTO:
        found = guess_language(text, _choices())
        settings = settings.model_copy(update={"languages": (found.language if found else FALLBACK,)})
    task = correction_task_of(settings, glossaries or GlossaryFiles())
    if lease is None:
        return text, CorrectedPage(page, page.raw, skipped="strategy: off")
    done = lease.correct(page, task, settings.model_call_limit_s)
    return apply_to_text(text, page, done.edits), done


@cache
def _choices() -> tuple[str, ...]:
    """What ``languages: auto`` chooses from; nothing without Tesseract, which texts do not need."""
    try:
        return auto_languages(installed_languages())
    except OcrError:
        return ()


def correct_rows(lines: Iterable[str], slot: ModelSlot, settings: Settings) -> Iterator[str]:
    """Correct JSON lines ``{"id", "ocr", …}`` one after the other; each comes back with ``corrected`` and ``edits``.

    A row's ``lang`` (``en`` or ``eng``) goes before the folder's languages. StorageError names a line that is no
    such object.
    """
    known = {short: long for long, short in reversed(CODES.items()) if "_" not in long and long != "frk"}
    glossaries = GlossaryFiles()
    with slot.lease(settings.model) if settings.strategy != "off" else nullcontext() as lease:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            row = _row(line, number)
            language = str(row.get("lang") or "").lower()
            language = known.get(language[:2] if language[2:3] in ("-", "_") else language, language)
            mine = settings.model_copy(update={"languages": (language,)}) if language in CODES else settings
            text, page = correct_text(row["ocr"], lease, mine, glossaries)
            yield json.dumps(
                {**row, "corrected": text, "edits": [edit_fields(e) for e in page.edits]}, ensure_ascii=False
            )


def _row(line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as e:
        raise StorageError(f"line {number} of the input is no JSON: {e}") from e
    if not isinstance(row, dict) or not isinstance(row.get("ocr"), str):
        raise StorageError(f'line {number} of the input needs to be an object with the text under "ocr"')
    return row
