"""scanmend.source.packed.jbig2 with whole pictures, and with data cut, replaced, missing and doubled."""

import random
import struct

import numpy as np
import pytest

import render_scans
from jbig2_writer import generic_region, page_of, segment
from scanmend.source.packed.jbig2 import CUT_SHORT, LEFT_OVER, jbig2_damage

DAMAGED = (CUT_SHORT, LEFT_OVER)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """A line of text as 0 and 1, with more paper below than above."""
    line = render_scans.line("Nothing is lost in silence", height_px=30)
    ink = (np.asarray(line.convert("L")) < 128).astype(int)
    return np.pad(ink, ((0, 60), (0, 0)))


@pytest.fixture(scope="module", params=["plain", "repeated rows predicted", "striped"])
def whole(request, picture) -> bytes:
    """The picture in each way in which scanners write it."""
    stripe = 32 if request.param == "striped" else 0
    return page_of(picture, predict_rows=request.param == "repeated rows predicted", stripe=stripe)


def test_cut_anywhere_within_a_segment():
    region = bytes(range(256)) * 8
    segments = [(0, 48, bytes(19)), (1, 38, region), (2, 49, b"")]
    data = b"".join(segment(*one) for one in segments)
    assert jbig2_damage(data) != CUT_SHORT
    assert jbig2_damage(data + b"\n") != CUT_SHORT
    assert all(jbig2_damage(data[:n]) == CUT_SHORT for n in range(42, len(data) - 12, 97))


def test_whole_pictures(whole):
    """Also those without a segment for the end of the page, as PDFs have them, and with bytes behind."""
    assert jbig2_damage(whole) == ""
    assert jbig2_damage(whole[:-11]) == ""
    assert jbig2_damage(whole + b"\r\n") == ""


def test_data_that_are_something_else(whole):
    """Replaced by noise or zeros, wherever it is: the codes behind it do not end where the data end."""
    noise = random.Random(7).randbytes(40)  # noqa: S311 -- the same each time
    for share in (0.3, 0.5, 0.7):
        at = 70 + int(share * (len(whole) - 200))
        for other in (noise, bytes(40)):
            assert jbig2_damage(whole[:at] + other + whole[at + 40 :]) in DAMAGED, (share, other[0])


def test_a_piece_that_is_gone_or_doubled(picture):
    """Where the segment's length was made to fit, too."""
    region = generic_region(picture, top=0)
    half = len(region) // 2
    for other in (region[:half] + region[half + 60 :], region[:half] + region[half - 60 :]):
        data = page_of(picture).replace(segment(1, 38, region), segment(1, 38, other))
        assert jbig2_damage(data) in DAMAGED


def test_writers_that_fill_up(picture):
    """A few bytes behind the codes mean nothing."""
    region = generic_region(picture, top=0)
    filled = region[:-2] + bytes(6) + region[-2:]
    assert jbig2_damage(page_of(picture).replace(segment(1, 38, region), segment(1, 38, filled))) == ""


def test_small_and_empty_pictures():
    """Of which nothing can be said."""
    assert jbig2_damage(page_of(np.zeros((40, 300), int))) == ""
    assert jbig2_damage(page_of(np.ones((3, 3), int))) == ""


def test_symbols_are_left_to_the_decoder(picture):
    """Data with other regions, and noise, are not looked into."""
    symbols = segment(9, 0, bytes(30))
    assert jbig2_damage(symbols + page_of(picture)) == ""
    assert jbig2_damage(struct.pack(">IBB", 1, 0xFF, 0xFF) + bytes(40)) in ("", CUT_SHORT)
