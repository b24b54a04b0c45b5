"""The ``pdf`` output made archival: a copy is made, validators look at it, and only one that passes takes its place.

A page worker makes the copy with pikepdf, whose own validator reads it again: it knows fewer things than PDF/A allows,
and is undecided where it meets others. An independent one, a command such as veraPDF's, has the last word where there
is any. What no validator passed is not published, so no file claims what nobody checked.
"""

import importlib.util
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from scanmend.document import Archival, ArchivalCheck, ArchivalCopy, DocumentWarning
from scanmend.errors import PageFailed, StorageError
from scanmend.pageworkers.pool import PagePool
from scanmend.process import command
from scanmend.source.settings import SourceLimits

CONFORMANCE = "PDF/A-2b"
"""What an archival file claims."""
MISSING = "pikepdf is not installed; install the extra archive (docs/outputs.md)"
"""Why nothing can be made archival here."""
VERAPDF = ("verapdf", "--flavour", "2b", "--format", "text")
"""The validator that is asked where none is configured and this one is installed: the industry's own."""
PAGE_S = 2.0
"""Seconds that copy and validation may take for each page, beyond the limit for the first; 0.1 are usual."""
PASSED, FAILED = 0, 1
"""Exit codes by which a validator's command says whether the file conforms; any other: it could not tell. veraPDF's."""


def missing() -> str:
    """Why nothing can be made archival here; empty where it can."""
    return "" if importlib.util.find_spec("pikepdf") and importlib.util.find_spec("fontTools") else MISSING


def validator_of(configured: Sequence[str]) -> tuple[str, ...]:
    """Return the independent validator's command: the configured one, else veraPDF where it is installed, else none."""
    return tuple(configured) or (VERAPDF if shutil.which(VERAPDF[0]) else ())


def make_archival(
    pool: PagePool, pdf: Path, validator: Sequence[str], pages: int, limits: SourceLimits, limit_s: float
) -> tuple[Archival, tuple[DocumentWarning, ...]]:
    """Replace a finished ``pdf`` output by its archival copy where that conforms; return which it is, and warnings.

    ``validator``: a command, or nothing. ``limit_s``: seconds for a page. OcrError, StorageError, Stopping.
    """
    if why := missing():
        return _plain((), why)
    copy, most_s = pdf.with_suffix(".archival"), limit_s + PAGE_S * pages
    try:
        made = pool.archive(pdf, copy, limits, most_s)
    except PageFailed as e:
        copy.unlink(missing_ok=True)
        return _plain((), str(e))
    if made.check is None:
        return _plain((), made.refused)
    checks = [made.check]
    if made.check.result != "failed" and validator:
        checks.append(check(copy, validator, most_s, lambda: pool.closed))
    if why := unproven(checks):
        copy.unlink(missing_ok=True)
        return _plain(checks, why)
    try:
        copy.replace(pdf)
    except OSError as e:
        raise StorageError(f"{pdf} cannot be replaced: {e.strerror}") from e
    return Archival(CONFORMANCE, tuple(checks)), _changed(made)


def check(pdf: Path, validator: Sequence[str], limit_s: float, stopping: Callable[[], bool]) -> ArchivalCheck:
    """Ask a validator's command about a file; Stopping."""
    ended = command.run(validator, [pdf], {}, limit_s, stopping)
    name = Path(validator[0]).name
    if ended.code == PASSED:
        return ArchivalCheck(name, "passed")
    said = ended.said.replace(str(pdf), "it")
    if ended.code == FAILED:
        return ArchivalCheck(name, "failed", said)
    return ArchivalCheck(name, "not_run", f"{ended.problem}{f'; it said: {said}' if said else ''}")


def unproven(checks: Sequence[ArchivalCheck]) -> str:
    """Why a copy may not claim to be archival by what validators say; empty where it may.

    One has to pass it, none may fail it, and an independent one, which comes last, has to have looked.
    """
    for one in checks:
        if one.result == "failed":
            return f"{one.validator} says that it does not conform: {one.said or 'no reason given'}"
    last = checks[-1]
    if last.result == "passed":
        return ""
    if last.result == "not_run":
        return f"the validator could not tell: {last.validator} {last.said}"
    return f"{last.validator} cannot tell whether it conforms, and no other validator is here: {last.said}"


def _plain(checks: Sequence[ArchivalCheck], why: str) -> tuple[Archival, tuple[DocumentWarning, ...]]:
    text = f"the pdf output is no {CONFORMANCE} but as it would be otherwise: {why}"
    return Archival(None, tuple(checks)), (DocumentWarning("pdf_not_archival", text),)


def _changed(made: ArchivalCopy) -> tuple[DocumentWarning, ...]:
    if not made.changes:
        return ()
    text = f"for {CONFORMANCE} the pdf output differs from the scan's PDF: {'; '.join(made.changes)}"
    return (DocumentWarning("pdf_changed_for_archive", text),)
