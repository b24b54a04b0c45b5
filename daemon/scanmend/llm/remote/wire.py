"""Requests of OpenAI's protocol, and what is taken from replies, which may be anything; pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

BYTES_PER_TOKEN = 3
"""Bytes of UTF-8 that count as one token, as the server's tokenizer is not here: about four are usual, so that texts
are rather taken for longer than they are; Chinese and Japanese have about three."""
REPLY_RATIO = 1.25
"""Longest reply of a rewrite relative to its input, as with local models."""
SPARE_TOKENS = 64
"""Tokens of a chat template and the like around prompt and text."""


class Nonsense(ValueError):
    """A reply that is not what the protocol says."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: the path is relative to the endpoint; None for a body: GET."""

    path: str
    body: Mapping[str, Any] | None = None
    wants_answer: bool = True
    """Whether the body of the answer counts; else its code alone."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A text that the server echoed, in its tokens, with their log-probabilities in nats; the first has none."""

    tokens: tuple[str, ...]
    nats: tuple[float | None, ...]


def tokens_of(text: str) -> int:
    """Return about how many tokens a text has, rather too many."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def reply_budget(text: str) -> int:
    """Return how many tokens the rewrite of a text may have."""
    return int(tokens_of(text) * REPLY_RATIO) + 16


def chat(model: str, system: str, user: str) -> Request:
    """Return the request for a reply to two messages, decoded greedily."""
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    body = {"model": model, "messages": messages, "max_tokens": reply_budget(user), "temperature": 0, "stream": False}
    return Request("chat/completions", body)


def completion(model: str, prompt: str, *, echo: bool) -> Request:
    """Return the request for one more token after a text, and, with ``echo``, for the text's log-probabilities."""
    body = {"model": model, "prompt": prompt, "max_tokens": 1, "temperature": 0, "logprobs": 1, "echo": echo}
    return Request("completions", {**body, "stream": False})


def unload(kind: Literal["ollama", "llama-swap", "llama.cpp"], model: str) -> Request:
    """Return the request that has a server give back the memory of a model; its path goes up from ``/v1``."""
    if kind == "ollama":
        return Request("../api/generate", {"model": model, "keep_alive": 0}, wants_answer=False)
    if kind == "llama.cpp":
        return Request("../models/unload", {"model": model}, wants_answer=False)
    return Request(f"../api/models/unload/{quote(model)}", {}, wants_answer=False)


def reply_text(answer: Any) -> str:
    """Return the text of a chat reply; empty when it was cut off at its longest. Nonsense."""
    choice = _choice(answer)
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else None
    if choice.get("finish_reason") == "length":
        return ""
    if not isinstance(text, str):
        raise Nonsense("its reply has no text")
    return text


def echoed(answer: Any, prompt: str) -> Scored:
    """Return the tokens of the echoed prompt without what was generated after it; Nonsense where they do not fit."""
    tokens, nats = _log_probabilities(answer)
    usage = answer.get("usage")
    generated = usage.get("completion_tokens") if isinstance(usage, dict) else 1
    if isinstance(generated, bool) or not isinstance(generated, int) or not 0 <= generated <= 1:
        raise Nonsense("it generated more than it was asked for")
    end = len(tokens) - generated
    if end < 1 or not prompt.endswith(tokens[end - 1].lstrip("\N{REPLACEMENT CHARACTER}")):
        raise Nonsense("the tokens that it echoes are not those of the text")
    if any(n is None for n in nats[1:end]):
        raise Nonsense("tokens have no log-probability")
    return Scored(tokens[:end], nats[:end])


def next_token(answer: Any) -> tuple[str, float]:
    """Return the token that was generated, and its log-probability; Nonsense."""
    tokens, nats = _log_probabilities(answer)
    if len(tokens) != 1 or nats[0] is None:
        raise Nonsense("it gives no log-probability of the token that it generates")
    return tokens[0], nats[0]


def after_context(scored: Sequence[Scored], continuations: Sequence[str]) -> list[float]:
    """Return the log-probability of each continuation; each text is one context followed by one of them.

    What all texts have in common up to the shortest continuation is left out; a token across the border counts for
    all, so that the differences are right however a server cuts texts into tokens.
    """
    starts = [_start(s, len(c)) for s, c in zip(scored, continuations, strict=True)]
    start = min(starts, default=0)
    while any(s.tokens[:start] != scored[0].tokens[:start] for s in scored):
        start -= 1
    return [sum(n for n in s.nats[start:] if n is not None) for s in scored]


def _start(scored: Scored, length: int) -> int:
    """Return the index of the first token that holds part of the last ``length`` characters."""
    index = len(scored.tokens)
    while index and length > 0:
        index -= 1
        length -= len(scored.tokens[index])
    return index


def _choice(answer: Any) -> dict[str, Any]:
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        raise Nonsense("its reply is none of the protocol")
    return choices[0]


def _log_probabilities(answer: Any) -> tuple[tuple[str, ...], tuple[float | None, ...]]:
    found = _choice(answer).get("logprobs")
    tokens = found.get("tokens") if isinstance(found, dict) else None
    nats = found.get("token_logprobs") if isinstance(found, dict) else None
    if not isinstance(tokens, list) or not isinstance(nats, list) or len(tokens) != len(nats):
        raise Nonsense("it gives no log-probabilities")
    if not all(isinstance(t, str) for t in tokens) or not all(n is None or _is_log(n) for n in nats):
        raise Nonsense("its log-probabilities are none")
    return tuple(tokens), tuple(nats)


def _is_log(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value <= 1e-3  # noqa: PLR2004 -- rounding
