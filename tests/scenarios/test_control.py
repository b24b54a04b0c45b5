"""A real daemon asked and told over its socket: by commands, by programs, and over a descriptor that systemd passes."""

import json
import os
import pty
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import sandbox
from daemon_process import PROGRAM, Daemon, drop, until
from http_over import ask, free_port, open_stream

TOKEN = "correct horse battery staple"  # noqa: S105 -- of this test


def control(one) -> Path:
    return one.root / "state" / "control.sock"


@pytest.fixture(scope="module")
def commanded(tmp_path_factory):
    """Run a daemon that the tests of commands share."""
    made = Daemon(tmp_path_factory.mktemp("commands")).start()
    yield made
    made.end()


class TestCommands:
    @pytest.fixture
    def one(self, commanded):
        return commanded

    def test_the_socket_is_for_its_user_and_group(self, one):
        """Nobody else may connect."""
        assert stat.S_IMODE(control(one).stat().st_mode) == 0o660

    def test_status_is_the_same_by_both_ways(self, one):
        """What the command prints is what the API answers, and what the files say."""
        shown = json.loads(one.command("status", "--json").stdout)
        _, _, answered = ask(control(one), "GET", "/api/v1/status")
        for told in (shown, answered):
            assert {**told, "written": 0} == {**one.status(), "written": 0}
        assert shown["state_dir"] == str(one.root / "state")

    def test_paused_and_resumed(self, one, scans):
        """Nothing is taken from the inbox in between; status and log say so."""
        ran = one.command("pause", "scans")
        assert (ran.returncode, ran.stdout.partition(";")[0]) == (0, "scans: paused")
        drop(scans / "line.png", one.inbox, "paused.png")
        until(lambda: one.status()["folders"][0]["arriving"] == ["paused.png"], "the file to be seen")
        one.command("rescan")
        time.sleep(0.5)  # settle_s is 0.2: it would have been taken
        assert (one.inbox / "paused.png").exists()
        assert "PAUSED     scans: since" in one.command("status").stdout
        one.wait("folder.paused_by_hand")
        ran = one.command("resume", "scans")
        assert (ran.returncode, ran.stdout) == (0, "scans: files are taken from its inbox\n")
        one.wait_for("paused.json")
        one.wait("folder.resumed_by_hand")
        assert one.status()["paused"] == []

    @pytest.mark.parametrize("command", ["pause", "resume"])
    def test_a_folder_that_there_is_not(self, one, command):
        """Is named with those that there are."""
        ran = one.command(command, "scnas")
        assert (ran.returncode, ran.stderr) == (
            1,
            "scanmend: no folder is named 'scnas'; there are: scans [unknown-folder]\n",
        )

    def test_rescan(self, one):
        """The inboxes are listed."""
        ran = one.command("rescan")
        assert (ran.returncode, ran.stdout) == (0, "the inboxes are being listed\n")

    def test_reload(self, one):
        """It says what came of it; a wrong configuration has exit code 78, and the old one stays."""
        ran = one.command("reload")
        assert (ran.returncode, ran.stdout) == (0, "the configuration was read again\n")
        right = one.config.read_text()
        try:
            one.config.write_text(right.replace("workers: 1", "workers: 2"))
            ran = one.command("reload")
        finally:
            one.config.write_text(right)
        assert ran.returncode == 78
        assert "workers cannot change while running; restart instead" in ran.stderr
        assert one.command("reload").returncode == 0

    def test_retry_by_the_socket(self, one):
        """A quarantined document comes back to work, and fails again."""
        drop(Path(__file__), one.inbox, "no scan.pdf")
        (failure,) = until(lambda: one.status()["failures"], "the quarantine")
        status, _, done = ask(control(one), "POST", "/api/v1/retry", {"ids": [failure["id"]]})
        assert (status, done) == (200, {"returned": [failure["id"]], "taken_over": [], "refused": {}})
        until(lambda: len(one.said("document.quarantined")) >= 2, "the second time")

    def test_watch_prints_each_change(self, one, scans):
        """Without a terminal as further lines, until it is ended."""
        watching = subprocess.Popen(
            [*PROGRAM, "status", "--watch", "--config", str(one.config)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert watching.stdout.readline().startswith("daemon     running, pid ")
            drop(scans / "line.png", one.inbox, "watched.png")
            until(lambda: "watched" in watching.stdout.readline(), "the change")
            watching.send_signal(signal.SIGINT)
            assert watching.wait(60) == 0
        finally:
            watching.kill()
            watching.stdout.close()

    def test_watch_redraws_on_a_terminal(self, one):
        """On the terminal's other screen, which goes with Ctrl-C."""
        ours, theirs = pty.openpty()
        command = [*PROGRAM, "status", "--watch", "--config", str(one.config)]
        environment = {**os.environ, "TERM": "xterm"}
        watching = subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs, env=environment)
        os.close(theirs)
        shown = b""
        try:
            while b"daemon     running" not in shown:
                shown += os.read(ours, 4096)
            watching.send_signal(signal.SIGINT)
            while b"\x1b[?1049l" not in shown:
                shown += os.read(ours, 4096)
            assert watching.wait(60) == 0
        finally:
            watching.kill()
            os.close(ours)
        assert shown.startswith(b"\x1b[?1049h")

    def test_events(self, one, scans):
        """Whoever listens hears that something has changed."""
        with open_stream(control(one)) as stream:
            drop(scans / "line.png", one.inbox, "heard.png")
            until(lambda: b"event: change" in stream.recv(4096), "an event")


class TestPauses:
    def test_outlast_a_kill(self, daemon, scans):
        """At any moment: the next daemon takes nothing either, and finishes what was in hand."""
        one = daemon().start()
        ask(control(one), "POST", "/api/v1/pause", {"folder": "scans"})
        one.stop(signal.SIGKILL)
        assert control(one).exists()  # a dead daemon's, which the next one replaces
        drop(scans / "line.png", one.inbox, "later.png")
        one.start()
        until(lambda: one.status()["folders"][0]["arriving"], "the file to be seen")
        time.sleep(0.5)  # settle_s is 0.2: it would have been taken
        assert (one.inbox / "later.png").exists()
        assert [p["folder"] for p in one.status()["paused"]] == ["scans"]
        ask(control(one), "POST", "/api/v1/resume", {"folder": "scans"})
        one.wait_for("later.json")

    def test_what_is_in_hand_is_finished(self, daemon, scans):
        """Also across a kill: the claimed document is done, the one in the inbox stays."""
        one = daemon().start()
        drop(scans / "three.tiff", one.inbox, "in hand.tiff")
        until(lambda: one.status()["in_hand"], "the claim")
        ask(control(one), "POST", "/api/v1/pause", {"folder": "scans"})
        one.stop(signal.SIGKILL)
        drop(scans / "line.png", one.inbox, "later.png")
        one.start()
        one.wait_for("in hand.json")
        assert (one.inbox / "later.png").exists()

    def test_without_a_daemon(self, daemon):
        """The files say it, and the next daemon goes by them."""
        one = daemon()
        (one.root / "state").mkdir()
        assert one.command("pause", "scans").returncode == 0
        assert "PAUSED     scans: since" in one.command("status").stdout
        ran = one.command("resume", "scans")
        assert (ran.returncode, ran.stdout) == (0, "scans: files are taken from its inbox once a daemon runs\n")

    def test_by_signal_where_the_socket_is_out_of_reach(self, daemon):
        """The daemon learns it at once all the same."""
        one = daemon().start()
        control(one).unlink()
        assert one.command("pause", "scans").returncode == 0
        one.wait("folder.paused_by_hand")
        assert one.command("reload").stdout == "the configuration was read again\n"
        assert one.command("rescan").returncode == 0


class TestTheEnd:
    def test_with_fifty_streams_open(self, daemon):
        """The daemon ends as fast as without, and its socket goes."""
        one = daemon().start()
        streams = [open_stream(control(one)) for _ in range(50)]
        began = time.monotonic()
        assert one.stop() == 0
        assert time.monotonic() - began < 30  # streams have 2 s; the rest is for a busy machine
        for stream in streams:
            stream.close()
        assert not control(one).exists()
        assert not one.said("control.crashed")


class TestOverTcp:
    def test_the_page_needs_no_token_on_loopback(self, daemon):
        """A program asks, a page of another site does not."""
        port = free_port()
        daemon(top={"web": {"listen": f"127.0.0.1:{port}"}}).start()
        assert ask(port, "GET", "/api/v1/now")[0] == 200
        assert ask(port, "GET", "/api/v1/now", Host="evil.example")[0] == 421
        status, _, problem = ask(port, "POST", "/api/v1/unload", Origin="http://evil.example")
        assert (status, problem["code"]) == (403, "cross-site")
        assert ask(port, "POST", "/api/v1/unload", Sec_Fetch_Site="same-origin")[0] == 202

    def test_with_a_token(self, daemon, tmp_path):
        """Where one is configured, it is asked for on TCP, and not on the Unix socket."""
        port, token = free_port(), tmp_path / "token"
        token.write_text(TOKEN)
        token.chmod(0o600)
        one = daemon(top={"web": {"listen": f"127.0.0.1:{port}", "token_file": str(token)}}).start()
        assert ask(port, "GET", "/api/v1/now")[0] == 401
        assert ask(port, "GET", "/api/v1/now", Authorization=f"Bearer {TOKEN}")[0] == 200
        assert ask(port, "GET", "/livez")[0] == 200
        assert ask(control(one), "GET", "/api/v1/now")[0] == 200

    def test_a_port_that_is_taken(self, daemon):
        """Costs the page, not the daemon; status says so."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            one = daemon(top={"web": {"listen": f"127.0.0.1:{taken.getsockname()[1]}"}}).start()
            (trouble,) = until(lambda: one.status()["troubles"], "the trouble")
            assert "Address already in use; choose another port" in trouble
            assert ask(control(one), "GET", "/readyz")[0] in (200, 503)


def may_unshare() -> bool:
    return subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0


LAUNCHER = (
    "import os, sys\n"
    "os.dup2(int(sys.argv[1]), 3)\n"
    "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='web')\n"
    "os.execvp(sys.argv[2], sys.argv[2:])\n"
)
"""Does for one descriptor what systemd does for a socket unit: sd_listen_fds(3)."""


class TestSocketActivation:
    @pytest.mark.skipif(not may_unshare(), reason="no network namespace can be made here")
    @pytest.mark.skipif(shutil.which("systemd-socket-activate") is None, reason="systemd-socket-activate is not here")
    def test_a_passed_descriptor_works_across_network_namespaces(self, daemon):
        """As with PrivateNetwork=yes: the page is reached from outside, and the daemon reaches nothing."""
        port = free_port()
        one = daemon(top={"web": {}})
        one.prefix = ["systemd-socket-activate", f"--listen=127.0.0.1:{port}", "--fdname=web"]
        one.prefix += ["-E", "PYTHONPATH", "-E", "SCANMEND_MARK", "unshare", "-n"]
        one.start(ready=False)
        until(lambda: b"Listening" in one.log.read_bytes(), "systemd-socket-activate")
        status, _, now = ask(port, "GET", "/api/v1/now")  # the first connection starts the daemon
        assert (status, now["folders"][0]["name"]) == (200, "scans")
        inside = psutil.Process(now["pid"])
        assert Path(f"/proc/{inside.pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
        routes = Path(f"/proc/{inside.pid}/net/route").read_text().splitlines()[1:]
        assert routes == []
        with open_stream(port):
            inside.terminate()
            assert one.process.wait(15) == 0

    @pytest.mark.skipif(bool(sandbox.missing()), reason=sandbox.missing() or "it can be made")
    def test_behind_the_shutters_of_the_unit(self, daemon, tmp_path):
        """No network and the unit's system calls only; the descriptor that was handed in is served all the same."""
        root = tmp_path / "srv"
        one = daemon(root, top={"web": {}})
        seccomp = sandbox.filtered()
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            port, fd = listening.getsockname()[1], listening.fileno()
            one.prefix = [*sandbox.sandboxed([root], seccomp), sys.executable, "-c", LAUNCHER, str(fd)]
            one.pass_fds = (fd,) if seccomp is None else (fd, seccomp)
            one.start()
        until(lambda: one.said("control.listening"), "the server")
        assert ask(port, "GET", "/api/v1/now")[0] == 200
        os.kill(one.said("daemon.ready")[0]["pid"], signal.SIGTERM)
        assert one.process.wait(60) == 0

    def test_a_descriptor_for_which_there_is_no_page(self, daemon):
        """The daemon works, and status says what to do."""
        one = daemon()
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            one.prefix = [sys.executable, "-c", LAUNCHER, str(listening.fileno())]
            one.pass_fds = (listening.fileno(),)
            one.start()
        (trouble,) = until(lambda: one.status()["troubles"], "the trouble")
        assert "add web: {} and restart" in trouble

    def test_one_that_other_machines_reach_needs_a_token(self, daemon):
        """It is not served without."""
        one = daemon(top={"web": {}})
        with socket.socket() as listening:
            listening.bind(("0.0.0.0", 0))  # noqa: S104 -- that is the case
            listening.listen()
            one.prefix = [sys.executable, "-c", LAUNCHER, str(listening.fileno())]
            one.pass_fds = (listening.fileno(),)
            one.start()
        (trouble,) = until(lambda: one.status()["troubles"], "the trouble")
        assert "needs web.token_file" in trouble
