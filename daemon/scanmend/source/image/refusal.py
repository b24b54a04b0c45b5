"""What to say of files that cannot be opened: what they are, and what a person can do about it."""

from scanmend.errors import DocumentError

_NAMES = {b"\x89PNG\r\n\x1a\n": "PNG", b"GIF8": "GIF", b"BM": "BMP", b"RIFF": "WebP", b"\xff\xd8\xff": "JPEG"}
"""Formats by the bytes that a file begins with."""
_LOSSLESS_FRAMES = (0xC3, 0xC7, 0xCB, 0xCF)
"""Markers that begin the frame of a lossless JPEG."""
_USUAL_BITS = 8
_NO_SCAN = "the file is no scan: neither PDF, TIFF, PNG, JPEG, BMP, WebP, GIF nor HEIC"


class NotAnImage(DocumentError):
    """The file is of no format that is read here."""


def refusal(head: bytes, why: str) -> DocumentError:
    """Return the error for a file that begins so and that no decoder opens; ``why`` is what Pillow said."""
    name = next((name for start, name in _NAMES.items() if head.startswith(start)), None)
    unknown = "cannot identify" in why
    if name is None or (name == "WebP" and head[8:12] != b"WEBP") or (name == "BMP" and unknown):
        return NotAnImage(_NO_SCAN)  # the two letters of a BMP begin many a text
    feature = jpeg_feature(head) if name == "JPEG" else why if "support" in why else ""
    if feature:
        return DocumentError(
            f"the file is a {name} of a kind that is not supported ({feature}); save it as PNG or TIFF"
        )
    return DocumentError(f"the file is a {name}, but it is damaged" + ("" if unknown else f": {' '.join(why.split())}"))


def jpeg_feature(head: bytes) -> str:
    """What is rare about the frame of a JPEG, which decoders may not know; empty where nothing is."""
    at = 2
    while at + 5 <= len(head) and head[at] == 0xFF:  # noqa: PLR2004 -- every marker begins so
        code, size, bits = head[at + 1], int.from_bytes(head[at + 2 : at + 4], "big"), head[at + 4]
        if 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):  # noqa: PLR2004 -- frames; not tables
            return "lossless" if code in _LOSSLESS_FRAMES else f"{bits} bits a sample" if bits != _USUAL_BITS else ""
        at += 2 + size
    return ""
