"""Draws born-digital pages in many layouts, with the lines that reading them must yield: tables, forms, columns."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pymupdf

FONT = pymupdf.Font("cjk")
"""MuPDF's own font for Latin, Greek, Cyrillic, Chinese, Japanese and Korean letters."""

EN = (
    "The carpenter measured every shelf before the evening train arrived and wrote the numbers in a green notebook "
    "near the window. Later she ordered seven sheets of beech and one litre of glue, because the kitchen needed "
    "another cupboard this winter, and the neighbours had asked for a bench as well. Nobody knew how long the old "
    "bridge would hold, but the committee met on Tuesday evening in the hall and decided to mend it at once. "
)
DE = (
    "Die Wasserleitung in der Gartenstraße wird in den nächsten Wochen erneuert, und das Wasser bleibt an zwei Tagen "
    "abgestellt. Die Anwohner werden gebeten, ihre Wagen nicht am Rand der Straße abzustellen. Wer Fragen hat, wendet "
    "sich an das Amt im zweiten Stock, das jeden Morgen geöffnet ist, oder schreibt einen kurzen Brief. "
)
ES = (
    "El comité del jardín se reunió el martes por la tarde y decidió reparar el puente antes de la apertura del "
    "mercado. Los vecinos pagarán la mitad de los gastos, y el resto lo pondrá el ayuntamiento cuando termine el "
    "invierno. Quien quiera ayudar puede escribir una carta a la oficina o venir el sábado a las nueve. "
)
JA = (
    "台所の棚はとても古いので、明日の朝に新しい板を買いに行きます。接着剤と蝶番も必要ですから、駅前の店に寄ってください。"
    "請求書は事務所に送ってください。委員会は火曜日の夕方に集まり、橋を直すことに決めました。"
)


@dataclass
class Layout:
    """One page as it is drawn."""

    pieces: list[tuple[float, float, float, str]] = field(default_factory=list)
    """Left, baseline, size in points, text."""
    rows: list[str] = field(default_factory=list)
    """Lines that the page's text must have."""
    blocks: list[Sequence[str]] = field(default_factory=list)
    """Lines that must follow each other without another line between them."""
    pairs: list[str] = field(default_factory=list)
    """Labels with their values that must follow each other, in one line or at its end and the next one's beginning."""
    order: list[str] = field(default_factory=list)
    """Lines that must come in this order, with others between them or none."""

    def put(self, x: float, y: float, text: str, size: float = 10) -> None:
        """Draw text from its left end; from its right end where ``x`` is negative."""
        self.pieces.append((x if x >= 0 else -x - FONT.text_length(text, size), y, size, text))

    def stack(self, x: float, y: float, step: float, lines: Sequence[str], size: float = 10) -> float:
        """Draw lines one below the other, which must stay together; the next baseline."""
        for n, line in enumerate(lines):
            self.put(x, y + n * step, line, size)
        self.blocks.append(lines)
        return y + len(lines) * step

    def table(
        self, y: float, step: float, xs: Sequence[float], rows: Sequence[Sequence[str]], size: float = 10
    ) -> float:
        """Draw a table, whose rows must be lines; the next baseline."""
        for n, row in enumerate(rows):
            for x, cell in zip(xs, row, strict=True):
                if cell:
                    self.put(x, y + n * step, cell, size)
            self.rows.append(" ".join(cell for cell in row if cell))
        return y + len(rows) * step

    def save(self, path: str) -> None:
        """Write the page as a PDF, its pieces in the order in which they were drawn."""
        document = pymupdf.open()
        sheet = document.new_page(width=595, height=842)
        for x, y, size, text in self.pieces:
            writer = pymupdf.TextWriter(sheet.rect)
            writer.append((x, y), text, font=FONT, fontsize=size)
            writer.write_text(sheet)
        document.subset_fonts()
        document.save(path)

    def faults(self, text: str) -> list[str]:
        """Return what is wrong with a page's text; empty when all lines are whole and in order."""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        wrong = [f"no such line: {row}" for row in self.rows if row not in lines]
        joined = "\n" + "\n".join(lines) + "\n"
        wrong += [f"not together: {block[0]}" for block in self.blocks if "\n" + "\n".join(block) + "\n" not in joined]
        wrong += [f"torn: {pair}" for pair in self.pairs if pair not in " ".join(lines)]
        places = [joined.find(f"\n{line}\n") for line in self.order]
        wrong += [f"out of order: {self.order[n]}" for n, place in enumerate(places) if place < 0]
        wrong += [f"out of order: {self.order[n + 1]}" for n, (a, b) in enumerate(itertools.pairwise(places)) if b < a]
        return wrong


