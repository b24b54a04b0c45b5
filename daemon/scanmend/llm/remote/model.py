"""A model on a server as correction sees it: scored, where the server can, and asked to rewrite."""

from collections.abc import Sequence
from functools import partial

from scanmend.errors import ModelError
from scanmend.llm.remote import wire
from scanmend.llm.remote.client import Client

MIN_CHARACTERS_PER_TOKEN = 2
"""Characters of left context that are sent for each token of the model's context at most."""


class RemoteModel:
    """Implements ``LanguageModel`` by requests; each call has a time limit of its own."""

    def __init__(self, client: Client, model: str, *, context: int, can_score: bool, call_limit_s: float) -> None:
        """``model``: its name on the server. ``context``: tokens that it sees at once."""
        self._client, self._model, self._context, self._limit_s = client, model, context, call_limit_s
        self.can_score = can_score

    def score(self, context: str, continuations: Sequence[str]) -> list[float]:
        """See LanguageModel; one request for each continuation, several at a time."""
        if not self.can_score:
            raise ModelError(f"the server of {self._model!r} gives no log-probabilities")
        left = context[-self._context * MIN_CHARACTERS_PER_TOKEN :]
        texts = [left + continuation for continuation in continuations]
        requests = [wire.completion(self._model, text, echo=True) for text in texts]
        takes = [partial(wire.echoed, prompt=text) for text in texts]
        return wire.after_context(self._client.ask_all(requests, takes, self._limit_s), continuations)

    def rewrite(self, prompt: str, text: str) -> str:
        """See LanguageModel."""
        return self._client.ask(wire.chat(self._model, prompt, text), wire.reply_text, self._limit_s)

    def fits(self, prompt: str, text: str) -> bool:
        """See LanguageModel."""
        used = wire.tokens_of(prompt + text) + wire.reply_budget(text) + wire.SPARE_TOKENS
        return used <= self._context
