"""Draws office scans with their true text, degraded as by paper, print and scanners, for the demo and the tests.

    python tests/support/render_scans.py OUTDIR

Every scan is the same on each run: all noise comes from seeded generators.
"""

import argparse
import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pymupdf
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from PIL.ExifTags import Base

A4 = (595.0, 842.0)
"""Width and height in points."""

TRAPS: Mapping[str, str] = MappingProxyType({"$1O0.00": "$100.00", "l,250.00": "1,250.00", "$12.S0": "$12.50"})
"""Numbers that ``invoice`` prints with a letter for a digit, and what its truth says instead."""

LOOKALIKES = ("B0O-118", "S5-I10", "Z8-2S0", "LB-S55")
"""Part numbers on ``invoice`` that mix letters and digits on purpose: the truth has them as printed."""

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Scan:
    """A scanned document and its true text."""

    name: str
    pages: tuple[Image.Image, ...]
    """Mode L or 1; ``info["dpi"]`` holds the resolution."""
    truth: tuple[str, ...]
    """One text per page: one line per row, blank lines between paragraphs."""
    language: str
    """Tesseract's name: ``eng``, ``spa``."""


@dataclass(frozen=True, slots=True)
class Wear:
    """How print, age and scanner degrade a page."""

    seed: int
    dpi: int
    blur_px: float
    """Radius in pixels by which the ink is blurred."""
    gain: float = 0.0
    """Ink spread: above 0 strokes thicken and touch, below 0 they thin and break (useful from -0.3 to 0.3)."""
    grain: float = 0.0
    """How ragged edges are: strength of noise whose blotches are about a stroke wide."""
    patches: float = 0.0
    """How much ``gain`` varies between parts of the page."""
    edge: float = 3.0
    """Contrast of stroke edges."""
    specks: int = 0
    """Number of specks of dust."""
    tilt: float = 0.0
    """Degrees by which the page is rotated, anticlockwise."""
    shade: float = 0.0
    """Share (0-1) of the light that is missing at the darkest margin."""
    noise: float = 0.0
    """Standard deviation of the sensor's noise, in grey levels."""
    jpeg: int | None = None
    """JPEG quality of the scanner's compression; None for none."""
    bilevel: bool = False
    """Whether the scan is black and white only."""


class _Sheet:
    """A clean page under construction, and its text."""

    def __init__(self, size: tuple[float, float] = A4) -> None:
        self.document = pymupdf.open()  # kept here, as a page does not keep its document alive
        self.page = self.document.new_page(width=size[0], height=size[1])
        self.text: list[str] = []

    def row(self, y: float, *cells: tuple[float, str], font: str = "helv", size: float = 10) -> None:
        """Set one row, each cell at its x; a negative x is where the cell ends."""
        face, writer = pymupdf.Font(font), pymupdf.TextWriter(self.page.rect)
        for x, text in cells:
            left = x if x >= 0 else -x - face.text_length(text, size)
            writer.append((left, y), text, font=face, fontsize=size)
        writer.write_text(self.page)
        words = " ".join(text for _, text in cells)
        self.text.append(" ".join(TRAPS.get(word, word) for word in words.split()))

    def gap(self) -> None:
        """End a paragraph."""
        self.text.append("")

    def prose(
        self, y: float, text: str, *, font: str, size: float, leading: float, left: float = 70, right: float = 525
    ) -> float:
        """Set paragraphs separated by blank lines, with ``|`` where a word may break; return the y below them."""
        face = pymupdf.Font(font)
        for paragraph in text.strip().split("\n\n"):
            for line in _wrapped(paragraph.split(), lambda s: face.text_length(s, size) <= right - left):
                self.row(y, (left, line), font=font, size=size)
                y += size * leading
            self.gap()
            y += size * 0.75
        return y

    def rule(self, y: float, left: float, right: float, width: float = 0.7) -> None:
        """Draw a horizontal line."""
        self.page.draw_line((left, y), (right, y), width=width)

    @property
    def truth(self) -> str:
        """What was set, in reading order."""
        return "\n".join(self.text).strip() + "\n"

    def scan(self, how: Wear) -> Image.Image:
        """Return the page as a scanner sees it."""
        pixels = self.page.get_pixmap(dpi=how.dpi, colorspace=pymupdf.csGRAY)
        return worn(Image.frombytes("L", (pixels.width, pixels.height), pixels.samples), how)