def wrapped(text: str, width: float, size: float = 10) -> list[str]:
    """Break text into lines of at most this width, at blanks or, without any, anywhere."""
    parts, glue = (text.split(), " ") if " " in text else (list(text), "")
    out = [""]
    for part in parts:
        longer = f"{out[-1]}{glue}{part}" if out[-1] else part
        if FONT.text_length(longer, size) > width and out[-1]:
            out.append(part)
        else:
            out[-1] = longer
    return out


def paragraphs(text: str, width: float, *, first: int = 0) -> list[str]:
    """Wrap a text in sentences of different lengths, each a paragraph: their last lines are short."""
    sentences = [s.strip() + "." for s in text.split(".") if s.strip()]
    sentences = sentences[first:] + sentences[:first]
    return [line for sentence in sentences for line in wrapped(sentence, width)]


TUNING: dict[str, Callable[[], Layout]] = {}
"""Layouts by which the rules were found."""
UNSEEN: dict[str, Callable[[], Layout]] = {}
"""Layouts that the rules were not made for."""


def _of(group: dict[str, Callable[[], Layout]]) -> Callable[[Callable[[], Layout]], Callable[[], Layout]]:
    def keep(draw: Callable[[], Layout]) -> Callable[[], Layout]:
        group[draw.__name__] = draw
        return draw

    return keep


@_of(TUNING)
def invoice_english() -> Layout:
    """Addressee left, invoice data right, a table of four columns below, a total in two of its columns."""
    page = Layout()
    left = [
        "Melford Choral Society",
        "Attn. Mr Quentin Sample",
        "7 Mill Lane, Old Barn",
        "Upper Melford",
        "Suffolk CO10 8ZZ",
    ]
    right = [
        "Invoice number 2024-0931",
        "Date of delivery 9 June 2024",
        "Our reference: paper store",
        "Your order by letter",
    ]
    page.stack(50, 80, 14, left)
    page.stack(340, 80, 14, right)
    rows = [
        ("Description", "Quantity", "Unit price", "Amount"),
        ("Music paper, ruled", "12", "3.50", "42.00"),
        ("Pencils, soft", "200", "0.12", "24.00"),
        ("Delivery by van", "1", "9.00", "9.00"),
    ]
    page.table(180, 16, (50, -300, -420, -540), rows)
    page.table(260, 16, (340, -540), [("Total payable", "75.00")])
    page.put(
        50, 320, "Please quote the invoice number with your payment. Goods remain our property until paid in full."
    )
    return page


@_of(TUNING)
def article_on_a_grid() -> Layout:
    """Two columns with level lines, a heading above both and a footnote below both."""
    page = Layout()
    page.put(50, 60, "The bench that the neighbours had asked for", 18)
    left, right = paragraphs(EN * 2, 240), paragraphs(EN * 2, 240, first=2)
    page.stack(50, 100, 13, left)
    page.stack(305, 100, 13, right)
    note = "1 All measures are given in millimetres, as the notebook has them, and rounded to the nearest full one."
    page.put(50, 120 + 13 * max(len(left), len(right)), note, 8)
    page.order = ["The bench that the neighbours had asked for", left[0], right[0], note]
    return page


@_of(TUNING)
def form_english() -> Layout:
    """Long labels with colons, values far to their right."""
    page = Layout()
    labels = [
        "Given name text box:",
        "Family name text box:",
        "House and garden number:",
        "Country of residence:",
        "Favourite colour list:",
    ]
    values = ["Berta Philomena", "Beispiel-Musterfrau", "31 Orchard Way", "United Kingdom", "Dark olive green"]
    page.put(50, 60, "Application for a garden", 16)
    page.table(100, 22, (50, 300), list(zip(labels, values, strict=True)))
    return page


@_of(TUNING)
def newspaper_german() -> Layout:
    """Three narrow columns with level lines and short last lines."""
    page = Layout()
    page.put(50, 60, "Nachrichten aus der Gartenstraße und der Umgebung", 20)
    columns = [paragraphs(DE * 3, 155, first=n) for n in range(3)]
    for x, lines in zip((50, 220, 390), columns, strict=True):
        page.stack(x, 100, 12, lines)
    page.order = [lines[0] for lines in columns]
    return page


