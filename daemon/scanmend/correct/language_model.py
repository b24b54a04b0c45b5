"""The language model as correction sees it: a protocol that llama.cpp, or a server, implements elsewhere."""

from collections.abc import Sequence
from typing import Protocol


class LanguageModel(Protocol):
    """A loaded language model; every call blocks until it has an answer and may raise ModelError."""

    @property
    def can_score(self) -> bool:
        """Whether ``score`` may be called; a server that gives no log-probabilities can only rewrite."""

    def score(self, context: str, continuations: Sequence[str]) -> list[float]:
        """Return the log-probability, in nats, of each continuation after the context."""

    def rewrite(self, prompt: str, text: str) -> str:
        """Return the model's whole reply to ``text`` under the system message ``prompt``; empty if it hit a limit."""

    def fits(self, prompt: str, text: str) -> bool:
        """Whether prompt, text and a reply as long as the text fit the model's context."""
