"""What the drawn receipts and invoices sell, and the words that they print around it, by language."""

from collections.abc import Mapping
from random import Random

from drawn_pages.text.money import Item
from drawn_pages.text.tongue import listed

GOODS: Mapping[str, list[str]] = {
    "en": listed("""
        Brown bread 400g | Fresh milk 2L | Orange juice | Copy paper A4 | Ball pen blue | Light bulb 60W |
        Washing powder | Paint brush 50mm | Rice 5kg | Green tea | Wall plugs 8mm | Batteries AA x4 |
        Garden gloves | Chicken wings | Notebook A5 | Steel screws 4x40 | Hand soap | Cable ties 200 | Sandwich |
        Mineral water
    """),
    "de": listed("""
        Roggenbrot 750g | Vollmilch 3,5% | Orangensaft | Kopierpapier A4 | Kugelschreiber | Glühlampe 60W |
        Waschmittel | Pinsel 50mm | Langkornreis | Grüner Tee | Dübel 8mm | Batterien AA | Gartenhandschuhe |
        Hähnchenkeule | Schreibheft A5 | Schrauben 4x40 | Seife | Kabelbinder | Müsli 500g | Äpfel 1kg
    """),
    "fr": listed("""
        Pain de campagne | Lait entier 1L | Jus d'orange | Papier A4 | Stylo bleu | Ampoule 60W | Lessive |
        Pinceau 50mm | Riz long 1kg | Thé vert | Chevilles 8mm | Piles AA x4 | Gants de jardin | Poulet rôti |
        Cahier A5 | Vis acier 4x40 | Savon | Café moulu | Crème fraîche | Pâtes 500g
    """),
    "es": listed("""
        Pan de centeno | Leche entera 1L | Zumo de naranja | Papel A4 | Bolígrafo azul | Bombilla 60W | Detergente |
        Brocha 50mm | Arroz 1kg | Té verde | Tacos 8mm | Pilas AA x4 | Guantes jardín | Pollo asado | Cuaderno A5 |
        Tornillos 4x40 | Jabón | Café molido | Piñones | Agua mineral
    """),
    "it": listed("""
        Pane integrale | Latte intero 1L | Succo arancia | Carta A4 | Penna blu | Lampadina 60W | Detersivo |
        Pennello 50mm | Riso 1kg | Tè verde | Pile AA x4 | Caffè macinato | Acqua minerale | Prosciutto |
        Quaderno A5
    """),
    "nl": listed("""
        Volkorenbrood | Halfvolle melk | Sinaasappelsap | Kopieerpapier | Balpen blauw | Gloeilamp 60W | Wasmiddel |
        Kwast 50mm | Rijst 1kg | Groene thee | Batterijen AA | Koffie gemalen | Schrift A5 | Schroeven 4x40 |
        Jonge kaas
    """),
}

RECEIPT: Mapping[str, dict[str, str]] = {
    "en": {
        "number": "RECEIPT NO",
        "date": "DATE",
        "till": "CASHIER",
        "head": "DESCRIPTION",
        "qty": "QTY",
        "price": "PRICE",
        "amount": "AMOUNT",
        "subtotal": "SUB TOTAL",
        "tax": "GST",
        "total": "TOTAL",
        "cash": "CASH",
        "change": "CHANGE",
        "items": "ITEMS",
        "thanks": "THANK YOU|PLEASE COME AGAIN|GOODS SOLD ARE NOT RETURNABLE",
    },
    "de": {
        "number": "BON-NR.",
        "date": "DATUM",
        "till": "KASSE",
        "head": "ARTIKEL",
        "qty": "MENGE",
        "price": "PREIS",
        "amount": "BETRAG",
        "subtotal": "ZWISCHENSUMME",
        "tax": "MWST",
        "total": "SUMME EUR",
        "cash": "BAR",
        "change": "RÜCKGELD",
        "items": "POSTEN",
        "thanks": "VIELEN DANK|AUF WIEDERSEHEN|BITTE BELEG AUFBEWAHREN",
    },
    "fr": {
        "number": "TICKET NO",
        "date": "DATE",
        "till": "CAISSE",
        "head": "ARTICLE",
        "qty": "QTE",
        "price": "PRIX",
        "amount": "MONTANT",
        "subtotal": "SOUS-TOTAL",
        "tax": "TVA",
        "total": "TOTAL TTC",
        "cash": "ESPECES",
        "change": "RENDU",
        "items": "ARTICLES",
        "thanks": "MERCI DE VOTRE VISITE|A BIENTOT|CONSERVEZ VOTRE TICKET",
    },
    "es": {
        "number": "TICKET N.",
        "date": "FECHA",
        "till": "CAJA",
        "head": "ARTICULO",
        "qty": "CANT",
        "price": "PRECIO",
        "amount": "IMPORTE",
        "subtotal": "SUBTOTAL",
        "tax": "IVA",
        "total": "TOTAL EUR",
        "cash": "EFECTIVO",
        "change": "CAMBIO",
        "items": "ARTICULOS",
        "thanks": "GRACIAS POR SU VISITA|CONSERVE ESTE TICKET",
    },
    "it": {
        "number": "SCONTRINO N.",
        "date": "DATA",
        "till": "CASSA",
        "head": "DESCRIZIONE",
        "qty": "QTA",
        "price": "PREZZO",
        "amount": "IMPORTO",
        "subtotal": "SUBTOTALE",
        "tax": "IVA",
        "total": "TOTALE EURO",
        "cash": "CONTANTI",
        "change": "RESTO",
        "items": "ARTICOLI",
        "thanks": "GRAZIE E ARRIVEDERCI|DOCUMENTO COMMERCIALE",
    },
    "nl": {
        "number": "BON NR",
        "date": "DATUM",
        "till": "KASSA",
        "head": "ARTIKEL",
        "qty": "AANTAL",
        "price": "PRIJS",
        "amount": "BEDRAG",
        "subtotal": "SUBTOTAAL",
        "tax": "BTW",
        "total": "TOTAAL EUR",
        "cash": "CONTANT",
        "change": "WISSELGELD",
        "items": "STUKS",
        "thanks": "BEDANKT EN TOT ZIENS|BEWAAR UW BON",
    },
}

