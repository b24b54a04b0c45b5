"""The demo's documents, how scanners deliver them, and whether everything came as promised."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo_daemon import Daemon, Event, gpu_freed
from demo_show import broken_numbers, words_with_digits, wrong_characters

Check = tuple[str, bool, str]
"""What was promised, whether it came, and what was found."""
Step = tuple[float, float, str]
"""When (s), up to which share of the file, under which name."""


@dataclass(frozen=True, slots=True)
class Document:
    """One scan and its way through the demo."""

    folder: str
    file: str
    pages: int
    how: str
    """How the scanner delivers it."""
    steps: tuple[Step, ...]
    """The first name is where it is written, the last its real one."""

    def place(self, base: Path, what: str, suffix: str = "") -> Path:
        """Return its path below inbox, outbox or archive, with another suffix where one is given."""
        path = base / what / self.folder / self.file
        return path.with_suffix(suffix) if suffix else path

    def done(self, base: Path) -> bool:
        """Whether its record is written and its source archived."""
        return self.place(base, "outbox", ".json").exists() and self.place(base, "archive").exists()

    def record(self, base: Path) -> dict[str, Any]:
        """Return its JSON record."""
        record: dict[str, Any] = json.loads(self.place(base, "outbox", ".json").read_bytes())
        return record

    def wrong(self, base: Path, text: str) -> int:
        """How many characters of the pages' ``raw`` or ``corrected`` text differ from what was printed."""
        truth = (base / "scans" / self.file).with_suffix(".gt.txt").read_text("utf-8").split("\f")
        pages = [page[text] for page in self.record(base)["pages"]]
        return sum(wrong_characters(page, printed) for page, printed in zip(pages, truth, strict=True))

    def right_numbers(self, base: Path, text: str) -> tuple[int, int]:
        """How many numbers of the pages' ``raw`` or ``corrected`` text were printed so, and how many were printed."""
        printed = words_with_digits((base / "scans" / self.file).with_suffix(".gt.txt").read_text("utf-8"))
        read = words_with_digits("\n".join(page[text] for page in self.record(base)["pages"]))
        return (read & printed).total(), printed.total()


def _pieces(start_s: float, every_s: float, count: int, name: str) -> tuple[Step, ...]:
    return tuple((start_s + i * every_s, (i + 1) / count, name) for i in range(count))


DOCUMENTS = (
    Document("office", "invoice.png", 1, "in 5 pieces", _pieces(0, 0.6, 5, "invoice.png")),
    Document("office", "receipt.png", 1, "in 2 pieces", _pieces(0.4, 1.2, 2, "receipt.png")),
    Document("letters", "carta.png", 1, "in 4 pieces", _pieces(0.3, 0.7, 4, "carta.png")),
    Document(
        "office", "report.tiff", 3, "as report.tiff.part, then renamed",
        (*_pieces(0.5, 0.8, 3, "report.tiff.part"), (3.5, 1.0, "report.tiff")),
    ),
    Document(
        "office", "minutes.pdf", 2, "half, a pause of 4 s, the rest",
        ((1.0, 0.5, "minutes.pdf"), (5.0, 1.0, "minutes.pdf")),
    ),
)  # fmt: skip


class Scanners:
    """Deliver the documents bit by bit, as scanners do."""

    def __init__(self, base: Path, dropped: Callable[[Document], None]) -> None:
        """``dropped`` hears of each document that is delivered whole."""
        self._base, self._dropped = base, dropped
        self._due = sorted(((*step, d) for d in DOCUMENTS for step in d.steps), key=lambda step: step[0])

    def deliver(self, now_s: float) -> bool:
        """Do what is due this many seconds after the start; return whether all is delivered."""
        while self._due and now_s >= self._due[0][0]:
            _, share, name, document = self._due.pop(0)
            self._grow(document, share, name)
        return not self._due

    def _grow(self, document: Document, share: float, name: str) -> None:
        whole = (self._base / "scans" / document.file).read_bytes()
        inbox = document.place(self._base, "inbox").parent
        part = inbox / document.steps[0][2]
        had = part.stat().st_size if part.exists() else 0
        with part.open("ab") as file:
            file.write(whole[had : round(len(whole) * share)])
        if part.name != name:
            part.rename(inbox / name)
        if share == 1 and name == document.file:
            self._dropped(document)


