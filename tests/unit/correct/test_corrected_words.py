"""Which words of a page are corrected, by kind: broken, torn and repeated ones, glossary words, units, torn marks."""

from dataclasses import replace

import pytest

from scripted_models import PLAIN, REWRITE, TASK, Fixed, Honest, Likes, Unwanted, accepted, correct, line, sound


class TestTypography:
    def test_a_mark_torn_off_a_misread_word(self):
        """One edit, of what stands on the page; the model saw the word with its mark."""
        model = Likes("but,")
        done, text = line("the bnt , he said", model)
        assert text == "the but, he said"
        assert [(e.word, e.count, e.raw, e.new, e.proposer) for e in done.edits] == [(1, 2, "bnt ,", "but,", "rescore")]
        assert model.asked[0][1][0] == " bnt, he said"

    @pytest.mark.parametrize("strategy", ["rescore", "both"])
    def test_where_the_model_has_no_better_word(self, strategy):
        """The mark goes back to the raw word, and the rejected edit names the same raw words."""
        model = Fixed(0.0, 6.0)
        model.reply = lambda t: t.replace("bnt,", "bnot,")
        done, text = line("the bnt , he said", model, replace(TASK, strategy=strategy, attention="all"))
        assert text == "the bnt, he said"
        (own,) = [e for e in done.edits if e.accepted]
        assert (own.word, own.count, own.raw, own.new, own.proposer) == (1, 2, "bnt ,", "bnt,", "typography")
        rejected = [e for e in done.edits if not e.accepted]
        assert rejected
        assert {(e.word, e.count, e.raw) for e in rejected} == {(1, 2, "bnt ,")}

    @pytest.mark.parametrize("strategy", ["rewrite", "both"])
    def test_a_misread_word_in_quotation_marks(self, strategy):
        """Two single marks for a double one do not hide it from either proposer."""
        model = Likes("“which", reply=lambda t: t.replace("whieh", "which"))
        done, text = line("he said ‘‘whieh’’ to us", model, replace(REWRITE, strategy=strategy))
        assert text == "he said “which” to us"
        assert accepted(done) == [("‘‘whieh’’", "“which”")]

    def test_words_behind_torn_marks(self):
        """Their edits have their place on the page, line by line."""
        done, text = line(
            "the house , and ( tbe city , so\nwhieh , is $1O0.00 and ofthe", Likes("(the", "which,", "of the")
        )
        assert text == "the house, and (the city, so\nwhich, is $100.00 and of the"
        for edit in done.edits:
            words = done.page.lines[edit.line].words[edit.word : edit.word + edit.count]
            assert edit.raw == " ".join(w.text for w in words)

    @pytest.mark.parametrize(
        ("language", "text"),
        [
            ("fra", "Le mot ; la chose : elle vient ! Est-ce vrai ? Il a dit « oui » et « non »."),
            ("eng", "Rice : Five bags of the best, see the boys’ house and don’t go."),
            ("eng", "‘Yes,’ they said, ‘we do,’ and went to the boys’ house."),
            ("eng", "“He said ‘yes’ to us,” they said."),
        ],
    )
    @pytest.mark.parametrize("strategy", ["rescore", "both"])
    def test_what_is_set_so_stays_so(self, language, text, strategy):
        """Blanks, labels, possessives, quotation marks, under a model that would rather have others."""
        task = replace(TASK, strategy=strategy, languages=(language,))
        page = "\n".join([text] * 8)
        model = Fixed(0.0, 4.0)
        model.reply = lambda t: t.replace("’", "'").replace(" ;", ";").replace("Rice :", "Rice:")
        assert sound(correct(page, model, task)).corrected == page