INVOICE: Mapping[str, dict[str, str]] = {
    "en": {
        "invoice": "INVOICE",
        "number": "Invoice number",
        "date": "Invoice date",
        "due": "Payment due",
        "customer": "Customer no.",
        "to": "Bill to:",
        "pos": "No.",
        "what": "Description",
        "qty": "Qty",
        "price": "Unit price",
        "amount": "Amount",
        "net": "Subtotal",
        "tax": "VAT",
        "total": "Total due",
        "vat": "VAT number",
        "bank": "Bank",
        "thanks": "Please pay within 30 days without deduction. Goods remain ours until paid in full.",
    },
    "de": {
        "invoice": "RECHNUNG",
        "number": "Rechnungsnummer",
        "date": "Rechnungsdatum",
        "due": "Zahlbar bis",
        "customer": "Kundennummer",
        "to": "Rechnung an:",
        "pos": "Pos.",
        "what": "Bezeichnung",
        "qty": "Menge",
        "price": "Einzelpreis",
        "amount": "Betrag",
        "net": "Nettobetrag",
        "tax": "MwSt.",
        "total": "Gesamtbetrag",
        "vat": "USt-IdNr.",
        "bank": "Bankverbindung",
        "thanks": "Zahlbar innerhalb von 30 Tagen ohne Abzug. Bis zur Bezahlung bleibt die Ware unser Eigentum.",
    },
    "fr": {
        "invoice": "FACTURE",
        "number": "Facture n°",
        "date": "Date",
        "due": "Échéance",
        "customer": "Client n°",
        "to": "Facturé à :",
        "pos": "N°",
        "what": "Désignation",
        "qty": "Qté",
        "price": "Prix unitaire",
        "amount": "Montant",
        "net": "Total HT",
        "tax": "TVA",
        "total": "Total TTC",
        "vat": "N° TVA",
        "bank": "Banque",
        "thanks": "Paiement sous 30 jours, sans escompte. Elles restent notre propriété jusqu’au paiement intégral.",
    },
    "nl": {
        "invoice": "FACTUUR",
        "number": "Factuurnummer",
        "date": "Factuurdatum",
        "due": "Vervaldatum",
        "customer": "Klantnummer",
        "to": "Factuur aan:",
        "pos": "Nr.",
        "what": "Omschrijving",
        "qty": "Aantal",
        "price": "Prijs",
        "amount": "Bedrag",
        "net": "Subtotaal",
        "tax": "BTW",
        "total": "Totaal",
        "vat": "BTW-nummer",
        "bank": "Bank",
        "thanks": "Gelieve binnen 30 dagen te betalen. De goederen blijven ons eigendom tot de volledige betaling.",
    },
}


def basket(rng: Random, code: str, count: int, most_cents: int) -> list[Item]:
    """Return things to sell, at prices that end as prices do."""
    names = rng.sample(GOODS[code], min(count, len(GOODS[code])))
    return [Item(name, rng.choice((1, 1, 1, 2, 2, 3, 4, 6, 10, 12)), price(rng, most_cents)) for name in names]


def price(rng: Random, most_cents: int) -> int:
    """Return a price in hundredths, cheap ones more often."""
    cents = int(most_cents * rng.random() ** 2) + 45
    return max(1, cents // 100) * 100 + rng.choice((0, 5, 9, 20, 25, 45, 49, 50, 75, 80, 90, 95, 99))
