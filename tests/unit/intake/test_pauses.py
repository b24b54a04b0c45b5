"""scanmend.intake.pauses: one file a paused folder, whoever made it."""

import threading
import time

import pytest

from scanmend.errors import StorageError
from scanmend.intake.pauses import Pauses


def test_paused_until_resumed(tmp_path):
    """Another process sees the same; a second pause does not change since when."""
    ours, theirs = Pauses(tmp_path), Pauses(tmp_path)
    assert (ours.since(), ours.holds("a")) == ({}, False)
    before = time.time()
    ours.add("a b.c")
    since = theirs.since()["a b.c"]
    assert before - 1 < since < time.time() + 1
    ours.add("a b.c")
    assert theirs.since() == {"a b.c": since}
    assert theirs.holds("a b.c")
    assert theirs.remove("a b.c")
    assert not ours.remove("a b.c")
    assert (ours.since(), ours.holds("a b.c")) == ({}, False)


def test_many_at_a_time_lose_none(tmp_path):
    """Files of their own need no lock."""
    threads = [threading.Thread(target=Pauses(tmp_path).add, args=(f"folder {i}",)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Pauses(tmp_path).since()) == 20


def test_a_link_in_its_place_is_not_followed(tmp_path):
    """Neither for the folder nor for a file in it."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "paused").symlink_to("elsewhere")
    with pytest.raises(StorageError, match="paused cannot be written"):
        Pauses(tmp_path).add("a")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_state_folder_that_is_not_there(tmp_path):
    """Nothing is made, and the error says what to do."""
    with pytest.raises(StorageError, match="the folder or file is gone; create it"):
        Pauses(tmp_path / "none").add("a")
