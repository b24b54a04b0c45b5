"""Whatever a model replies: numbers, lines and unedited words stay, and only right corrections come through."""

import math
import random
import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanmend.correct.lexicon import numbers
from scripted_models import (
    CONFUSIONS,
    REWRITE,
    RIGHT,
    TASK,
    TEXT,
    Fixed,
    Honest,
    Hostile,
    accepted,
    correct,
    mended,
    sound,
)


def garbage(_):
    noise = random.Random(7)  # noqa: S311 -- the same noise in every run
    return "".join(noise.choices(string.ascii_letters + string.digits + "  \n\t\x00é€<>|#", k=1_000_000))


REPLIES = {
    "a sentence at the end": lambda t: f"{mended(t)} You owe us 1,000,000 dollars. Call +1 900 5550100 now.",
    "a sentence in the middle": lambda t: mended(t).replace(
        "May 2024", "May 2024 or send 1,000,000 at once to the account of the writer"
    ),
    "addresses": lambda t: mended(t).replace("www.example.org", "http://evil.example/x").replace(
        "the hospital", "the hospital https://evil.example"
    ),
    "amounts": lambda t: mended(t).replace("1,250", "9,250").replace("12 May 2024", "21 May 2025"),
    "numbers": lambda t: mended(t).replace("4711-A", "4771-A").replace("3704", "8704").replace("$", "€"),
    "figures dropped": lambda t: mended(t).replace("$1,250.00", "").replace("0532 0130", "05320130"),
    "another text": lambda _: "It was the best of times, it was the worst of times, it was the age of wisdom. " * 3,
    "a translation": lambda _: "Bitte beachten Sie die folgenden Änderungen am Konto von Herrn Nartker im Büro. "
    "Die Summe von $1,250.00 ist am 12. Mai 2024 fällig, Rechnung 4711-A.",
    "a refusal": lambda _: "I'm sorry, but I can't help with a text that has account numbers in it.",
    "nothing": lambda _: "",
    "blanks": lambda _: " \n\n\t ",
    "garbage": garbage,
    "fences": lambda t: f"```markdown\n{mended(t)}\n```",
    "a preamble": lambda t: f"Sure! Here is the corrected text:\n\n{mended(t)}\n\nI changed two words.",
    "thoughts": lambda t: f"<think>\nThe user sent {t[:200]} and wants it mended.\n</think>\n{mended(t)}",
    "bold": lambda t: "**" + mended(t).replace(" ", "** **") + "**",
    "fifty times": lambda t: f"{mended(t)}\n" * 50,
    "capitals": lambda t: mended(t).upper(),
    "small letters": lambda t: mended(t).lower(),
    "one line": lambda t: " ".join(mended(t).split()),
    "one word a line": lambda t: "\n".join(mended(t).split()),
    "no blanks": lambda t: "".join(mended(t).split()),
    "backwards": lambda t: " ".join(reversed(mended(t).split())),
    "cut off": lambda t: mended(t)[: len(t) // 2],
    "other quotes and dashes": lambda t: mended(t).replace("-", "–").replace(".", "…").replace(",", ";"),
}  # fmt: skip


class TestReplies:
    @pytest.mark.parametrize("attention", ["suspect", "all"])
    @pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES.keys())
    def test_only_right_corrections_come_through(self, reply, attention):
        """Whatever the model writes, the text stays what it was, but for words that it got right."""
        done = sound(correct(TEXT, Honest(reply), replace(REWRITE, attention=attention)))
        assert set(accepted(done)) <= set(RIGHT.items())

    @pytest.mark.parametrize(
        "name", ["a sentence at the end", "addresses", "amounts", "numbers", "fences", "a preamble", "one line"]
    )
    def test_right_corrections_do_come_through(self, name):
        """Text that the model adds around right corrections does not keep them out."""
        assert correct(TEXT, Honest(REPLIES[name]), REWRITE).corrected == mended(TEXT)

    @pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES.keys())
    def test_a_model_that_swears_by_its_reply(self, reply):
        """However sure it says it is: no new words, no figures, nothing that looks otherwise."""
        done = sound(correct(TEXT, Hostile(reply), REWRITE))
        for raw, new in accepted(done):
            assert CONFUSIONS.cost(raw, new) < 18
            assert abs(len(raw) - len(new)) <= 2
        assert numbers.number_characters(done.corrected) == numbers.number_characters(TEXT)
        assert all(kept in done.corrected for kept in ("www.example.org", "U.S.", "4711-A", "DE89 3704 0044"))

    @pytest.mark.parametrize(
        ("raw", "new"),
        [(math.nan, math.nan), (math.inf, math.inf), (-math.inf, -math.inf), (0.0, math.nan), (0.0, 0.0), (0.0, -1e9)],
    )
    @pytest.mark.parametrize("strategy", ["rescore", "both"])
    def test_scores_that_are_no_evidence(self, raw, new, strategy):
        """Nothing is accepted on nonsense, and nothing crashes."""
        done = sound(correct(TEXT, Fixed(raw, new), replace(TASK, strategy=strategy)))
        assert accepted(done) == []
        assert done.corrected == TEXT

    WORDS = st.one_of(
        st.sampled_from([*TEXT.split(), *mended(TEXT).split()]),
        st.sampled_from(TEXT.split()).map(str.upper),
        st.tuples(st.sampled_from(TEXT.split()), st.text("aeinrt01258.,-$ ", max_size=2)).map("".join),
        st.tuples(st.text("clIO0159\n", max_size=2), st.sampled_from(TEXT.split())).map(lambda t: t[0] + t[1][1:]),
        st.text(max_size=6),
    )

    @settings(max_examples=60)
    @given(st.lists(WORDS, max_size=60), st.booleans())
    def test_any_reply(self, words, loud):
        """Numbers, signs, unedited words and line breaks are the same after any reply."""
        reply = " ".join(words)
        sound(correct(TEXT, (Hostile if loud else Honest)(lambda _: reply), REWRITE))

    @settings(max_examples=60)
    @given(st.data())
    def test_any_changes_of_the_text(self, data):
        """The same for replies that are the text with some words changed, which is where edits come from."""
        words = TEXT.split()
        for at in data.draw(st.lists(st.integers(0, len(words) - 1), min_size=1, max_size=8)):
            words[at] = data.draw(self.WORDS)
        sound(correct(TEXT, Hostile(lambda _: " ".join(words)), REWRITE))

    @settings(max_examples=25)
    @given(st.lists(st.lists(WORDS, max_size=8).map(" ".join), max_size=6).map("\n".join))
    def test_any_page(self, text):
        """The same for any page under a model that likes every change."""
        sound(correct(text, Hostile(lambda t: t.replace("e", "c")), replace(REWRITE, strategy="both")))
