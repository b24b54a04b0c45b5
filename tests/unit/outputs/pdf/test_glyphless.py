"""scanmend.outputs.pdf.glyphless: a font that FreeType takes, and codes that map back to their characters."""

import io

import pytest
from PIL import ImageFont

from scanmend.outputs.pdf.glyphless import ADVANCE, Font, font_file, to_unicode


def test_freetype_takes_the_font():
    """Its measures are those that the PDF tells of it, and nothing is drawn."""
    font = ImageFont.truetype(io.BytesIO(font_file()), 1000)
    assert font.getmetrics() == (800, 200)
    assert font.getlength("x") in (0, ADVANCE)  # it has no table of characters: the first glyph stands for all


@pytest.mark.parametrize("text", ["abc", "ÄŁ€", "日本語", "😀👍", "a😀b"])
def test_every_code_maps_back_to_its_character(text):
    """Four digits a character, also beyond the first 65536; the map says which it was."""
    font, known = Font(), {}
    codes = font.encode(text)
    assert len(codes) == 4 * len(text)
    objects = []
    font.add_to(lambda inside, stream, number: objects.append((inside, stream)) or number or len(objects), 99)
    cmap = next(stream for _, stream in objects if stream and b"begincmap" in stream).decode()
    for line in cmap.splitlines():
        if line.startswith("<") and not line.startswith("<0000>"):
            code, value = line.replace("<", "").replace(">", "").split()
            known[code] = bytes.fromhex(value).decode("utf-16-be")
    assert "".join(known[codes[i : i + 4]] for i in range(0, len(codes), 4)) == text


def test_half_a_character_is_left_out():
    """A lone surrogate cannot be written in a PDF."""
    assert Font().encode("a\ud83db") == "00610062"


def test_no_section_of_the_map_is_too_long():
    """At most a hundred entries, as the specification of CMaps asks."""
    cmap = to_unicode({i: chr(i) for i in range(32, 290)}).decode()
    assert [int(line.split()[0]) for line in cmap.splitlines() if line.endswith("beginbfchar")] == [100, 100, 58]
