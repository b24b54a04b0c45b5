"""The page's style and scripts, each under an address that has its hash, so that browsers may keep it for ever."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources

TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
"""Content type by what a file's name ends with; no other files are served."""
HASH_CHARS = 12
"""Hexadecimal digits of the hash in an address: enough to tell versions apart."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to be sent."""

    body: bytes
    media_type: str
    digest: str
    """SHA-256 of the body in hexadecimal, cut to ``HASH_CHARS``."""


@cache
def assets() -> dict[str, Asset]:
    """Return all files by name; read once, some 30 KiB."""
    found = {}
    for file in resources.files("scanmend.web").joinpath("static").iterdir():
        if media_type := TYPES.get(file.name.rpartition(".")[2]):
            body = file.read_bytes()
            found[file.name] = Asset(body, media_type, hashlib.sha256(body).hexdigest()[:HASH_CHARS])
    return found


def address(name: str) -> str:
    """Return where a file is served; KeyError where there is none of that name."""
    return f"/static/{assets()[name].digest}/{name}"
