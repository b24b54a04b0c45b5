"""Wrong edits of clean pages, as language models really make them: none may pass, even where the model likes it."""

import pytest

from scanmend.correct.confusions import Confusions
from scanmend.correct.corrector import Corrector
from scanmend.correct.lexicon.tokens import split_punctuation
from scanmend.correct.lexicon.wordlists import lexicon
from scanmend.correct.settings import CorrectionSettings
from scanmend.document import page_from_text

LIKED = 8.0
"""Nats by which the model prefers every change: three thousand times as likely as what was read."""
CONFUSIONS = Confusions.load()
PAGES = {
    "eng": """\
Dear Sir, we have received your letter and the three copies of the report on the work of our department. The members
of the committee will meet again in the autumn, and they would like to know whether the figures in the second part
are still right. Please send your answer to the address above, so that it can be read before the end of the month.

There is one more thing to be said here: {}

With kind regards from all of us, and many thanks for the good work that you and your people have done this year.""",
    "deu": """\
Sehr geehrte Damen und Herren, wir haben Ihren Brief und die drei Kopien des Berichts über die Arbeit unserer
Abteilung erhalten. Die Mitglieder des Vereins treffen sich im Herbst wieder und möchten gerne wissen, ob die Zahlen
im zweiten Teil noch richtig sind. Bitte senden Sie Ihre Antwort bis zum Ende des Monats an die Adresse oben.

Noch etwas ist hier zu sagen: {}

Mit freundlichen Grüßen von uns allen und vielen Dank für die gute Arbeit, die Sie in diesem Jahr gemacht haben.""",
    "fra": """\
Monsieur, nous avons bien reçu votre lettre et les trois copies du rapport sur le travail de notre service. Les
membres du comité se réunissent encore en automne et ils voudraient savoir si les chiffres de la seconde partie sont
toujours justes. Merci de nous envoyer votre réponse avant la fin du mois, à la même adresse.

Il reste une chose à dire ici : {}

Nous vous remercions tous pour le bon travail que vous et vos amis avez fait pendant cette longue année.""",
    "spa": """\
Muy señores nuestros, hemos recibido su carta y las tres copias del informe sobre el trabajo de nuestro servicio. Los
miembros del grupo se reúnen otra vez en otoño y quieren saber si los números de la segunda parte son todavía buenos.
Por favor, envíen su respuesta antes del fin de mes a la misma dirección.

Queda una cosa que decir aquí: {}

Muchas gracias de parte de todos nosotros por el buen trabajo que ustedes han hecho durante este año.""",
}


class Fond:
    """A model that likes any change equally much."""

    can_score = True

    def __init__(self, reply, gain=LIKED):
        self.reply, self.gain = reply, gain

    def score(self, context, continuations):
        return [0.0] + [self.gain] * (len(continuations) - 1)

    def rewrite(self, prompt, text):
        return self.reply(text)

    def fits(self, prompt, text):
        return True


def correct(text, reply, language="eng", strategy="rewrite", gain=LIKED):
    """The page as it is published, and the edits that were made."""
    task = CorrectionSettings(strategy, "Correct OCR errors", (language,), attention="all")
    page = page_from_text(text)
    done = Corrector(Fond(reply, gain), lexicon((language,)), CONFUSIONS).correct(page, task)
    return page.raw, done.corrected, [(e.raw, e.new) for e in done.edits if e.accepted]


WRONG = [
    ("eng", "the papers of the OCRWM office are kept there.", "OCRWM", "OCR"),
    ("eng", "it was Mr. Nartker who wrote the report.", "Nartker", "Parker"),
    ("eng", "our friend Eleana came to see the house.", "Eleana", "Elena"),
    ("eng", "they gave it to Mrs. Nereés at noon.", "Nereés", "Peres"),
    ("eng", "there are many of them in the house.", "are", "Are"),
    ("eng", "The work is done.", "The", "the"),
    ("eng", "it came from the U.S. last year.", "U.S.", "U. S."),
    ("eng", "they said “yes” and went away.", "“yes”", '"yes"'),
    ("eng", "it is the people's own money.", "people's", "people’s"),
    ("eng", "the report of 1994–95 is here.", "–", "-"),
    ("eng", "a well-known man was there.", "well-known", "well known"),
    ("eng", "we hope that they differ in size.", "differ", "different"),
    ("eng", "we sell by eommerce and by letter.", "eommerce", "e-commerce"),
    ("eng", "see the table: Qty and price.", "Qty", "Quantity"),
    ("eng", "they live in the Dept. of the North.", "Dept.", "Department"),
    ("eng", "the colour of the house is red.", "colour", "color"),
    ("eng", "he came from there to us.", "from", "form"),
    ("eng", "they gave to the poor man.", "gave to the", "gave it to the"),
    ("eng", "they did it at once.", "did it at once", "did at once"),
    ("eng", "it has been shewn to them.", "shewn", "shown"),
    ("eng", "we know it from Mr. Smyth himself.", "Smyth", "Smith"),
    ("eng", "the code is QRX and no other.", "QRX", "QRS"),
    ("eng", "write to info@exarnple.org for it.", "exarnple", "example"),
    ("eng", "they paid the sum of 5,- for it.", "5,-", "5.-"),
    ("deu", "das haben sie uns schon gesagt.", "sie", "Sie"),
    ("deu", "es gibt z.B. drei davon.", "z.B.", "z. B."),
    ("deu", "er sagte „ja“ und ging.", "„ja“", '"ja"'),
    ("deu", "wir wissen, daß es gut ist.", "daß", "dass"),
    ("deu", "das Haus in der Strasse ist alt.", "Strasse", "Straße"),
    ("deu", "die Thür war noch offen.", "Thür", "Tür"),
    ("deu", "es war Herr Schmitz aus Berlin.", "Schmitz", "Schmidt"),
    ("deu", "davon sind 12 Stk. im Haus.", "Stk.", "Stück"),
    ("deu", "wir haben das wieder gefunden.", "wieder", "wider"),
    ("deu", "die Akten der BKBM sind hier.", "BKBM", "BKM"),
    ("fra", "ils sont à la maison.", "à", "a"),
    ("fra", "le lieu ou ils vont est loin.", "ou", "où"),
    ("fra", "un événement de la vie.", "événement", "évènement"),
    ("fra", "c'est M. Lefèvre qui parle.", "Lefèvre", "Lefebvre"),
    ("fra", "c'est M. Martin qui parle.", "M.", "Monsieur"),
    ("fra", "il dit « oui » et part.", "« oui »", "“oui”"),
    ("fra", "la clé de la maison.", "clé", "clef"),
    ("fra", "ils sont Français comme nous.", "Français", "français"),
    ("fra", "les papiers de la SNCFA sont ici.", "SNCFA", "SNCF"),
    ("spa", "es solo una cosa de ellos.", "solo", "sólo"),
    ("spa", "ha venido el Sr. Pérez con ella.", "Sr.", "Señor"),
    ("spa", "nuestra amiga Eleana ha venido.", "Eleana", "Elena"),
    ("spa", "el libro de Ybarra es bueno.", "Ybarra", "Ibarra"),
    ("spa", "ha venido de los EE.UU. este año.", "EE.UU.", "EE. UU."),
    ("spa", "él no sabe si es verdad.", "si", "sí"),
    ("spa", "los papeles del OCRWM son estos.", "OCRWM", "OCR"),
]


