"""scanmend.fs.find_last: a mark is found wherever it stands, also across the blocks that are read."""

import os

import pytest

from scanmend.fs.find_last import BLOCK_BYTES, find_last


@pytest.fixture
def search(tmp_path):
    def search(data: bytes, **how) -> int | None:
        (tmp_path / "file").write_bytes(data)
        fd = os.open(tmp_path / "file", os.O_RDONLY)
        try:
            return find_last(fd, len(data), b"%%EOF", **{"most": len(data), **how})
        finally:
            os.close(fd)

    return search


@pytest.mark.parametrize("behind", [0, 1, BLOCK_BYTES - 7, BLOCK_BYTES - 3, BLOCK_BYTES, 3 * BLOCK_BYTES - 2])
def test_the_last_one(search, behind):
    data = b"%%EOF" + bytes(2 * BLOCK_BYTES) + b"%%EOF" + bytes(behind)
    assert search(data) == BLOCK_BYTES * 2 + 5


def test_bounds(search):
    data = b"%%EOF" + bytes(BLOCK_BYTES)
    assert search(data) == 0
    assert search(data, most=BLOCK_BYTES) is None
    assert search(data, start=1) is None
    assert search(b"") is None
