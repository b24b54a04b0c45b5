"""scanmend.fs.ownership: outputs take mode and group from their folder's settings, whatever the umask is."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from scanmend.config import load, schema
from scanmend.errors import ConfigError, StorageError
from scanmend.fs import atomic
from scanmend.fs.ownership import Access

OTHER = next((g for g in (*os.getgroups(), 65534 if os.getuid() == 0 else -1) if g not in (os.getegid(), -1)), None)
"""A group that files are not in of themselves, and that we may give them."""


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def bits(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def loaded(tmp_path, **settings) -> schema.Folder:
    told = ", ".join(f"{key}: {value}" for key, value in settings.items())
    (tmp_path / "c.yaml").write_text(f"folders: [{{name: a, inbox: in, outbox: out, strategy: off, {told}}}]\n")
    return load.load(tmp_path / "c.yaml").folders[0]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("mode", ["0600", "0640", "644", "0660"])
def test_the_mode_is_the_folders_whatever_the_umask(tmp_path, mask, mode):
    """Of outputs given as bytes or as files, and of the folders made for them, which their readers may enter."""
    access = loaded(tmp_path, output_mode=f'"{mode}"').output_access
    (tmp_path / "made").write_bytes(b"%PDF-")
    with umask(mask):
        atomic.publish(tmp_path / "sub/a.txt", b"x", root=tmp_path, access=access)
        atomic.publish(tmp_path / "sub/a.pdf", tmp_path / "made", root=tmp_path, access=access)
        atomic.replace(tmp_path / "a.error.txt", b"x", access=access)
    wanted = int(mode, 8)
    assert {bits(tmp_path / name) for name in ("sub/a.txt", "sub/a.pdf", "a.error.txt")} == {wanted}
    assert bits(tmp_path / "sub") == wanted | 0o700 | (wanted & 0o444) >> 2


def test_without_settings_the_umask_decides(tmp_path):
    """As every other program's files."""
    with umask(0o027):
        atomic.publish(tmp_path / "sub/a.txt", b"x", root=tmp_path, access=loaded(tmp_path).output_access)
    assert (bits(tmp_path / "sub/a.txt"), bits(tmp_path / "sub")) == (0o640, 0o750)


@pytest.mark.skipif(OTHER is None, reason="this user has one group only")
def test_the_group_is_the_folders(tmp_path):
    """Of files, and of folders made for them; a set-group-ID bit that these inherit stays."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o2770)
    access = loaded(tmp_path, output_group=f'"{OTHER}"', output_mode='"0660"').output_access
    atomic.publish(tmp_path / "out/sub/a.txt", b"x", root=tmp_path / "out", access=access)
    assert (tmp_path / "out/sub/a.txt").stat().st_gid == OTHER
    assert (tmp_path / "out/sub").stat().st_gid == OTHER
    assert bits(tmp_path / "out/sub") == 0o2770


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give its rights away")
def test_a_group_that_may_not_be_given_is_told_and_nothing_is_published(tmp_path):
    """The document waits and is tried again, rather than lying there for the wrong people to read."""
    tmp_path.chmod(0o777)
    code = (
        "import os, sys\nfrom pathlib import Path\nos.chdir(sys.argv[1])\nos.setgroups([])\nos.setgid(65534)\n"
        "os.setuid(65534)\n"
        "from scanmend.fs import atomic\nfrom scanmend.fs.ownership import Access\n"
        "from scanmend.errors import StorageError\n"
        "try:\n    atomic.publish(Path('a.txt'), b'x', access=Access(0o640, '1'))\n"
        "except StorageError as e:\n    print(e, os.listdir())\n"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    preload = "import scanmend.fs.atomic\n"  # while its folder can still be read
    command = [sys.executable, "-c", preload + code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    assert "output_group 1 cannot be set (Operation not permitted)" in done.stdout
    assert "usermod -aG 1 USER" in done.stdout
    assert done.stdout.endswith("[]\n")


def test_a_group_that_went_away_is_told(tmp_path):
    """It was there when the configuration was read."""
    with pytest.raises(StorageError, match="there is no such group"):
        atomic.publish(tmp_path / "a.txt", b"x", access=Access(None, "no-such-group"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"output_mode": "640"}, "octal digits in quotes"),
        ({"output_mode": '"rw-r-----"'}, "octal digits in quotes"),
        ({"output_mode": '"4755"'}, "octal digits in quotes"),
        ({"output_mode": '"0440"'}, "begin with 06"),
        ({"output_mode": '"0750"'}, "executed"),
        ({"output_mode": '"0666"'}, "changed by anyone"),
        ({"output_group": "no-such-group"}, "groupadd"),
        ({"output_group": "100"}, "in quotes"),
    ],
)
def test_what_makes_no_sense_is_told_at_start(tmp_path, settings, said):
    """With file, line, key and remedy, as everything in the configuration."""
    with pytest.raises(ConfigError, match=said):
        loaded(tmp_path, **settings)


def test_a_published_file_is_never_open_to_more_while_it_is_written(tmp_path, monkeypatch):
    """The name under which it is written is closed to everybody else from its first byte on."""
    seen = []
    write = atomic._write
    monkeypatch.setattr(atomic, "_write", lambda fd, data: (seen.append(os.fstat(fd).st_mode & 0o777), write(fd, data)))
    atomic.publish(tmp_path / "a.txt", b"x", access=Access(0o640))
    assert seen == [0o600]
