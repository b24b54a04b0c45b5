"""scanmend.language.detect: the language of a text, and how pages come to be read in it."""

from collections.abc import Sequence

import pytest

import render_scans
from scanmend.document import Page, page_from_text
from scanmend.language.codes import CODES
from scanmend.language.common_words import common_words
from scanmend.language.detect import group_by_script, guess_language, read_in_detected_language
from scanmend.language.installed import auto_languages, can_detect_language

TEXTS = {
    "eng": render_scans.REPORT[0],
    "spa": render_scans.LETTER_ES[0],
    "deu": "Die Wasserleitung in der Straße wird erneuert, und in diesen Tagen bleibt das Wasser von neun bis vier Uhr "
    "abgestellt. Bitte füllen Sie vorher einige Flaschen und halten Sie die Hähne geschlossen.",
    "fra": "La conduite d'eau de la rue sera renouvelée, et pendant ces jours l'eau sera coupée de neuf heures à seize "
    "heures. Nous vous prions de remplir quelques bouteilles et de tenir les robinets fermés.",
    "nld": "De waterleiding in de straat wordt vernieuwd, en op deze dagen wordt het water van negen tot vier uur "
    "afgesloten. Vul van tevoren een paar flessen en houd de kranen gesloten zolang het werk duurt.",
}


class Reader:
    """Reads the same text in whatever language, and notes which it was asked for."""

    def __init__(self, text: str, **other: str) -> None:
        self.text, self.other, self.asked = text, other, []

    def __call__(self, languages: Sequence[str]) -> Page:
        self.asked.append(*languages)
        page = page_from_text(self.other.get(languages[0], self.text))
        return Page(1, page.lines, seconds=1.5, languages=tuple(languages))


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("among", [tuple(TEXTS), auto_languages(CODES)])
def test_detected_by_common_words(language, among):
    """Among five languages, and among all; most words of the text are in the list."""
    found = guess_language(TEXTS[language], among)
    assert (found.language, found.known_share > 0.5) == (language, True)


def test_misread_text_is_still_detected():
    """One letter in twelve wrong, and no accents: that is how a page looks when it is read in another language."""
    for language, text in TEXTS.items():
        plain = text.translate(str.maketrans("äöüßéèàáíóúñ", "aouBeeaaioun"))
        worn = "".join("x" if n % 12 == 5 and c.isalpha() else c for n, c in enumerate(plain))
        assert guess_language(worn, tuple(TEXTS)).language == language


def test_nothing_to_go_by():
    """Without words, or without a list for any language, there is no guess."""
    assert guess_language("12.50 7 8", tuple(TEXTS)) is None
    assert guess_language(TEXTS["eng"], ("chi_sim",)) is None


def test_every_choice_has_a_word_list():
    """What ``scanmend check`` names is what there is to choose from."""
    assert [language for language in auto_languages(CODES) if not common_words(language)] == []
    assert auto_languages({"eng", "osd", "frk", "chi_sim", "deu"}) == ("deu", "eng")


def test_a_page_is_read_once_or_twice():
    """Once where the first language is its own; the seconds of both readings count."""
    reader = Reader(TEXTS["eng"])
    page = read_in_detected_language(reader, frozenset({"deu", "eng", "osd"}))
    assert (reader.asked, page.languages, page.seconds) == (["eng"], ("eng",), 1.5)
    reader = Reader(TEXTS["deu"])
    page = read_in_detected_language(reader, frozenset({"deu", "eng", "osd"}))
    assert (reader.asked, page.languages, page.seconds) == (["eng", "deu"], ("deu",), 3.0)


def test_pages_with_too_little_text():
    """Numbers and a few words are read in English, once; so is everything where nothing can be chosen."""
    reader = Reader("12.50 7.25 Summe 19.75")
    assert read_in_detected_language(reader, frozenset({"deu", "eng"})).languages == ("eng",)
    assert reader.asked == ["eng"]
    reader = Reader(TEXTS["deu"])
    assert read_in_detected_language(reader, frozenset({"chi_sim"})).languages == ("eng",)


def test_another_script():
    """Read in Latin letters it is nonsense, so the next script is tried."""
    russian = "Водопровод на улице будет обновлён, и в эти дни вода будет отключена с девяти до четырёх часов дня."
    reader = Reader(
        russian, eng="Bononposos Ha ynnue 6yneT o6HoBnéx H B 3TH qHu Boa GyneT orkmroueHa c qeBaTH no uaCOB"
    )
    assert read_in_detected_language(reader, frozenset({"deu", "eng", "rus", "ukr"})).languages == ("rus",)
    assert reader.asked == ["eng", "rus"]
    assert group_by_script(("deu", "eng", "ell", "ukr", "rus")) == [("eng", "deu"), ("rus", "ukr"), ("ell",)]


def test_pages_from_which_a_language_can_be_detected():
    """Enough words do; a title or an empty page does not."""
    assert can_detect_language(page_from_text(TEXTS["eng"]))
    assert not can_detect_language(page_from_text("Annual report 2024"))
    assert not can_detect_language(Page(1, ()))
