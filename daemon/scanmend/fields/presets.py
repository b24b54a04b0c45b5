"""The presets ``invoice`` and ``receipt``: their fields, and how these are labelled in six languages.

English, German, French, Spanish, Italian and Dutch; the words are those that invoices and receipts print.
"""

from scanmend.fields.specs import FieldSpec


def _labels(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text.split("|") if part.strip())


DATE = _labels("""
    date | dated | invoice date | date of invoice | bill date | receipt date | issue date | date issued | date
    of issue | tax point | document date | datum | rechnungsdatum | ausstellungsdatum | belegdatum | date de
    facture | date facture | date de la facture | date d'émission | facture du | fecha | fecha de factura |
    fecha factura | fecha de emisión | data | data fattura | data documento | data emissione | del |
    factuurdatum | datum factuur | invoice date:
""")
NO_DATE = _labels("""
    due date | due | payment due | pay by | due by | delivery date | order date | ship date | valid until |
    expiry date | date of birth | period | fällig | fälligkeitsdatum | zahlbar bis | fällig am | lieferdatum |
    leistungsdatum | bestelldatum | auftragsdatum | échéance | date d'échéance | date limite de paiement |
    date de livraison | date de commande | vencimiento | fecha de vencimiento | fecha de entrega | fecha de
    pedido | scadenza | data scadenza | data consegna | vervaldatum | uiterste betaaldatum | leverdatum |
    besteldatum | orderdatum
""")
NUMBER = _labels("""
    invoice number | invoice no | invoice no. | invoice # | invoice | inv no | inv # | inv no. | bill no |
    bill number | tax invoice no | document no | doc no | rechnungsnummer | rechnungs-nr | rechnung nr |
    rechnung nr. | rechnung | rechnungsnr | belegnummer | beleg-nr | facture n° | facture no | facture numéro
    | n° facture | n° de facture | numéro de facture | facture | factura | factura nº | factura n | nº factura
    | número de factura | nº de factura | fattura | fattura n. | fattura n | numero fattura | fattura nr |
    documento n | factuurnummer | factuur nr | factuur nr. | factuurnr
""")
RECEIPT_NUMBER = _labels("""
    receipt no | receipt number | receipt # | receipt | bill no | bill # | cash bill | check | chk | slip no |
    trans no | bon-nr | bon nr | bonnr | bon-nr. | beleg-nr | belegnummer | quittung nr | ticket no | ticket
    n° | ticket | n° ticket | ticket n. | scontrino n. | scontrino | documento n. | bon | bonnummer | kassabon
""")
NO_NUMBER = _labels("""
    customer no | customer number | customer no. | customer id | account no | account number | order no |
    order number | po number | vat number | vat no | vat reg no | gst no | gst id | gst id no | gst reg no |
    company reg no | co reg no | reg no | registration no | tax id | tel | telephone | phone | fax | page |
    kundennummer | kunden-nr | auftragsnummer | bestellnummer | ust-idnr | ust-idnr. | ust-id | steuernummer |
    telefon | seite | client n° | n° client | code client | numéro de client | n° commande | n° tva | tva
    intracommunautaire | siret | siren | rcs | tél | cliente | nº cliente | pedido | nif | cif | teléfono |
    codice cliente | ordine n | partita iva | p.iva | codice fiscale | klantnummer | klantnr | ordernummer |
    bestelnummer | btw-nummer | btw nummer | btw nr | kvk | kvk-nummer | iban | bic | member | membership no |
    table | cashier | kasse | caisse | caja | cassa | kassa | machine | terminal | pos
""")
TOTAL = _labels("""
    total | grand total | total due | amount due | balance due | total amount | total payable | amount payable
    | net total | nett total | total incl | total incl. | total incl vat | total incl. vat | total incl gst |
    total incl. gst | total inclusive of gst | total inclusive gst | total (incl gst) | total (inclusive of
    gst) | total sales | total sales incl gst | total sales inclusive gst | total sales (inclusive gst) |
    total sales (inclusive of gst) | total rounded | total amt rounded | final total | total after adj incl
    gst | invoice total | to pay | total to pay | total rm | takeout total | eat-in total | eat-in total (incl
    gst) | takeout total (incl gst) | total eur | total € | summe | summe eur | gesamt | gesamtbetrag |
    gesamtsumme | rechnungsbetrag | endbetrag | endsumme | bruttobetrag | zu zahlen | zu zahlender betrag |
    zahlbetrag | gesamt brutto | gesamtbetrag brutto | total brutto | rechnungssumme | total ttc | montant ttc
    | total à payer | net à payer | montant total | montant à payer | total t.t.c. | somme à payer | total a
    pagar | importe total | total factura | total iva incluido | a pagar | totale | totale euro | totale
    fattura | totale documento | totale complessivo | importo totale | totale da pagare | da pagare | netto a
    pagare | totaal | totaal eur | totaalbedrag | te betalen | totaal te betalen | totaal incl. btw | totaal
    incl btw | eindtotaal | factuurbedrag | factuurtotaal | total general
""")
NO_TOTAL = _labels("""
    subtotal | sub total | sub-total | total excl | total excl. | total excl of gst | total excl. of gst |
    total excluding gst | total (excluding gst) | total sales (excluding gst) | total gst | total tax | total
    vat | total qty | total quantity | total items | total item | total item(s) | total discount | total
    savings | points | total includes | gst payable | gst summary | net amount | tax | vat | gst | cash |
    change | change due | cash received | cash tendered | tendered | payment | paid | rounding | round adj |
    rounding adj | discount | service charge | zwischensumme | nettobetrag | netto | nettosumme | mwst | mwst.
    | ust | mehrwertsteuer | summe netto | gesamt netto | gesamtbetrag netto | bar | gegeben | rückgeld |
    rabatt | total ht | montant ht | total h.t. | sous-total | tva | total tva | montant tva | remise |
    espèces | rendu | monnaie | base imponible | iva | subtotal | cuota iva | efectivo | entregado | cambio |
    descuento | imponibile | totale imponibile | totale iva | contanti | resto | sconto | subtotale |
    subtotaal | btw | totaal excl. btw | totaal excl btw | totaal btw | contant | wisselgeld | korting | terug
    | exclusief btw | incl. thuiskopieheffing | gesamtgewicht | total weight
""")
TAX = _labels("""
    vat | tax | gst | sales tax | vat amount | total vat | total gst | total tax | gst payable | mwst | mwst.
    | ust | mehrwertsteuer | umsatzsteuer | mwst-betrag | tva | total tva | montant tva | iva | cuota iva |
    importe iva | totale iva | btw | btw-bedrag | totaal btw
""")
NET = _labels("""
    net | net amount | subtotal | sub total | net total | total excl vat | total excl. vat | total excl. of
    gst | nettobetrag | netto | summe netto | nettosumme | gesamt netto | total ht | montant ht | total h.t. |
    sous-total | base imponible | imponibile | totale imponibile | subtotale | subtotaal | totaal excl. btw |
    exclusief btw
""")
DUE = _labels("""
    due date | payment due | due | pay by | due by | zahlbar bis | fällig am | fälligkeitsdatum | échéance |
    date d'échéance | date limite de paiement | vencimiento | fecha de vencimiento | scadenza | data scadenza
    | vervaldatum | uiterste betaaldatum
""")
VAT = _labels("""
    vat number | vat no | vat reg no | vat id | vat | ust-idnr | ust-idnr. | ust-id | ust-id-nr. | uid | n°
    tva | tva intracommunautaire | numéro de tva | nif | cif | nif-iva | partita iva | p.iva | btw-nummer |
    btw nummer | btw nr | btw
""")
CUSTOMER = _labels("""
    bill to | bill to: | invoice to | sold to | ship to | customer | rechnung an | rechnung an: | kunde |
    empfänger | facturé à | facturé à : | client | adressé à | destinataire | facturar a | cliente |
    destinatario | spett.le | factuur aan | factuur aan: | klant
""")
"""Labels of those whom an invoice is to: whoever stands below them has not written it."""

