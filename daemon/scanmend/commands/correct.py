"""``scanmend correct``: text from stdin corrected to stdout, whole or as JSON rows."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from functools import cache
from typing import Any

from scanmend.commands.models import ensure_settings_model
from scanmend.config.glossary_file import GlossaryFiles
from scanmend.config.schema import Config, Settings
from scanmend.document import CorrectedPage, apply_to_text, page_from_text
from scanmend.errors import OcrError, StorageError
from scanmend.jobs.pipeline import correction_settings_of
from scanmend.language.codes import CODES
from scanmend.language.detect import guess_language
from scanmend.language.installed import AUTO, FALLBACK, auto_languages, installed_languages
from scanmend.llm.scheduler.model_slot import Lease, ModelSlot
from scanmend.outputs.record import edits_fields


def run(settings: Settings, config: Config, make_slot: Callable[[Config], ModelSlot], *, jsonl: bool) -> None:
    """Correct stdin to stdout; with ``jsonl`` each row is answered before the next one is read.

    ``make_slot`` makes what holds the model; it is stopped at the end.
    """
    for stream in (sys.stdin, sys.stdout):  # line ends stay what they are
        stream.reconfigure(encoding="utf-8", errors="replace", newline="")  # type: ignore[union-attr]
    ensure_settings_model(config, settings)
    slot = make_slot(config)
    try:
        if jsonl:
            for row in correct_rows(sys.stdin, slot, settings):
                sys.stdout.write(row + "\n")
                sys.stdout.flush()
        else:
            with slot.lease(settings.model) if settings.strategy != "off" else nullcontext() as lease:
                text, _ = correct_text(sys.stdin.read(), lease, settings)
            sys.stdout.write(text)
            sys.stdout.flush()
    finally:
        slot.stop()


def correct_text(
    text: str, lease: Lease | None, settings: Settings, glossaries: GlossaryFiles | None = None
) -> tuple[str, CorrectedPage]:
    """Return the text with its OCR errors mended and all white space as it was, and the page with its edits.

    ``lease``: the model; None leaves the text as it is. ``glossaries`` keeps the words read for one text for the next.
    """
    page = page_from_text(text)
    if settings.languages == AUTO:
        found = guess_language(text, _installed())
        settings = settings.model_copy(update={"languages": (found.language if found else FALLBACK,)})
    task = correction_settings_of(settings, glossaries or GlossaryFiles())
    if lease is None:
        return text, CorrectedPage(page, page.raw, skipped="strategy: off")
    done = lease.correct(page, task, settings.model_call_limit_s)
    return apply_to_text(text, page, done.edits), done


@cache
def _installed() -> tuple[str, ...]:
    """The languages that ``languages: auto`` chooses from; none without Tesseract, which texts do not need."""
    try:
        return auto_languages(installed_languages())
    except OcrError:
        return ()


def correct_rows(lines: Iterable[str], slot: ModelSlot, settings: Settings) -> Iterator[str]:
    """Correct JSON lines ``{"id", "ocr", …}`` one after the other; each comes back with ``corrected`` and ``edits``.

    A row's ``lang`` (``en`` or ``eng``) goes before the folder's languages. StorageError names a line that is not such
    an object.
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
            own = settings.model_copy(update={"languages": (language,)}) if language in CODES else settings
            text, page = correct_text(row["ocr"], lease, own, glossaries)
            yield json.dumps({**row, "corrected": text, "edits": edits_fields(page)}, ensure_ascii=False)


def _row(line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as e:
        raise StorageError(f"line {number} of the input is no JSON: {e}") from e
    if not isinstance(row, dict) or not isinstance(row.get("ocr"), str):
        raise StorageError(f'line {number} of the input needs to be an object with the text under "ocr"')
    return row