def _wrapped(words: Sequence[str], fits: Callable[[str], bool]) -> Iterator[str]:
    line = ""
    for word in words:
        whole = word.replace("|", "")
        if not line or fits(f"{line} {whole}"):
            line = f"{line} {whole}".strip()
            continue
        cuts = [at for at, c in enumerate(word) if c == "|" and fits(f"{line} {word[:at].replace('|', '')}-")]
        at = max(cuts, default=0)
        yield f"{line} {word[:at].replace('|', '')}-" if at else line
        line = word[at:].replace("|", "")
    yield line


def worn(clean: Image.Image, how: Wear) -> Image.Image:
    """Return a clean grey page degraded as ``how`` says."""
    rng = np.random.default_rng(how.seed)
    size = clean.size
    ink = 1 - np.asarray(clean.filter(ImageFilter.GaussianBlur(how.blur_px)), np.float32) / 255
    spread = how.gain + how.grain * _field(rng, size, how.dpi / 90) + how.patches * _field(rng, size, how.dpi * 0.6)
    ink = np.clip((ink + spread * np.sqrt(ink) - 0.5) * how.edge + 0.5, 0, 1)
    printed = _picture(255 * (1 - ink)).rotate(how.tilt, Image.Resampling.BICUBIC, fillcolor=255)
    draw = ImageDraw.Draw(printed)
    for x, y, r in zip(*(rng.integers(0, n, how.specks) for n in size), rng.exponential(0.8, how.specks), strict=True):
        draw.ellipse((x - r, y - r * 0.8, x + r, y + r * 0.8), fill=int(40 + 25 * r) % 200)
    light = 246 * (1 - how.shade * _falloff(size)) + 2 * _field(rng, size, 5)
    grey = light * (0.14 + 0.86 * np.asarray(printed, np.float32) / 255)
    if how.noise:
        grey += how.noise * rng.standard_normal(grey.shape, np.float32)
    page = _picture(grey)
    if how.jpeg:
        packed = io.BytesIO()
        page.save(packed, "JPEG", quality=how.jpeg)
        page = Image.open(packed).convert("L")
    if how.bilevel:
        page = page.point([0] * 140 + [255] * 116, "1")
    page.info = {"dpi": (how.dpi, how.dpi)}
    return page


def _field(rng: np.random.Generator, size: tuple[int, int], grain_px: float) -> Array:
    """Smooth noise of about unit strength whose blotches are ``grain_px`` wide."""
    small = rng.standard_normal((int(size[1] / grain_px) + 2, int(size[0] / grain_px) + 2), np.float32)
    return np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))


def _falloff(size: tuple[int, int]) -> Array:
    """Shading from 0 where the page lies flat to 1 at the bent left margin; a little at the bottom right."""
    x, y = (np.linspace(0, 1, n, dtype=np.float32) for n in size)
    dark: Array = np.maximum(np.exp(-x / 0.05)[None, :], 0.35 * (x[None, :] * y[:, None]) ** 3)
    return dark


def _picture(grey: Array) -> Image.Image:
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


ITEMS = (
    ("12", "B0O-118", "Toner cartridge, black", "each", "$17.50", "210.00"),
    ("20", "S5-I10", "Copy paper A4, 80 g, ream of 500", "ream", "$4.25", "85.00"),
    ("5", "FC-4400", "Steel filing cabinet, four drawers", "each", "$250.00", "l,250.00"),
    ("1", "SVC-01", "Service visit, Mill Lane branch", "visit", "$1O0.00", "100.00"),
    ("3", "Z8-2S0", "Fuser roller kit with cleaning pads", "kit", "$46.80", "140.40"),
    ("8", "LB-S55", "Address labels, white, roll of 250", "roll", "$12.S0", "100.00"),
)


