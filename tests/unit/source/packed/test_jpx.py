"""scanmend.source.packed.jpx with whole pictures of many kinds, and with parts of their codes replaced."""

import io
import random

import pytest
from PIL import Image

import render_scans
from scanmend.source.packed.jpx import DAMAGED, MOST_LEFT_OVER_BYTES, MOST_MISSING_BYTES, damage_told, jpx_damage

LOSSY = {"irreversible": True, "quality_mode": "rates", "quality_layers": [12]}


@pytest.fixture(scope="module")
def sheet() -> Image.Image:
    return render_scans.minutes().pages[0].crop((0, 0, 500, 400))


def packed(picture, **how) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG2000", **how)
    return out.getvalue()


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize(
    "how",
    [
        {},
        LOSSY,
        {"tile_size": (256, 256)},
        {"quality_mode": "dB", "quality_layers": [30, 40]},
        {"no_jp2": True, "codeblock_size": (32, 32)},
        {"progression": "RPCL", "num_resolutions": 2, "plt": True},
    ],
)
def test_whole_pictures(sheet, mode, how):
    assert jpx_damage(packed(sheet.convert(mode), **how)) == ""


@pytest.mark.parametrize("how", [{}, LOSSY, {"tile_size": (128, 128)}])
def test_codes_that_are_something_else(sheet, how):
    """Noise or zeros in their place: the decoder draws something, and says nothing of its own accord."""
    data = packed(sheet, **how)
    noise = random.Random(11).randbytes(150)  # noqa: S311 -- the same each time
    found = []
    for share in (0.3, 0.5, 0.7, 0.9):
        at = int(share * len(data)) - 150
        found.append([jpx_damage(data[:at] + other + data[at + 150 :]) for other in (noise, bytes(150))])
    assert [told for told, _ in found].count(DAMAGED) >= 3
    assert [told for _, told in found].count(DAMAGED) >= 1  # zeros may last for as many coefficients as there should be


def test_what_openjpeg_says():
    """A block that lacks some bytes is usual where codes were cut off to save room; one with bytes left over is not."""
    left = "openjpeg warning: PTERM check failure: {} remaining bytes in code block (1887 used / 2058)"
    missing = "openjpeg warning: PTERM check failure: {} synthesized 0xFF markers read"
    usual = ["openjpeg warning: Non conformant codestream TPsot==TNsot.", "... repeated 3 times..."]
    assert damage_told([*usual, left.format(MOST_LEFT_OVER_BYTES), missing.format(MOST_MISSING_BYTES)]) == ""
    assert damage_told([*usual, left.format(MOST_LEFT_OVER_BYTES + 1)]) == DAMAGED
    assert damage_told([missing.format(MOST_MISSING_BYTES + 1)]) == DAMAGED
    assert damage_told(["openjpeg warning: read: segment too long (9) with max (3) for codeblock 1"]) == DAMAGED


def test_what_is_no_jpeg_2000(sheet):
    """Noise, heads without data, and other codes are left to the decoder."""
    data = packed(sheet)
    style = data.index(b"\xff\x52") + 12
    other_codes = data[:style] + bytes([data[style] | 0x40]) + data[style + 1 :]
    for given in (b"", bytes(300), data[: data.index(b"\xff\x52") + 8], data[:200], other_codes):
        assert jpx_damage(given) == ""