@_of(TUNING)
def table_with_long_cells() -> Layout:
    """Descriptions of several lines; numbers stand beside their first lines."""
    page = Layout()
    page.put(50, 60, "Offer 77 of 4 March", 16)
    y = page.table(100, 14, (50, 130, -400, -500), [("Item", "Description", "Pieces", "Price")])
    for n, (first, *rest) in enumerate(
        [
            ["Oak beam planed on four sides", "and delivered to the yard"],
            ["Brass screws with slotted heads"],
            ["Beech boards of the first quality", "cut to length, packed in paper", "and sent by train"],
        ]
    ):
        y = page.table(y + 6, 13, (50, 130, -400, -500), [(f"A-{n + 1}", first, str(n + 2), f"{n + 1}84.50")])
        for line in rest:
            page.put(130, y, line)
            page.rows.append(line)
            y += 13
    return page


@_of(TUNING)
def table_in_a_column() -> Layout:
    """Two columns of prose with level lines; the left one has a small table in its midst."""
    page = Layout()
    left, right = wrapped(EN, 240), wrapped(DE * 2, 240)
    y = page.stack(50, 80, 13, left)
    table = [("Year", "Beams", "Screws"), ("2021", "14", "2,300"), ("2022", "19", "1,850"), ("2023", "11", "990")]
    y = page.table(y, 13, (50, -190, -270), table)
    page.stack(50, y, 13, wrapped(ES, 240))
    page.stack(305, 80, 13, right)
    page.order = [left[0], "2022 19 1,850", right[0]]
    return page


@_of(TUNING)
def letterhead() -> Layout:
    """Address left; right of it labels and values on lines of their own step; then prose."""
    page = Layout()
    address = ["Orchard Garden Society", "31 Orchard Way, Annexe", "Lower Melford", "Suffolk CO10 9XX"]
    page.stack(50, 90, 15, address)
    page.table(
        88,
        11,
        (380, 450),
        [("Date:", "3 May 2024"), ("Our sign:", "QX-14"), ("Phone:", "01632 960 001"), ("Page:", "1 of 2")],
        8,
    )
    page.stack(50, 220, 14, wrapped(EN, 480))
    page.order = address
    return page


@_of(UNSEEN)
def invoice_german() -> Layout:
    """The table begins right below the address; long descriptions, decimal commas, no total line apart."""
    page = Layout()
    page.stack(
        60,
        80,
        13,
        [
            "Gesangverein Eintracht e. V.",
            "z. Hd. Frau Berta Beispiel",
            "Gartenstraße 31, Hinterhaus",
            "79312 Emmendingen",
        ],
    )
    page.stack(
        360,
        80,
        13,
        ["Rechnung Nr. 2024/0815", "Lieferdatum 3. Mai 2024", "Kundennummer 4711-08", "Zahlbar in dreißig Tagen"],
    )
    rows = [
        ("Pos.", "Bezeichnung der Leistung", "Menge", "Einzelpreis", "Gesamt"),
        ("1", "Balken aus Eiche, vierseitig gehobelt", "4", "284,50", "1.138,00"),
        ("2", "Schrauben aus Messing, Schlitz", "200", "0,12", "24,00"),
        ("3", "Lieferung mit dem Lastwagen frei Haus", "1", "35,00", "35,00"),
        ("", "Rechnungsbetrag", "", "", "1.197,00"),
    ]
    page.table(150, 16, (60, 95, -350, -450, -540), rows)
    return page


@_of(UNSEEN)
def letter_spanish() -> Layout:
    """Two columns, ragged on the right, whose lines are not level."""
    page = Layout()
    left, right = paragraphs(ES * 2, 230), paragraphs(ES * 2, 215, first=1)
    page.stack(60, 90, 14, left)
    page.stack(330, 95, 13, right)
    page.order = [left[0], right[0]]
    return page


@_of(UNSEEN)
def form_french() -> Layout:
    """Labels without colons, values on dotted lines further right."""
    page = Layout()
    page.put(60, 60, "Demande de permis de construire", 16)
    pairs = [
        ("Nom de famille", "Dupont"),
        ("Prénoms", "Jeanne Marie"),
        ("Date de naissance", "14/07/1961"),
        ("Adresse du terrain", "12 rue des Lilas"),
        ("Code postal et ville", "69003 Lyon"),
        ("Surface en mètres carrés", "412,50"),
        ("Nature des travaux", "Abri de jardin"),
    ]
    page.table(110, 24, (60, 260), pairs)
    return page


@_of(UNSEEN)
def newspaper_japanese() -> Layout:
    """Three columns of level lines in a script without blanks."""
    page = Layout()
    columns = [wrapped(f"第{number}欄" + JA[n * 9 :] + JA + JA, 150) for n, number in enumerate("一二三")]
    for x, lines in zip((50, 220, 390), columns, strict=True):
        page.stack(x, 90, 15, lines)
    page.order = [lines[0] for lines in columns]
    return page


