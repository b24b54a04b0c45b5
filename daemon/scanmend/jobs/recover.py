"""Documents whose work a crash, a lost ledger or the end of another daemon cut off are made ready to go on."""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog

from scanmend.assembly.parts import Part
from scanmend.config.schema import Folder
from scanmend.document import printable
from scanmend.errors import StorageError
from scanmend.fs.file_group import files_in, is_folder
from scanmend.fs.safe_open import CLAIMS
from scanmend.intake.group_inbox import GroupInbox
from scanmend.intake.inbox import Inbox
from scanmend.intake.presence import daemon_mark, note_taken_over
from scanmend.jobs.claim import new_entry, settle_interrupted
from scanmend.jobs.claimed_source import ClaimedSource, fingerprint_of
from scanmend.jobs.publish import begun_output_stem, part_row, published_record
from scanmend.jobs.quarantine import FROM_THE_START, give_back
from scanmend.jobs.reconcile import digest, quarantined_files, records_by_id
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger
from scanmend.outputs import error_report
from scanmend.outputs.record import numbers_of

MOST_IDS_LOGGED = 10
"""Claims of other daemons that one log line names."""

log = structlog.get_logger()


class ClaimRecovery:
    """Decides about documents whose work was cut off, and about claimed and quarantined files the ledger lost."""

    def __init__(self, ledger: Ledger, hints: Mapping[str, Path] = MappingProxyType({})) -> None:
        """``hints``: where claims that the ledger does not know may have lain in their inbox, by id."""
        self._ledger = ledger
        self._mark = "-" + daemon_mark(ledger.path.parent)
        self._hints = hints

    def recover(self, folders: Iterable[Folder], in_work: Collection[str] = ()) -> None:
        """Bring what a crash or a stop interrupted into a state that work goes on from, but for ids ``in_work``."""
        for folder in folders:
            for entry in self._entries(folder, "working"):
                if entry.id not in in_work:
                    self._ledger.move(entry.id, "waiting")
                    log.info("document.resumed", id=entry.id, state=entry.state, file=printable(entry.relative))
            self.adopt(folder)
            self._learn_quarantined(folder)
            self._forget_removed(folder)
        self._ledger.prune()

    def adopt(self, folder: Folder) -> None:
        """Decide what became of moves into the claim folder that were cut off, now that the inbox is there.

        While it is not, nobody can tell: such a document stays as it is.
        """
        inbox = GroupInbox(folder)
        try:
            for entry in self._entries(folder, "claiming"):
                settle_interrupted(self._ledger, entry, folder)
            for entry in self._entries(folder, "returning") if inbox.holds_claims() else ():
                if inbox.claimed_file(entry.id) is not None:
                    self._ledger.move(entry.id, "waiting", **FROM_THE_START)
                elif inbox.gathered(entry.id):
                    give_back(self._ledger, entry, folder)
                else:
                    self._ledger.move(entry.id, "quarantined")
            self._look_for_unknown(folder)
        except StorageError as e:
            log.warning("claims.undecided", folder=folder.name, error=str(e))

    def claims_of_others(self, folders: Iterable[Folder], ids: Iterable[str]) -> dict[str, Folder]:
        """Return those of these ids that are claims of another daemon, each with the folder that it is in."""
        return {
            id_: folder
            for folder in folders
            for id_ in set(ids).intersection(Inbox(folder).claim_ids())
            if self._ledger.get(id_) is None
        }

    def take_over(self, claims: Mapping[str, Folder], name: str) -> None:
        """Go on with claims of another daemon, which finds word of it where it runs once more; StorageError.

        ``name``: this daemon's.
        """
        for id_, folder in sorted(claims.items()):
            try:
                note_taken_over(folder.inbox, id_, self._mark.removeprefix("-"), name)
            except OSError as e:
                raise StorageError(f"{folder.inbox / CLAIMS} cannot be written: {e.strerror}") from e
            self._take_up(folder, [id_])

    def _look_for_unknown(self, folder: Folder) -> None:
        """Take up claims of ours that a lost ledger knew; those of other daemons are theirs."""
        inbox = Inbox(folder)
        others: list[str] = []
        ours: list[str] = []
        for id_ in inbox.claim_ids():
            known = self._ledger.get(id_)
            if known is None:
                (ours if id_.endswith(self._mark) else others).append(id_)
            elif known.state == "quarantined" and known.put_away is None and inbox.claimed_file(id_) is not None:
                self._ledger.move(id_, "waiting", **FROM_THE_START)
                log.info("document.found_again", id=id_, folder=folder.name, file=printable(known.relative))
            elif known.state == "done":
                self._put_away_leftover(known, folder)
        if others:
            log.info("claims.of_others", folder=folder.name, count=len(others), ids=others[:MOST_IDS_LOGGED])
        if ours:
            self._take_up(folder, ours)

    def _put_away_leftover(self, entry: Entry, folder: Folder) -> None:
        """Put away the source of a document that was finished while its inbox was gone, now that it is back."""
        source = ClaimedSource(self._ledger, entry, folder)
        path = source.locate()
        if path is not None and (_is_of_record(path, entry) if is_folder(path) else digest(path) == entry.sha256):
            where = source.archive(state="done")
            source.release()
            log.info("document.leftover_archived", id=entry.id, folder=folder.name, where=printable(where))

    def _take_up(self, folder: Folder, ids: Iterable[str]) -> None:
        """Record claims that the ledger does not know; those whose record is in the outbox are published already."""
        inbox, records = GroupInbox(folder), records_by_id(folder)
        for id_ in ids:
            path = inbox.claimed_file(id_)
            if path is None and inbox.put_gathered_back(id_, self._hints.get(id_, Path()).parent):
                log.warning("claim.put_back", id=id_, folder=folder.name)
                continue
            if path is None or folder.ignores(path.name):  # empty, or what a file manager left there
                inbox.release(id_)
                continue
            stem, fields = records.get(id_, (None, {}))
            parts = _parts(id_, records)
            complete = bool(parts) and len(parts) == parts[0].of
            if parts and stem is None:
                fields = {**records[f"{id_}-{parts[0].number}"][1], "numbers": None}
            relative = _relative_of(path.name, str(fields.get("relative", "")), self._hints.get(id_))
            made = stem is not None or complete
            stem = stem or begun_output_stem(self._ledger, folder, relative)
            entry = new_entry(self._ledger, id_, folder, relative, fingerprint_of(path, folder), stem)
            entry = replace(entry, sha256=fields.get("sha256"), numbers=numbers_of(fields))
            self._ledger.add(replace(entry, state="published" if made else "waiting"))
            rows = [part_row(part, folder.outbox, records[f"{id_}-{part.number}"][0], complete) for part in parts]
            self._ledger.parts.choose(id_, rows)
            log.warning("claim.taken_up", id=id_, folder=folder.name, file=printable(relative), made=made)

    def _learn_quarantined(self, folder: Folder) -> None:
        """Record files in quarantine that a lost ledger knew, so that they can be retried."""
        for found in quarantined_files(folder):
            if found.id.endswith(self._mark) and self._ledger.get(found.id) is None:
                relative = Path(found.file.name)
                entry = new_entry(self._ledger, found.id, folder, relative, fingerprint_of(found.file, folder))
                self._ledger.add(replace(entry, state="quarantined", put_away=found.file, error=found.reason))
                log.warning("document.known_again", id=found.id, folder=folder.name, file=printable(relative))

    def _forget_removed(self, folder: Folder) -> None:
        """Forget what nobody can ask for any more: sources and quarantined files that somebody took away."""
        gone = [e for e in self._entries(folder, "quarantined") if e.put_away and _taken_away(e.put_away)]
        if Inbox(folder).holds_claims():
            gone += [e for e in self._ledger.old_kept(folder.inbox) if not os.path.lexists(e.inbox / e.relative)]
        for entry in gone:
            self._ledger.drop(entry.id)

    def _entries(self, folder: Folder, state: str) -> list[Entry]:
        return [entry for entry in self._ledger.in_state(state) if entry.inbox == folder.inbox]


