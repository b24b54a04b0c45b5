"""The file that a download grows in."""

import hashlib

import pytest

from scanmend.errors import StorageError
from scanmend.llm.store.partial_file import PartialFile, RemoteFile


def test_a_part_never_outgrows_its_size(tmp_path):
    """A server that sends more than it announced fills no disk."""
    path = tmp_path / "x.part"
    with PartialFile(path, 5) as part:
        part.append(b"abc")
        part.append(b"defgh")
        part.append(b"ijk")
    assert path.read_bytes() == b"abcde"
    assert (part.done, part.sha256) == (5, hashlib.sha256(b"abcde").hexdigest())


def test_a_part_knows_what_it_has(tmp_path):
    """Opened again, it goes on with the same digest as if it had never been closed."""
    path = tmp_path / "x.part"
    with PartialFile(path, 6) as part:
        part.append(b"abc")
    with PartialFile(path, 6) as part:
        assert part.done == 3
        part.append(b"def")
    assert part.sha256 == hashlib.sha256(b"abcdef").hexdigest()
    with PartialFile(path, 4) as part:
        assert (part.done, path.read_bytes()) == (0, b"")


def test_the_record_is_there_before_the_file(tmp_path):
    """A crash between the two leaves a record without a file, never a file of unknown origin."""
    item = RemoteFile("m.gguf", "http://x", 3, None, tmp_path / "m.gguf")
    item.part.mkdir()  # renaming it over a file will fail, as a crash would
    item.path.write_bytes(b"old")
    with pytest.raises(StorageError):
        item.finish("a/b", "c0ffee", None, "0" * 64)
    assert (tmp_path / "m.gguf.json").is_file()
    assert item.path.read_bytes() == b"old"
