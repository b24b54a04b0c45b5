"""Words that a person confirmed twice go into the folder's review glossary, a text file that a person can edit.

It lies in the state folder, ``glossary/FOLDER.txt``, as the folder of the configuration is read-only for a service; its
words count beside those of the file that the folder's ``glossary`` names, which is never changed. Beside it,
``FOLDER.edits.jsonl`` has what its words did. The folder's boldness is not touched.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog
from pydantic import TypeAdapter

from scanmend.config.glossary_file import GlossaryFiles
from scanmend.config.schema import Folder, Settings
from scanmend.correct.lexicon.tokens import count_letters, split_punctuation
from scanmend.document import CorrectedPage, Fingerprint
from scanmend.errors import StorageError
from scanmend.fs import atomic
from scanmend.ledger.ledger import Ledger
from scanmend.review.doubt.decisions import Decided
from scanmend.review.doubt.places import FIELD

CONFIRMATIONS = 2
"""In how many places a word has to be typed or chosen before it is learned: one may be a slip."""
MIN_LETTERS = 3
"""Fewest letters of a word that is learned: shorter ones look like too many others."""
MAX_EDITS_BYTES = 1 << 20
"""Size from which the older half of the edits that glossary words made is forgotten: some 8,000 edits."""
_HEADER = """\
# Words that people confirmed twice in review. They are left as they are, and preferred where something like them was
# read. Remove a line to forget a word; it is not learned again. Add words as you like, one a line.
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class GlossaryEdit:
    """An edit that the machine made, whose new text has a word of the review glossary that was not read so."""

    word: str
    document: str
    page: int
    raw: str
    new: str


@dataclass(frozen=True, slots=True)
class LearnedWord:
    """An entry of a folder's review glossary, and what it did."""

    word: str
    confirmed: int
    """In how many places people confirmed it, as far as that is remembered."""
    edits: tuple[GlossaryEdit, ...]


_edit = TypeAdapter(GlossaryEdit)
_ByWord = Mapping[str, Sequence[GlossaryEdit]]