class TestBrokenWords:
    def test_a_word_that_is_one(self):
        """Its halves are no words, and nobody asks."""
        for text in (
            "it was trans-\nported by them",
            "it was trans- ported by them",
            "we met on Satur- day in the city",
        ):
            done, after = line(text, Unwanted())
            assert (after, done.edits) == (text, ())

    @pytest.mark.parametrize(
        ("text", "liked", "expected"),
        [
            ("it was trans-\nportcd by them", "transported", (2, 0, "portcd", "ported")),
            ("it was trans- portcd by them", "transported", (1, 3, "portcd", "ported")),
            ("it was tranz-\nported by them", "transported", (1, 2, "tranz-", "trans-")),
            ("we met on Satur- dav in the city", "Saturday", (1, 4, "dav", "day")),
            ("we met on Satur-\ndav, in the city", "Saturday", (2, 0, "dav,", "day,")),
        ],
    )
    def test_the_half_that_was_misread(self, text, liked, expected):
        """It is mended in its line; hyphen and line end stay."""
        done, after = line(text, Likes(liked))
        (edit,) = done.edits
        assert (edit.line, edit.word, edit.raw, edit.new) == expected
        assert edit.accepted
        assert after == text.replace(expected[2], expected[3])

    def test_the_judge_weighs_the_whole_word(self):
        """A half that is a common word is nothing to hold on to, and one that is no word nothing against."""

        def needed(text, reply):
            """The least gain that gets an edit of the rewriting proposer accepted."""
            for gain in range(40):
                model = Fixed(0.0, float(gain))
                model.reply = reply
                if accepted(line(text, model, REWRITE)[0]):
                    return gain
            return 40

        half = needed("it was trans-\nportcd by them", lambda t: t.replace("portcd", "ported"))
        alone = needed("it was trans\nportcd by them", lambda t: t.replace("portcd", "ported"))
        assert half <= alone + 2
        word = needed("it was the reli-\nsion of them", lambda t: t.replace("sion", "gion"))
        apart = needed("it was the thing\nson of them", lambda t: t.replace("son", "gon"))
        assert word + 5 < apart

    def test_rewritten_in_one_piece(self):
        """A reply that joins the two lines changes the half that was wrong, and joins nothing."""
        model = Likes("ported", reply=lambda t: t.replace("trans-\nportcd", "transported"))
        done, after = line("it was trans-\nportcd by them", model, REWRITE)
        assert after == "it was trans-\nported by them"
        assert accepted(done) == [("portcd", "ported")]


class TestSeveralWords:
    @pytest.mark.parametrize(
        ("text", "liked", "right"),
        [
            ("after the prep aration of it", ["preparation"], "after the preparation of it"),
            ("after the prep aration , of it", ["preparation,"], "after the preparation, of it"),
            ("it was ofthe house", ["of the"], "it was of the house"),
            ("we see how. far. their work goes", ["how far.", "far their"], "we see how far their work goes"),
            ("the house | and the people", ["and"], "the house and the people"),
        ],
    )
    def test_blanks_and_specks(self, text, liked, right):
        """What the model is sure of is mended."""
        assert line(text, Likes(*liked))[1] == right

    @pytest.mark.parametrize(
        "text",
        [
            "the house - and + all of it",
            "the | 5 | 7 | 1,250.00 | 12",
            "the people : 5 , 7 ; 9",
            "pay - 5 to + 7 or ± 9 of them",
            "see § 5 and № 7 and $ 9",
            "the sum of 5 . 7 and . 9",
        ],
    )
    def test_signs_and_columns_of_figures(self, text):
        """They stay, however much the model would like them gone."""
        assert line(text, Fixed(0.0, 1000.0))[1] == text

    def test_the_model_is_not_sure(self):
        """Then nothing changes."""
        text = "after the prep aration ofthe house | and how. far. their work"
        assert line(text, Fixed(0.0, 0.0))[1] == text


