"""Forms: boxes with small labels, values typed into them, boxes that are ticked, combs of one letter each."""

from random import Random

from PIL import Image

from drawn_pages import marks, wear
from drawn_pages.sheet import Cell, Face, Sheet
from drawn_pages.text import money, names
from drawn_pages.text.prose import TONGUES, paragraph
from drawn_pages.text.tongue import listed

LANGUAGES = ("en", "de", "fr", "es")
"""Languages of a set's forms, in turn."""
LABELS = {
    "en": listed("""
        Surname | First name | Date of birth | Street and number | Postcode and town | Telephone | Occupation |
        Employer | Insurance number | Account number | Gross income | Tax withheld | Number of children |
        Marital status | Signature
    """),
    "de": listed("""
        Familienname | Vorname | Geburtsdatum | Straße und Hausnummer | Postleitzahl und Ort | Telefon | Beruf |
        Arbeitgeber | Versicherungsnummer | Kontonummer | Bruttoeinkommen | Einbehaltene Steuer | Zahl der Kinder |
        Familienstand | Unterschrift
    """),
    "fr": listed("""
        Nom de famille | Prénom | Date de naissance | Rue et numéro | Code postal et ville | Téléphone |
        Profession | Employeur | Numéro d’assuré | Numéro de compte | Revenu brut | Impôt retenu |
        Nombre d’enfants | Situation de famille | Signature
    """),
    "es": listed("""
        Apellidos | Nombre | Fecha de nacimiento | Calle y número | Código postal y localidad | Teléfono |
        Profesión | Empresa | Número de afiliado | Número de cuenta | Ingresos brutos | Impuesto retenido |
        Número de hijos | Estado civil | Firma
    """),
}
"""Labels of the fields, by language, always in this order."""
CHOICES = {"en": "yes|no|not known", "de": "ja|nein|nicht bekannt", "fr": "oui|non|inconnu", "es": "sí|no|se desconoce"}
"""What can be ticked, by language."""
TITLES = {
    "en": "Application for Benefit",
    "de": "Antrag auf Leistungen",
    "fr": "Demande de prestations",
    "es": "Solicitud de prestación",
}
"""Title of the form, by language."""
JOBS = {
    "en": ("carpenter", "nurse"),
    "de": ("Schreiner", "Krankenschwester"),
    "fr": ("menuisier", "infirmière"),
    "es": ("carpintero", "enfermera"),
}
"""Occupations, by language."""
STATUS = {
    "en": ("married", "single"),
    "de": ("verheiratet", "ledig"),
    "fr": ("marié", "célibataire"),
    "es": ("casado", "soltero"),
}
"""Marital states, by language."""
LEFT, RIGHT = 50.0, 545.0
"""Margins in points."""
TINT = (226, 232, 238)
"""Ground of the fields in some forms."""


def draw(rng: Random, number: int) -> tuple[Image.Image, str, str]:
    """Return a form that was filled in by machine, its text and its language."""
    code, dpi = LANGUAGES[number % len(LANGUAGES)], rng.choice((150, 200, 200, 240))
    sheet = Sheet(dpi=dpi)
    sheet.row(
        58,
        Face("hebo", 15),
        Cell(LEFT, TITLES[code]),
        Cell(
            RIGHT,
            f"{rng.randint(10, 99)}-{rng.randint(100, 999)} ({rng.randint(1, 12):02}/{rng.randint(88, 99)})",
            "right",
        ),
    )
    sheet.gap()
    y = sheet.prose(78, paragraph(rng, TONGUES[code], 2, (1985, 2020)), Face("helv", 8), LEFT, RIGHT) + 6
    sheet.gap()
    form = _Form(sheet, rng, code)
    y = form.fields(y)
    y = form.comb(y + 10)
    y = form.ticks(y + 14)
    form.amounts(y + 16)
    page = sheet.image
    if rng.random() < 0.5:
        at = (round(page.width * rng.uniform(0.55, 0.85)), round(page.height * 0.88))
        marks.stamp(page, rng, at, round(0.45 * dpi))
    hard = rng.uniform(0.2, 0.6)
    return wear.scanned(page, rng, dpi, hard, bilevel=number % 3 == 1), sheet.truth, code


