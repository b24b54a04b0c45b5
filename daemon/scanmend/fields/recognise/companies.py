"""Recognises what can be the name of the company that a document is from: lines at its head, and legal forms."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanmend.correct.figures.labels import fold
from scanmend.fields.recognise.page_text import PageText, TextWord, joined

MAX_ROWS = 14
"""Rows from the top in which any line can be a name; further down only one with a legal form."""
NAME_GAP = 3.0
"""Widest blank within a name, in word heights: receipt printers set names in wide letters."""
SMALL_JOIN = 1.4
"""Two rows are one name only where neither is so many times higher than the other."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LEGAL_FORM = re.compile(
    r"\b(?:gmbh(?: ?& ?co\.? ?kg)?|mbh|ag|kg|ohg|e\.? ?k\.?|ug|se|ltd|limited|llc|llp|plc|inc|corp|sarl"
    r"|s\.? ?[àa]\.? ?r\.? ?l\.?|sas|sasu|s\.? ?a\.? ?s\.?|s\.? ?a\.?|eurl|sci|s\.? ?l\.?(?: ?u\.?)?|s\.? ?r\.? ?l\.?"
    r"|s\.? ?p\.? ?a\.?|b\.? ?v\.?|n\.? ?v\.?|v\.? ?o\.? ?f\.?|sdn\.? ?b[hn]d|s/b|bhd|pte|pty|oy|ab|aps|a/s|as"
    r"|sp\.? ?z ?o\.? ?o)\.?(?=\W|$)",
    re.IGNORECASE,
)
"""Legal forms of companies, in the countries of the presets' languages and beyond."""
REGISTRATION = re.compile(
    r"\s*[(\[]\s*(?:co\.?\s*(?:reg|no)\.?\s*)?[\dA-Z]{0,3}[\d ]{4,}\s?-?\s?[A-Z]?\s*[)\]].*$", re.IGNORECASE
)
"""Finds a company's registration number behind its name, as in ``AEON CO. (M) BHD (126926-H)``."""
_TRADES = _words("""
    shop store stores mart market supermarket restaurant restoran cafe coffee bakery bakeries trading
    enterprise enterprises hardware stationery electrical pharmacy book books supplies supply foods food
    services garden centre center office family company co group hotel bar kedai perniagaan kitchen boutique
    motor auto electronics eisenwaren backerei buchhandlung handels gartnerei lebensmittel burobedarf apotheke
    metzgerei fournitures quincaillerie boulangerie librairie negoce jardinerie epicerie pharmacie suministros
    ferreteria panaderia libreria comercial jardineria alimentacion farmacia forniture ferramenta panificio
    alimentari caffe kantoorartikelen ijzerwaren bakkerij boekhandel tuincentrum supermarkt industries
    international technologies solutions systems bank telecom
""")
"""Words of companies' names, folded."""
PLACES = _words("""
    street road lane avenue square way jalan jln lot taman bandar floor level no kuala lumpur selangor johor
    str strasse weg platz allee gasse rue place quai chemin boulevard bp cedex calle plaza avenida via piazza
    corso viale straat plein kade postbus box tingkat block suite building unit city town
""")
"""Words of addresses, folded."""
OTHER = _words("""
    tel telephone phone fax mobile whatsapp email e-mail www http gst vat tva mwst btw iva ust-idnr reg
    invoice receipt rechnung facture factuur fattura factura ticket bon date datum fecha data cashier kasse
    caisse caja cassa kassa table order total cash change thank thanks welcome bill customer kunde client
    klant page seite pagina tax siret siren rcs kvk iban bic swift subtotal amount qty price description
    document quittung quotation copy original
""")
"""Words that name anything but a company, folded."""
POSTCODE = re.compile(r"\b\d{4,5}\b|\b[A-Z]{1,2}\d{1,2}[A-Z]? ?\d[A-Z]{2}\b")


@dataclass(frozen=True, slots=True)
class CompanySpan:
    """A line, or two, that can be a company's name."""

    words: tuple[TextWord, ...]
    text: str
    """Without registration number and marks at its ends."""
    order: int
    """Which candidate of the page it is, from the top."""
    rows: int


