"""scanmend.lock on real lock files; a second daemon is refused in tests/test_service.py."""

import fcntl
import os
import threading

from scanmend.lock import hold_lock, running_pid


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
