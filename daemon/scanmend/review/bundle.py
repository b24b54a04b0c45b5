"""What is kept of one document in review: a folder with its pages, what its outputs are made of, and the journal.

::

    facts.json      who it is, where its outputs are, settings and record that they are made with, their digests
    pages           the machine's corrected pages
    journal.jsonl   what people decided
    state.json      how many steps of the journal the outputs have, and their digests as they were written last
    machine/        the outputs as the machine published them, once others took their place
    next/           outputs being made; intent.json: those that are taking their places
    source…         the scan, where its folder deletes it
    images/         page images and crops, which can be made again
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from scanmend.assembly.parts import Part
from scanmend.config.schema import Settings
from scanmend.document import DocumentField, DocumentWarning, NumberCounts
from scanmend.errors import StorageError
from scanmend.fs import atomic
from scanmend.fs.rename import sync
from scanmend.fs.safe_open import open_source
from scanmend.outputs.page_file import PageFile
from scanmend.outputs.record import EditCounts, Record
from scanmend.review.doubt.places import Place, doubtful_places
from scanmend.review.journal import Journal

KEPT_SETTINGS = {
    "outputs", "fields", "fields_csv", "output_mode", "output_group", "max_pages", "max_megapixels", "render_dpi",
    "page_limit_s", "passwords", "pdf",
}  # fmt: skip
"""The settings of a folder that making outputs needs."""
NOT_A_FILE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EINVAL, errno.ENXIO}
"""Answers that mean that a path leads to no file; any other means that nobody can tell."""
PRIVATE_FOLDER = 0o700
"""Mode of a bundle: it holds scans and texts, whoever may read the outputs."""


@dataclass(frozen=True, slots=True)
class FileDigest:
    """Size and content of a file."""

    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""

    @classmethod
    def of(cls, path: Path) -> "FileDigest | None":
        """Return that of a file; None where there is none, or what is there is no file. StorageError."""
        try:
            with open_source(path) as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                return cls(os.fstat(file.fileno()).st_size, digest)
        except OSError as e:
            if e.errno in NOT_A_FILE:
                return None
            raise StorageError(f"{path} cannot be read: {e.strerror}") from e


@dataclass(frozen=True, slots=True)
class Facts:
    """What was known of the document when it was published."""

    id: str
    folder: str
    inbox: str
    outbox: str
    stem: str
    """Name of the outputs below the outbox, without suffix."""
    relative: str
    """Name of the scan below its inbox."""
    settings: dict[str, Any]
    """Those of KEPT_SETTINGS."""
    record: dict[str, Any]
    """The record's fields, its pages left out."""
    files: dict[str, FileDigest]
    """The outputs by suffix, in the order in which they are published: the record last."""
    days: float
    """How long the bundle is kept."""
    published: float
    """Wall clock in seconds."""
    source_id: str = ""
    """Id of the source, where the document is one of several that it makes."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the outputs are by now."""

    steps: int = 0
    """How many steps of the journal they have."""
    files: dict[str, FileDigest] = field(default_factory=dict)
    """Digests of the outputs as they were written last."""
    left: dict[str, str] = field(default_factory=dict)
    """Outputs, by suffix, that were not written again, and why."""
    row: str = ""
    """The document's row in the folder's table of fields as it was written last; empty: as it was published."""
    told: int = 0
    """How many steps the folder's ``on_review`` has heard of."""


@dataclass(frozen=True, slots=True)
class Intent:
    """The outputs that are about to take the places of others: from here on there is only forward."""

    steps: int
    files: dict[str, FileDigest]
    """What each is to be; they lie in ``next/``."""
    row: str = ""
    """The document's row in the folder's table of fields; empty where there is no such table."""


_facts = TypeAdapter(Facts)
_written = TypeAdapter(Written)
_intent = TypeAdapter(Intent)
_fields = TypeAdapter(tuple[DocumentField, ...])
_part = TypeAdapter(Part | None)


