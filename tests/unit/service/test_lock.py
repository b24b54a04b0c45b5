"""scanmend.service.lock on real lock files; a second daemon is refused in tests/unit/service/test_service.py."""

import fcntl
import os
import signal
import subprocess
import threading

import pytest

from scanmend.errors import ScanmendError, StorageError
from scanmend.service.lock import hold_lock, running_pid, signal_daemon


def test_a_question_in_passing_does_not_keep_a_daemon_from_starting(tmp_path):
    """``status`` holds the lock for an instant; a start at that instant tries again."""
    fd = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_SH)
    timer = threading.Timer(0.2, os.close, (fd,))
    timer.start()
    os.close(hold_lock(tmp_path))
    timer.join()


def test_nobody_runs_where_nothing_is(tmp_path):
    """Neither a missing lock file nor one that a dead daemon left counts as a running daemon."""
    assert running_pid(tmp_path) is None
    (tmp_path / "lock").write_text("1\n")
    assert running_pid(tmp_path) is None


def test_who_may_not_look_is_not_told_that_nobody_runs(tmp_path):
    """A stranger's question has no answer, which is another than no."""
    place = tmp_path / "state"
    place.mkdir()
    place.chmod(0o700 if os.geteuid() == 0 else 0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(StorageError, match="state may not be looked into; ask as root"):
            running_pid(place)
    finally:
        if root:
            os.seteuid(0)
        place.chmod(0o700)


def test_another_users_daemon_cannot_be_asked():
    """It says whose it is, and how to ask."""
    if os.geteuid():
        with pytest.raises(ScanmendError, match=r"another user's.*sudo -u '#0' scanmend"):
            signal_daemon(1, signal.SIGUSR1)
        return
    with subprocess.Popen(["sleep", "60"], user=12345) as theirs:
        os.seteuid(65534)
        try:
            with pytest.raises(ScanmendError, match=rf"pid {theirs.pid}.*another user's.*sudo -u '#12345' scanmend"):
                signal_daemon(theirs.pid, signal.SIGUSR1)
        finally:
            os.seteuid(0)
            theirs.kill()


def test_a_daemon_that_has_just_ended_is_not_asked():
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    signal_daemon(gone.pid, signal.SIGUSR1)
