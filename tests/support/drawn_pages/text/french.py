"""French phrases for the drawn pages, with the blanks that French sets before ``; : ! ?`` and inside ``« »``."""

from drawn_pages.text.tongue import Tongue, listed

ACTORS = listed("""
    le comité | la secrétaire | le maire | la commune | le marchand | l’institutrice | le jardinier |
    la préfecture | le directeur | la société | le greffier | la voisine | le visiteur | l’association |
    le capitaine | la fermière | le juge | l’éditeur | la commission | le locataire | l’architecte | la veuve |
    le tribunal | le ministère | l’ingénieur | le trésorier | le préfet | la bibliothécaire | le médecin | l’ouvrier
""")
THINGS = listed("""
    m le rapport | f la lettre | m le bâtiment | m le contrat | f la machine | f la fenêtre | m le jardin |
    f la facture | m le projet | f la collection | m l’entrepôt | f la gare | f la bibliothèque | m le terrain |
    f l’armoire | m l’atelier | m le théâtre | m le port | m le journal | f la chambre | m l’horaire |
    f la convention | m l’inventaire | f la barrière | f la rue | m le toit | m le devis | f la cuisine |
    m le meuble | f la clef | m le magasin | m le plancher | f l’école | m le procédé
""")
QUALITIES = listed("""
    ancien ancienne | nouveau nouvelle | célèbre célèbre | étroit étroite | tranquille tranquille |
    étrange étrange | inachevé inachevée | ordinaire ordinaire | généreux généreuse | brisé brisée |
    séparé séparée | affreux affreuse | avantageux avantageuse | public publique | futur future | soigné soignée |
    modeste modeste | remarquable remarquable | considéré considérée | délaissé délaissée | privé privée |
    principal principale | voisin voisine | prévu prévue
""")
VERBS = listed("""
    examina examiner | décrivit décrire | mentionna mentionner | abandonna abandonner | acheta acheter |
    mesura mesurer | défendit défendre | visita visiter | admira admirer | découvrit découvrir | négligea négliger |
    ajourna ajourner | recommanda recommander | approuva approuver | oublia oublier | accompagna accompagner |
    régla régler | surveilla surveiller | publia publier | abîma abîmer | vendit vendre | préféra préférer |
    répara réparer | présenta présenter
""")


def _described(noun: str, quality: str) -> str:
    masculine, feminine = quality.split()
    return f"{noun[2:]} {feminine if noun[0] == 'f' else masculine}"


FRENCH = Tongue(
    code="fr",
    tesseract="fra",
    subjects=ACTORS,
    objects=[_described(n, q) for i, n in enumerate(THINGS) for j, q in enumerate(QUALITIES) if (i + j) % 3 == 0],
    verbs=[v.split()[0] for v in VERBS],
    to_do=[v.split()[1] for v in VERBS],
    where=listed("""
        au bord de la rivière | dans le village | avec beaucoup de patience | sans le moindre avertissement |
        derrière l’église | à la lisière de la forêt | sous le toit | contre tous les avis | près du marché |
        au nom des membres | malgré le mauvais temps | par la porte ouverte | grâce à deux amis | à grands frais |
        le long de la côte | en termes clairs | entre les deux maisons | à travers la place |
        à la satisfaction générale
    """),
    when=listed("""
        au printemps {year} | le lendemain matin | avant la fin du mois | après un long hiver |
        depuis plus de {n} ans | vers le soir | pendant l’été {year} | quelques semaines plus tard |
        à huit heures et demie | un jeudi sur deux | depuis {year} | il y a quelques jours | jusqu’à l’automne |
        dans un délai de {n} jours | au début de l’année
    """),
    asides=listed("""
        personne n’en connaissait la raison | le temps était étonnamment doux | il restait peu d’espoir |
        le prix du charbon avait encore augmenté | tout dépendait de la récolte | les avis étaient partagés |
        la réponse arriva trop tard | beaucoup restait à faire | les portes étaient ouvertes |
        les dégâts étaient plus importants que prévu | toutes les lampes étaient allumées |
        aucune nouvelle n’était parvenue | la foule s’impatientait | la neige avait à peine fondu
    """),
    frames=listed("""
        {s} {v} {o} {w}. | {t}, {s} {v} {o}. | {s} {v} {o}, et {s} {v} {o} {t}. |
        bien que tout fût prêt, {s} {v} {o} {w}. | il fut décidé ceci : {s} devait {i} {o} {w}. |
        {name}, qui {v} {o} {t}, était présent. | {s} voulait {i} {o} ; {a}. | lorsque {s} {v} {o}, {a}. |
        « {a} », dit {name}, qui {v} {o}. | sur les {n} personnes présentes, une seule {v} {o}. |
        {name} pouvait-il {i} {o} {w} ? {a}. | {a}, car {s} {v} {o} {t}. |
        le coût fut fixé à {amount} ; {s} {v} {o}. | {name} et {s} ne purent {i} {o} : {a}. |
        quel malheur ! {s} {v} {o} {w}.
    """),
    titles=listed("""
        Convocation à l’assemblée | Rapport annuel | Conditions de livraison | Le vieux port |
        Entretien et réparations | Un voyage en hiver | Questions et réponses | Projets à venir | Nos clients |
        Coûts et recettes | Changement d’adresse | Sécurité au travail | La ville du marché | Nouvelles locales |
        Croissance par région | Travailler ensemble
    """),
    months=listed("""
        janvier | février | mars | avril | mai | juin | juillet | août | septembre | octobre | novembre | décembre
    """),
    opening=["Madame, Monsieur,", "Chère Madame, cher Monsieur,", "Monsieur le Directeur,"],
    closing=["Veuillez agréer nos salutations distinguées.", "Avec nos meilleurs sentiments,", "Bien cordialement,"],
    quotes=("« ", " »"),
)