def invoice() -> Scan:
    """One grey A4 page at 200 DPI: letterhead, a table of six items, totals; TRAPS and LOOKALIKES are in it."""
    s = _Sheet()
    s.row(72, (60, "HOLLOWAY & FINCH LIMITED"), font="hebo", size=17)
    s.row(88, (60, "Office supplies, repair and maintenance"), font="helv", size=10)
    s.row(101, (60, "14 Quarry Street, Millbrook MB3 7QL"), size=9)
    s.row(113, (60, "Telephone 020 7946 0958 - accounts@hollowayfinch.example"), size=9)
    s.rule(124, 60, 535, 1.4)
    s.gap()
    s.row(158, (60, "INVOICE"), font="hebo", size=15)
    s.gap()
    for i, (key, value) in enumerate(
        (
            ("Invoice number:", "HF-2024-00871"),
            ("Invoice date:", "18 March 2024"),
            ("Your order:", "PO 55-1093 of 11 March 2024"),
            ("Payment due:", "17 April 2024"),
        )
    ):
        s.row(180 + 14 * i, (60, key), (150, value))
    s.gap()
    s.row(252, (60, "Bill to:"), font="hebo")
    for i, text in enumerate(
        ("Millbrook Town Library", "Attn. Mrs Eleanor Whitcombe", "2 Church Square", "Millbrook MB1 4AA")
    ):
        s.row(266 + 13 * i, (60, text))
    s.gap()
    s.row(
        345,
        (60, "Part no."),
        (125, "Description"),
        (-345, "Qty"),
        (355, "Unit"),
        (-455, "Price"),
        (-535, "Amount"),
        font="hebo",
    )
    s.rule(351, 60, 535)
    for i, (quantity, part, what, unit, price, amount) in enumerate(ITEMS):
        s.row(368 + 18 * i, (60, part), (125, what), (-345, quantity), (355, unit), (-455, price), (-535, amount))
    s.rule(466, 60, 535)
    for y, key, value, font in (
        (484, "Subtotal", "1,885.40", "helv"),
        (500, "VAT 20%", "377.08", "helv"),
        (522, "Total due (USD)", "$2,262.48", "hebo"),
    ):
        s.row(y, (-455, key), (-535, value), font=font)
    s.rule(506, 340, 535)
    s.gap()
    foot = s.prose(560, INVOICE_TERMS, font="helv", size=9.5, leading=1.45, left=60, right=535)
    s.row(foot + 4, (60, "Bank: Northern Counties Bank"), size=9.5)
    s.row(foot + 18, (60, "IBAN: GB82 WEST 1234 5698 7654 32"), size=9.5)
    s.row(foot + 32, (60, "BIC: WESTGB2L"), size=9.5)
    how = Wear(14, 200, 0.95, gain=0.05, grain=0.2, patches=0.04, specks=90, tilt=0.3, shade=0.3, noise=5, jpeg=38)
    return Scan("invoice", (s.scan(how),), (s.truth,), "eng")


def report() -> Scan:
    """Three A4 pages at 200 DPI, black and white, of running English prose in worn type."""
    how = Wear(31, 200, 0.8, gain=0.025, grain=0.3, patches=0.05, specks=120, tilt=-0.25, bilevel=True)
    return _prose("report", "eng", how, REPORT, font="tiro", size=11.5, leading=2.1)


def minutes() -> Scan:
    """Two grey A4 pages at 200 DPI, typed on a machine, for a PDF made of images only."""
    how = Wear(53, 200, 1.3, gain=0.22, grain=0.24, patches=0.04, specks=80, tilt=0.2, shade=0.35, noise=5, jpeg=45)
    return _prose("minutes", "eng", how, MINUTES, font="cour", size=11, leading=1.5)


def letter_es() -> Scan:
    """One grey A4 page at 200 DPI: a letter in Spanish, with accents."""
    how = Wear(74, 200, 1.0, gain=0.05, grain=0.28, patches=0.04, specks=100, tilt=-0.2, shade=0.3, noise=5, jpeg=40)
    return _prose("carta", "spa", how, LETTER_ES, font="tiro", size=11.5, leading=1.7)


def leaflet() -> Scan:
    """One A4 page at 200 DPI, black and white: a heading over two columns of prose."""
    s = _Sheet()
    s.row(80, (70, "NOTICE TO ALL TENANTS"), font="hebo", size=18)
    s.gap()
    for text, left, right in ((LEAFLET[0], 60, 285), (LEAFLET[1], 310, 535)):
        s.prose(120, text, font="tiro", size=11, leading=1.35, left=left, right=right)
    how = Wear(91, 200, 0.6, gain=0.03, grain=0.1, specks=20, bilevel=True)
    return Scan("leaflet", (s.scan(how),), (s.truth,), "eng")


