"""Fields with their truth: the ``.key.json`` beside a page's image, and whether a value is what it says."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanmend.correct.figures.amount import parse, plain
from scanmend.document import CorrectedPage, DocumentField
from scanmend.fields.recognise.dates import find_dates, settled
from scored_pages import in_half

KINDS = {
    "date": "date", "due_date": "date", "total": "amount", "net": "amount", "tax": "amount", "company": "name",
    "vendor": "name", "address": "name", "number": "name", "vat_id": "name", "iban": "name",
}  # fmt: skip
"""What kind of value each fact is."""


def keyed_images(folder: Path, half: str = "all") -> list[Path]:
    """Return the images of a folder that have a key and belong to the half, sorted by name."""
    images = (p for p in folder.iterdir() if p.suffix in {".png", ".jpg"} and p.with_suffix(".key.json").exists())
    return sorted(p for p in images if in_half(p.stem, half))


def key_of(image: Path) -> Mapping[str, str]:
    """Return the facts of a page as printed."""
    return json.loads(image.with_suffix(".key.json").read_text("utf-8"))  # type: ignore[no-any-return]


def normal(name: str, text: str) -> str:
    """Return a fact as it is compared: an ISO date, a decimal number, or bare letters and digits."""
    kind = KINDS[name]
    if kind == "date" and (spans := find_dates(text)):
        return settled(spans[0], "dmy").isoformat()
    if kind == "amount" and (amounts := parse(text.replace("\u202f", " "))):
        return plain(amounts[0].value.quantize(amounts[0].value))
    decomposed = unicodedata.normalize("NFKD", text)
    return re.sub(r"[\W_]", "", "".join(c for c in decomposed if not unicodedata.combining(c)).casefold())


def is_right(name: str, value: str, truth: str) -> bool:
    """Whether a normalised value is the fact."""
    if KINDS[name] == "amount" and (amounts := parse(truth)):
        return any(plain(a.value) == value for a in amounts[:1])
    return normal(name, value) == normal(name, truth)


def on_page(page: CorrectedPage, text: str) -> bool:
    """Whether each word of a text stands on the page, or is part of one that does."""
    return all(word in page.corrected for word in text.split())


@dataclass(frozen=True, slots=True)
class Score:
    """What came of one field over several pages."""

    pages: int = 0
    right: int = 0
    wrong: int = 0
    wrong_doubtful: int = 0
    right_doubtful: int = 0
    missing: int = 0
    invented: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(*(getattr(self, f) + getattr(other, f) for f in Score.__dataclass_fields__))


def score(name: str, field: DocumentField, truth: str, page: CorrectedPage) -> Score:
    """Return what one field of one page counts."""
    if field.chosen is None:
        return Score(1, missing=1)
    right, doubtful = is_right(name, field.value, truth), bool(field.doubt)
    return Score(
        1, int(right), int(not right), int(not right and doubtful), int(right and doubtful),
        invented=int(not on_page(page, field.chosen.text)),
    )  # fmt: skip


def total(scores: Sequence[Score]) -> Score:
    """Return the sum of scores."""
    out = Score()
    for one in scores:
        out += one
    return out
