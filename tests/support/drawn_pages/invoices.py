"""Invoices in four languages: letterhead, dates, items with or without rules, totals, bank and tax numbers."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from PIL import Image

from drawn_pages import marks, wear
from drawn_pages.sheet import Cell, Face, Sheet, with_facts
from drawn_pages.text import goods, money, names
from drawn_pages.text.money import Item

LANGUAGES = ("en", "de", "fr", "nl")
"""Languages of a set's invoices, in turn."""
COUNTRY = {"en": "GB", "de": "DE", "fr": "FR", "nl": "NL"}
"""Country of account and tax numbers, by language."""
TAX_PERCENT = {"en": 20, "de": 19, "fr": 20, "nl": 21}
"""Rate of tax, by language."""
FACES = (("helv", "hebo"), ("DejaVuSans", "DejaVuSans-Bold"), ("tiro", "tibo"), ("cour", "cobo"))
"""Types of invoices, usual and bold."""
LEFT, RIGHT = 60.0, 535.0
"""Margins in points."""
COLUMNS = (LEFT + 24, 350.0, 440.0, RIGHT - 4)
"""Where description begins, and where quantity, price and amount end, in points."""


def draw(rng: Random, number: int) -> tuple[Image.Image, str, str]:
    """Return an invoice, its text and its language."""
    code, dpi = LANGUAGES[number % len(LANGUAGES)], rng.choice((150, 200, 200, 300))
    font, bold = rng.choice(FACES)
    face = Face(
        font, rng.uniform(8.6, 10.2), 0.9 if font.startswith("Deja") else 1.0, stroke=0.15 if font == "cour" else 0
    )
    sheet = Sheet(dpi=dpi)
    y = _head(sheet, rng, code, face, bold)
    items = goods.basket(rng, code, rng.randint(4, 10), 30_000)
    y = _items(sheet, rng, code, face, bold, items, y)
    y = _totals(sheet, rng, code, face, bold, items, y)
    _foot(sheet, rng, code, face, y)
    page = sheet.image
    if rng.random() < 0.4:
        marks.stamp(
            page,
            rng,
            (round(page.width * rng.uniform(0.4, 0.85)), round(page.height * rng.uniform(0.68, 0.9))),
            round(0.5 * dpi),
        )
    if rng.random() < 0.4:
        marks.holes(page, dpi)
    hard = rng.uniform(0.2, 0.65)
    if number % 4 == 2:
        worn = wear.photographed(page, rng, dpi, hard)
    elif number % 6 == 5 and dpi == 200:
        worn = wear.faxed(page, rng, dpi)
    else:
        worn = wear.scanned(page, rng, dpi, hard, bilevel=number % 3 == 1)
    return with_facts(worn, sheet), sheet.truth, code


def _head(sheet: Sheet, rng: Random, code: str, face: Face, bold: str) -> float:
    """Draw all above the table; return its y."""
    words, said = goods.INVOICE[code], sheet.facts
    said["vendor"] = names.firm(rng, code)
    sheet.row(70, Face(bold, 17), Cell(LEFT, said["vendor"]))
    sheet.row(86, face, Cell(LEFT, ", ".join(names.address(rng, code))))
    said["vat_id"] = money.vat_number(rng, COUNTRY[code])
    sheet.row(99, face, Cell(LEFT, f"{words['vat']} {said['vat_id']} · {names.phone(rng)}"))
    sheet.gap()
    sheet.row(140, Face(bold, 15), Cell(LEFT, words["invoice"]))
    sheet.gap()
    year = rng.randint(2005, 2025)
    facts = (
        (words["number"], f"{year}-{rng.randint(1, 99_999):05}"),
        (words["date"], money.date(rng, code, (year, year))),
        (words["due"], money.date(rng, code, (year, year + 1))),
        (words["customer"], str(rng.randint(10_000, 999_999))),
    )
    said |= dict(zip(("number", "date", "due_date"), (value for _, value in facts), strict=False))
    y = 164.0
    for key, value in facts:
        sheet.row(y, face, Cell(LEFT, key), Cell(LEFT + 110, value))
        y += face.size * 1.4
    sheet.gap()
    y += 12
    for text in (words["to"], names.person(rng, code), *names.address(rng, code)):
        sheet.row(y, face, Cell(LEFT, text))
        y += face.size * 1.35
    sheet.gap()
    return y + 26


