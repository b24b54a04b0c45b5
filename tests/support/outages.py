"""Real outages for tests: small disks, mounts, permissions that hold for root, and a Tesseract that misbehaves."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NO_OVERRIDE = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"]
"""What has permissions hold for root, too."""


def mount(what: str, where: Path, *options: str) -> None:
    """Mount something; the test is skipped where this user may not."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount file systems")
    ran = subprocess.run(["mount", *options, what, str(where)], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        pytest.skip(f"this system lets nobody mount: {ran.stderr.strip()}")


def unmount(where: Path) -> None:
    """Unmount at once, whoever uses it."""
    subprocess.run(["umount", "--lazy", str(where)], check=True)


@contextmanager
def disk(where: Path, size: str = "8m") -> Iterator[Path]:
    """Mount a disk of this size in memory at a folder, which is made where it is not there."""
    where.mkdir(exist_ok=True)
    mount("scanmend-test", where, "-t", "tmpfs", "-o", f"size={size},mode=755")
    try:
        yield where
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=False, capture_output=True)


def fill(disk: Path, spare: int = 0) -> Path:
    """Leave ``spare`` bytes free; return the file that takes the rest."""
    hog = disk / ".hog"
    free = os.statvfs(disk)
    with hog.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free.f_bavail * free.f_frsize - spare, 1))
    return hog


@contextmanager
def fake_tesseract(folder: Path) -> Iterator[Path]:
    """Put a folder with a ``tesseract`` in front that does what the file ``deed`` beside it, a shell script, says.

    Yields that file; while it is not there, and for all else than reading, the real one runs. ``$2`` is where the
    result goes, without ``.hocr``.
    """
    real = shutil.which("tesseract")
    assert real is not None
    folder.mkdir()
    deed = folder / "deed"
    script = folder / "tesseract"
    script.write_text(
        f'#!/bin/sh\ncase "$1" in -*) exec {real} "$@";; esac\n[ -e {deed} ] && . {deed}\nexec {real} "$@"\n'
    )
    script.chmod(0o755)
    yield deed