class TestGlossary:
    TASK = replace(TASK, glossary=("Nartker", "Müller & Söhne GmbH", "X200-B"))

    @pytest.mark.parametrize("strategy", ["rewrite", "both"])
    def test_its_words_stay(self, strategy):
        """Whatever the model writes and however sure it is; without a glossary it would have its way."""
        task = replace(self.TASK, strategy=strategy, attention="all")
        model = Fixed(0.0, 1000.0)
        model.reply = lambda t: t.replace("Nartker", "Martker").replace("NARTKER", "MARTKER").replace("Söhne", "Sohne")
        text = "we saw Mr. Nartker, (Nartker's) and NARTKER and Söhne in the city"
        done, after = line(text, model, task)
        assert after == text
        assert {e.reason for e in done.edits} == {"the glossary protects this word"}
        assert line(text, model, replace(task, glossary=()))[1] != text

    @pytest.mark.parametrize(("raw", "new"), [("Nartkcr", "Nartker"), ("NARTKCR,", "NARTKER,"), ("(GmhH)", "(GmbH)")])
    def test_its_words_are_preferred(self, raw, new):
        """They are proposed where something like them was read, and judged as words."""
        task = self.TASK
        assert line(f"we saw {raw} in the city", Likes(new), task)[1] == f"we saw {new} in the city"
        assert (
            line(f"we saw {raw} in the city", Likes(new), replace(task, glossary=()))[1] == f"we saw {raw} in the city"
        )

    def test_less_is_asked_of_them(self):
        """A glossary word needs less of the model than the same word would as a stranger."""
        text = "we saw our Nartkcr in the city"

        def needed(task):
            model = Fixed(0.0, 0.0)
            model.reply = lambda t: t.replace("Nartkcr", "Nartker")
            for gain in range(40):
                model.new = float(gain)
                if ("Nartkcr", "Nartker") in accepted(line(text, model, task)[0]):
                    return gain
            return 40

        assert needed(replace(REWRITE, glossary=("Nartker",))) + 3 < needed(REWRITE)

    def test_the_folder_s_own_words_are_not_asked_about(self):
        """They are no suspects."""
        assert line("the X200-B of Nartker in the GmbH", Unwanted(), self.TASK)[0].edits == ()

    def test_a_word_that_a_line_end_broke(self):
        """Neither half of a glossary word changes."""
        model = Fixed(0.0, 1000.0)
        model.reply = lambda t: t.replace("ker in", "her in").replace("Nart-", "Mart-")
        for text in ("we saw Mr. Nart-\nker in the city", "we saw Mr. Nart- ker in the city"):
            assert line(text, model, replace(REWRITE, glossary=("Nartker",)))[1] == text

    def test_a_code_that_looks_like_a_number(self):
        """It keeps its letters."""
        text = "the 2O24 and the 1O1 are here"
        assert line(text, Honest(), replace(TASK, glossary=("2O24", "1O1")))[1] == text
        assert line(text, Honest())[1] == "the 2024 and the 101 are here"


class TestNames:
    def test_a_repeated_name_resists(self):
        """The more often it stands on the page, the surer the model must be."""

        def needed(count):
            others = ("Quirmol", "Brizkan", "Vantulp", "Drosteg", "Zimpral")[: 6 - count]
            text = PLAIN + "".join(f"\nwe saw {name} there" for name in (*["Nartkor"] * count, *others))
            model = Fixed(0.0, 0.0)
            model.reply = lambda t: t.replace("Nartkor", "Nartker", 1)
            for gain in range(26):
                model.new = float(gain)
                if accepted(correct(text, model, replace(REWRITE, boldness=12.0))):
                    return gain
            return 26

        assert needed(1) < needed(3) < needed(6)

    def test_a_repeated_name_is_a_candidate(self):
        """What was read otherwise once may be the same name; what stands there once is no help."""
        text = "we saw Nartkor and Nartkor and then Nartkcr too"
        assert line(text, Likes("Nartkor"))[1] == text.replace("Nartkcr", "Nartkor")
        text = "we saw Nartkor and then Nartkcr too"
        assert line(text, Likes("Nartkor"))[1] == text


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("take 5 mg of it", "take 5 mq of it"),
        ("take 5 rng of it", "take 5 mg of it"),
        ("from 10 - 12 of them", "from 10 to 12 of them"),
        ("EUR 100 for it", "EUB 100 for it"),
        ("to GB29 NWBK 6016 3133", "to GB29 NWBR 6016 3133"),
    ],
)
def test_what_belongs_to_a_number_stays(text, reply):
    """Units, signs and parts of an identifier are no words, though no figure is in them."""
    model = Fixed(0.0, 1000.0)
    model.reply = lambda t: t.replace(text, reply)
    done, corrected = line(text, model, replace(REWRITE, boldness=20.0))
    assert corrected == text
    assert not accepted(done)


class TestWithoutLexicon:
    TEXT = "Gallia est omnis divisa in partes tres quarum unam incolunt Belgae tertiam qni ipsorum lingua Celtae nostra"
    TASK = replace(REWRITE, languages=("lat",))

    def test_rescoring_leaves_it_alone(self):
        """Without a word list there is nothing to choose from."""
        assert correct(self.TEXT, Unwanted(), replace(self.TASK, strategy="rescore")).edits == ()

    @pytest.mark.parametrize(("gain", "mended"), [(0.0, False), (3.0, False), (22.0, True)])
    def test_only_strong_evidence_counts(self, gain, mended):
        """The model must be very sure of a look-alike."""
        model = Fixed(0.0, gain)
        model.reply = lambda t: t.replace("qni", "qui")
        done = sound(correct(self.TEXT, model, self.TASK))
        assert accepted(done) == ([("qni", "qui")] if mended else [])