def line(text: str, *, height_px: int = 40, dpi: int = 200) -> Image.Image:
    """Return one line of clean text in letters of that size, in black on white."""
    font = ImageFont.load_default(height_px)
    left, top, right, bottom = font.getbbox(text)
    page = Image.new("L", (int(right - left) + 2 * height_px, int(bottom - top) + 2 * height_px), 255)
    ImageDraw.Draw(page).text((height_px - left, height_px - top), text, font=font, fill=0)
    page.info = {"dpi": (dpi, dpi)}
    return page


def blank(size: tuple[int, int] = (400, 300), dpi: int = 200) -> Image.Image:
    """Return an empty sheet, size in pixels."""
    page = Image.new("L", size, 255)
    page.info = {"dpi": (dpi, dpi)}
    return page


def _prose(
    name: str, language: str, how: Wear, texts: Sequence[str], *, font: str, size: float, leading: float
) -> Scan:
    sheets = []
    for number, text in enumerate(texts, start=1):
        sheet = _Sheet()
        sheet.prose(90, text, font=font, size=size, leading=leading)
        if len(texts) > 1:
            sheet.row(800, (265, f"Page {number} of {len(texts)}"), font=font, size=size)
        sheets.append(sheet)
    pages = tuple(sheet.scan(replace(how, seed=how.seed + i)) for i, sheet in enumerate(sheets))
    return Scan(name, pages, tuple(sheet.truth for sheet in sheets), language)


def save_png(page: Image.Image, path: Path) -> None:
    """Write a PNG that knows its resolution."""
    page.save(path, "PNG", dpi=_dpi(page))


def save_jpeg(page: Image.Image, path: Path | io.BytesIO, quality: int = 85) -> None:
    """Write a grey JPEG that knows its resolution."""
    page.convert("L").save(path, "JPEG", quality=quality, dpi=_dpi(page))


def save_bmp(page: Image.Image, path: Path) -> None:
    """Write a BMP that knows its resolution."""
    page.save(path, "BMP", dpi=_dpi(page))


def save_webp(page: Image.Image, path: Path, quality: int = 85) -> None:
    """Write a WebP; its resolution stands in the EXIF block."""
    exif = Image.Exif()
    exif[Base.XResolution], exif[Base.YResolution] = (float(n) for n in _dpi(page))
    exif[Base.ResolutionUnit] = 2  # inches
    page.convert("RGB").save(path, "WEBP", quality=quality, exif=exif)


def save_gif(page: Image.Image, path: Path) -> None:
    """Write a GIF, a format that has no place for a resolution."""
    page.save(path, "GIF")


def save_tiff(pages: Sequence[Image.Image], path: Path) -> None:
    """Write one TIFF of all pages: CCITT G4 where they are black and white, else LZW."""
    packing = "group4" if all(page.mode == "1" for page in pages) else "tiff_lzw"
    pages[0].save(path, "TIFF", compression=packing, dpi=_dpi(pages[0]), save_all=True, append_images=pages[1:])


def save_pdf(pages: Sequence[Image.Image], path: Path, quality: int = 80) -> None:
    """Write a PDF of nothing but one JPEG a page, each page as large as the paper was."""
    with _pdf(pages, quality) as document:
        document.save(path, no_new_id=True)


def encrypted_pdf(path: Path, password: str = "open sesame") -> None:  # noqa: S107 - it guards nothing
    """Write a one-page PDF that nobody can open without the password."""
    with _pdf([line("You cannot read this")], 80) as document:
        document.save(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=password, owner_pw=password)


def truncated(path_in: Path, path_out: Path, fraction: float) -> None:
    """Write the first part of a file, as a scanner still sending leaves it; ValueError unless 0 <= fraction < 1."""
    if not 0 <= fraction < 1:
        raise ValueError(f"fraction is {fraction}; a truncated file keeps from 0 to less than 1 of its bytes")
    content = path_in.read_bytes()
    path_out.write_bytes(content[: int(len(content) * fraction)])


def _dpi(page: Image.Image) -> tuple[int, int]:
    x, y = page.info.get("dpi", (200, 200))
    return round(x), round(y)