@pytest.mark.parametrize(("language", "sentence", "raw", "new"), WRONG, ids=[f"{w[2]}→{w[3]}" for w in WRONG])
def test_a_wrong_edit_is_not_made(language, sentence, raw, new):
    """Names, acronyms, case, spacing, quotes, style, abbreviations, inflection: the page stays as it was read."""
    text = PAGES[language].format(sentence)
    changed = sentence.replace(raw, new)
    assert changed != sentence
    before, after, made = correct(text, lambda t: t.replace(sentence, changed), language)
    assert (after, made) == (before, [])


@pytest.mark.parametrize("language", PAGES)
@pytest.mark.parametrize("strategy", [pytest.param("rescore", marks=pytest.mark.thorough), "both"])
def test_no_word_of_a_clean_page_changes(language, strategy):
    """Rescoring finds no word to change on them either, though the model would like every other one better."""

    def words(text):
        return [core for word in text.split() if (core := split_punctuation(word).core)]

    for sentence in (w[1] for w in WRONG if w[0] == language and w[2] not in {"eommerce", "5,-"}):
        before, after, _ = correct(PAGES[language].format(sentence), lambda t: t, language, strategy)
        assert words(after) == words(before)


@pytest.mark.parametrize(
    ("language", "sentence", "raw", "new"),
    [
        ("eng", "we heard whieh one it is.", "whieh", "which"),
        ("eng", "we sell by eommerce and by letter.", "eommerce", "commerce"),
        ("eng", "Beeause of that we came.", "Beeause", "Because"),
        ("deu", "wir haben nnser Haus gesehen.", "nnser", "unser"),
        ("fra", "ils ont dit qne nous venons.", "qne", "que"),
        ("spa", "es la respnesta de ellos.", "respnesta", "respuesta"),
    ],
)
def test_what_is_clearly_misread_is_mended(language, sentence, raw, new):
    """The same pages, a model that is sure: the tests above do not pass because nothing ever does."""
    text = PAGES[language].format(sentence)
    _, after, made = correct(text, lambda t: t.replace(raw, new), language, gain=20.0)
    assert made == [(raw, new)]
    assert after == page_from_text(text.replace(raw, new)).raw


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("eng", "it was in the depart-\nment of the interior that they were told to trans-\nfer it"),
        ("deu", "es war in der Abtei-\nlung des Vereins und bei der Liefe-\nrung von gestern"),
        ("fra", "ils sont dans le dépar-\ntement et dans la mai-\nson de leurs amis"),
        ("spa", "estaban en el depar-\ntamento de la ciu-\ndad con sus amigos"),
    ],
)
@pytest.mark.parametrize("liked", [LIKED, 1000.0])
def test_hyphenated_line_ends_are_not_joined(language, text, liked):
    """Lines and hyphens stay, however the reply sets them."""
    text = PAGES[language].format(text)
    for joined in ("", " ", "\n"):
        before, after, made = correct(text, lambda t, j=joined: t.replace("-\n", j), language, gain=liked)
        assert (after, made) == (before, [])


@pytest.mark.parametrize("liked", [LIKED, 1000.0])
@pytest.mark.parametrize("end", ["and then the", "and then the commit-", "and then they had to"])
def test_sentences_are_not_completed(end, liked):
    """Where the text breaks off, it breaks off, at the end of the page and at that of a chunk."""
    rest = "tee members voted for the plan of the whole house, and that was the end of it."
    text = PAGES["eng"].format("it was late.") + "\n" + end
    before, after, made = correct(text, lambda t: t.removesuffix("-") + " " * (t[-1] != "-") + rest, gain=liked)
    assert (after, made) == (before, [])
    many = "\n".join([PAGES["eng"].format("it was late.").replace("\n\n", "\n")] * 5)
    before, after, made = correct(many, lambda t: f"{t}{rest}", gain=liked)
    assert (after, made) == (before, [])
