"""A document's outputs are written again as the journal says: all or none in the end, and nothing that is not ours.

1. All outputs are made in the bundle's ``next/``, and synced.
2. ``intent.json`` says which they are. Whatever is killed before that leaves the old outputs; whatever is killed after
   it is carried on, until all are new.
3. Each old output that is the machine's gets a second name in ``machine/``; the new ones are written beside their
   places; then one rename for each, the record last. An output that is not what was written there last was changed or
   removed by somebody, and is left alone.
4. ``state.json`` says what the outputs are now.

Only one thread and process does this for a document at a time.
"""

import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from scanmend.config.schema import Settings
from scanmend.document import NumberCounts
from scanmend.errors import StorageError
from scanmend.fields.choice import kept
from scanmend.fs import atomic
from scanmend.fs.rename import sync
from scanmend.jobs.write_outputs import fields_of, write_outputs
from scanmend.outputs import fields_table
from scanmend.outputs.page_file import PageFile
from scanmend.outputs.record import EditCounts, Record, head_of
from scanmend.pageworkers.pool import PagePool
from scanmend.pageworkers.protocol import COMPOSED_OUTPUTS
from scanmend.review.bundle import Bundle, FileDigest, Intent, Written, digests, link_or_copy
from scanmend.review.doubt.decided import decided_fields, decided_page, reviewed
from scanmend.review.doubt.decisions import Decided, holding
from scanmend.review.doubt.places import Place

CHANGED = "somebody changed this file since scanmend wrote it; it was left as it is"
"""Why an output was not written again."""
GONE = "this file is not there any more; it was not written again"
"""Why an output was not written again."""
TABLE = "fields_csv"
"""What the folder's table of fields is called among outputs that were not written again."""
ROW_CHANGED = "the table does not have the document's row as scanmend wrote it; it was left as it is"
"""Why a row was not exchanged."""
NO_OUTPUTS = "none of the outputs is where scanmend wrote it; they were moved away, or their folder is not mounted"
"""Why outputs cannot be written again."""
NO_SOURCE = (
    "the scan is not where it was put, and no copy is kept; the outputs that show its pages cannot be made again"
)
"""Why outputs cannot be written again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of writing a document's outputs again."""

    written: tuple[str, ...] = ()
    """The outputs that were written, by suffix."""
    left: tuple[tuple[str, str], ...] = ()
    """Those that were not, with the reason."""


class Outdated(StorageError):
    """The outputs cannot be written again, as what that takes is not there any more; the message says what."""


def rewrite(bundle: Bundle, pool: PagePool, source: Path | None) -> Outcome | None:
    """Bring the outputs up to the journal's end; None where they are. ``source``: the scan, where it was found.

    Outdated, StorageError, OcrError, DocumentError, Stopping: then the outputs are as they were, or are brought
    up at the next call.
    """
    if bundle.intent is not None:
        carry_on(bundle)
    actions = bundle.journal.read()
    if bundle.written.steps == len(actions):
        return None
    _require_outputs(bundle)
    decided = holding(actions)
    shutil.rmtree(bundle.next, ignore_errors=True)
    try:
        bundle.next.mkdir()
    except OSError as e:
        raise StorageError(f"{bundle.next} cannot be made: {e.strerror}") from e
    made = _machines_version(bundle) if not decided else None
    record = bundle.record(bundle.pages)
    if made is None:
        made, record = _make(bundle, pool, source, decided)
    for path in made.values():
        _sync(path)
    sync(bundle.next)
    sync(bundle.path)
    bundle.save_intent(Intent(len(actions), digests(made), _row(bundle, record)))
    return carry_on(bundle)


def carry_on(bundle: Bundle) -> Outcome:
    """Let the outputs that are made take their places, where that was begun; Outdated, StorageError."""
    intent, before = bundle.intent, bundle.written
    if intent is None:
        return Outcome()
    _require_outputs(bundle)
    due: list[str] = []
    left: dict[str, str] = {}
    files = dict(before.files)
    for suffix, new in intent.files.items():
        now = FileDigest.of(bundle.target(suffix))
        if now == new:
            files[suffix] = new
        elif now is not None and now == before.files.get(suffix):
            due.append(suffix)
        else:
            left[suffix] = CHANGED if os.path.lexists(bundle.target(suffix)) else GONE
    for suffix in due:
        _keep_machines(bundle, suffix)
    with ExitStack() as stack:
        parts = {
            suffix: stack.enter_context(
                atomic.written_beside(
                    bundle.target(suffix), made_as(bundle.next, suffix), access=bundle.settings.output_access
                )
            )
            for suffix in due
        }
        for suffix, part in parts.items():
            atomic.commit(part, bundle.target(suffix))
            files[suffix] = intent.files[suffix]
    row = _exchange_row(bundle, before.row, intent.row)
    if row != intent.row:
        left[TABLE] = ROW_CHANGED
    bundle.save_written(Written(intent.steps, files, left, row, before.told))
    bundle.forget_intent()
    return Outcome(tuple(s for s in intent.files if s not in left), tuple(left.items()))


