"""Guided decoding with the bundled model: what comes out is plain greedy decoding, whatever is offered."""

from functools import cache

import numpy as np
import pytest

from listening import MODEL, NEAR, Listening, logits, needs_safe
from render_scans import MINUTES, REPORT
from scanmend.llm.inference.draft_length import SIZES, DraftLength


def passage(text, begins, lines):
    """Some lines of a page, with words parted at line ends as its print has them."""
    return "\n".join(text[text.index(begins) :].replace("|", "-\n").split("\n")[:lines])


GARDEN = passage(MINUTES[1], "4. Garden", 2)
PAGES = {
    "numbers": passage(MINUTES[0], "2. Accounts", 2),
    "hyphens": passage(REPORT[1], "children's corner", 3),
    "one line": "The committee met on Tuesday and the report was read aloud by the secretary.",
    "errors in every line": GARDEN.replace("th", "tb").replace("m", "rn").replace("e ", "c "),
}
"""The bundled model copies the first, all but copies the next two, and writes most of the last anew."""
PROMPT = "Repeat the text word by word."
TOKENS = 24


class Steady(DraftLength):
    """Offers so many tokens each time, whatever they cost."""

    def __init__(self, tokens):
        super().__init__()
        self.tokens = tokens

    def length(self, available):
        return min(self.tokens, available)


@pytest.fixture(scope="module")
def engine():
    made = Listening(MODEL, context=512, threads=1, safe=needs_safe())
    yield made
    made.close()


@pytest.fixture(scope="module")
def plain(engine):
    """Returns the reply of plain decoding to a page, which is made once."""

    @cache
    def reply(name):
        return engine.write(PROMPT, PAGES[name], guided=False, max_tokens=TOKENS)

    return reply


def parting(engine, page, tokens, expected):
    """How far apart the two best logits are where the replies part; nothing where they are the same."""
    pairs = zip(tokens, expected, strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(tokens), len(expected)))
    if len(tokens) == len(expected) == same:
        return None
    until_then = engine._prompt(PROMPT, page) + expected[:same]
    second, first = np.sort(logits(engine, until_then, len(until_then) - 1)[0])[-2:]
    return first - second


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if "errors" in name else pytest.mark.thorough) for name in PAGES],
)
def test_it_is_plain_greedy_decoding(engine, plain, monkeypatch, record_property, name):
    """Token for token, whatever is offered, but where plain decoding itself could hardly choose; and such are few."""
    expected, tokens = plain(name)
    near = 0
    for offered in (Steady(15), Steady(63), DraftLength()):
        monkeypatch.setattr(engine, "_draft_length", offered)
        reply, written = engine.write(PROMPT, PAGES[name], source=PAGES[name], max_tokens=TOKENS)
        margin = parting(engine, PAGES[name], written, tokens)
        if margin is None:
            assert (reply.text, reply.complete) == (expected.text, expected.complete)
        else:
            assert margin < NEAR, f"differs from {expected.text!r}: {reply.text!r}"
            near += 1
    record_property("near_ties", near)
    assert near <= 1


def test_plain_decoding_does_a_token_a_call(plain):
    """What it is compared with uses no draft."""
    assert all(reply.calls == reply.tokens > 0 for reply, _ in map(plain, ("numbers", "errors in every line")))


def test_a_copy_takes_fewer_calls(engine, monkeypatch):
    """Where the model copies, several tokens are verified at once."""
    monkeypatch.setattr(engine, "_draft_length", Steady(15))
    reply, _ = engine.write(PROMPT, PAGES["numbers"], source=PAGES["numbers"])
    assert reply.calls * 5 < reply.tokens


@pytest.mark.thorough
def test_a_misleading_draft_changes_nothing(engine, plain, monkeypatch):
    """A source that the model does not copy costs time only."""
    monkeypatch.setattr(engine, "_draft_length", Steady(15))
    reply, _ = engine.write(PROMPT, PAGES["one line"], source=PAGES["numbers"], max_tokens=TOKENS)
    assert reply.text == plain("one line")[0].text


@pytest.mark.parametrize("budget", [1, 2, 9, 20])
def test_a_budget_cuts_off(engine, plain, monkeypatch, budget):
    """A draft does not go beyond it, and what was written until then is what plain decoding writes."""
    monkeypatch.setattr(engine, "_draft_length", Steady(63))
    reply, written = engine.write(PROMPT, PAGES["numbers"], source=PAGES["numbers"], max_tokens=budget)
    assert (reply.complete, reply.tokens) == (False, budget)
    assert written == plain("numbers")[1][:budget]


def test_a_draft_to_the_very_end_of_the_context():
    """Drafts end where the context ends."""
    engine = Listening(MODEL, context=128, threads=1, safe=needs_safe())
    try:
        engine._draft_length = Steady(63)
        text = "word " * 95
        room = engine.context - len(engine._prompt("Repeat.", text))
        assert 5 < room < 30
        reply, written = engine.write("Repeat.", text, source=text, max_tokens=room)
        assert reply.tokens == len(written) <= room
    finally:
        engine.close()


def test_the_prompt_is_kept_between_chunks(engine, monkeypatch):
    """Of the second chunk's prompt only what differs is decoded."""
    monkeypatch.setattr(engine, "_draft_length", DraftLength())
    system = "You copy text, and change nothing in it but what the scanner has misread."
    engine.write(system, PAGES["numbers"], source=PAGES["numbers"], max_tokens=4)
    decoded = []
    decode = engine._decode
    monkeypatch.setattr(engine, "_decode", lambda rows: decoded.append(rows) or decode(rows))
    engine.write(system, GARDEN, source=GARDEN, max_tokens=4)
    whole, kept = len(engine._prompt(system, GARDEN)), len(engine.tokenize(system))
    assert decoded[0] < whole - kept


@pytest.mark.thorough
def test_what_batches_cost_is_learned(engine, monkeypatch):
    """After a reply the prompt and the single rows have told what to expect of drafts."""
    monkeypatch.setattr(engine, "_draft_length", DraftLength())
    engine.write(PROMPT, PAGES["numbers"], source=PAGES["numbers"])
    costs = engine._draft_length.costs.table()
    assert set(costs) == {1, *SIZES}
    assert all(0 < seconds < 10 for seconds in costs.values())