def find_companies(page: PageText) -> list[CompanySpan]:
    """Return the lines that can be a company's name, from the top."""
    lines: list[tuple[TextWord, ...]] = []
    for row in range(len(page.rows)):
        for block in page.blocks(row, NAME_GAP):
            text = joined(block)
            letters = sum(c.isalpha() for c in text)
            if letters >= 3 and (row < MAX_ROWS or legal_form(text)):  # noqa: PLR2004 -- the shortest names
                lines.append(block)
    lines = sorted((*lines, *_torn_lines(page)), key=lambda line: (line[0].row, line[0].spot.left))
    out: list[CompanySpan] = []
    for i, line in enumerate(lines):
        out += _spans([line], i)
        if i + 1 < len(lines) and _may_join(line, lines[i + 1]):
            out += _spans([line, lines[i + 1]], i)
    return out


def _torn_lines(page: PageText) -> Iterator[tuple[TextWord, ...]]:
    """Yield the lines at the head of a page whose words, large and askew, came to stand in two rows."""
    by_line: dict[int, list[TextWord]] = {}
    for word in (word for row in page.rows[:MAX_ROWS] for word in row):
        by_line.setdefault(word.line, []).append(word)
    for line in by_line.values():
        if len({word.row for word in line}) > 1 and all(word.height > page.height for word in line):
            yield tuple(sorted(line, key=lambda word: word.spot.left))


def _spans(lines: Sequence[tuple[TextWord, ...]], order: int) -> Iterator[CompanySpan]:
    words = tuple(word for line in lines for word in line)
    while words and not any(c.isalnum() for c in words[0].text):
        words = words[1:]
    while words and not any(c.isalnum() or c == "&" for c in words[-1].text):
        words = words[:-1]
    if not words:
        return
    text = joined(words)
    short = REGISTRATION.sub("", text).rstrip(" |,;:-")
    kept: list[TextWord] = []
    for word in words:
        if len(joined([*kept, word])) > len(short) + 1 and kept:
            break
        kept.append(word)
    if (found := joined(kept).strip(" |*#=~_,;:-“”\"'")) and sum(c.isalpha() for c in found) >= 3:  # noqa: PLR2004
        yield CompanySpan(tuple(kept), found, order, len(lines))


def legal_form(text: str) -> bool:
    """Whether a text ends with, or holds, a company's legal form, behind a name."""
    return any(m.start() > 2 for m in _LEGAL_FORM.finditer(text))  # noqa: PLR2004


def traits(span: CompanySpan, page: PageText) -> dict[str, float]:
    """Return what a line's own words and place say of its being a name."""
    folded = [fold(word) for word in re.split(r"[\s/]+", span.text)]
    letters = [c for c in span.text if c.isalpha()]
    row = span.words[0].row
    below = " ".join(joined(r) for r in page.rows[span.words[-1].row + 1 : span.words[-1].row + 3])
    height = sum(w.height for w in span.words) / len(span.words)
    return {
        "legal_form": float(legal_form(span.text)),
        "trade": float(any(word in _TRADES for word in folded)),
        "place_words": float(any(word in PLACES for word in folded)),
        "other_words": float(any(word in OTHER or word.startswith("www") for word in folded)),
        "digits": min(1.0, sum(c.isdigit() for c in span.text) / 4),
        "postcode": float(bool(POSTCODE.search(span.text))),
        "capitals": sum(c.isupper() for c in letters) / max(1, len(letters)),
        "top": max(0.0, 1 - row / 8),
        "first": float(span.order == 0),
        "large": max(-1.0, min(2.0, height / page.height - 1)),
        "one_word": float(len(span.words) == 1),
        "two_rows": float(span.rows == 2),  # noqa: PLR2004
        "open_end": float(span.text.endswith(("&", "-", ","))),
        "odd_marks": float(any(c in "*#=~|<>{}@_%" for c in span.text)),
        "address_below": float(bool(POSTCODE.search(below)) or any(fold(w) in PLACES for w in below.split())),
        "registration": float(bool(REGISTRATION.search(joined(page.rows[row]))) or bool(REGISTRATION.match(below))),
        "lower_half": float(row > len(page.rows) / 2),
    }


def _may_join(one: Sequence[TextWord], two: Sequence[TextWord]) -> bool:
    """Whether two lines can be one name: the second stands right below, as high, and holds no digits."""
    high = sorted((max(w.height for w in one), max(w.height for w in two)))
    apart = two[0].spot.middle - one[0].spot.middle
    return (
        two[0].row - one[0].row == 1
        and high[1] <= SMALL_JOIN * high[0]
        and apart <= 3 * high[1]
        and not any(c.isdigit() for w in (*one, *two) for c in w.text)
    )
