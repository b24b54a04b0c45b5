"""scanmend.source.packed.jbig2 with data cut in every place."""

import struct

from scanmend.source.packed.jbig2 import jbig2_ends_early


def test_cut_anywhere_within_a_segment():
    region = bytes(range(256)) * 8
    segments = [(0, 48, bytes(19)), (1, 38, region), (2, 49, b"")]
    whole = b"".join(struct.pack(">IBBBI", number, kind, 0, 1, len(data)) + data for number, kind, data in segments)
    assert not jbig2_ends_early(whole)
    assert not jbig2_ends_early(whole + b"\n")
    assert all(jbig2_ends_early(whole[:n]) for n in range(42, len(whole) - 12, 97))
