"""People, streets, towns and firms for the drawn pages; none is meant to exist."""

from random import Random

from drawn_pages.text.tongue import listed

FIRST = {
    "en": listed("""
        Margaret | Thomas | Ruth | Daniel | Helen | Peter | Alice | George | Susan | Walter | Emily | Frank
    """),
    "de": listed("""
        Ursula | Jürgen | Käthe | Günther | Sabine | Matthias | Gerda | Walther | Anneliese | Jörg | Heike | Rüdiger
    """),
    "fr": listed("""
        Hélène | Gérard | Béatrice | François | Odile | André | Thérèse | Rémy | Solange | Benoît | Agnès | Cédric
    """),
    "es": listed("""
        Íñigo | Inés | Ramón | Begoña | Julián | Concepción | Andrés | Lucía | Ángel | Pilar | Joaquín | Mónica
    """),
    "it": listed("""
        Giulia | Matteo | Chiara | Paolo | Lucia | Renzo
    """),
    "nl": listed("""
        Joost | Marijke | Pieter | Anneke | Willem | Griet
    """),
}
LAST = {
    "en": listed("""
        Thornbury | Okafor | Marsh | Whitcombe | Bell | Hartley | Ashdown | Pemberton | Lund | Quigley | Fairfax |
        Holloway
    """),
    "de": listed("""
        Köhler | Schäfer | Weißmüller | Brandt | Löwenstein | Hübner | Vogelsang | Krüger | Zöllner | Straub |
        Jäger | Niemöller
    """),
    "fr": listed("""
        Lefèvre | Chauvin | Desprès | Marchand | Béranger | Guérin | Roussel | Fontaine | Leclercq | Mercœur |
        Aubry | Villeneuve
    """),
    "es": listed("""
        Peñalver | Zúñiga | Ibáñez | Cifuentes | Muñoz | Aranda | Echeverría | Valdés | Carreño | Quiroga |
        Hernández | Solís
    """),
    "it": listed("""
        Bianchi | Ferraro | Morandi | Rinaldi | Galli | Conti
    """),
    "nl": listed("""
        Verhoeven | Dijkstra | Bakker | Kuipers | Hoekstra | Smit
    """),
}
STREETS = {
    "en": listed("""
        {n} Quarry Street | {n} Mill Lane | {n} Church Square | {n} Station Road | {n} Orchard Way
    """),
    "de": listed("""
        Mühlenweg {n} | Bahnhofstraße {n} | Am Grünen Markt {n} | Lindenallee {n} | Kirchgasse {n}
    """),
    "fr": listed("""
        {n}, rue des Tanneurs | {n}, avenue de la Gare | {n}, place de l’Église | {n}, quai du Port |
        {n}, chemin Vert
    """),
    "es": listed("""
        Calle Mayor {n} | Plaza del Mercado {n} | Avenida del Puerto {n} | Calle de la Cigüeña {n}
    """),
    "it": listed("""
        Via Garibaldi {n} | Piazza del Duomo {n} | Corso Italia {n} | Via dei Mulini {n}
    """),
    "nl": listed("""
        Dorpsstraat {n} | Kerkplein {n} | Molenweg {n} | Havenkade {n}
    """),
}
TOWNS = {
    "en": listed("""
        Millbrook MB{n} 7QL | Ashford Vale AV{n} 4TR | Northwick NW{n} 2BD | Haverleigh HV{n} 9JS
    """),
    "de": listed("""
        {n}3 Grünhausen | {n}7 Altenstadt | {n}1 Oberwalde | {n}9 Königsfurt
    """),
    "fr": listed("""
        {n}0 Villeneuve-sur-Orne | {n}0 Saint-Aubin | {n}0 Montréal-la-Forêt | {n}0 Beaulieu
    """),
    "es": listed("""
        {n}0 Valdehermoso | {n}1 Peñaflor | {n}4 Aldeanueva | {n}7 Villarreal
    """),
    "it": listed("""
        {n}0 Castelnuovo | {n}1 Montefiore | {n}5 Borgo San Lorenzo
    """),
    "nl": listed("""
        {n} AB Oosterdam | {n} KX Veldhoven | {n} TC Zuidlaren
    """),
}
TRADES = {
    "en": listed("""
        Office Supplies Ltd | Hardware & Tools | Corner Shop | Book Store | Trading Co. | Garden Centre |
        Family Market
    """),
    "de": listed("""
        Bürobedarf GmbH | Eisenwaren | Bäckerei | Buchhandlung | Handels GmbH & Co. KG | Gärtnerei | Lebensmittel
    """),
    "fr": listed("""
        Fournitures SARL | Quincaillerie | Boulangerie | Librairie | Négoce SA | Jardinerie | Épicerie
    """),
    "es": listed("""
        Suministros S.L. | Ferretería | Panadería | Librería | Comercial S.A. | Jardinería | Alimentación
    """),
    "it": listed("""
        Forniture S.r.l. | Ferramenta | Panificio | Libreria | Alimentari | Bar Caffè
    """),
    "nl": listed("""
        Kantoorartikelen B.V. | IJzerwaren | Bakkerij | Boekhandel | Tuincentrum | Supermarkt
    """),
}


def person(rng: Random, code: str) -> str:
    """Return a first and a last name."""
    return f"{rng.choice(FIRST[code])} {rng.choice(LAST[code])}"


def firm(rng: Random, code: str) -> str:
    """Return the name of a firm."""
    return f"{rng.choice(LAST[code])} {rng.choice(TRADES[code])}"


def address(rng: Random, code: str) -> tuple[str, str]:
    """Return a street with its number, and a town with its code."""
    street = rng.choice(STREETS[code]).format(n=rng.randint(1, 189))
    digits = {"en": rng.randint(1, 29), "nl": rng.randint(1011, 9899)}.get(code, rng.randint(1000, 9899))
    return street, rng.choice(TOWNS[code]).format(n=digits)


def phone(rng: Random) -> str:
    """Return a telephone number."""
    return f"0{rng.randint(10, 99)} {rng.randint(100, 999)} {rng.randint(1000, 9999)}"


def town(rng: Random, code: str) -> str:
    """Return the name of a town, without its code."""
    return " ".join(word for word in rng.choice(TOWNS[code]).split() if "{" not in word and not word[0].isdigit())
