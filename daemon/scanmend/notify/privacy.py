"""What may leave the machine of a text that the daemon wrote: no names of files, no secrets, no names of people.

For notifications and reports. Texts are made by scanmend, so this takes out what may be in them; it is no filter for
text of others, which has no place there at all.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

NAME, PATH, SECRET = "<file>", "<path>", "<secret>"
"""What stands in place of the name of a scan, of a path, and of a secret."""
_ADDRESS = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*)://(?!…)[^\s'\"<>]+")
_PATH = re.compile(r"(?<![\w/.<])/(?!/)(?:[^\s:;,()'\"]+(?: (?=[^\s:;,()'\"]*[/.]))?)+")
"""A path from the root; with blanks in it as long as more of it follows."""
_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{8,}")
"""Tokens of the Hugging Face hub."""
_HOME = re.compile(r"(?<![\w.])/home/[^/\s:;,'\"]+")


def without_names(text: str, names: Iterable[str] = ()) -> str:
    """Return a text without paths, addresses and these names of files; longer names go before those within them."""
    for name in sorted({n for n in names if n.strip()}, key=len, reverse=True):
        text = text.replace(name, NAME)
    return _PATH.sub(PATH, without_addresses(text))


def without_addresses(text: str) -> str:
    """Return a text whose URLs have nothing but their scheme, and without tokens."""
    return _TOKEN.sub(SECRET, _ADDRESS.sub(r"\1://…", text))


def without_homes(text: str) -> str:
    """Return a text in which nobody's home folder can be told from another's."""
    own = os.environ.get("HOME", "")
    if own.startswith("/") and Path(own) not in (Path("/"), Path("/root")):
        text = re.sub(rf"(?<![\w.]){re.escape(own.rstrip('/'))}(?![\w.-])", "~", text)
    return _HOME.sub("~", text)


def without(text: str, secrets: Iterable[str]) -> str:
    """Return a text without these secrets, wherever they stand; one of a few letters would be found in every word."""
    for secret in sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True):  # noqa: PLR2004
        text = text.replace(secret, SECRET)
    return text


def scheme(address: str) -> str:
    """Return what may be shown of an apprise URL; in many of them the host is the secret."""
    return address.split("://", 1)[0].lower()
