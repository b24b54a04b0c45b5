"""scanmend.source.packed.jpeg with whole JPEGs of many kinds, and with parts of their data gone or replaced."""

import io
import random

import pytest

import render_scans
from scanmend.source.packed.jpeg import jpeg_damage

NOISE = random.Random(4711).randbytes(3000)  # noqa: S311 -- the same each time
LINE = render_scans.line("No picture is lost in silence")


@pytest.fixture(scope="module")
def sheet():
    return render_scans.minutes().pages[0].crop((0, 0, 1000, 700))


def packed(picture, **how) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", **how)
    return out.getvalue()


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"progressive": True},
        {"quality": 20, "optimize": True},
        {"quality": 100},
        {"restart_marker_rows": 2},
        {"restart_marker_blocks": 5},
    ],
)
def test_whole_and_cut(sheet, mode, how):
    """Whole ones are not suspected, whatever follows them, or without an end mark; of cut ones, half suffices."""
    picture = sheet.convert(mode)
    data, pixels = packed(picture, **how), picture.width * picture.height
    assert not jpeg_damage(data, pixels)
    assert not jpeg_damage(data[:-2], pixels)
    assert not jpeg_damage(data + bytes(5000), pixels)
    assert not jpeg_damage(data + data, pixels)
    for share in (0.3, 0.6, 0.8):
        assert jpeg_damage(data[: int(len(data) * share)] + b"\xff\xd9", pixels), share


@pytest.mark.parametrize("size", [(16, 16), (17, 900), (1000, 9)])
@pytest.mark.parametrize("how", [{}, {"subsampling": 0}, {"subsampling": 1}, {"restart_marker_rows": 1}])
def test_odd_sizes(sheet, size, how):
    picture = sheet.convert("RGB").resize(size)
    assert not jpeg_damage(packed(picture, **how), size[0] * size[1])


def test_a_gap_between_restart_markers(sheet):
    """The decoder fills the part with grey, or goes on with what follows, and shows the rest in its place."""
    data, pixels = packed(sheet, restart_marker_rows=1), sheet.width * sheet.height
    marks = [at for at in range(len(data) - 1) if data[at] == 0xFF and 0xD0 <= data[at + 1] <= 0xD7]
    first, second = marks[20], marks[21]
    assert jpeg_damage(data[:first] + data[second:], pixels) == (
        "its data are damaged: a part between restart markers is missing"
    )
    middle = (first + second) // 2
    assert jpeg_damage(data[:middle] + data[second:], pixels) == "its data end early"
    assert jpeg_damage(data[:middle] + data[first + 2 : second] + data[second:], pixels) == (
        "its data are damaged: some are left over"
    )


def test_damage_that_shifts_what_follows(sheet):
    """A piece that is gone or doubled moves the decoder's end away from the end of the data."""
    data, pixels = packed(sheet), sheet.width * sheet.height
    half = len(data) // 2
    assert jpeg_damage(data[:half] + data[half + 500 :], pixels) == "its data end early"
    assert jpeg_damage(data[:half] + data[half - 500 :], pixels) == "its data are damaged: some are left over"
    assert "marker" in jpeg_damage(data[:half] + b"\xff\x17" + data[half:], pixels)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"subsampling": 0}])
def test_pieces_that_are_gone_zero_or_noise(sheet, mode, how):
    """Wherever they are, also in the scans of a progressive one, most are told: a few end in the right place."""
    picture = sheet.convert(mode).crop((0, 0, 500, 400))
    data, dice = packed(picture, **how), random.Random(3)  # noqa: S311 -- the same each time
    told = []
    for n in range(24):
        at, size = dice.randrange(len(data) // 8, len(data) - 500), dice.choice((60, 150, 400))
        other = (b"", bytes(size), dice.randbytes(size))[n % 3]
        told.append(jpeg_damage(data[:at] + other + data[at + size :], 500 * 400) != "")
    assert told.count(False) <= (2 if how.get("progressive") else 6)


def test_writers_that_fill_up(sheet):
    """Bytes that are all the same may stand behind the data; the last few bits may be missing."""
    data, pixels = packed(sheet), sheet.width * sheet.height
    for filling in (bytes(60), b"\xff" * 60, b"\0"):
        assert not jpeg_damage(data[:-2] + filling + data[-2:], pixels), filling
    assert not jpeg_damage(data[:-3] + data[-2:], pixels)
    assert jpeg_damage(data[:-2] + bytes(range(1, 5)) + data[-2:], pixels) == "its data are damaged: some are left over"


def test_what_is_no_jpeg():
    """Noise, and pieces of a JPEG's head, are left to the decoder."""
    head = packed(LINE)[:200]
    for data in (b"", NOISE, b"\xff\xd8", b"\xff\xd8\xff\xc2\0\x04", head):
        assert not jpeg_damage(data, LINE.width * LINE.height)
