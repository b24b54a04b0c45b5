"""One daemon for one state folder: the lock that says so, which process holds it, and asking that process."""

import fcntl
import os
import signal
import time
from pathlib import Path

from scanmend.errors import ScanmendError, StorageError

LOCK_TIMEOUT_S = 0.5
"""How long to try for the lock, in seconds; ``running_pid`` of another process may hold it for an instant."""
LOCK_FILE = "lock"
"""Name of the lock file in the state folder; it holds the daemon's process id."""


def hold_lock(state_dir: Path) -> int:
    """Lock the state folder for this process and return the descriptor that holds the lock.

    StorageError when another daemon has it, or it cannot be written.
    """
    try:
        fd = os.open(state_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as e:
        raise StorageError(f"{state_dir} cannot be written: {e.strerror}; see to its disk and its permissions") from e
    limit = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError as e:
            if time.monotonic() < limit:
                time.sleep(0.05)
                continue
            os.close(fd)
            raise StorageError(
                f"another scanmend works with {state_dir} already; stop it, or give this one its own state_dir"
            ) from e
    try:
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    except OSError as e:
        os.close(fd)
        raise StorageError(f"{state_dir} cannot be written: {e.strerror}; see to its disk") from e
    return fd


def running_pid(state_dir: Path) -> int | None:
    """Process id of the daemon that has this state folder; None when none runs.

    StorageError where this user may not look.
    """
    try:
        fd = os.open(state_dir / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError as e:
        raise StorageError(f"{state_dir} may not be looked into; ask as root, or as the daemon's user") from e
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return int(os.pread(fd, 32, 0).strip() or b"0") or None
    else:
        return None
    finally:
        os.close(fd)


def signal_daemon(pid: int, what: signal.Signals) -> None:
    """Send the running daemon a signal; ScanmendError where this user may not, and nothing where it has just ended."""
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        return
    except PermissionError as e:
        owner = Path(f"/proc/{pid}").stat().st_uid
        raise ScanmendError(
            f"the daemon (pid {pid}) is another user's; ask as root, or as that user: sudo -u '#{owner}' scanmend …"
        ) from e
