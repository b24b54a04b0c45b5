"""Where a model on a server is asked, what a record says of it, and the key that the server wants."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from scanmend.config.schema import ModelSpec
from scanmend.errors import EndpointFailed
from scanmend.fs.safe_open import SecretUnusable, read_secret

MAX_KEY_BYTES = 4096
"""Largest key file that is read, in bytes; keys have some fifty."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model that a server runs; where others have a file."""

    name: str
    """Name of the model in the configuration."""
    url: str
    """Base address of the protocol, such as ``https://gpu.example.org/v1``."""
    model: str
    """Name of the model on the server."""

    @classmethod
    def of(cls, name: str, spec: ModelSpec) -> "Endpoint":
        """Return the endpoint that a model of the configuration names."""
        return cls(name, spec.endpoint or "", spec.model or "")

    @property
    def host(self) -> str:
        """Host and port of the server."""
        return urlsplit(self.url).netloc

    def identity(self) -> dict[str, str | int | None]:
        """Return the facts about the model for a document's record."""
        return {"name": self.name, "source": "endpoint", "endpoint": self.host, "model": self.model}


def read_key(path: Path | None) -> str:
    """Return the key in this file, empty for no file; EndpointFailed where it cannot be used, or others may read it."""
    if path is None:
        return ""
    try:
        key = read_secret(path, MAX_KEY_BYTES).strip()
    except SecretUnusable as e:
        raise EndpointFailed(f"api_key_file {path} {e}") from e
    if not key or not key.isascii() or not key.decode("ascii").isprintable() or b" " in key:
        raise EndpointFailed(f"api_key_file {path} has to hold the key and nothing else, in one line")
    return key.decode("ascii")
