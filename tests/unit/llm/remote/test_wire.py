"""scanmend.llm.remote.wire: replies of servers are taken apart, or refused."""

import pytest

from scanmend.llm.remote import wire
from scanmend.llm.remote.wire import Nonsense, Scored


@pytest.mark.parametrize(
    "answer",
    [None, [], 7, {}, {"choices": []}, {"choices": [7]}, {"choices": [{}]}, {"choices": [{"message": {"content": 7}}]}],
)
def test_what_is_no_reply_is_refused(answer):
    for take in (wire.reply_text, wire.next_token, lambda a: wire.echoed(a, "x")):
        with pytest.raises(Nonsense):
            take(answer)


def test_a_reply_that_was_cut_off_is_none():
    choice = {"message": {"content": "the"}, "finish_reason": "length"}
    assert wire.reply_text({"choices": [choice]}) == ""
    assert wire.reply_text({"choices": [choice | {"finish_reason": "stop"}]}) == "the"


def echo(tokens, nats, generated=1):
    logprobs = {"tokens": tokens, "token_logprobs": nats}
    return {"choices": [{"logprobs": logprobs}], "usage": {"completion_tokens": generated}}


def test_what_was_generated_does_not_count():
    answer = echo(["a", " b", "!"], [None, -1.0, -9.0])
    assert wire.echoed(answer, "a b") == Scored(("a", " b"), (None, -1.0))


@pytest.mark.parametrize(
    "answer",
    [
        echo(["a", " c", "!"], [None, -1.0, -1.0]),
        echo(["a", " b", "!"], [None, None, -1.0]),
        echo(["a", " b", "!"], [None, 2.0, -1.0]),
        echo(["a", " b", "!"], [None, float("nan"), -1.0]),
        echo(["a", " b", "!"], [None, -1.0]),
        echo(["a", " b", "!"], [None, -1.0, -1.0], generated=40),
        echo(["a", " b", "!"], [None, -1.0, -1.0], generated=True),
    ],
)
def test_log_probabilities_that_do_not_fit_are_refused(answer):
    with pytest.raises(Nonsense):
        wire.echoed(answer, "a b")


def test_only_what_differs_counts_also_across_the_border():
    """A context in other tokens where a word follows that joins with it: the difference is still that of the texts."""
    plain = Scored(("It", " is", " tbe"), (None, -1.0, -7.0))
    other = Scored(("It", " is", " the"), (None, -1.0, -2.0))
    assert wire.after_context([plain, other], [" tbe", " the"]) == [-7.0, -2.0]
    joined = Scored(("It", " isn"), (None, -4.0))
    assert wire.after_context([plain, joined], [" tbe", "n"]) == [-8.0, -4.0]


def test_a_server_is_told_in_its_own_way_to_give_memory_back():
    assert wire.unload("ollama", "m").body == {"model": "m", "keep_alive": 0}
    assert wire.unload("llama-swap", "a/b c").path == "../api/models/unload/a/b%20c"
    assert wire.unload("llama.cpp", "m").path == "../models/unload"
