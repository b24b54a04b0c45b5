"""The configuration as a supporter may see it: what is set, without secrets, prompts and arguments of commands."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from scanmend.config.schema import Config
from scanmend.notify.privacy import scheme

COMMANDS = ("on_success", "on_failure", "on_review")
"""Keys with a program and arguments, which may be secret."""
PRIVATE = ("prompt", "ignore", "endpoint")
"""Keys whose values are nobody else's business; that they are set is enough."""
SECRET = ("token", "api_key", "password", "secret")
"""Parts of names of keys whose values are never shown."""


def lines(config: Config) -> Iterator[str]:
    """Print what is set, key by key; what is not set has the default of the documents."""
    plain = config.model_dump(exclude_unset=True, exclude={"source", "defaults"})
    models, folders = plain.pop("models", {}), plain.pop("folders", ())
    for key, value in plain.items():
        yield f"{key}: {_masked(key, value)}"
    for name, spec in models.items():
        yield f"model {name}: {_masked(name, spec)}"
    for folder in folders:
        yield f"folder {folder['name']}: {_masked('', {k: v for k, v in folder.items() if k != 'name'})}"


def _masked(key: str, value: Any) -> str:
    """Return a value as text that may be shown."""
    if isinstance(value, SecretStr):
        return f"{scheme(value.get_secret_value())}://…"
    if key in PRIVATE or (any(part in key for part in SECRET) and not isinstance(value, bool | int | float)):
        return "(set)"
    if key in COMMANDS:
        return f"{Path(value[0]).name} and {len(value) - 1} argument(s)" if value else "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {_masked(str(k), v)}" for k, v in value.items()) or "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_masked(key, one) for one in value)}]"
    return str(value)