def everything(base: Path, daemon: Daemon) -> Iterator[Check]:
    """Check what the daemon, which has ended by now, made of the documents, and what it left."""
    for document in DOCUMENTS:
        yield from _of_document(base, daemon, document)
    pages = [page for d in DOCUMENTS for page in d.record(base)["pages"]]
    edits = [edit for page in pages for edit in page["edits"]]
    accepted = sum(edit["verdict"] == "accepted" for edit in edits)
    yield "edits were accepted", accepted > 0, f"{accepted} of {len(edits)} proposed"
    before, after = (sum(d.wrong(base, text) for d in DOCUMENTS) for text in ("raw", "corrected"))
    yield "the text is nearer to what was printed", after < before, f"{before} characters wrong, {after} corrected"
    changed, unmarked = number_edits(pages)
    yield "no model changed a number", not changed, "; ".join(changed) or "none did, in whatever was proposed"
    yield "numbers that the second reader changed are marked", not unmarked, "; ".join(unmarked) or "all are disputed"
    (had, printed), (has, _) = (_right_numbers(base, text) for text in ("raw", "corrected"))
    yield "more numbers are right", has > had, f"{had} of {printed} as Tesseract read, {has} as published"
    yield from _of_models(daemon)
    lying = [p.relative_to(base) for what in ("inbox", "outbox") for p in (base / what).rglob("*") if p.is_file()]
    left = [str(p) for p in lying if p.parts[0] == "inbox" or "quarantine" in p.parts]
    yield "inboxes and quarantine are empty", not left, ", ".join(left) or "they are"


def number_edits(pages: Sequence[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Return the numbers that somebody else than the second reader changed, and those of its changes not marked."""
    changed, unmarked = [], []
    for page in pages:
        disputed = {number["text"] for number in page["numbers"] if number["state"] in ("disputed", "single")}
        for edit in page["edits"]:
            broken = broken_numbers(edit["raw"], edit["new"])
            same = words_with_digits(edit["raw"]) == words_with_digits(edit["new"])
            if edit["verdict"] != "accepted" or same or not any(c.isdigit() for c in edit["raw"]):
                continue
            if edit["proposer"] != "reader":
                changed += broken
            elif any(c.isdigit() for c in edit["new"]) and disputed.isdisjoint(edit["new"].split()):
                unmarked += broken
    return changed, unmarked


def _right_numbers(base: Path, text: str) -> tuple[int, int]:
    """Return how many numbers of all documents are right, and how many were printed."""
    of_each = [d.right_numbers(base, text) for d in DOCUMENTS]
    return sum(right for right, _ in of_each), sum(printed for _, printed in of_each)


def _of_document(base: Path, daemon: Daemon, d: Document) -> Iterator[Check]:
    scan, record = (base / "scans" / d.file).read_bytes(), d.record(base)
    texts = [page["corrected"].rstrip("\n") + "\n" for page in record["pages"]]
    whole = len(texts) == d.pages and all(text.strip() for text in texts)
    same = d.place(base, "outbox", ".txt").read_text("utf-8").split("\f") == texts
    yield f"{d.file}: text and record", whole and same, f"{len(texts)} page(s)"
    claims = [_bytes(e) for e in daemon.named("document.claimed") if (e["folder"], e["file"]) == (d.folder, d.file)]
    yield f"{d.file}: taken once, when whole", claims == [len(scan)], f"{claims} of {len(scan)} bytes"
    kept = hashlib.sha256(d.place(base, "archive").read_bytes()).hexdigest()
    unchanged = kept == record["sha256"] == hashlib.sha256(scan).hexdigest()
    yield f"{d.file}: source archived unchanged", unchanged, f"SHA-256 {kept[:12]}…"


def _of_models(daemon: Daemon) -> Iterator[Check]:
    loaded, ended = daemon.named("model.loaded"), daemon.named("model.unloaded")
    names = sorted({e["model"] for e in loaded})
    yield "each folder's model ran", names == ["narrow", "wide"], ", ".join(names)
    logged = {e["pid"] for e in loaded}
    seen = {s.pid: s.alive for s in daemon.seen.values() if s.role == "model"}
    yield "each in a process of its own", logged == set(seen), f"{len(seen)} process(es)"
    gone = {e["pid"] for e in ended} == logged and not any(seen.values())
    back = all(e["returned"] is not False for e in ended)
    freed = f"{sum(e['ram_freed_mib'] or 0 for e in ended):.0f} MiB of RAM{gpu_freed(ended[-1])}" if ended else "none"
    yield "all ended, their memory came back", gone and back, freed


def _bytes(event: Event) -> int:
    return int(event["bytes"])
