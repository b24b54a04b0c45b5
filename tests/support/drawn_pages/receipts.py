"""Receipts from thermal printers: shop, items, totals, tax, cash and change, whose sums are right."""

from collections.abc import Sequence
from random import Random

from PIL import Image, ImageFilter

from drawn_pages import wear
from drawn_pages.sheet import Cell, Face, Sheet, with_facts
from drawn_pages.text import goods, money, names
from drawn_pages.text.money import Item

LANGUAGES = ("en", "en", "de", "fr", "en", "es", "it", "nl")
"""Languages of a set's receipts, in turn."""
TAX_PERCENT = {"en": 6.0, "de": 19.0, "fr": 20.0, "es": 21.0, "it": 22.0, "nl": 21.0}
"""Rate of tax by language."""
CURRENCIES = {"en": ("RM", "$", "£", "RM")}
"""What stands before an amount, by language; the euro's sign stands elsewhere, or nothing at all."""
MM = 72 / 25.4
"""Points in a millimetre."""
PAPER_MM = (58.0, 80.0)
"""Widths of the paper."""
FACES = (
    Face("DejaVuSansMono", 7.6),
    Face("DejaVuSansMono", 9.0, 0.78),
    Face("cobo", 8.4, 0.92),
    Face("helv", 9.2, 0.82),
    Face("DejaVuSans", 8.4, 0.8),
)
"""Types of receipt printers: narrow, about 24 dots high."""


def draw(
    rng: Random, number: int, hard: float | None = None, faces: Sequence[Face] = FACES
) -> tuple[Image.Image, str, str]:
    """Return a worn receipt, its text and its language; ``hard`` from 0 to 1, by chance where None."""
    code = LANGUAGES[number % len(LANGUAGES)]
    hard = rng.uniform(0.25, 0.8) if hard is None else hard
    sheet = _printed(rng, code, faces)
    paper = wear.thermal(sheet.image, rng, hard)
    softer = paper.filter(ImageFilter.GaussianBlur(0.55 + 0.35 * hard))
    by = rng.uniform(0.95, 1.5)
    seen = softer.resize((round(softer.width * by), round(softer.height * by)), Image.Resampling.BICUBIC)
    dpi = round(wear.THERMAL_DPI * by)
    if number % 3 == 2:
        worn = wear.photographed(_on_a_desk(seen, rng), rng, dpi, 0.8 * hard)
    else:
        worn = wear.scanned(seen, rng, dpi, 0.4 * hard, edge=1.6)
    return with_facts(worn, sheet), sheet.truth, code


def _printed(rng: Random, code: str, faces: Sequence[Face]) -> Sheet:
    """Return a clean receipt, cut off below its last line."""
    width = rng.choice(PAPER_MM) * MM
    face = rng.choice(faces)
    sheet = Sheet((width, 900.0), wear.THERMAL_DPI)
    lines = _Roll(sheet, face, rng)
    words = goods.RECEIPT[code]
    _head(lines, rng, code, words)
    items = goods.basket(rng, code, rng.randint(3, 9), 4000)
    _items(lines, rng, code, words, items)
    _totals(lines, rng, code, words, items)
    lines.skip()
    for text in words["thanks"].split("|"):
        lines.centre(text if rng.random() < 0.6 else f"*** {text} ***")
    sheet.image = sheet.image.crop((0, 0, sheet.image.width, sheet.px(lines.y + 10)))
    return sheet


class _Roll:
    """A receipt as the printer advances it line by line."""

    def __init__(self, sheet: Sheet, face: Face, rng: Random) -> None:
        self.sheet, self.face = sheet, face
        self.left, self.right = 3.5 * MM, sheet.size[0] - 3.5 * MM
        self.y = 22.0
        self.leading = face.size * rng.uniform(1.2, 1.45)
        self.ruled = rng.choice("-=·")

    def centre(self, text: str, by: float = 1.0) -> None:
        face = Face(self.face.font, self.face.size * by, self.face.narrow)
        room = (self.right - self.left) / self.sheet.width(text, face)
        face = Face(face.font, face.size, face.narrow * min(1.0, room))
        self.row(Cell(self.sheet.size[0] / 2, text, "middle"), face=face)

    def row(self, *cells: Cell, face: Face | None = None) -> None:
        face = face or self.face
        self.y += max(0.0, face.size - self.face.size)
        self.sheet.row(self.y, face, *cells)
        self.y += self.leading

    def ends(self, left: str, right: str, face: Face | None = None) -> None:
        self.row(Cell(self.left, left), Cell(self.right, right, "right"), face=face)

    def rule(self) -> None:
        y = self.y - self.face.size * 0.35
        if self.ruled == "·":
            for i in range(40):
                x = self.left + (self.right - self.left) * i / 40
                self.sheet.line(x, y, x + 1.6, y, 0.4)
        else:
            self.sheet.line(self.left, y, self.right, y, 0.5)
            if self.ruled == "=":
                self.sheet.line(self.left, y + 1.6, self.right, y + 1.6, 0.5)
        self.y += self.leading

    def skip(self) -> None:
        self.y += self.leading * 0.6
        self.sheet.gap()