def _parts(id_: str, records: Mapping[str, tuple[Path, Mapping[str, Any]]]) -> list[Part]:
    """Return the parts of a source whose records were found, without their pages."""
    found = []
    for key, (_, fields) in records.items():
        part = fields.get("part")
        source, _, number = key.rpartition("-")
        if (
            source == id_
            and isinstance(part, dict)
            and str(part.get("number")) == number
            and type(part.get("of")) is int
        ):
            found.append(Part(int(number), part["of"], ()))
    return sorted(found, key=lambda part: part.number)


def _is_of_record(path: Path, entry: Entry) -> bool:
    """Whether the files in a claim folder are all among those that a finished document was made of."""
    fields = published_record(entry)
    made_of = {one.get("sha256") for one in fields.get("sources", ())} if fields.get("id") == entry.id else set()
    return made_of.issuperset(digest(path / name) for name in files_in(path))


def _relative_of(name: str, *sayings: str | Path | None) -> Path:
    """Where a claimed file lay in its inbox, by the first of the sayings that can be true; else at its top."""
    for saying in sayings:
        path = Path(saying or "")
        if path.name in (name, printable(name)) and not path.is_absolute() and ".." not in path.parts:
            return path.with_name(name)
    return Path(name)


def _taken_away(quarantined: Path) -> bool:
    """Whether somebody removed a file and the report on it from a quarantine that is there."""
    left = os.path.lexists(quarantined) or os.path.lexists(error_report.report_path(quarantined))
    return not left and quarantined.parent.is_dir()
