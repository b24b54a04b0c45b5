"""scanmend.source.packed.fax with data as libtiff writes them, whole and damaged."""

import io

import pytest
from PIL import Image

import render_scans
from scanmend.source.packed.fax import GROUP_4, fax_damage

LINE = render_scans.line("No picture is lost in silence").convert("1")
REVERSED = bytes(int(f"{n:08b}"[::-1], 2) for n in range(256))
KINDS = {
    "group4": ("group4", 0, GROUP_4),
    "group3": ("group3", 0, 0),
    "group3 filled": ("group3", 4, 0),
    "group3 mixed": ("group3", 1, 1),
    "huffman": ("tiff_ccitt", 0, 0),
}


def packed(packing: str, options: int) -> bytes:
    out = io.BytesIO()
    LINE.save(out, "TIFF", compression=packing, strip_size=1 << 30, tiffinfo={292: options} if options else {})
    with Image.open(out) as tiff:
        at, size = tiff.tag_v2[273][0], tiff.tag_v2[279][0]
    return out.getvalue()[at : at + size]


@pytest.mark.parametrize("kind", KINDS)
def test_whole_and_damaged(kind):
    packing, options, k = KINDS[kind]
    data, aligned = packed(packing, options), packing == "tiff_ccitt"
    assert fax_damage(data, LINE.size, k, aligned=aligned) == ""
    assert fax_damage(data.translate(REVERSED), LINE.size, k, aligned=aligned, reversed_bits=True) == ""
    half = len(data) // 2
    for bad in (data[:half], data[:half] + data[half + 200 :], data[:half] + data[half - 200 :], b""):
        assert fax_damage(bad, LINE.size, k, aligned=aligned), len(bad)


def test_without_an_end_mark():
    """Group 4 data may just end; the bits that fill the last byte are no row."""
    data = packed("group4", 0)
    end = data.rindex(b"\x00\x10\x01") if b"\x00\x10\x01" in data else len(data) - 3
    assert fax_damage(data[:end], LINE.size, GROUP_4) == ""
    assert "more rows" in fax_damage(data, (LINE.width, LINE.height // 2), GROUP_4)