class ReviewGlossary:
    """The review glossaries of all folders; for any thread."""

    def __init__(self, root: Path, ledger: Ledger) -> None:
        """``root``: the folder that holds them, made when a word is learned."""
        self._root = root
        self._ledger = ledger
        self._files = GlossaryFiles()
        self._known_edits: dict[str, tuple[Fingerprint, _ByWord]] = {}

    def file(self, folder: str) -> Path:
        """Return where the glossary of a folder lies."""
        return self._root / f"{folder}.txt"

    def entries(self, folder: str) -> tuple[str, ...]:
        """Return the entries of a folder as its file has them now; none where it cannot be used, which the log says."""
        path = self.file(folder)
        if not path.exists():
            return ()
        try:
            return self._files.entries(path)
        except StorageError as e:
            log.warning("glossary.rejected", problem=str(e), meaning="the words of the review are not used")
            return ()

    def entries_for(self, settings: Settings) -> tuple[str, ...]:
        """Return the entries that documents with these settings are corrected with."""
        return self.entries(settings.name) if isinstance(settings, Folder) and settings.review == "on" else ()

    def note(self, folder: str, document: str, decided: Iterable[Decided]) -> None:
        """Remember what decisions about a document confirm, and learn what was confirmed often enough; StorageError."""
        self._ledger.confirmed.note(folder, document, [pair for one in decided for pair in confirmed_words(one)])
        for word in self._ledger.confirmed.to_learn(folder, CONFIRMATIONS):
            self._add(folder, word)
            self._ledger.confirmed.learned(folder, word)
            log.info("review.word_learned", folder=folder, file=str(self.file(folder)))

    def note_edits(self, folder: str, document: str, pages: Iterable[CorrectedPage]) -> None:
        """Remember the edits of a document that is about to be published that have words of the glossary."""
        words = frozenset(word for entry in self.entries(folder) for word in entry.split())
        if not words:
            return
        lines = [json.dumps(asdict(edit)) for page in pages for edit in edits_with(words, document, page)]
        if lines:
            _append(self._edits_file(folder), "".join(f"{line}\n" for line in lines).encode())

    def learned(self, folder: str) -> tuple[LearnedWord, ...]:
        """Return the entries of a folder's review glossary, and what each did."""
        counts, edits = self._ledger.confirmed.counts(folder), self._edits_by_word(folder)
        return tuple(
            LearnedWord(
                entry,
                counts.get(entry, 0),
                tuple(edit for word in dict.fromkeys(entry.split()) for edit in edits.get(word, ())),
            )
            for entry in self.entries(folder)
        )

    def _add(self, folder: str, word: str) -> None:
        """Append a word to the folder's glossary, where it is not there yet; StorageError."""
        path = self.file(folder)
        if word in self.entries(folder):
            return
        try:
            self._root.mkdir(exist_ok=True)
            before = path.read_text("utf-8") if path.exists() else _HEADER
        except (OSError, UnicodeDecodeError) as e:
            raise StorageError(f"{path} cannot be read: {e}") from e
        text = before + "\n" * (not before.endswith("\n")) + f"{word}  # {time.strftime('%Y-%m-%d')}\n"
        atomic.replace(path, text.encode())

    def _edits_file(self, folder: str) -> Path:
        return self._root / f"{folder}.edits.jsonl"

    def _edits_by_word(self, folder: str) -> _ByWord:
        """Return the edits that the words of a folder made, in order; parsed anew where their file has changed."""
        try:
            with self._edits_file(folder).open("rb") as file:
                fingerprint = Fingerprint.of(os.fstat(file.fileno()))
                known = self._known_edits.get(folder)
                if known is None or known[0] != fingerprint:
                    known = self._known_edits[folder] = fingerprint, _by_word(file)
        except OSError:
            return {}
        return known[1]


def confirmed_words(one: Decided) -> Iterator[tuple[str, str]]:
    """Yield the words that a decision confirms, each with its place: those that a person typed or chose; no numbers."""
    if one.decision.choice not in ("type", "take") or one.decision.place.startswith(FIELD):
        return  # what a field is says nothing of the words of the text
    known = set(_cores(one.before))
    for core in dict.fromkeys(_cores(one.after)):
        if core not in known and count_letters(core) >= MIN_LETTERS and not any(c.isdigit() for c in core):
            yield core, one.decision.place


def edits_with(words: frozenset[str], document: str, page: CorrectedPage) -> Iterator[GlossaryEdit]:
    """Yield the accepted edits of a page by which one of the words came in."""
    for edit in page.edits:
        if edit.accepted:
            read = set(_cores(edit.raw))
            for word in _cores(edit.new):
                if word in words and word not in read:
                    yield GlossaryEdit(word, document, page.page.number, edit.raw, edit.new)


def _by_word(lines: Iterable[bytes]) -> _ByWord:
    """Return the edits of a file, each once, by their word."""
    edits: dict[str, dict[GlossaryEdit, None]] = {}
    for line in lines:
        with suppress(ValueError):  # a line that a crash left torn
            edit = _edit.validate_json(line)
            edits.setdefault(edit.word, {})[edit] = None
    return {word: tuple(of_word) for word, of_word in edits.items()}


def _cores(text: str) -> Sequence[str]:
    return [split_punctuation(word).core for word in text.split()]


def _append(path: Path, data: bytes) -> None:
    """Append lines, after the older half went where the file is large; what is lost in a crash is only telling."""
    with suppress(FileNotFoundError):
        if path.stat().st_size + len(data) > MAX_EDITS_BYTES:
            kept = path.read_bytes()[-MAX_EDITS_BYTES // 2 :]
            atomic.replace(path, kept[kept.find(b"\n") + 1 :], durable=False)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, data)
    finally:
        os.close(fd)
