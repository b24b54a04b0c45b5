"""scanmend.service.sd_notify with real sockets in systemd's place."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scanmend.service.sd_notify import notify, watchdog_s


@pytest.fixture
def systemd(monkeypatch):
    """Return a function that listens at an address and makes it the one to notify."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:

        def listen(address: str) -> socket.socket:
            s.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
            s.settimeout(5)
            monkeypatch.setenv("NOTIFY_SOCKET", address)
            return s

        yield listen


class TestNotify:
    def test_a_socket_in_the_file_system(self, systemd, tmp_path):
        """All lines arrive as one datagram."""
        s = systemd(str(tmp_path / "notify"))
        assert notify("READY=1", "STATUS=3 in work – Grüße")
        assert s.recv(4096).decode() == "READY=1\nSTATUS=3 in work – Grüße"

    def test_an_abstract_socket(self, systemd):
        """An address with @ names a socket outside the file system."""
        s = systemd(f"@scanmend-test-{os.getpid()}")
        assert notify("WATCHDOG=1")
        assert s.recv(4096) == b"WATCHDOG=1"

    def test_it_comes_from_this_process(self, systemd, tmp_path):
        """systemd takes messages of the main process only, and asks the kernel who sent them."""
        s = systemd(str(tmp_path / "notify"))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        notify("READY=1")
        _, ancillary, _, _ = s.recvmsg(4096, socket.CMSG_SPACE(12))
        assert int.from_bytes(ancillary[0][2][:4], sys.byteorder) == os.getpid()

    def test_undecodable_names(self, systemd, tmp_path):
        """A status that quotes a file name of any bytes is sent, escaped."""
        s = systemd(str(tmp_path / "notify"))
        assert notify("STATUS=scan\udcff.pdf")
        assert s.recv(4096) == rb"STATUS=scan\udcff.pdf"

    @pytest.mark.parametrize("address", [None, "", "relative/path", "vsock:2:1234"])
    def test_nobody_to_tell(self, monkeypatch, address):
        """Outside systemd, or with an address of an unknown kind, nothing happens."""
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
        if address is not None:
            monkeypatch.setenv("NOTIFY_SOCKET", address)
        assert notify("READY=1") is False

    def test_nobody_listens(self, monkeypatch, tmp_path):
        """A socket that is gone, or an address too long for one, does not stop the daemon."""
        for name in ("gone", "x" * 200):
            monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / name))
            assert notify("READY=1") is False

    def test_a_deaf_listener(self, systemd, tmp_path):
        """When nobody reads and the queue is full, the loop is held up for a moment only."""
        systemd(str(tmp_path / "notify"))
        started = time.monotonic()
        for _ in range(2000):
            if not notify("STATUS=" + "x" * 4000):
                break
        else:
            pytest.fail("the queue never filled")
        assert time.monotonic() - started < 30

    def test_no_descriptor_is_left_open(self, systemd, tmp_path):
        """The daemon pings for years."""
        s = systemd(str(tmp_path / "notify"))
        before = sum(1 for _ in Path("/proc/self/fd").iterdir())
        for _ in range(5):
            notify("WATCHDOG=1")
            s.recv(100)
        assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before


class TestWatchdog:
    @pytest.mark.parametrize(
        ("microseconds", "seconds"),
        [("30000000", 30.0), ("500000", 0.5), ("0", None), ("-5", None), ("soon", None), ("", None), (None, None)],
    )
    def test_interval(self, monkeypatch, microseconds, seconds):
        """What systemd's WatchdogSec asks for, in seconds; anything else is no watchdog."""
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        monkeypatch.delenv("WATCHDOG_USEC", raising=False)
        if microseconds is not None:
            monkeypatch.setenv("WATCHDOG_USEC", microseconds)
        assert watchdog_s() == seconds

    def test_only_for_the_process_meant(self, monkeypatch):
        """A child that inherits the variables is not the one to ping."""
        monkeypatch.setenv("WATCHDOG_USEC", "30000000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        assert watchdog_s() == 30.0
        code = "from scanmend.service.sd_notify import watchdog_s; print(watchdog_s())"
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        assert subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
        ).stdout == ("None\n")