@_of(UNSEEN)
def price_list_polish() -> Layout:
    """Long names left, a price right, no third column."""
    page = Layout()
    page.put(50, 60, "Cennik materiałów ogrodowych", 18)
    names = [
        "Deska sosnowa strugana",
        "Klej do drewna wodoodporny",
        "Zawias mosiężny duży",
        "Farba zielona do płotów",
        "Kołki bukowe, opakowanie",
        "Papier ścierny drobny",
        "Wkręty do drewna długie",
        "Lakier bezbarwny matowy",
        "Pędzel płaski szeroki",
    ]
    page.table(100, 15, (50, -480), [(name, f"{7 * n + 3},{n}0 zł") for n, name in enumerate(names)])
    return page


@_of(UNSEEN)
def invoice_russian() -> Layout:
    """Cells of two lines, address and data above it on lines that are not level."""
    page = Layout()
    page.stack(50, 70, 14, ["Общество садоводов", "улица Садовая, дом 31", "город Ярославль", "индекс 150000"])
    page.stack(350, 74, 12, ["Счёт на оплату № 815", "от третьего мая 2024 года", "договор поставки 47"])
    y = page.table(160, 16, (50, -330, -430, -540), [("Наименование товара", "Количество", "Цена", "Сумма")])
    for first, second, *numbers in (
        ("Балка дубовая строганая", "с четырёх сторон", "4", "284,50", "1138,00"),
        ("Шурупы латунные", "в коробках", "200", "0,12", "24,00"),
        ("Доставка грузовиком", "до склада", "1", "35,00", "35,00"),
    ):
        y = page.table(y + 5, 12, (50, -330, -430, -540), [(first, *numbers)])
        page.put(50, y, second)
        page.rows.append(second)
        y += 12
    page.table(y + 10, 14, (350, -540), [("Всего к оплате", "1197,00")])
    return page


@_of(UNSEEN)
def article_with_list() -> Layout:
    """Two columns with level lines, headings, a list of short items left, and a footnote in the right column only."""
    page = Layout()
    page.put(120, 60, "How a bridge is mended in six days", 20)
    left = [
        "1 What is needed",
        *wrapped(EN, 240),
        "• seven oak beams",
        "• brass screws",
        "• a litre of glue",
        "• patience",
        *wrapped(EN[200:], 240),
    ]
    right = [*paragraphs(DE, 240, first=1), "2 How it is done", *paragraphs(ES, 240)]
    page.stack(50, 100, 13, left)
    y = page.stack(305, 100, 13, right)
    page.put(305, y + 20, "2 See the minutes of the meeting in May.", 8)
    page.order = [left[0], left[-1], right[0], right[-1], "2 See the minutes of the meeting in May."]
    return page


@_of(TUNING)
def members() -> Layout:
    """A list of names and addresses: two columns of words, no numbers in a column of their own."""
    page = Layout()
    names = [
        "Mrs Berta Beispiel",
        "Mr Quentin Sample",
        "Miss Oda Exempel",
        "Dr Hugo van der Proef",
        "Mrs Ines Ejemplo Ruiz",
        "Mr Jan Przykład",
        "Mr Luca Esempio",
        "Mrs Ana Exemplo",
        "Prof. Örn Dæmi",
        "Mr Timo Esimerkki",
    ]
    places = [
        "31 Orchard Way, Lower Melford",
        "7 Mill Lane",
        "The Old Rectory, High Street",
        "Quay Cottage, Pinford",
        "2 Station Approach",
        "Flat 9, Harbour House, Ipswich",
        "18 Long Row",
        "Barn End, Lavenham Road",
        "4 Priory Close",
        "Mill House",
    ]
    page.put(60, 60, "Members of the society", 16)
    page.table(100, 15, (60, 300), list(zip(names, places, strict=True)))
    return page


@_of(TUNING)
def bank_statement() -> Layout:
    """Dates, long texts and two columns of amounts, one of which is empty in each row."""
    page = Layout()
    page.stack(60, 70, 13, ["Mrs Berta Beispiel", "31 Orchard Way", "Lower Melford"])
    page.table(70, 13, (380, 470), [("Account", "00-4711-08"), ("Statement", "5 of 12"), ("Sheet", "1")])
    rows = [
        ("Date", "Details of payment", "Paid out", "Paid in"),
        ("02 May", "Direct debit for the water of the garden", "31.20", ""),
        ("07 May", "Transfer from the Melford Choral Society", "", "75.00"),
        ("11 May", "Cash machine, High Street branch", "50.00", ""),
        ("19 May", "Standing order to the timber yard", "1,197.00", ""),
        ("30 May", "Interest for the quarter", "", "0.42"),
    ]
    page.table(170, 15, (60, 120, -440, -530), rows, 9)
    return page


