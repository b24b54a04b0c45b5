"""The shutters of ``systemd/scanmend.service`` rebuilt with bubblewrap, as systemd itself does not run in a test."""

import ctypes
import ctypes.util
import errno
import functools
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_BASE = Path(sys.base_prefix)


def missing() -> str:
    """Why this machine cannot make a sandbox; empty when it can."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    tried = subprocess.run([*_bwrap(()), "true"], capture_output=True, text=True, check=False)
    return f"bubblewrap cannot make namespaces here: {tried.stderr.strip()}" if tried.returncode else ""


def sandboxed(writable: Sequence[Path], seccomp: int | None = None) -> list[str]:
    """The beginning of a command that runs without network or devices, and may write to these folders only.

    ``seccomp``: descriptor of a filter, see ``filtered``.
    """
    extra = [] if seccomp is None else ["--seccomp", str(seccomp)]
    return [*_bwrap(writable), *extra, "--"]


def _bwrap(writable: Sequence[Path]) -> list[str]:
    command = ["bwrap", "--unshare-user", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent"]
    command += ["--cap-drop", "ALL", "--new-session", "--ro-bind", "/", "/"]  # ProtectSystem=strict, NoNewPrivileges
    command += ["--dev", "/dev", "--proc", "/proc"]  # PrivateDevices
    for hidden in ("/tmp", "/var/tmp", "/home", "/root", "/run/user"):  # noqa: S108 -- PrivateTmp, ProtectHome
        if Path(hidden).is_dir():
            command += ["--tmpfs", hidden]
    for shown in {sys.prefix, str(_BASE), *(sysconfig.get_paths().values()), *filter(os.path.isdir, sys.path)}:
        command += ["--ro-bind-try", shown, shown]
    for path in writable:
        command += ["--bind", str(path), str(path)]
    return command


@functools.cache
def _library() -> ctypes.CDLL | None:
    name = ctypes.util.find_library("seccomp")
    if name is None or shutil.which("systemd-analyze") is None:
        return None
    library = ctypes.CDLL(name)
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_rule_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint]
    library.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.seccomp_release.argtypes = [ctypes.c_void_p]
    return library


def filtered(allowed: str = "@system-service", but: str = "@privileged") -> int | None:
    """Descriptor of a filter that allows these system calls of systemd's groups; None where it cannot be made."""
    library = _library()
    if library is None:
        return None
    rules = library.seccomp_init(ctypes.c_uint32(_ERRNO | errno.EPERM))
    try:
        for name in sorted(_calls(allowed) - _calls(but)):
            number = library.seccomp_syscall_resolve_name(name.encode())
            if number >= 0:
                library.seccomp_rule_add(rules, _ALLOW, number, 0)
        with tempfile.TemporaryFile() as file:
            library.seccomp_export_bpf(rules, file.fileno())
            fd = os.dup(file.fileno())
    finally:
        library.seccomp_release(rules)
    os.lseek(fd, 0, os.SEEK_SET)
    os.set_inheritable(fd, True)
    return fd


def _calls(group: str) -> set[str]:
    """Names of the system calls of a group, groups inside it written out."""
    listed = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    names = {
        line.strip() for line in listed.stdout.splitlines()[1:] if line.strip() and not line.strip().startswith("#")
    }
    inner = {name for name in names if name.startswith("@")}
    return (names - inner).union(*(_calls(name) for name in inner)) if inner else names
