"""Finds out what a server can do: whether it gives log-probabilities of a prompt, and whether these are right."""

from dataclasses import dataclass

from scanmend.config.schema import ModelSpec
from scanmend.errors import ModelError
from scanmend.llm.remote import wire
from scanmend.llm.remote.client import Client
from scanmend.llm.remote.endpoint import read_key
from scanmend.llm.remote.wire import Nonsense, Request, Scored

PROBE_S = 60.0
"""Seconds that one question of the probe may take; a server that loads models on demand may load this one first."""
TEXT = "The quick brown fox jumps over the lazy"
"""A text whose next word every model knows, so that its log-probability is far from that of others."""
TOLERANCE_NATS = 0.5
"""Most nats by which generating a token and echoing it may differ: servers round, batches differ."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a server can do for correction, beside rewriting."""

    scores: bool
    """Whether it gives the log-probabilities that rescoring needs."""
    why_not: str = ""
    """Why it does not, as part of a sentence; empty where it does."""

    @property
    def sentence(self) -> str:
        """Say what was found."""
        return "rewrite and rescore" if self.scores else f"rewrite alone: {self.why_not}"


def probe(client: Client, model: str, limit_s: float = PROBE_S) -> Abilities:
    """Ask the server; EndpointFailed when it cannot be reached, or does not take key or model.

    A token is generated, then echoed as part of the prompt: both times its log-probability must be the same. Servers
    are in use that are off by one token where a model has no token that begins a text.
    """
    client.ask(Request("models"), lambda answer: answer, limit_s)
    try:
        token, nats = client.ask(wire.completion(model, TEXT, echo=False), wire.next_token, limit_s)
        text = TEXT + token
        found = client.ask(wire.completion(model, text, echo=True), lambda a: _soft_echo(a, text), limit_s)
    except ModelError as e:
        return Abilities(False, f"it gives no log-probabilities of a prompt ({e})")
    if isinstance(found, str):
        return Abilities(False, f"it gives no log-probabilities of a prompt ({found})")
    last = found.nats[-1]
    if not token or last is None or found.tokens[-1] != token or abs(last - nats) > TOLERANCE_NATS:
        return Abilities(False, "the log-probabilities that it gives of a prompt are not those of its tokens")
    return Abilities(True)


def look(spec: ModelSpec) -> Abilities:
    """Return what the server of a configured model can do, asked once and let go again; ModelError."""
    client = Client(spec.endpoint or "", read_key(spec.api_key_file), ca_file=spec.ca_file)
    try:
        return probe(client, spec.model or "")
    finally:
        client.close()


def _soft_echo(answer: object, text: str) -> Scored | str:
    """Return the echoed tokens, or why there are none: asking again would not help."""
    try:
        return wire.echoed(answer, text)
    except Nonsense as e:
        return str(e)