def _pdf(pages: Sequence[Image.Image], quality: int) -> pymupdf.Document:
    document = pymupdf.open()
    for page in pages:
        packed = io.BytesIO()
        save_jpeg(page, packed, quality)
        x, y = _dpi(page)
        sheet = document.new_page(width=page.width * 72 / x, height=page.height * 72 / y)
        sheet.insert_image(sheet.rect, stream=packed.getvalue())
    return document


def write_all(folder: Path) -> list[Path]:
    """Write every document and its text, as ``.gt.txt`` with form feeds between pages; return the scans' paths."""
    folder.mkdir(parents=True, exist_ok=True)
    documents: list[tuple[Scan, str, Callable[[Scan, Path], None]]] = [
        (invoice(), ".png", lambda scan, path: save_png(scan.pages[0], path)),
        (report(), ".tiff", lambda scan, path: save_tiff(scan.pages, path)),
        (minutes(), ".pdf", lambda scan, path: save_pdf(scan.pages, path)),
        (letter_es(), ".png", lambda scan, path: save_png(scan.pages[0], path)),
    ]
    written = []
    for scan, suffix, save in documents:
        path = folder / f"{scan.name}{suffix}"
        save(scan, path)
        path.with_suffix(".gt.txt").write_text("\f".join(scan.truth), "utf-8")
        written.append(path)
    return written


LEAFLET = (
    """
The water main in Orchard Way will be renewed between the second and the sixth of May. On these days the water will be
turned off from nine in the morning until four in the after|noon. Please fill a few bottles before|hand and keep the
taps closed while the work goes on.

The contractor will need the parking spaces in front of numbers twelve to twenty. Cars that are left there after seven
o'clock will be moved at the cost of their owners.
""",
    """
The laundry room will stay open on all five days, as it has a supply of its own. We ask that nobody washes more than one
load a day, so that every house|hold has a turn.

Should you notice brown water afterwards, let it run for ten minutes. If it does not clear, telephone the manage|ment
before noon and we shall send somebody on the same day.
""",
)

INVOICE_TERMS = """
Please quote the invoice number with your payment. Goods remain our property until paid for in full. Interest of 2% a
month is charged on overdue amounts. Faulty cartridges are exchanged free of charge within 30 days of delivery when
returned in their original packaging, together with this invoice.
"""

REPORT = (
    """
REPORT ON THE CONDITION OF THE TOWN LIBRARY

To the Buildings Committee. At your request I have spent eleven days in the library on Church Square, from the cellar
to the bell turret, and I submit herewith what I found, what I think should be done about it, and in which order.

The roof is the first concern. When the building was enlarged the new slates were laid over the old battens, which
were already soft, and the weight has since pushed the ridge out of line by nearly the width of a hand. Rainwater
collects behind the chimney on the northern side and runs down inside the wall of the reading room, where the plaster
has come away and the shelves beneath have had to be emptied. More than four hundred volumes were moved to the
corridor last autumn and have remained there ever since.

The gutters were cleared in November, but the iron brackets are rusted through in most places and cannot be expected
to carry another winter of snow. Mr Hartley, who has cared for the building for nineteen years, showed me where he
has tied them up with wire. His ingenuity does him hon|our; it is, however, no substitute for regular maintenance.
    """,
    """
The heating is the second concern. The boiler was bought from the hospital when the hospital mod|ern|ised its own, and
it had by then already served for more than twenty years. It burns a third more fuel than a new one would, and it
warms the entrance hall far better than the rooms in which people sit and read. On the morning of my visit the
children's corner was so cold that the young vis|itors kept their coats and their mittens on.

I recommend that the old boiler be replaced before the end of summer, while the building can be closed without great
inconvenience. Three firms have been asked for an estimate. Two of them have answered, and their figures differ by
less than one might have feared. The third has promised to write as soon as its engineer has returned from holiday.

The windows, on the other hand, are in better order than their appearance suggests. Their frames are of good oak
throughout, and what looks like decay is in most cases nothing but old var|nish, which a patient worker can remove.
Only the two that face the river need new timber, because the mor|tar around them has crumbled and the damp has
crept in behind.
    """,
    """
A few words must be said about the books themselves. Damp is not their only enemy. In the base|ment store, where the
bound newspapers are kept, I counted signs of mice on every shelf below the height of my knee, and in several of the
oldest volumes the corners of the pages have been eaten away. The remedy is neither difficult nor expensive: the gaps
around the pipes should be filled, the lower shelves left empty, and the door kept shut.

I have been asked whether the library might remain open during the work. In my opinion it might, pro|vided that the
reading room is moved for the time being to the hall of the grammar school, whose gov|ernors have kindly offered it
without charge from the middle of June until the end of August. The lending desk could stay where it is.

If the Committee will approve the roof and the boiler this year, the remainder can safely wait until the next. I
should be glad to attend your meeting and to answer any questions that members may wish to put to me.

Your obedient servant, Margaret Thornbury, Surveyor
    """,
)

