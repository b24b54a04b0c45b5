"""scanmend.source.packed.checksums with Deflate streams, whole and damaged, with and without their checksum."""

import zlib

from scanmend.source.packed.checksums import deflate_damage

TEXT = bytes(n * n % 251 for n in range(9000))
WHOLE = zlib.compress(TEXT)


def test_whole_streams():
    """Also those without a checksum, with something behind them, or of more bytes than one looks at."""
    for data in (WHOLE, WHOLE[:-4], WHOLE + b"\n", b"", b"no stream"):
        assert deflate_damage(data, 2 * len(TEXT)) == ""
    assert deflate_damage(zlib.compress(bytes(1 << 24))[:-1] + b"?", 1 << 20) == ""


def test_a_stream_that_does_not_fit_its_checksum():
    stored = zlib.compress(TEXT, 0)
    assert deflate_damage(stored[:50] + b"?" + stored[51:], 2 * len(TEXT))
    assert deflate_damage(WHOLE[:-1] + b"?", 2 * len(TEXT))