def _items(sheet: Sheet, rng: Random, code: str, face: Face, bold: str, items: Sequence[Item], y: float) -> float:
    """Draw the table; return the y below it."""
    words, top = goods.INVOICE[code], y - face.size * 1.3
    style = rng.choice(("grid", "rules", "bare", "banded"))
    pitch = face.size * rng.uniform(1.6, 2.0)
    heads = (words["pos"], words["what"], words["qty"], words["price"], words["amount"])
    _table_row(sheet, y, Face(bold, face.size, face.narrow), heads)
    for i, item in enumerate(items, 1):
        y += pitch
        if style == "banded" and i % 2:
            sheet.box(LEFT, y - pitch * 0.7, RIGHT, y + pitch * 0.3, width=0, fill=(222, 222, 222))
        values = (
            str(i),
            item.name,
            str(item.quantity),
            money.written(item.price, code),
            money.written(item.amount, code),
        )
        _table_row(sheet, y, face, values)
        if style == "grid":
            sheet.line(LEFT, y + pitch * 0.3, RIGHT, y + pitch * 0.3, 0.5)
    bottom = y + pitch * 0.3
    if style == "grid":
        for x in (LEFT, LEFT + 20, COLUMNS[1] - 42, COLUMNS[1] + 5, COLUMNS[2] + 5, RIGHT):
            sheet.line(x, top, x, bottom, 0.5)
        sheet.line(LEFT, top, RIGHT, top, 0.5)
    if style in {"grid", "rules"}:
        head = top + face.size * 1.3 + pitch * 0.3
        sheet.line(LEFT, head, RIGHT, head, 0.8)
        sheet.line(LEFT, bottom, RIGHT, bottom, 0.8)
    sheet.gap()
    return y + pitch * 1.3


def _table_row(sheet: Sheet, y: float, face: Face, values: Sequence[str]) -> None:
    what, quantity, price, amount = COLUMNS
    cells = [Cell(LEFT + 4, values[0]), Cell(what, values[1])]
    cells += [Cell(x, text, "right") for x, text in zip((quantity, price, amount), values[2:], strict=True)]
    sheet.row(y, face, *cells)


def _totals(sheet: Sheet, rng: Random, code: str, face: Face, bold: str, items: Sequence[Item], y: float) -> float:
    words, rate = goods.INVOICE[code], TAX_PERCENT[code]
    net = sum(item.amount for item in items)
    tax = money.percent_of(net, rate)
    before, after = ("£", "") if code == "en" else ("€ ", "") if code == "nl" else ("", " €")
    rows = (
        (words["net"], net, face),
        (f"{words['tax']} {rate} %", tax, face),
        (words["total"], net + tax, replace(face, font=bold)),
    )
    written = (money.written(cents, code) for _, cents, _ in rows)
    sheet.facts |= dict(zip(("net", "tax", "total"), written, strict=True))
    for key, cents, type_ in rows:
        sheet.row(
            y,
            type_,
            Cell(COLUMNS[2] - 60, key),
            Cell(COLUMNS[3], f"{before}{money.written(cents, code)}{after}", "right"),
        )
        y += face.size * 1.6
    if rng.random() < 0.5:
        sheet.line(COLUMNS[2] - 60, y - face.size * 2.8, RIGHT, y - face.size * 2.8, 0.8)
    sheet.gap()
    return y + 20


def _foot(sheet: Sheet, rng: Random, code: str, face: Face, y: float) -> None:
    words = goods.INVOICE[code]
    y = sheet.prose(y, words["thanks"], face, LEFT, RIGHT) + 6
    sheet.gap()
    sheet.row(
        y,
        face,
        Cell(
            LEFT,
            f"{words['bank']}: {names.LAST[code][rng.randrange(12)]} Bank"
            if code != "nl"
            else f"{words['bank']}: Bank Oosterdam",
        ),
    )
    sheet.facts["iban"] = money.iban(rng, COUNTRY[code])
    sheet.row(y + face.size * 1.4, face, Cell(LEFT, f"IBAN {sheet.facts['iban']}"))
    swift = "".join(rng.choice("ABCDEFGHKLMNPRSTUVWXZ") for _ in range(4))
    sheet.row(y + face.size * 2.8, face, Cell(LEFT, f"BIC {swift}{COUNTRY[code]}{rng.randint(10, 99)}XXX"))