MINUTES = (
    """
MILLBROOK HOUSING CO-OPERATIVE

Minutes of the quarterly meeting held on 9 April 2024 at 7.30 pm in the common room, 31 Orchard Way.

Present: Anna Kimura (chair), Thomas Bell, Ruth Okafor, Daniel Marsh, Helen Price, and fourteen further members.
Apologies were received from Peter Lund.

1. The minutes of the meeting of 16 January were read and approved without change.

2. Accounts. The treasurer reported that rents of 48,310.00 had been received in the quarter and that arrears
had fallen from 2,140.50 to 965.25. The insurance premium has risen by 11 per cent. Ruth Okafor asked whether
other insurers had been approached; three quotations will be obtained before the next meeting.

3. Bicycle shed. Members agreed that the shed behind number 27 should be repaired rather than replaced. Thomas
Bell has priced timber and roofing felt at 418.60 and will lead a working party on the first Saturday in May.
Volunteers were asked to bring gloves and, where possible, their own hammers.
    """,
    """
4. Garden. Helen Price thanked those who had cleared the brambles along the northern fence. The water butt near
the gate leaks and will be mended. It was decided by nine votes to six that the old pear tree should remain,
although its fruit is of little use to anyone but the wasps.

5. Noise. Several members in the corner block spoke about music late in the evening. The chair reminded everyone
that the rules ask for quiet between 10 pm and 7 am, and offered to speak with the neighbours concerned before
any letter is written.

6. Any other business. Daniel Marsh has found a firm that services lifts for less than the present contractor,
and will circulate its terms. The key to the laundry is missing again; whoever has it is kindly requested to
return it to the box by the main entrance.

The meeting closed at 9.05 pm. The next meeting will be held on 9 July 2024 at the same time and place.

Taken by Daniel Marsh, secretary
    """,
)

LETTER_ES = (
    """
Ayuntamiento de Valdehermoso, Concejalía de Cultura

Valdehermoso, 14 de octubre de 2023

Estimada señora Ibáñez:

Nos dirigimos a usted para agradecerle la donación de la colección de periódicos antiguos que perteneció a su
bisabuelo, don Julián Peñalver. Según el inventario que acompañaba a las cajas, se trata de 312 ejemplares
publicados entre 1878 y 1914, muchos de ellos desconocidos hasta ahora en nuestra provincia.

El próximo mes comenzará la limpieza de los volúmenes más dañados por la humedad. Después, un pequeño equipo
fotografiará cada página, de manera que cualquier vecino pueda consultarla sin necesidad de tocar el papel. También
tenemos la intención de organizar, durante la primavera, una exposición en el salón de actos de la biblioteca, a la
que está usted invitada desde este momento.

¿Podría indicarnos si conserva alguna fotografía de la antigua imprenta de la calle Cigüeña? Sería de gran ayuda
para los niños del colegio, que están preparando un trabajo sobre los oficios de otra época. Si prefiere hablar por
teléfono, llámenos al 910 555 048 cualquier mañana, de nueve a una.

Reciba un cordial saludo de quien también fue, hace ya muchos años, lector de aquellas páginas.

Íñigo Zúñiga Muñoz, archivero municipal
    """,
)


def main() -> None:
    """Write all documents to the folder named on the command line."""
    parser = argparse.ArgumentParser(description="Draw office scans with their true text.")
    parser.add_argument("outdir", type=Path, help="folder to write to; made when missing")
    for path in write_all(parser.parse_args().outdir):
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
