"""German phrases for the drawn pages."""

from drawn_pages.text.tongue import Tongue, listed

ACTORS = listed("""
    m Ausschuss | f Sekretärin | m Bürgermeister | f Gemeinde | m Händler | f Lehrerin | m Gärtner | f Behörde |
    m Vorstand | f Firma | m Schreiber | f Nachbarin | m Besucher | f Gesellschaft | m Kapitän | f Bäuerin |
    m Richter | f Ärztin | m Verleger | f Kommission | m Mieter | f Prüferin | m Baumeister | f Witwe | n Gericht |
    n Ministerium | n Mitglied | n Büro
""")
THINGS = listed("""
    m Bericht | f Brücke | n Gebäude | m Vertrag | f Maschine | n Fenster | m Garten | f Rechnung | n Schreiben |
    m Vorschlag | f Sammlung | n Lager | m Bahnhof | f Bibliothek | n Grundstück | m Schrank | f Werkstatt |
    n Theater | m Hafen | f Zeitung | n Zimmer | m Fahrplan | f Vereinbarung | n Verzeichnis | m Zaun | f Straße |
    n Dach | m Kostenvoranschlag | f Küche | n Möbelstück | m Schlüssel | f Übersicht | n Geschäft | m Fußboden
""")
QUALITIES = listed("""
    alt | neu | ganz | früher | berühmt | schmal | hölzern | ruhig | merkwürdig | vorzüglich | unvollendet |
    gewöhnlich | großzügig | zerbrochen | nördlich | getrennt | fürchterlich | günstig | übrig | öffentlich |
    künftig | sorgfältig | bescheiden | bemerkenswert
""")
VERBS = listed("""
    prüfte prüfen | beschrieb beschreiben | erwähnte erwähnen | verließ verlassen | kaufte kaufen |
    vermaß vermessen | verteidigte verteidigen | besichtigte besichtigen | bewunderte bewundern |
    entdeckte entdecken | vernachlässigte vernachlässigen | verschob verschieben | empfahl empfehlen |
    genehmigte genehmigen | vergaß vergessen | begleitete begleiten | bezahlte bezahlen | überwachte überwachen |
    veröffentlichte veröffentlichen | beschädigte beschädigen | verkaufte verkaufen | wünschte wünschen
""")
NOMINATIVE = {"m": "der", "f": "die", "n": "das"}
ACCUSATIVE = {"m": "den", "f": "die", "n": "das"}
ENDING = {"m": "en", "f": "e", "n": "e"}

GERMAN = Tongue(
    code="de",
    tesseract="deu",
    subjects=[
        f"{NOMINATIVE[n[0]]} {q}e {n[2:]}" if (i + j) % 5 == 0 else f"{NOMINATIVE[n[0]]} {n[2:]}"
        for i, n in enumerate(ACTORS)
        for j, q in enumerate(QUALITIES[:20])
        if (i + j) % 5 < 2
    ],
    objects=[
        f"{ACCUSATIVE[n[0]]} {q}{ENDING[n[0]]} {n[2:]}"
        for i, n in enumerate(THINGS)
        for j, q in enumerate(QUALITIES)
        if (i + j) % 3 == 0
    ],
    verbs=[v.split()[0] for v in VERBS],
    to_do=[v.split()[1] for v in VERBS],
    where=listed("""
        am Ufer des Flusses | im Dorf | mit großer Geduld | ohne jede Warnung | hinter der Kirche |
        am Rande des Waldes | unter dem Dach | gegen jeden Rat | in der Nähe des Marktes | im Namen der Mitglieder |
        trotz des Wetters | durch die offene Tür | mit Hilfe zweier Freunde | unter erheblichen Kosten |
        an der nördlichen Küste | in schlichten Worten | zwischen den beiden Häusern | über den Platz hinweg |
        zur Zufriedenheit aller
    """),
    when=listed("""
        im Frühjahr {year} | am folgenden Morgen | vor Ende des Monats | nach einem langen Winter |
        seit mehr als {n} Jahren | gegen Abend | im Sommer {year} | einige Wochen später | um halb neun |
        jeden zweiten Donnerstag | seit {year} | vor wenigen Tagen | bis zum Herbst | innerhalb von {n} Tagen |
        zu Beginn des Jahres
    """),
    asides=listed("""
        niemand kannte den Grund | das Wetter war ungewöhnlich mild | es gab wenig Hoffnung auf Erfolg |
        der Preis für Kohle war erneut gestiegen | alles hing von der Ernte ab | die Meinungen gingen auseinander |
        die Antwort kam zu spät | vieles blieb zu tun | die Türen standen offen |
        der Schaden war größer als erwartet | alle Lampen brannten bereits | eine weitere Nachricht blieb aus |
        die Menge wurde ungeduldig | der Schnee war kaum geschmolzen
    """),
    frames=listed("""
        {s} {v} {o} {w}. | {t} {v} {s} {o}. | {s} {v} {o}, und {s} {v} {o} {t}. |
        obwohl alle warteten, {v} {s} {o} {w}. | es wurde beschlossen: {s} soll {o} {w} {i}. |
        {name} {v} {t} {o}; {a}. | {s} wollte {o} {i}, denn {a}. | „{a}“, sagte {name} und {v} {o}. |
        von den {n} Anwesenden {v} nur einer {o}. | {name} durfte {o} {w} {i}. | {a}, und {s} {v} {o} {t}. |
        die Kosten betrugen {amount}, so {name}; {a}. | {name} und {s} konnten {o} nicht {i}. |
        wird {s} {o} {t} {i}? {a}. | {w} {v} {s} {o}.
    """),
    titles=listed("""
        Einladung zur Sitzung | Jahresbericht | Lieferbedingungen | Der alte Hafen | Wartung und Reparatur |
        Eine Reise im Winter | Fragen und Antworten | Künftige Pläne | Unsere Kunden | Kosten und Erträge |
        Neue Anschrift | Sicherheit am Arbeitsplatz | Die Stadt am Fluss | Örtliche Nachrichten |
        Wachstum nach Regionen | Gemeinsam arbeiten
    """),
    months=listed("""
        Januar | Februar | März | April | Mai | Juni | Juli | August | September | Oktober | November | Dezember
    """),
    opening=["Sehr geehrte Damen und Herren,", "Guten Tag {name},", "Liebe Mitglieder,"],
    closing=["Mit freundlichen Grüßen", "Hochachtungsvoll", "Mit besten Grüßen"],
    quotes=("„", "“"),
)