class Bundle:
    """The folder of one document in review."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = Journal(path / "journal.jsonl")
        self.machine = path / "machine"
        self.next = path / "next"
        self.images = path / "images"
        self._facts: Facts | None = None

    @property
    def facts(self) -> Facts:
        """What was known at publication; StorageError."""
        if self._facts is None:
            self._facts = self._load("facts.json", _facts)
            if self._facts is None:
                raise StorageError(f"{self.path} holds no review")
        return self._facts

    @property
    def pages(self) -> PageFile:
        """The machine's pages; StorageError."""
        return PageFile.saved(self.path / "pages")

    @property
    def fields(self) -> tuple[DocumentField, ...]:
        """The machine's fields; StorageError."""
        return _fields.validate_python(self.facts.record.get("fields", ()))

    def places(self) -> tuple[Place, ...]:
        """Return its doubtful places, most doubtful first; StorageError."""
        return doubtful_places(self.pages, self.fields)

    @property
    def written(self) -> Written:
        """What the outputs are by now; StorageError."""
        return self._load("state.json", _written) or Written(0, dict(self.facts.files))

    @property
    def intent(self) -> Intent | None:
        """The outputs that are taking their places; None where none are."""
        intent: Intent | None = self._load("intent.json", _intent)
        return intent

    @property
    def exists(self) -> bool:
        """Whether anything is kept."""
        return (self.path / "facts.json").exists()

    @property
    def settings(self) -> Settings:
        """The settings that outputs are made with; StorageError where this machine cannot have them any more."""
        try:
            return Settings.model_validate(self.facts.settings, context={"glossaries": False})
        except ValidationError as e:
            raise StorageError(f"the settings of the folder do not hold any more: {e.errors()[0]['msg']}") from e

    def record(self, pages: PageFile) -> Record:
        """Return the record that making outputs begins with, with other pages."""
        kept = dict(self.facts.record)
        kept["relative"] = Path(kept["relative"])
        kept["archived_as"] = None if kept["archived_as"] is None else Path(kept["archived_as"])
        kept["warnings"] = tuple(DocumentWarning(**one) for one in kept["warnings"])
        kept["edits"] = EditCounts(**kept["edits"])
        kept["numbers"] = NumberCounts(**kept["numbers"])
        kept["languages"] = tuple(kept["languages"])
        kept["fields"] = self.fields
        kept["part"] = _part.validate_python(kept.get("part"))
        return Record(pages=pages, **kept)

    def target(self, suffix: str) -> Path:
        """Return where an output lies."""
        stem = Path(self.facts.outbox, self.facts.stem)
        return stem.with_name(stem.name + suffix)

    def own_source(self) -> Path:
        """Return where a copy of the scan lies, if there is one."""
        return self.path / f"source{_suffix(self.facts.relative)}"

    def keep(self, facts: Facts, pages: Path) -> None:
        """Write the bundle anew, durably, in place of one that a crash left; StorageError."""
        try:
            self.path.parent.mkdir(exist_ok=True, mode=PRIVATE_FOLDER)
            if not self.path.is_dir():
                self.path.mkdir(mode=PRIVATE_FOLDER)
                sync(self.path.parent)
            kept = self.path / "pages"
            kept.unlink(missing_ok=True)
            link_or_copy(pages, kept)
            for path in (self.journal.path, self.path / "lock"):
                path.touch(0o600)
        except OSError as e:
            raise StorageError(f"{self.path} cannot be written: {e.strerror}") from e
        self._save("facts.json", facts)
        self._facts = facts

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the bundle's lock while a step is taken, against other threads and processes; StorageError."""
        try:
            fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as e:
            raise StorageError(f"{self.path} cannot be written: {e.strerror}") from e
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def save_written(self, written: Written) -> None:
        """Note what the outputs are; StorageError."""
        self._save("state.json", written)

    def save_intent(self, intent: Intent) -> None:
        """Note, durably, that outputs in ``next/`` are going to take their places; StorageError."""
        self._save("intent.json", intent)

    def forget_intent(self) -> None:
        """Note that they have, and remove what was made; StorageError."""
        shutil.rmtree(self.next, ignore_errors=True)
        try:
            (self.path / "intent.json").unlink(missing_ok=True)
            sync(self.path)
        except OSError as e:
            raise StorageError(f"{self.path} cannot be written: {e.strerror}") from e

    def remove(self) -> None:
        """Remove all that is kept; what tells that it is a bundle goes first."""
        with suppress(OSError):
            (self.path / "facts.json").unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def _save(self, name: str, value: Any) -> None:
        atomic.replace(self.path / name, json.dumps(asdict(value), indent=1).encode(), mode=0o600)

    def _load(self, name: str, kind: TypeAdapter[Any]) -> Any:
        path = self.path / name
        try:
            return kind.validate_python(json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as e:
            raise StorageError(f"{path} cannot be read: {e}") from e


def record_fields(record: Record) -> dict[str, Any]:
    """Return the fields of a record as JSON has them, without its pages; ``Bundle.record`` makes one of them again.

    Names that are not Unicode pass as lone surrogates, which JSON escapes.
    """
    out = {f.name: getattr(record, f.name) for f in fields(record) if f.name not in ("pages", "review")}
    out["relative"] = os.fspath(record.relative)
    out["archived_as"] = None if record.archived_as is None else os.fspath(record.archived_as)
    out["warnings"] = [asdict(warning) for warning in record.warnings]
    out["edits"] = asdict(record.edits)
    out["numbers"] = asdict(record.numbers)
    out["fields"] = [asdict(one) for one in record.fields]
    out["part"] = None if record.part is None else asdict(record.part)
    out["model"] = None if record.model is None else dict(record.model)
    return out | {"timings": dict(record.timings), "languages": list(record.languages)}


def kept_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings that making outputs needs, as JSON has them."""
    return settings.model_dump(mode="json", include=KEPT_SETTINGS)


def digests(files: Mapping[str, Path]) -> dict[str, FileDigest]:
    """Return the digests of files; StorageError where one cannot be read."""
    found = {suffix: FileDigest.of(path) for suffix, path in files.items()}
    if unread := [path for suffix, path in files.items() if found[suffix] is None]:
        raise StorageError(f"{unread[0]} cannot be read")
    return {suffix: digest for suffix, digest in found.items() if digest is not None}


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, at no cost, or copy it where that is on another disk; OSError.

    The copy is on the disk when this returns; the target must not be there.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # another file system, or one without links
        part = target.with_name(f"{target.name}.part")
        with open_source(source) as data, part.open("wb") as copy:
            shutil.copyfileobj(data, copy)
            copy.flush()
            os.fsync(copy.fileno())
        part.rename(target)
    else:
        with target.open("rb") as file:
            os.fsync(file.fileno())
    sync(target.parent)


def _suffix(relative: str) -> str:
    """Return a name's suffix, where it is short and plain enough for a name of ours."""
    suffix = Path(relative).suffix
    return suffix if len(suffix) <= 8 and suffix[1:].isalnum() and suffix.isascii() else ""  # noqa: PLR2004 -- any longer is no type
