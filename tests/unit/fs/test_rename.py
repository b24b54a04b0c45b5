"""scanmend.fs.rename: each way of renaming, and that none overwrites."""

import os
import threading
from pathlib import Path

import pytest

from scanmend.fs.rename import by_link, by_renameat2, by_reservation

WAYS = [by_link, by_renameat2, by_reservation]


@pytest.fixture
def box(tmp_path) -> Path:
    (tmp_path / "box").mkdir()
    return tmp_path / "box"


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))  # noqa: PTH208 -- names are what is compared


def race(one) -> None:
    threads = [threading.Thread(target=one, args=(n,)) for n in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class TestWays:
    @pytest.mark.parametrize("way", WAYS)
    def test_each_gives_the_name(self, box, way):
        """Each way of naming a file leaves it under the new name only."""
        (box / "part").write_bytes(b"text")
        way(box / "part", box / "a.txt")
        assert names(box) == ["a.txt"]
        assert (box / "a.txt").read_bytes() == b"text"

    @pytest.mark.parametrize("way", WAYS)
    def test_none_overwrites(self, box, way):
        """Of a hundred that use the same way for one name exactly one wins; the others keep their file."""
        start, winners = threading.Barrier(100), []

        def one(n: int) -> None:
            part = box / f"part{n}"
            part.write_bytes(b"%d" % n)
            start.wait()
            try:
                way(part, box / "a.txt")
            except FileExistsError:
                return
            winners.append(b"%d" % n)

        race(one)
        assert [(box / "a.txt").read_bytes()] == winners
        assert len(names(box)) == 100

    def test_a_failed_reservation_leaves_nothing(self, box):
        """When the rename over the reserved name fails, the reservation goes."""
        with pytest.raises(FileNotFoundError):
            by_reservation(box / "none", box / "a.txt")
        assert names(box) == []