_DATE = FieldSpec("date", "date", DATE, NO_DATE, required=True, weighed_as="document_date")
_TOTAL = FieldSpec("total", "amount", TOTAL, NO_TOTAL, required=True, weighed_as="total")
_VENDOR = FieldSpec("vendor", "company", against=CUSTOMER)
_COMPANY = FieldSpec("company", "company", against=CUSTOMER, required=True)

INVOICE = (
    FieldSpec("number", "number", NUMBER, NO_NUMBER, required=True),
    _DATE,
    FieldSpec("due_date", "date", DUE, DATE),
    _VENDOR,
    FieldSpec("vat_id", "vat_id", VAT, CUSTOMER),
    FieldSpec("net", "amount", NET, tuple(sorted({*TOTAL, *TAX} - set(NET)))),
    FieldSpec("tax", "amount", TAX, tuple(sorted({*TOTAL, *NET, *VAT} - set(TAX)))),
    _TOTAL,
    FieldSpec("currency", "currency"),
    FieldSpec("iban", "iban", ("iban",)),
)
"""What an invoice says."""
RECEIPT = (
    _COMPANY,
    _DATE,
    _TOTAL,
    FieldSpec("currency", "currency"),
    FieldSpec("number", "number", tuple(dict.fromkeys((*RECEIPT_NUMBER, *NUMBER))), NO_NUMBER),
    FieldSpec("address", "address", against=CUSTOMER),
)
"""What a receipt says."""
PRESETS = {"invoice": INVOICE, "receipt": RECEIPT}
"""Presets by their names in the configuration."""
