"""Makes any text a file name that ext4, NTFS and SMB shares take, and that people and programs can handle."""

import re
import unicodedata

MAX_NAME_BYTES = 200
"""Longest name, in bytes of UTF-8: of the 255 that file systems take, what follows it needs some (`` (12).json``)."""
FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
"""Characters that Windows, or any system, does not take in names."""
RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE | re.DOTALL)
"""Names of devices on Windows, with any suffix."""
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of characters that nobody sees, or that are none: controls, direction marks, halves of a pair."""
SUBSTITUTE = "_"
"""What stands for a character that no name can have."""


def safe_name(text: str) -> str:
    """Return the text as a name; never empty, without a dot or blank at its ends, at most MAX_NAME_BYTES bytes long."""
    seen = "".join(SUBSTITUTE if unicodedata.category(c) in UNSEEN else c for c in text)
    name = unicodedata.normalize("NFC", FORBIDDEN.sub(SUBSTITUTE, seen))
    name = _trimmed(re.sub(r"\s+", " ", name))
    if RESERVED.fullmatch(name):
        name = SUBSTITUTE + name
    while len(name.encode()) > MAX_NAME_BYTES:
        name = name[:-1]
    return _trimmed(name) or SUBSTITUTE


def _trimmed(name: str) -> str:
    """Without blanks at the ends, dots at the end, which Windows drops, and dots in front, which hide a file."""
    return name.strip(" .")
