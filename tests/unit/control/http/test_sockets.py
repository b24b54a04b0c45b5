"""scanmend.control.http.sockets: the Unix socket, its name and permissions; descriptors that were passed; addresses."""

import os
import socket
import stat

import pytest

from scanmend.control.http import sockets
from scanmend.errors import StorageError


@pytest.fixture
def opened():
    made = []
    yield made
    for one in made:
        one.close()


class TestTheUnixSocket:
    def test_its_user_and_group_may_connect(self, tmp_path, opened):
        """Whatever the umask is."""
        path = tmp_path / "control.sock"
        before = os.umask(0)
        try:
            opened.append(sockets.open_control(path, None))
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert sockets.is_alive(path)

    def test_its_group_is_the_configured_one(self, tmp_path, opened):
        """By name or number, of those that this user has."""
        path = tmp_path / "control.sock"
        group = os.getgroups()[-1] if os.getgroups() else os.getgid()
        opened.append(sockets.open_control(path, str(group)))
        assert path.stat().st_gid == group

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may give a file to any group")
    def test_a_group_that_this_user_is_not_in(self, tmp_path):
        """It is not listened on, and the remedy is told."""
        with pytest.raises(StorageError, match="usermod"):
            sockets.open_control(tmp_path / "control.sock", "0")

    def test_a_dead_one_is_replaced(self, tmp_path, opened):
        """A daemon that was killed leaves its name behind."""
        path = tmp_path / "control.sock"
        sockets.open_control(path, None).close()
        assert path.exists()
        opened.append(sockets.open_control(path, None))
        assert sockets.is_alive(path)

    def test_a_live_one_is_not(self, tmp_path, opened):
        """It goes on to belong to the daemon that listens there."""
        path = tmp_path / "control.sock"
        opened.append(sockets.open_control(path, None))
        inode = path.stat().st_ino
        with pytest.raises(StorageError, match="another daemon listens on"):
            sockets.open_control(path, None)
        assert path.stat().st_ino == inode

    def test_nor_is_anything_else(self, tmp_path):
        """A file stays, and so does what a link leads to."""
        path = tmp_path / "control.sock"
        path.write_text("mine")
        with pytest.raises(StorageError, match="is no socket; move it away"):
            sockets.open_control(path, None)
        assert path.read_text() == "mine"

    def test_a_path_that_is_too_long(self, tmp_path):
        """The message says by how much, and what to do."""
        path = tmp_path / ("x" * 100) / "control.sock"
        with pytest.raises(
            StorageError, match=r"bytes, and the path of a socket at most 107; give state_dir a shorter"
        ):
            sockets.open_control(path, None)

    def test_closing_it_takes_its_name_away(self, tmp_path):
        """Nobody is left waiting at it."""
        path = tmp_path / "control.sock"
        sockets.close(sockets.open_control(path, None))
        assert not path.exists()

    def test_where_it_is(self, tmp_path, monkeypatch):
        """In systemd's runtime folder, else in the state folder."""
        monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
        assert sockets.control_path(tmp_path) == tmp_path / "control.sock"
        monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/scanmend:/run/other")
        assert str(sockets.control_path(tmp_path)) == "/run/scanmend/control.sock"


class TestPassedDescriptors:
    def test_another_process_is_meant(self, monkeypatch):
        """A child inherits the variables of its parent, but not the descriptors."""
        monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
        monkeypatch.setenv("LISTEN_FDS", "1")
        assert sockets.passed() == []

    def test_those_of_another_name_are_left_alone(self, monkeypatch):
        """They may be anything."""
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        monkeypatch.setenv("LISTEN_FDS", "0")
        monkeypatch.setenv("LISTEN_FDNAMES", "")
        assert sockets.passed() == []
        assert "LISTEN_FDS" not in os.environ


class TestAddresses:
    def test_a_taken_port(self, opened):
        """Says which, and what to do."""
        opened.append(sockets.open_address(("127.0.0.1", 0)))
        port = opened[0].getsockname()[1]
        with pytest.raises(StorageError, match=rf"web.listen 127.0.0.1:{port} cannot be listened on: Address already"):
            sockets.open_address(("127.0.0.1", port))

    @pytest.mark.parametrize(("address", "local"), [("127.0.0.1", True), ("127.8.9.1", True), ("0.0.0.0", False)])  # noqa: S104 -- the case
    def test_who_reaches_it(self, opened, address, local):
        """Loopback is for this machine alone."""
        opened.append(socket.create_server((address, 0)))
        assert sockets.is_local(opened[0]) is local