@_of(UNSEEN)
def invoice_chinese() -> Layout:
    """A table in a script without blanks."""
    page = Layout()
    page.stack(50, 80, 16, ["花园委员会会计办公室收", "苏州市花园路三十一号二楼", "电话号码见信纸下方"])
    page.stack(340, 80, 16, ["发票号码二〇二四〇八一五", "交货日期五月三日星期五", "付款期限为三十天以内"])
    rows = [
        ("货物名称", "数量", "单价", "金额"),
        ("刨光橡木梁四面", "4", "284.50", "1138.00"),
        ("黄铜木螺钉平头", "200", "0.12", "24.00"),
        ("卡车送货", "1", "35.00", "35.00"),
    ]
    page.table(170, 18, (50, -300, -420, -540), rows, 11)
    return page


@_of(UNSEEN)
def contents() -> Layout:
    """A table of contents: long titles, some in two lines, dots, and page numbers."""
    page = Layout()
    page.put(60, 60, "Contents", 18)
    titles = [
        "Foreword by the chairman",
        "How the old bridge was built",
        "What the floods of 1953 did to it",
        "Measures and materials of the new one",
        "The committee and its work",
        "Accounts",
    ]
    y = 100.0
    for n, title in enumerate(titles):
        dots = "." * int((420 - FONT.text_length(title, 10)) / FONT.text_length(".", 10))
        page.put(60, y, title)
        page.put(-490, y, dots)
        page.put(-530, y, str(7 + 12 * n))
        page.rows.append(f"{title} {dots} {7 + 12 * n}")
        y += 16
    return page


@_of(UNSEEN)
def timetable_greek() -> Layout:
    """Places left, four columns of times right, a footnote below."""
    page = Layout()
    rows = [
        ("Στάσεις του λεωφορείου", "Α1", "Α2", "Β1", "Β2"),
        ("Πλατεία Ελευθερίας", "6.40", "7.10", "7.40", "8.10"),
        ("Σιδηροδρομικός σταθμός", "6.52", "7.22", "7.52", "8.22"),
        ("Δημοτική βιβλιοθήκη", "7.01", "–", "8.01", "–"),
        ("Λιμάνι, αποβάθρα τρία", "7.15", "7.40", "8.15", "8.40"),
    ]
    page.put(60, 60, "Δρομολόγια του χειμώνα", 16)
    page.table(100, 17, (60, 260, 330, 400, 470), rows)
    page.put(60, 200, "Τις Κυριακές και τις αργίες τα δρομολόγια δεν εκτελούνται χωρίς προηγούμενη ανακοίνωση.", 8)
    return page


@_of(UNSEEN)
def form_in_two_halves() -> Layout:
    """Two labels and values in each row."""
    page = Layout()
    page.put(60, 60, "Anmeldung zur Mitgliedschaft", 16)
    rows = [
        ("Nachname:", "Beispiel", "Vorname:", "Berta"),
        ("Geburtsdatum:", "14.07.1961", "Geburtsort:", "Emmendingen"),
        ("Straße und Hausnummer:", "Gartenstraße 31", "Postleitzahl:", "79312"),
        ("Telefonnummer:", "01632 960001", "Beitrag:", "24,00 €"),
    ]
    for n, row in enumerate(rows):
        for x, cell in zip((60, 180, 320, 420), row, strict=True):
            page.put(x, 100 + 20 * n, cell)
    page.order = []
    page.pairs = [f"{label} {value}" for row in rows for label, value in (row[:2], row[2:])]
    return page


@_of(UNSEEN)
def article_and_table() -> Layout:
    """Two columns of prose, below them a table over the whole width, then two columns again."""
    page = Layout()
    page.stack(50, 70, 13, above_left := wrapped(EN[:330], 240))
    page.stack(305, 70, 13, above_right := wrapped(DE[:330], 240))
    rows = [
        ("Part of the bridge", "Length in m", "Weight in kg", "Age"),
        ("Main beam of oak", "7.20", "310", "88"),
        ("Rail on the left side", "7.40", "42", "12"),
        ("Rail on the right side", "7.40", "42", "3"),
    ]
    page.table(190, 14, (50, -300, -420, -545), rows)
    page.stack(50, 270, 13, below_left := wrapped(ES, 240))
    page.stack(305, 270, 13, below_right := wrapped(EN[100:430], 240))
    page.order = [above_left[0], above_right[0], rows[1][0] + " 7.20 310 88", below_left[0], below_right[0]]
    return page


ALL = {**TUNING, **UNSEEN}
"""All layouts by name."""
