"""The daemon in a sandbox like that of its unit: it does its work, and can reach nothing that it does not need."""

import os
import signal
import socket
import subprocess
import sys

import pytest

import sandbox
from daemon_process import Daemon, drop, until

WHY = sandbox.missing()
needs_sandbox = pytest.mark.skipif(bool(WHY), reason=WHY or "it can be made")


@pytest.fixture(scope="module")
def filtered():
    """The filter of system calls that the unit asks for, where this machine can make it."""
    fd = sandbox.filtered()
    yield fd
    if fd is not None:
        os.close(fd)


@pytest.fixture
def seccomp(filtered):
    """The same, to be read from its beginning."""
    if filtered is not None:
        os.lseek(filtered, 0, os.SEEK_SET)
    return filtered


@needs_sandbox
def test_a_scan_becomes_its_outputs_without_network_devices_or_a_writable_system(daemon, scans, tmp_path, seccomp):
    """Both readers, the bundled model and every output; /usr and /etc are read-only, the system calls the unit's."""
    root = tmp_path / "srv"
    one = daemon(
        root, strategy="rescore", second_reader="always", outputs=["txt", "pdf", "html", "json"], top={"workers": 1}
    )
    one.prefix = sandbox.sandboxed([root], seccomp)
    one.pass_fds = () if seccomp is None else (seccomp,)
    one.start()
    drop(scans / "broken.png", one.inbox)
    one.wait_for("broken.json", limit_s=60)
    assert "total $100.00" in (one.outbox / "broken.txt").read_text()
    assert (one.outbox / "broken.pdf").read_bytes().startswith(b"%PDF-")
    until((one.archive / "broken.png").exists, "the archive")
    os.kill(one.said("daemon.ready")[0]["pid"], signal.SIGTERM)
    assert one.process.wait(60) == 0
    assert not one.said("document.retry")
    assert not one.said("second_reader.failed")


MOUNT = """
import ctypes
if ctypes.CDLL(None, use_errno=True).mount(b'none', b'/mnt', b'tmpfs', 0, None):
    raise OSError(ctypes.get_errno(), 'mount')
"""
PROBES = {
    "network": ("import socket\nsocket.create_connection(('192.0.2.1', 80), 3)", "OSError"),
    "etc": ("open('/etc/scanmend-probe', 'w')", "OSError"),
    "usr": ("open('/usr/scanmend-probe', 'w')", "OSError"),
    "gpu": ("open('/dev/nvidiactl')", "FileNotFoundError"),
    "disks": ("import os\nos.stat('/dev/sda' if not os.path.exists('/dev/vda') else '/dev/vda')", "FileNotFoundError"),
    "homes": ("import os\nraise PermissionError if not os.listdir('/home') else SystemExit", "PermissionError"),
    "mounts": (MOUNT, "PermissionError"),
}  # fmt: skip


@needs_sandbox
@pytest.mark.parametrize("what", PROBES)
def test_the_sandbox_is_one(tmp_path, seccomp, what):
    """Each of these is refused inside, so that the test above proves something."""
    code, error = PROBES[what]
    caught = f"try:\n    exec({code!r})\nexcept {error}:\n    print('refused')"
    command = [*sandbox.sandboxed([tmp_path], seccomp), sys.executable, "-c", caught]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, pass_fds=() if seccomp is None else (seccomp,)
    )
    assert done.stdout == "refused\n", done.stderr


def silent(systemd: socket.socket) -> bool:
    """Whether, but for what was on its way, nothing more comes within the time limit of the socket."""
    for _ in range(10):
        try:
            systemd.recv(4096)
        except TimeoutError:
            return True
    return False


def test_a_hung_main_loop_stops_the_pings(tmp_path):
    """systemd then kills the daemon and starts it again; threads that go on working do not hide the hang."""
    hang = (
        "import os, sys, threading, time\n"
        "from scanmend import cli\n"
        "from scanmend.service.service import Service\n"
        "run_once = Service.run_once\n"
        "def stuck(self):\n"
        "    run_once(self)\n"
        f"    if os.path.exists({str(tmp_path / 'hang')!r}):\n"
        "        time.sleep(600)\n"
        "Service.run_once = stuck\n"
        "cli.main()\n"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(15)
        one = Daemon(tmp_path / "d")
        one.program = [sys.executable, "-c", hang]
        try:
            one.start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="600000")
            pings = 0
            while pings < 3:
                pings += b"WATCHDOG=1" in systemd.recv(4096)
            (tmp_path / "hang").touch()
            systemd.settimeout(0.9)  # longer than the interval: systemd would act now
            assert silent(systemd)
            assert one.process.poll() is None
            assert one.stop(signal.SIGABRT) == -signal.SIGABRT  # what systemd sends
            until(lambda: not one.family(), "its processes to be gone")
        finally:
            one.end()
