"""The view of documents: what the address asks for, and what each row tells. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from scanmend.control.values import Document, DocumentQuery, State
from scanmend.document import NumberCounts

STATES: dict[str, tuple[str, tuple[State, ...]]] = {
    "done": ("Done", ("done",)),
    "failed": ("Failed", ("quarantined",)),
    "open": ("In hand", ("claiming", "waiting", "working", "published", "failing", "returning")),
    "all": ("All", ()),
}
"""By the word in the address: what the choice is called, and the states that it stands for."""
LIMIT = 50
"""Documents on one page: what people read through, and some 40 KiB."""
MAX_TEXT = 255
"""Characters of a text that are looked at; no name is longer."""
YEARS = range(1970, 9999)
"""Those that clocks of computers and ``datetime`` can hold, the day after included."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What the person asked for, as typed, and the query that it makes."""

    folder: str
    state: str
    name: str
    since: str
    until: str
    """Dates, ``2026-11-28``; the whole last day belongs to it."""
    after: str

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Filter":
        """Read the query of an address; what makes no sense there narrows nothing."""
        text = {key: asked.get(key, "").strip()[:MAX_TEXT] for key in ("folder", "name", "since", "until", "after")}
        state = asked.get("state", "done")
        for key in ("since", "until"):
            text[key] = text[key] if _day(text[key]) is not None else ""
        return cls(state=state if state in STATES else "done", **text)

    @property
    def query(self) -> DocumentQuery:
        """The query of the daemon."""
        since, until = _day(self.since), _day(self.until)
        return DocumentQuery(
            folder=self.folder or None,
            states=STATES[self.state][1],
            name=self.name or None,
            since=since.timestamp() if since else None,
            until=(until + timedelta(days=1)).timestamp() if until else None,
            limit=LIMIT,
            after=self.after or None,
        )

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the state narrows the choice."""
        return bool(self.folder or self.name or self.since or self.until)

    def address(self, after: str | None = None) -> str:
        """Return the address of this choice, from the document on that ``after`` names."""
        asked = {"folder": self.folder, "state": self.state, "name": self.name, "since": self.since}
        asked |= {"until": self.until, "after": after or ""}
        kept = {key: value for key, value in asked.items() if value and (key, value) != ("state", "done")}
        return f"/done?{urlencode(kept, errors='replace')}" if kept else "/done"


@dataclass(frozen=True, slots=True)
class Row:
    """One document with what a list of it tells beside its names."""

    document: Document
    edits: int | None
    """Accepted edits; None where the record does not say."""
    seconds: float | None
    """Seconds that it was worked on; None where the record does not say."""

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """The outputs: what each is, by its suffix, and its address."""
        return tuple(
            (file.name.rpartition(".")[2], output_address(self.document, file.name)) for file in self.document.outputs
        )

    @property
    def numbers(self) -> NumberCounts:
        """How many of its numbers are agreed, disputed and single."""
        return self.document.row.numbers


def row(document: Document) -> Row:
    """Return what a list tells of the document."""
    return Row(document, _whole(document.record.get("edits"), "accepted"), _seconds(document.record.get("timings")))


def output_address(document: Document, name: str) -> str:
    """Return where an output is downloaded."""
    return f"{_address(document)}/outputs/{_quoted(name)}"


def source_address(document: Document) -> str:
    """Return where the scan is downloaded."""
    return f"{_address(document)}/source"


def _address(document: Document) -> str:
    return f"/api/v1/documents/{_quoted(document.row.id)}"


def _quoted(text: str) -> str:
    return urlencode({"": text}, errors="replace")[1:].replace("+", "%20")


def _day(text: str) -> datetime | None:
    """Return the beginning of a day in this machine's zone; None where the text is no day that a file may have."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 -- the zone follows
    except ValueError:
        return None
    return day.astimezone() if day.year in YEARS else None


def _whole(fields: object, key: str) -> int | None:
    value = fields.get(key) if isinstance(fields, dict) else None
    return value if type(value) is int else None


def _seconds(timings: object) -> float | None:
    value = timings.get("total_s") if isinstance(timings, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
