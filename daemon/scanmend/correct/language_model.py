"""What correction asks of a language model: the seam between it and llama.cpp."""

from collections.abc import Sequence
from typing import Protocol


class LanguageModel(Protocol):
    """A loaded model; calls block, and may raise ModelError."""

    def score(self, context: str, continuations: Sequence[str]) -> list[float]:
        """Log-probability in nats of each continuation after the context."""

    def rewrite(self, prompt: str, text: str) -> str:
        """The model's whole reply to ``text`` under the system message ``prompt``; empty when it hit a limit."""

    def fits(self, prompt: str, text: str) -> bool:
        """Whether text and a reply of its length fit the context."""