class _Form:
    """A form's parts, one below the other."""

    def __init__(self, sheet: Sheet, rng: Random, code: str) -> None:
        self._sheet, self._rng, self._code = sheet, rng, code
        self._label = Face("helv", rng.uniform(6.2, 7.4))
        self._value = Face(*rng.choice((("cour", 11), ("cobo", 10), ("DejaVuSansMono", 9))), stroke=0.12)
        self._tinted = rng.random() < 0.4

    def fields(self, y: float) -> float:
        """Draw two boxes a row, the label above the value; return the y below."""
        labels, values = LABELS[self._code], self._values()
        middle = LEFT + (RIGHT - LEFT) * self._rng.choice((0.5, 0.6))
        for i in range(0, len(values), 2):
            pairs = list(zip(labels[i : i + 2], values[i : i + 2], strict=True))
            at = [(LEFT, middle), (middle, RIGHT)] if len(pairs) == 2 else [(LEFT, RIGHT)]
            for left, right in at:
                self._sheet.box(left, y, right, y + 30, width=0.6, fill=TINT if self._tinted else None)
            self._sheet.row(
                y + 9,
                self._label,
                *(
                    Cell(x + 4, f"{i + j + 1}. {label}")
                    for j, ((x, _), (label, _)) in enumerate(zip(at, pairs, strict=True))
                ),
            )
            self._sheet.row(
                y + 24, self._value, *(Cell(x + 10, value) for (x, _), (_, value) in zip(at, pairs, strict=True))
            )
            y += 30
        self._sheet.gap()
        return y

    def comb(self, y: float) -> float:
        """Draw a long number in a comb, one figure to a cell; the text has it as one word."""
        number = str(self._rng.randint(10**9, 10**10 - 1))
        self._sheet.put(LEFT, y + 13, LABELS[self._code][9], self._label)
        x = LEFT + 120
        for i, figure in enumerate(number):
            self._sheet.box(x + 17 * i, y, x + 17 * (i + 1), y + 18, width=0.5)
            self._sheet.put(x + 17 * i + 8.5, y + 13.5, figure, self._value, "middle")
        self._sheet.say(f"{LABELS[self._code][9]} {number}")
        self._sheet.gap()
        return y + 18

    def ticks(self, y: float) -> float:
        """Draw questions with three small boxes each, one of them crossed; return the y below."""
        face = Face("helv", 8.2)
        for _ in range(self._rng.randint(3, 5)):
            question = self._rng.choice(TONGUES[self._code].asides)
            choices = CHOICES[self._code].split("|")
            crossed = self._rng.randrange(len(choices))
            places = (330.0, 385.0, 440.0)
            for i, x in enumerate(places):
                self._sheet.box(x - 12, y - 7, x - 4, y + 1, width=0.6)
                if i == crossed:
                    for x0, x1 in ((x - 13, x - 3), (x - 3, x - 13)):
                        self._sheet.line(x0, y - 8, x1, y + 2, 0.9)
            self._sheet.row(y, face, Cell(LEFT, question[:1].upper() + question[1:]), *map(Cell, places, choices))
            y += 15
        self._sheet.gap()
        return y

    def amounts(self, y: float) -> float:
        """Draw numbered rows whose amounts stand in boxes at the right and add up; return the y below."""
        face, total = Face("helv", 8.2), 0
        rows = self._rng.sample(TONGUES[self._code].titles, self._rng.randint(4, 7))
        for i, title in enumerate([*rows, LABELS[self._code][10]], 1):
            cents = total if i > len(rows) else self._rng.randint(100, 4_000_000)
            total += cents
            text = money.written(cents, self._code)
            self._sheet.box(430, y - 11, RIGHT, y + 4, width=0.6, fill=TINT if self._tinted else None)
            self._sheet.put(LEFT, y, f"{i}", face)
            self._sheet.put(LEFT + 18, y, title, face)
            start = LEFT + 26 + self._sheet.width(title, face)
            for x in range(int(start), 425, 5):
                self._sheet.line(x, y, x + 0.9, y, 0.5)
            self._sheet.put(RIGHT - 6, y, text, self._value, "right")
            self._sheet.say(f"{i} {title} {text}")
            y += 17
        return y

    def _values(self) -> list[str]:
        rng, code = self._rng, self._code
        first, last = names.person(rng, code).split(" ", 1)
        return [
            last,
            first,
            money.date(rng, code, (1935, 1999)),
            *names.address(rng, code),
            names.phone(rng),
            rng.choice(JOBS[code]),
            names.firm(rng, code),
            f"{rng.randint(10, 99)} {rng.randint(100_000, 999_999)} {rng.choice('ABCDHKMR')} {rng.randint(100, 999)}",
            str(rng.randint(10**6, 10**8)),
        ]