def _exchange_row(bundle: Bundle, before: str, wanted: str) -> str:
    """Have the folder's table of fields tell what was decided; return the row that it has as far as is known."""
    table = bundle.settings.fields_csv
    if table is None or not wanted:
        return wanted
    before = before or _row(bundle, bundle.record(bundle.pages))
    if before == wanted or fields_table.exchange(table, before.encode(), wanted.encode()):
        return wanted
    return before


def _row(bundle: Bundle, record: Record) -> str:
    """Return a document's row in the folder's table of fields; empty where there is no such table."""
    if bundle.settings.fields_csv is None or not record.fields:
        return ""
    return fields_table.row(head_of(record)).decode()


def _require_outputs(bundle: Bundle) -> None:
    """Raise Outdated where no output is there: then nobody can tell that a single one was removed."""
    if not any(os.path.lexists(bundle.target(suffix)) for suffix in bundle.facts.files):
        raise Outdated(NO_OUTPUTS)


def made_as(folder: Path, suffix: str) -> Path:
    """Return the path of an output in a folder of the bundle, as ``write_outputs`` names it."""
    return folder / f"out{suffix}"


def decided_pages(bundle: Bundle, decided: tuple[Decided, ...], target: Path) -> tuple[PageFile, dict[str, Place]]:
    """Write the pages with decisions in them to a new file; return them, and the places by id. StorageError."""
    pages, places = PageFile(target), {place.id: place for place in bundle.places()}
    of_page: dict[int, list[tuple[Place, Decided]]] = {}
    for one in decided:
        if place := places.get(one.decision.place):
            of_page.setdefault(place.page, []).append((place, one))
    for page in bundle.pages:
        of_this = of_page.get(page.page.number, ())
        pages.append(decided_page(page, [(place.span, one) for place, one in of_this if place.span is not None]))
    return pages, places


def _make(
    bundle: Bundle, pool: PagePool, source: Path | None, decided: tuple[Decided, ...]
) -> tuple[dict[str, Path], Record]:
    """Make the outputs that the document has, in ``next/``; return them by suffix, the record last, and its values."""
    pages, places = decided_pages(bundle, decided, bundle.next / "pages")
    wanted = [suffix.removeprefix(".") for suffix in bundle.facts.files]
    if source is None and set(wanted) & set(COMPOSED_OUTPUTS):
        raise Outdated(NO_SOURCE)
    settings = bundle.settings.model_copy(update={"outputs": tuple(wanted)})
    first = _with_decisions(bundle.record(pages), places, decided, settings)
    files, made = write_outputs(settings, first, pages, source or bundle.path, bundle.next, pool)
    if missing := [suffix for suffix in bundle.facts.files if suffix not in files]:
        raise StorageError(f"the {missing[0]} output cannot be made again")
    return files, made


def _with_decisions(
    record: Record, places: dict[str, Place], decided: tuple[Decided, ...], settings: Settings
) -> Record:
    """Return the record with what was decided; its facts are looked for again, as words of theirs may be others now."""
    if not decided:
        return record
    numbers = sum((NumberCounts.of(page.numbers) for page in record.pages), NumberCounts())
    fields = record.fields
    if any(one.decision.place in places and places[one.decision.place].span for one in decided):
        read = datetime.fromisoformat(record.started).date()
        before = {field.name: field for field in record.fields}
        again = fields_of(record.pages, settings, record.languages, read)
        fields = tuple(kept(field, before[field.name]) for field in again)
    return replace(
        record,
        edits=EditCounts.of(record.pages),
        numbers=numbers,
        review=reviewed(places, decided),
        fields=decided_fields(fields, places, decided),
    )


def _machines_version(bundle: Bundle) -> dict[str, Path] | None:
    """Give the kept outputs of the machine a name in ``next/``; None where one is not kept, or is not what it was."""
    out: dict[str, Path] = {}
    for suffix, wanted in bundle.facts.files.items():
        kept = made_as(bundle.machine, suffix)
        if FileDigest.of(kept) != wanted:
            return None
        out[suffix] = made_as(bundle.next, suffix)
        try:
            link_or_copy(kept, out[suffix])
        except OSError as e:
            raise StorageError(f"{out[suffix]} cannot be written: {e.strerror}") from e
    return out


def _keep_machines(bundle: Bundle, suffix: str) -> None:
    """Give an output that is the machine's a second name in ``machine/``, where it has none yet."""
    kept, target = made_as(bundle.machine, suffix), bundle.target(suffix)
    if bundle.written.files.get(suffix) != bundle.facts.files[suffix] or os.path.lexists(kept):
        return
    try:
        bundle.machine.mkdir(exist_ok=True)
        link_or_copy(target, kept)
    except OSError as e:
        raise StorageError(f"{kept} cannot be written: {e.strerror}") from e


def _sync(path: Path) -> None:
    try:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    except OSError as e:
        raise StorageError(f"{path} cannot be written: {e.strerror}") from e
