"""A font whose glyphs are all empty and half as wide as high, for text that can be searched but not seen.

Any character can be written in it: PDF readers look up in its ``ToUnicode`` map what a code stands for. The idea is
that of Tesseract's own PDFs; this font is built here, from the tables of the OpenType specification.
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence

ASCENT, DESCENT = 800, -200
"""Extent above and below the baseline, in thousandths of the font size; together they are the whole size."""
ADVANCE = 500
"""Width of each character, in thousandths of the font size."""
NAME = "ScanmendText"
"""The font's name in PDFs."""

_ASTRAL = range(0xD800, 0xE000)
"""Codes of surrogates, which no character has; they are given to characters beyond U+FFFF."""
_SECTION_ENTRIES = 100
"""Most entries in one section of a ``ToUnicode`` map, by the specification of CMaps."""

Add = Callable[[str, bytes | None, int | None], int]
"""Adds an object to a PDF and returns its number: ``(inside of its dictionary, stream or None, number or None)``."""


class Font:
    """Encodes text for the font, and remembers all codes for the map back to Unicode."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._astral = iter(_ASTRAL)

    def encode(self, text: str) -> str:
        """Return the text as hexadecimal codes, four digits a character; lone surrogates are left out."""
        return "".join(f"{code:04X}" for code in map(self._code, text) if code)

    def _code(self, character: str) -> int:
        if character not in self._codes:
            at = ord(character)
            self._codes[character] = 0 if at in _ASTRAL else at if at < 0x10000 else next(self._astral, 0)  # noqa: PLR2004
        return self._codes[character]

    def add_to(self, add: Add, number: int) -> None:
        """Add the font to a PDF as object ``number``, with a map of all that was encoded so far."""
        program = font_file()
        file = add(f"/Length1 {len(program)}", program, None)
        descriptor = add(
            f"/Type /FontDescriptor /FontName /{NAME} /FontFile2 {file} 0 R /FontBBox [0 {DESCENT} {ADVANCE} {ASCENT}] "
            f"/Ascent {ASCENT} /Descent {DESCENT} /CapHeight {ASCENT} /StemV 80 /Flags 5 /ItalicAngle 0",
            None,
            None,
        )
        glyphs = add("", b"\0\1" * 0x10000, None)
        descendant = add(
            f"/Type /Font /Subtype /CIDFontType2 /BaseFont /{NAME} /FontDescriptor {descriptor} 0 R /DW {ADVANCE} "
            f"/CIDSystemInfo << /Ordering (Identity) /Registry (Adobe) /Supplement 0 >> /CIDToGIDMap {glyphs} 0 R",
            None,
            None,
        )
        unicodes = add("", to_unicode({code: text for text, code in self._codes.items() if code}), None)
        add(
            f"/Type /Font /Subtype /Type0 /BaseFont /{NAME} /Encoding /Identity-H "
            f"/DescendantFonts [{descendant} 0 R] /ToUnicode {unicodes} 0 R",
            None,
            number,
        )


def to_unicode(codes: Mapping[int, str]) -> bytes:
    """Return the CMap from each code to its character."""
    entries = [f"<{code:04X}> <{text.encode('utf-16-be').hex().upper()}>" for code, text in sorted(codes.items())]
    sections = "".join(
        f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n"
        for block in _blocks(entries, _SECTION_ENTRIES)
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{sections}endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")


def font_file() -> bytes:
    """Return the font as a TrueType file with two empty glyphs."""
    head = struct.pack(
        ">IIIIHHqqhhhhHHhhh",
        0x00010000, 0x00010000, 0, 0x5F0F3CF5, 0, 1000, 0, 0, 0, DESCENT, ADVANCE, ASCENT, 0, 8, 2, 0, 0,
    )  # fmt: skip
    hhea = struct.pack(">IhhhHhhhhhhhhhhhH", 0x00010000, ASCENT, DESCENT, 0, ADVANCE, *[0] * 3, 1, *[0] * 7, 1)
    maxp = struct.pack(">IH13H", 0x00010000, 2, *[0] * 4, 1, *[0] * 8)
    hmtx = struct.pack(">Hhh", ADVANCE, 0, 0)
    tables = {b"glyf": bytes(4), b"head": head, b"hhea": hhea, b"hmtx": hmtx, b"loca": bytes(6), b"maxp": maxp}
    file = _assembled(tables)
    tables[b"head"] = head[:8] + struct.pack(">I", (0xB1B0AFBA - _checksum(file)) & 0xFFFFFFFF) + head[12:]
    return _assembled(tables)


def _assembled(tables: Mapping[bytes, bytes]) -> bytes:
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    offset = 12 + 16 * count
    directory, body = (
        struct.pack(">IHHHH", 0x00010000, count, power * 16, power.bit_length() - 1, (count - power) * 16),
        b"",
    )
    for tag, data in tables.items():
        directory += tag + struct.pack(">III", _checksum(data), offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    return directory + body


def _checksum(data: bytes) -> int:
    padded = data + bytes(-len(data) % 4)
    return int(sum(struct.unpack(f">{len(padded) // 4}I", padded))) & 0xFFFFFFFF


def _blocks(entries: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (entries[at : at + size] for at in range(0, len(entries), size))