def _head(lines: _Roll, rng: Random, code: str, words: dict[str, str]) -> None:
    facts = lines.sheet.facts
    facts["company"] = names.firm(rng, code).upper()
    lines.centre(facts["company"], rng.choice((1.2, 1.5)))
    address = names.address(rng, code)
    facts["address"] = ", ".join(address)
    for text in address:
        lines.centre(text if rng.random() < 0.5 else text.upper())
    lines.centre(f"Tel. {names.phone(rng)}")
    if code == "en":
        lines.centre(f"(GST NO: {rng.randint(10**11, 10**12 - 1)})")
    lines.skip()
    facts["number"] = f"{rng.randint(1000, 99999):06}"
    lines.ends(f"{words['number']}: {facts['number']}", f"{words['till']} {rng.randint(1, 9):02}")
    facts["date"] = money.date(rng, code)
    lines.ends(f"{words['date']}: {facts['date']}", f"{rng.randint(8, 21)}:{rng.randint(0, 59):02}")
    lines.rule()


def _items(lines: _Roll, rng: Random, code: str, words: dict[str, str], items: list[Item]) -> None:
    style = rng.choice(("columns", "two rows", "amounts"))
    wide = lines.right - lines.left
    at = [lines.left + wide * share for share in (0.62, 0.8)]
    if style == "columns" and wide > 60 * MM:
        lines.row(
            Cell(lines.left, words["head"]),
            Cell(at[0], words["qty"], "right"),
            Cell(at[1], words["price"], "right"),
            Cell(lines.right, words["amount"], "right"),
        )
        lines.rule()
    for item in items:
        amount, price = money.written(item.amount, code), money.written(item.price, code)
        if style == "columns" and wide > 60 * MM:
            lines.row(
                Cell(lines.left, item.name),
                Cell(at[0], str(item.quantity), "right"),
                Cell(at[1], price, "right"),
                Cell(lines.right, amount, "right"),
            )
        elif style == "two rows":
            lines.row(Cell(lines.left, f"{rng.randint(10**6, 10**8)} {item.name}" if wide > 60 * MM else item.name))
            lines.ends(f"  {item.quantity} x {price}", amount)
        else:
            lines.ends(
                f"{item.quantity} {item.name}", f"{amount} {rng.choice('AB')}" if code in {"de", "fr"} else amount
            )
    lines.rule()


def _totals(lines: _Roll, rng: Random, code: str, words: dict[str, str], items: list[Item]) -> None:
    sign = rng.choice(CURRENCIES.get(code, ("", "€")))
    before, after = (f"{sign} " if sign == "RM" else sign, "") if code == "en" else ("", f" {sign}".rstrip())

    def written(cents: int) -> str:
        return f"{before}{money.written(cents, code)}{after}"

    total = sum(item.amount for item in items)
    big = Face(lines.face.font, lines.face.size * rng.choice((1.0, 1.25, 1.5)), lines.face.narrow)
    tax = TAX_PERCENT[code]
    if code == "en":
        added = money.percent_of(total, tax)
        lines.ends(words["subtotal"], written(total))
        lines.ends(f"{words['tax']} {tax:.0f}%", written(added))
        total += added
        lines.ends(words["total"], written(total), big)
    else:
        net = round(total / (1 + tax / 100))
        lines.ends(words["total"], written(total), big)
        lines.ends(f"{words['tax']} {tax:.0f}% / {money.written(net, code)}", written(total - net))
    lines.sheet.facts["total"] = written(total)
    paid = -(-total // 1000) * 1000 if rng.random() < 0.6 else -(-total // 5000) * 5000
    lines.ends(words["cash"], written(paid))
    lines.ends(words["change"], written(paid - total))


def _on_a_desk(paper: Image.Image, rng: Random) -> Image.Image:
    """Return the receipt with a margin of the table that it lies on, turned a little."""
    margin = round(paper.width * rng.uniform(0.05, 0.15))
    desk = rng.choice((95, 150, 205))
    turned = rng.uniform(-1.5, 1.5)
    page = Image.new("L", (paper.width + 2 * margin, paper.height + 2 * margin), desk)
    page.paste(paper, (margin, margin))
    return page.rotate(turned, Image.Resampling.BICUBIC, fillcolor=desk)
