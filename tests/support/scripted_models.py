"""Scripted language models for correction, a short text with misread words, and the checks that hold for any model."""

from dataclasses import replace

from scanmend.config.schema import DEFAULT_PROMPT
from scanmend.correct.confusions import Confusions
from scanmend.correct.corrector import Corrector
from scanmend.correct.lexicon import numbers
from scanmend.correct.lexicon.wordlists import lexicon
from scanmend.correct.settings import CorrectionSettings
from scanmend.document import Page, page_from_text
from scanmend.errors import ModelError

CONFUSIONS = Confusions.load()
TASK = CorrectionSettings("rescore", DEFAULT_PROMPT, ("eng",))
REWRITE = replace(TASK, strategy="rewrite", attention="all")
RIGHT = {"tbe": "the", "whieh": "which", "hospitai": "hospital"}
TEXT = """\
Please note tbe following changes to the account of Mr. Nartker at the OCRWM office in the U.S.
The total of $1,250.00 is due on 12 May 2024, invoice no. 4711-A, and has to be paid in full to
DE89 3704 0044 0532 0130 00 before the end of the month.

The goods were sent to the hospital by the company whieh made them, see www.example.org for more.
We remain at your service and look forward to your answer."""


def mended(text):
    """Return the text with its misread words corrected and nothing else."""
    for raw, new in RIGHT.items():
        text = text.replace(raw, new)
    return text


class Honest:
    """A model that knows the right words and no others; it rewrites as it is told to."""

    can_score = True

    def __init__(self, reply=mended):
        self.reply, self.sent, self.asked = reply, [], []

    def score(self, context, continuations):
        self.asked.append((context, list(continuations)))
        return [0.0 if c.split()[0].strip("“”,.") in RIGHT.values() else -20.0 for c in continuations]

    def rewrite(self, prompt, text):
        self.sent.append(text)
        return self.reply(text)

    def fits(self, prompt, text):
        return True


class Hostile(Honest):
    """A model that calls any change a thousand nats better than what was read."""

    def score(self, context, continuations):
        return [0.0] + [1000.0] * (len(continuations) - 1)


class Fixed(Honest):
    """A broken model: one score for raw words, one for all else."""

    def __init__(self, raw, new):
        super().__init__()
        self.raw, self.new = raw, new

    def score(self, context, continuations):
        return [self.raw] + [self.new] * (len(continuations) - 1)


class Unwanted(Honest):
    """A model that must not be asked."""

    def score(self, context, continuations):
        raise AssertionError("asked to score")

    def rewrite(self, prompt, text):
        raise AssertionError("asked to rewrite")


class Broken(Honest):
    """A model whose process died."""

    def score(self, context, continuations):
        raise ModelError("the model's process died")


def corrector(model, *languages):
    return Corrector(model, lexicon(languages or ("eng",)), CONFUSIONS)


def correct(text, model, task=TASK):
    page = text if isinstance(text, Page) else page_from_text(text)
    return corrector(model, *task.languages).correct(page, task)


def accepted(done):
    return [(e.raw, e.new) for e in done.edits if e.accepted]


def applied(done):
    """The raw text with the accepted edits put in one by one, from the last to the first."""
    lines = [[w.text for w in line.words] for line in done.page.lines]
    edits = sorted((e for e in done.edits if e.accepted), key=lambda e: (e.line, e.word, e.count))
    for edit in edits[::-1]:
        assert " ".join(lines[edit.line][edit.word : edit.word + edit.count]) == edit.raw
        lines[edit.line][edit.word : edit.word + edit.count] = edit.new.split()
    out, before = [], None
    for line, words in zip(done.page.lines, lines, strict=True):
        if words:
            out += [""] if before not in (None, line.paragraph) else []
            out.append(" ".join(words))
            before = line.paragraph
    return "\n".join(out)


def sound(done):
    """Assert what holds whatever a model says: edits in order, judged and disjoint; numbers and lines as they were."""
    places = [(e.line, e.word) for e in done.edits]
    assert places == sorted(places)
    assert all(e.reason for e in done.edits)
    taken = [(e.line, i) for e in done.edits if e.accepted for i in range(e.word, e.word + e.count)]
    assert len(taken) == len(set(taken))
    assert done.corrected == applied(done)
    assert done.corrected.count("\n") == done.page.raw.count("\n")
    for edit in done.edits:
        if edit.accepted:
            kept = numbers.number_characters(edit.new) == numbers.number_characters(edit.raw)
            assert kept or edit.new == numbers.repair_lookalikes(edit.raw)
            assert edit.new.split()
            assert edit.new == " ".join(edit.new.split())
    if not any(e.accepted and e.new == numbers.repair_lookalikes(e.raw) for e in done.edits):
        assert numbers.number_characters(done.corrected) == numbers.number_characters(done.page.raw)
    return done


class Likes(Honest):
    """A model that likes texts that begin with certain words much better than all others."""

    def __init__(self, *liked, reply=mended):
        super().__init__(reply)
        self.liked = liked

    def score(self, context, continuations):
        self.asked.append((context, list(continuations)))
        return [0.0 if c.strip().startswith(self.liked) else -20.0 for c in continuations]


PLAIN = "It was a bright cold day in the city and the people were going to work by train"


def line(text, model, task=TASK):
    """Correct a line below plain text; return the corrected page and the new text of the line."""
    done = sound(correct(f"{PLAIN}\n{text}", model, task))
    assert done.corrected.startswith(f"{PLAIN}\n")
    return done, done.corrected.removeprefix(f"{PLAIN}\n")
