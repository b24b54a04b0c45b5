"""Financial tables: a title, years at the head, rows that add up, losses in parentheses, rules, footnotes."""

from random import Random

from PIL import Image

from drawn_pages import wear
from drawn_pages.sheet import Cell, Face, Sheet
from drawn_pages.text import money
from drawn_pages.text.prose import TONGUES, paragraph
from drawn_pages.text.tongue import listed

LANGUAGES = ("en", "de", "en", "fr", "es")
"""Languages of a set's tables, in turn."""
LABELS = {
    "en": listed("""
        Revenue | Cost of sales | Wages and salaries | Rent and rates | Depreciation | Interest received |
        Interest paid | Other income | Travel expenses | Insurance premiums | Research and development |
        Advertising | Legal fees | Repairs | Trade receivables | Inventories | Cash at bank | Provisions |
        Deferred tax | Dividends
    """),
    "de": listed("""
        Umsatzerlöse | Materialaufwand | Löhne und Gehälter | Mieten und Pachten | Abschreibungen | Zinserträge |
        Zinsaufwendungen | Sonstige Erträge | Reisekosten | Versicherungen | Forschung und Entwicklung | Werbung |
        Rechtsberatung | Instandhaltung | Forderungen | Vorräte | Bankguthaben | Rückstellungen | Latente Steuern |
        Ausschüttungen
    """),
    "fr": listed("""
        Chiffre d’affaires | Coût des ventes | Salaires et traitements | Loyers et charges | Amortissements |
        Intérêts reçus | Intérêts payés | Autres produits | Frais de déplacement | Primes d’assurance |
        Recherche et développement | Publicité | Frais juridiques | Réparations | Créances clients | Stocks |
        Trésorerie | Provisions | Impôts différés | Dividendes
    """),
    "es": listed("""
        Ingresos | Coste de ventas | Sueldos y salarios | Alquileres | Amortización | Intereses cobrados |
        Intereses pagados | Otros ingresos | Gastos de viaje | Primas de seguros | Investigación y desarrollo |
        Publicidad | Honorarios | Reparaciones | Deudores | Existencias | Tesorería | Provisiones |
        Impuestos diferidos | Dividendos
    """),
}
"""What the rows are about, by language."""
WORDS = {
    "en": ("Note", "Total", "in thousands"),
    "de": ("Anm.", "Summe", "in Tausend"),
    "fr": ("Note", "Total", "en milliers"),
    "es": ("Nota", "Total", "en miles"),
}
"""What stands over the notes, before the sum, and under the title, by language."""
LEFT, RIGHT = 54.0, 541.0
"""Margins in points."""
BOLD = {"helv": "hebo", "tiro": "tibo", "DejaVuSans": "DejaVuSans-Bold"}
"""The bold type to each usual one."""


def draw(rng: Random, number: int) -> tuple[Image.Image, str, str]:
    """Return a page with one dense table or two, its text and its language."""
    code, dpi = LANGUAGES[number % len(LANGUAGES)], rng.choice((200, 200, 240, 300))
    face = Face(rng.choice(tuple(BOLD)), rng.uniform(7.4, 9.2), rng.uniform(0.85, 1.0))
    sheet = Sheet(dpi=dpi)
    tongue = TONGUES[code]
    sheet.row(60, Face(BOLD[face.font], 14), Cell(LEFT, rng.choice(tongue.titles)))
    sheet.gap()
    y = sheet.prose(84, paragraph(rng, tongue, 2, (1995, 2024)), face, LEFT, RIGHT) + 14
    sheet.gap()
    for part in range(2):
        y = _table(sheet, rng, code, face, y)
        if part == 0:
            y += 24
    hard = rng.uniform(0.1, 0.5)
    if number % 4 == 3:
        return wear.photographed(sheet.image, rng, dpi, 0.8 * hard), sheet.truth, code
    return wear.scanned(sheet.image, rng, dpi, hard, bilevel=number % 3 == 1), sheet.truth, code


def _table(sheet: Sheet, rng: Random, code: str, face: Face, y: float) -> float:
    """Draw one table and its footnotes; return the y below them."""
    note, total, unit = WORDS[code]
    bold = Face(BOLD[face.font], face.size, face.narrow)
    pitch, ruled, notes = face.size * rng.uniform(1.35, 1.75), rng.random() < 0.5, rng.random() < 0.5
    columns = rng.randint(2, 5)
    first = 210.0 if notes else 180.0
    ends = [first + (RIGHT - 6 - first) * (i + 1) / columns for i in range(columns)]
    year, top = rng.randint(1998, 2024), y - pitch * 0.75
    heads = [Cell(end, str(year - i), "right") for i, end in enumerate(ends)]
    sheet.row(y, bold, Cell(LEFT + 4, unit), *([Cell(first, note, "right")] if notes else []), *heads)
    sheet.line(LEFT, y + pitch * 0.3, RIGHT, y + pitch * 0.3, 0.9)
    sums = [0] * columns
    cents = rng.random() < 0.3
    labels = rng.sample(LABELS[code], rng.randint(7, 13))
    for i, label in enumerate(labels):
        y += pitch
        values = [_value(rng) for _ in ends]
        sums = [a + b for a, b in zip(sums, values, strict=True)]
        mark = f" {i % 3 + 1})" if rng.random() < 0.15 else ""
        cells = [Cell(LEFT + 4, label + mark)]
        if notes:
            cells.append(Cell(first, str(rng.randint(1, 34)), "right"))
        cells += [Cell(end, _figure(v, code, cents=cents), "right") for v, end in zip(values, ends, strict=True)]
        sheet.row(y, face, *cells)
        if ruled:
            sheet.line(LEFT, y + pitch * 0.3, RIGHT, y + pitch * 0.3, 0.3)
    if not ruled:
        sheet.line(ends[0] - 60, y + pitch * 0.3, RIGHT, y + pitch * 0.3, 0.5)
    y += pitch * 1.1
    sheet.row(
        y,
        bold,
        Cell(LEFT + 4, total),
        *(Cell(e, _figure(v, code, cents=cents), "right") for v, e in zip(sums, ends, strict=True)),
    )
    for gap in (0.3, 0.42):
        sheet.line(ends[0] - 60, y + pitch * gap, RIGHT, y + pitch * gap, 0.5)
    if ruled:
        for x in (LEFT, *(end + 4 for end in ends[:-1]), RIGHT):
            sheet.line(x, top, x, y + pitch * 0.42, 0.4)
    sheet.gap()
    small = Face(face.font, face.size * 0.85, face.narrow)
    y += pitch * 1.6
    for i in range(rng.randint(1, 3)):
        y = sheet.prose(y, f"{i + 1}) {paragraph(rng, TONGUES[code], 1, (1995, 2024))}", small, LEFT, RIGHT)
    sheet.gap()
    return y


def _value(rng: Random) -> int:
    """Return an amount, a third of them negative, of very different sizes."""
    size = int(10 ** rng.uniform(2, 6.6))
    return -size if rng.random() < 0.3 else size


def _figure(value: int, code: str, *, cents: bool) -> str:
    """Return an amount with a loss in parentheses; in whole units or with two decimals."""
    text = money.written(abs(value) if cents else abs(value) * 100, code)
    text = text if cents else text[:-3]
    return f"({text})" if value < 0 else text
