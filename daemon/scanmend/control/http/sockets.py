"""What is listened on: a Unix socket for commands, descriptors that systemd passed, and the configured address."""

import contextlib
import fcntl
import grp
import ipaddress
import os
import socket
import stat
from pathlib import Path

from scanmend.control.client import NAME
from scanmend.errors import StorageError

MODE = 0o660
"""Mode of the Unix socket: its owner and its group may ask."""
MAX_PATH_BYTES = 107
"""Longest path of a Unix socket, in bytes; Linux has 108 for it with the zero at its end (unix(7))."""
FIRST_PASSED = 3
"""Number of the first descriptor that systemd passes (sd_listen_fds(3))."""
WEB_NAME = "web"
"""``FileDescriptorName=`` of the web page's sockets in scanmend.socket."""
BACKLOG = 128
"""Connections that may wait to be accepted."""


def control_path(state_dir: Path) -> Path:
    """Return where the Unix socket is: in systemd's runtime folder, else in the state folder."""
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return (Path(runtime) if runtime else state_dir) / NAME


def open_control(path: Path, group: str | None) -> socket.socket:
    """Listen on the Unix socket, in place of one that a dead daemon has left; StorageError."""
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise StorageError(
            f"{path} has {len(os.fsencode(path))} bytes, and the path of a socket at most {MAX_PATH_BYTES}; give "
            "state_dir a shorter path, or let systemd make a runtime folder (RuntimeDirectory=scanmend)"
        )
    try:
        return _bound(path, group)
    except OSError as e:
        raise StorageError(f"{path} cannot be listened on: {e.strerror}; see to the permissions of its folder") from e


def _bound(path: Path, group: str | None) -> socket.socket:
    """Bind, set mode and group, and only then listen: before that, nobody can connect."""
    fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)  # of two daemons that start at a time, the second finds the first one alive
        if is_alive(path):
            raise StorageError(f"another daemon listens on {path}; stop it, or give this one its own state_dir")
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise StorageError(f"{path} is no socket; move it away")
            path.unlink()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            listening.bind(os.fspath(path))
            if group is not None:
                _give_to(path, group)
            path.chmod(MODE)
            listening.listen(BACKLOG)
        except BaseException:
            listening.close()
            raise
        return listening
    finally:
        os.close(fd)


def close(listening: socket.socket) -> None:
    """Close a listening socket; a Unix socket's name goes, too, while nobody else can have taken it."""
    if listening.family == socket.AF_UNIX:
        with contextlib.suppress(OSError):
            Path(listening.getsockname()).unlink()
    listening.close()


def is_alive(path: Path) -> bool:
    """Whether somebody accepts connections on this Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:  # a full backlog, or a socket of another kind: somebody's in any case
            return path.exists() and stat.S_ISSOCK(path.lstat().st_mode)
    return True


def passed() -> list[socket.socket]:
    """Take the listening sockets that systemd has passed under ``WEB_NAME``, once; others are left alone."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = os.environ.pop("LISTEN_FDS", "0")
    names = os.environ.pop("LISTEN_FDNAMES", "").split(":")
    os.environ.pop("LISTEN_PID", None)
    out: list[socket.socket] = []
    for i in range(int(count) if count.isdecimal() else 0):
        os.set_inheritable(FIRST_PASSED + i, False)
        if names[i : i + 1] == [WEB_NAME]:
            out.append(socket.socket(fileno=FIRST_PASSED + i))
    return out


def open_address(address: tuple[str, int]) -> socket.socket:
    """Listen on a TCP address; StorageError."""
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as e:
        listening.close()
        raise StorageError(f"web.listen {host}:{port} cannot be listened on: {e.strerror}; choose another port") from e
    return listening


def is_local(listening: socket.socket) -> bool:
    """Whether only this machine reaches the socket: a Unix socket, or one of the loopback interface."""
    if listening.family == socket.AF_UNIX:
        return True
    return ipaddress.ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback


def _give_to(path: Path, group: str) -> None:
    """Set the group of the socket; StorageError where this user may not."""
    try:
        number = int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
        os.chown(path, -1, number, follow_symlinks=False)
    except (KeyError, PermissionError) as e:
        raise StorageError(
            f"control.group {group} cannot be set on {path}; the user who runs scanmend must be in that group: "
            f"usermod -aG {group} USER, then restart scanmend"
        ) from e
