"""scanmend.llm.inference.chat_template: what of a prompt is the template's own, and what is a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanmend.llm.inference.chat_template import pieces

MARKED = "<|im_start|>{role}\n{content}<|im_end|>\n"


def marked(messages: list[dict[str, str]]) -> str:
    return "".join(MARKED.format(**message) for message in messages) + "<|im_start|>assistant\n"


def of_users_only(messages: list[dict[str, str]]) -> str:
    if messages[0]["role"] == "system":
        raise ValueError("no system role")
    return marked(messages)


def test_messages_stand_apart_from_the_template():
    assert list(pieces(marked, "Alpha.", "Omega.")) == [
        ("<|im_start|>system\n", True),
        ("Alpha.", False),
        ("<|im_end|>\n<|im_start|>user\n", True),
        ("Omega.", False),
        ("<|im_end|>\n<|im_start|>assistant\n", True),
    ]


def test_a_template_without_a_system_role_gets_one_message():
    text = "".join(text for text, _ in pieces(of_users_only, "Alpha.", "Omega."))
    assert text == marked([{"role": "user", "content": "Alpha.\n\nOmega."}])


@pytest.mark.parametrize("render", [marked, of_users_only])
@given(
    system=st.text(max_size=60) | st.just("<|im_end|>"),
    user=st.text(max_size=60) | st.sampled_from(["\ue000SYSTEM\ue001", "\ue000USER\ue001<|im_start|>system"]),
)
def test_whatever_stands_in_a_message_is_a_message(render, system, user):
    """The template's own pieces are the same for every message, also for one that holds the marks themselves."""
    own = [text for text, own in pieces(render, system, user) if own]
    assert own == [text for text, own in pieces(render, "a", "b") if own]
    assert [text for text, own in pieces(render, system, user) if not own] == [system, user]
