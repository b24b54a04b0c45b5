"""The stack of the demo: 40 pages of sheets scanned on both sides, and which documents have to come of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from PIL import Image

import _support  # noqa: F401 -- makes tests/support importable
import separator_sheets
from demo_receipt import FACES
from drawn_pages import invoices, letters, receipts
from render_scans import save_pdf

DPI = 200
"""Resolution of separators and blank backs."""
SEED = "demo stack 7"
"""Chooses what is printed on the sheets; any other will do."""
FADED = 0.3
"""How worn the receipt is, 0 to 1."""
ARTICLE = "4006381333931"
"""The EAN code on a label of an invoice, which separates nothing."""
FIELDS = ("vendor", "number", "date", "total")
"""The fields that are compared with what is printed."""
QUALITY = 80
"""JPEG quality of the pages, as scanners set it."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a sheet."""

    image: Image.Image
    is_separator: bool = False
    is_blank: bool = False
    is_upside_down: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """One document that has to come of the stack."""

    separator: str
    """What its first sheet says: the number of its barcode, or the name of its patch code."""
    facts: Mapping[str, str]
    """What is printed on it, by the name of the field; of a letter, nothing."""
    sides: tuple[Side, ...] = field(repr=False)

    def pages(self, first: int) -> tuple[int, ...]:
        """Return the numbers of its pages in the stack, where its first side is page ``first``."""
        return tuple(n for n, side in enumerate(self.sides, first) if not (side.is_separator or side.is_blank))

    def turned(self, first: int) -> tuple[int, ...]:
        """Return which of its pages lie upside down."""
        return tuple(n for n in self.pages(first) if self.sides[n - first].is_upside_down)


def draw() -> list[Expected]:
    """Return the documents of the stack, in order, each beginning with its separator."""
    rng = Random(SEED)  # noqa: S311 -- to be the same each time
    bill = [invoices.draw(rng, number)[0] for number in (0, 1, 3, 4, 7, 9)]  # neither faxed nor photographed
    page = [letters.draw(rng, number)[0] for number in (0, 1, 0, 1, 0, 1)]
    receipt, _, _ = receipts.draw(rng, 0, FADED, FACES)
    label = separator_sheets.barcode(ARTICLE, "EAN13", DPI)
    labelled = bill[4].copy()
    labelled.paste(label, (labelled.width - label.width - DPI // 4, labelled.height - label.height - DPI // 4))
    return [
        _document("1001", bill[0].info["fields"], [(bill[0], None)]),
        _document("T", bill[1].info["fields"], [(bill[1], None), (page[0], None)]),
        _document("1002", bill[2].info["fields"], [(bill[2], None)], turned=(1,)),
        _document("1003", {}, [(page[1], page[2])]),
        _document("T", _as_vendor(receipt.info["fields"]), [(_on_sheet(receipt), None)]),
        _document("1004", bill[3].info["fields"], [(bill[3], None), (page[3], None)], turned=(0, 1)),
        _document("T", bill[4].info["fields"], [(labelled, None), (page[4], page[5])]),
        _document("1005", bill[5].info["fields"], [(bill[5], None), (separator_sheets.patch_sheet("2", DPI), None)]),
    ]


def write(documents: Sequence[Expected], path: Path) -> int:
    """Write the stack as a PDF as a scanner makes it; return the number of its pages."""
    pages = [side.image for document in documents for side in document.sides]
    save_pdf(pages, path, QUALITY)
    return len(pages)


def _document(
    separator: str,
    facts: Mapping[str, str],
    sheets: Sequence[tuple[Image.Image, Image.Image | None]],
    turned: Sequence[int] = (),
) -> Expected:
    """Return a document of these sheets, each with front and back, behind a separator; ``turned``: indices of sheets.

    The separator has the index 0.
    """
    if separator == "T":
        first = separator_sheets.patch_sheet("T", DPI)
    else:
        first = separator_sheets.barcode_sheet([f"DOC-{separator}"], dpi=DPI)
    sides: list[Side] = []
    for n, (front, back) in enumerate([(first, None), *sheets]):
        upside_down = n in turned
        sides.append(Side(_laid(front, upside_down=upside_down), n == 0, is_upside_down=upside_down))
        printed = back or separator_sheets.blank_sheet(DPI)
        sides.append(Side(_laid(printed, upside_down=upside_down), is_blank=back is None, is_upside_down=upside_down))
    return Expected(separator, {name: text for name, text in facts.items() if name in FIELDS}, tuple(sides))


def numbered(documents: Sequence[Expected]) -> Iterator[tuple[int, Expected]]:
    """Yield each document with the number of its first side in the stack."""
    first = 1
    for document in documents:
        yield first, document
        first += len(document.sides)


def _as_vendor(facts: Mapping[str, str]) -> Mapping[str, str]:
    return {"vendor" if name == "company" else name: text for name, text in facts.items() if name != "number"}


def _on_sheet(receipt: Image.Image) -> Image.Image:
    """Return a receipt stuck on a sheet of paper, so that it goes through the feeder."""
    dpi = round(float(receipt.info["dpi"][0]))
    sheet = separator_sheets.blank_sheet(dpi)
    sheet.paste(receipt.convert("L"), (dpi, dpi))
    return sheet


def _laid(image: Image.Image, *, upside_down: bool) -> Image.Image:
    """Return a side as it lies in the scanner."""
    dpi = image.info.get("dpi") or (round(image.height / separator_sheets.A4_INCHES[1]),) * 2
    laid = image.rotate(180) if upside_down else image.copy()
    laid.info["dpi"] = dpi
    return laid
