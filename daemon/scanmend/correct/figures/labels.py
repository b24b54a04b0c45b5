"""Labels: what words such as ``Total``, ``MwSt`` or ``rendu`` say about the numbers beside or below them.

English, German, French, Spanish, Dutch and Italian; accents and case do not matter.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

Role = Literal[
    "quantity", "price", "amount", "total", "subtotal", "net", "tax", "gross", "discount", "rounding", "cash", "change",
    "including", "excluding", "tax_id", "article_id", "siren", "siret", "contained",
]  # fmt: skip
"""What a label makes of the numbers that it stands for."""

_WORDS: dict[Role, str] = {
    "quantity": """qty qnty quantity menge anzahl stuck stk quantite qte nombre cantidad cant uds aantal hoeveelheid
        quantita pezzi items item units unit(s) item(s) qty(s)""",
    "price": """price unit-price u.price unitprice einzelpreis preis stuckpreis e-preis prix pu p.u. precio prijs
        stukprijs prezzo each vk-preis rate""",
    "amount": """amount amt betrag gesamtpreis zeilenbetrag montant importe bedrag importo extension value wert""",
    "total": """total totals gesamt gesamtbetrag gesamtsumme rechnungsbetrag endbetrag endsumme summe totaal
        totaalbedrag totale ttl due payable pay zahlen zahlbetrag payer betalen pagare pagar balance saldo somme grand
        factuurbedrag eindtotaal complessivo""",
    "subtotal": """subtotal sub-total zwischensumme sous-total soustotal subtotaal subtotale parcial tussentotaal""",
    "net": """net nett netto nettobetrag nettosumme ht h.t. hors imponibile exkl exclusief excl grondslag base neto
        warenwert taxable""",
    "tax": """tax vat gst sst mwst mwst. ust ust. ust-betrag mehrwertsteuer umsatzsteuer steuer tva t.v.a. taxe taxes
        iva i.v.a. btw impuesto imposta igic srv svc""",
    "gross": """gross brutto bruttobetrag ttc t.t.c. bruto lordo""",
    "discount": """discount disc rabatt skonto nachlass remise reduction ristourne descuento dto korting sconto
        less saving savings coupon voucher""",
    "rounding": """rounding round rounded rnd rundung arrondi redondeo afronding arrotondamento adj adjustment""",
    "cash": """cash tendered tender received payment paid bar gegeben gegebenbar bargeld erhalten especes recu efectivo
        entregado contant ontvangen contanti ricevuto visa mastercard maestro ec-karte karte card carte tarjeta pin""",
    "change": """change ruckgeld zuruck wechselgeld rendu monnaie cambio vuelta wisselgeld terug resto""",
    "including": """incl including inclusive inc inkl inklusive inclus incluido inclusief compris
        inclusa compreso enthalten""",
    "excluding": """excl excluding exclusive exkl exklusive ohne exclus exclusief escluso sin""",
    "contained": "included includes enthalten enthaltene enthalt dont incluse inbegrepen",
    "tax_id": """vat ust-id ust-idnr ust-idnr. ustid ust-id-nr uid uid-nr tva btw iva nif cif btw-nr btw-nummer
        p.iva partita mwst-nr intra intracommunautaire""",
    "article_id": "ean ean-13 gtin barcode strichcode upc",
    "siren": "siren rcs",
    "siret": "siret",
}
_PHRASES: dict[Role, tuple[str, ...]] = {
    "subtotal": ("sub total", "sous total"),
    "total": ("zu zahlen", "a payer", "te betalen", "da pagare", "a pagar", "amount due"),
    "price": ("unit price", "prix unitaire", "prezzo unitario", "precio unitario", "per stuk"),
    "cash": ("montant donne",),
}
_EDGES = ".,:;()[]{}*#|=-_'\""
_ROLES: dict[str, tuple[Role, ...]] = {}
for _role, _words in _WORDS.items():
    for _word in _words.split():
        _ROLES[_word] = (*_ROLES.get(_word, ()), _role)


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Return a word without accents, case and the marks at its ends."""
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold().strip(_EDGES)


def roles(words: Iterable[str]) -> frozenset[Role]:
    """Return every role that the words of one label name, single words and phrases."""
    folded = [fold(word) for word in words]
    found = {role for word in folded for part in (word, *re.split(r"[/&(]", word)) for role in _ROLES.get(part, ())}
    text = f" {' '.join(folded)} "
    found.update(role for role, phrases in _PHRASES.items() if any(f" {phrase} " in text for phrase in phrases))
    return frozenset(found)


def row_role(found: frozenset[Role]) -> Role | None:  # noqa: C901, PLR0911 -- one rule, one return
    """Return the one role that a row's label gives to its last number, from all roles that its words name.

    ``Total GST`` is a tax, ``Total incl. GST`` a total, ``Total excl. GST`` a net sum, ``Total quantity`` a quantity.
    """
    if "rounding" in found:
        return None if "total" in found else "rounding"
    if "subtotal" in found:
        return "subtotal"
    if "change" in found:
        return "change"
    if "cash" in found and "total" not in found:
        return "cash"
    if "discount" in found:
        return "discount"
    if "excluding" in found:
        return "net"
    if {"tax", "contained"} <= found:
        return "tax"
    if "total" in found and found & {"including", "gross"}:
        return "total"
    if "tax" in found:
        return "tax"
    if "quantity" in found:
        return "quantity"
    if found & {"total", "gross"}:
        return "total"
    return "net" if "net" in found else None
