"""Other languages on a page: their words are words, however few the folder's language has of them."""

import pytest

from scanmend.correct.lexicon.foreign import ForeignWords, find_foreign
from scanmend.correct.lexicon.page_words import PageWords
from scanmend.correct.lexicon.wordlists import KNOWN_ZIPF, lexicon
from scanmend.document import page_from_text

DUTCH = ["Factuur", "Omschrijving", "Aantal", "Bedrag", "Levering", "Totaal", "betalen", "Verzendkosten"]
GARBLED = ["tbe", "whieh", "Factnry", "hospitai", "lettcr", "rcgards", "Yonrs", "sinccrely", "retnrned"]


class TestFindForeign:
    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("nld", DUTCH),
            ("deu", ["Rechnung", "Menge", "Bezeichnung", "Betrag", "zahlen", "Konto"]),
            ("spa", ["Cantidad", "Fecha", "Importe", "Gastos", "pagar"]),
            ("fra", ["Quantité", "Désignation", "Montant", "Merci", "commande"]),
        ],
    )
    def test_the_language_of_the_words(self, language, words):
        """It is found, and not the folder's own."""
        found = find_foreign(words, ("eng",))
        assert language in found.languages
        assert found.share > 0.7
        assert language not in find_foreign(words, ("eng", language)).languages

    def test_two_languages(self):
        """Both, each by words that the other does not have."""
        words = [*DUTCH, "erhalten", "schnelle", "Antwort", "Zahlung", "Lieferung", "danken"]
        assert set(find_foreign(words, ("eng",)).languages) == {"nld", "deu"}

    @pytest.mark.parametrize("words", [GARBLED, DUTCH[:2], [*GARBLED, *DUTCH[:1]], [], ["a1", "b-2", "12", "x"]])
    def test_misread_words_are_no_language(self, words):
        """Nor are one or two words that some language has."""
        assert not find_foreign(words, ("eng",))

    def test_without_languages_of_the_folder(self):
        """Nothing is foreign."""
        assert not find_foreign(DUTCH, ())

    def test_zipf(self):
        """It is the other language's, and 0 for what is no word there."""
        found = find_foreign([*DUTCH, *GARBLED[:1]], ("eng",))
        assert found.zipf("factuur") >= KNOWN_ZIPF
        assert found.zipf("TOTAAL") >= KNOWN_ZIPF
        assert found.zipf("tbe") == 0.0
        assert ForeignWords().zipf("factuur") == 0.0


class TestOnAPage:
    ENGLISH = "The members of the committee were asked about their letters and tbe answers that came with them"

    def words(self, text, *languages):
        """A page's words, read as English."""
        return PageWords(lexicon(("eng",)), page_from_text(text), languages=languages)

    def test_its_words_are_known(self):
        """So that they are not suspicious, and do not count as misread."""
        page = self.words("\n".join(DUTCH), "eng")
        assert page.knows("Factuur")
        assert page.zipf("factuur") == page.listed_zipf("factuur") >= KNOWN_ZIPF
        assert page.unknown_share < self.words("\n".join(DUTCH)).unknown_share
        assert not self.words("\n".join(DUTCH)).knows("Factuur")

    def test_by_the_text_around_a_line(self):
        """An English paragraph on a page with a Dutch one is English."""
        page = self.words("\n".join([" ".join(DUTCH)] * 3 + [""] + [self.ENGLISH] * 3), "eng")
        assert page.foreign_share(1) > 0.8
        assert page.foreign_share(4) < 0.1
        assert page.foreign_share(2) < page.foreign_share(1)
        assert self.words("\n".join([self.ENGLISH] * 3), "eng").foreign_share(1) == 0.0
