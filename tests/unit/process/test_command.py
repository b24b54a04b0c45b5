"""scanmend.process.command with real commands: what they are told, how long they may take, and how they end."""

import os
import shlex
import sys
import time

import psutil
import pytest

from scanmend.errors import Stopping
from scanmend.process.command import Ended, run


def noting(tmp_path):
    """A command that writes down its arguments and environment, and where."""
    code = "import os, sys; open(sys.argv[1], 'w').write(repr((sys.argv[2:], dict(os.environ), sys.stdin.read())))"
    return (sys.executable, "-c", code, str(tmp_path / "noted")), tmp_path / "noted"


def starting(tmp_path):
    """A command that starts another, and neither ends; and where the pid of the other is written."""
    noted = tmp_path / "pid"
    return ["/bin/sh", "-c", f"sleep 600 & echo $! > {shlex.quote(str(noted))}; wait"], noted


def gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_no_shell_sees_the_names(tmp_path):
    """A name like a command is a name."""
    assert run(["/bin/echo", "$(touch x)"], [tmp_path / "; touch y"], {}, 10) == Ended(
        0, "", f"$(touch x) {tmp_path}/; touch y"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["/bin/sh", "-c", "echo of no use >&2; exit 3"], Ended(3, "exit code 3", "of no use")),
        (["/bin/sh", "-c", "kill -9 $$"], Ended(-9, "died of signal 9")),
    ],
)
def test_what_went_wrong_is_said(command, told):
    """With the end of what the command said."""
    assert run(command, [], {}, 10) == told


@pytest.mark.parametrize("program", ["/no/such/program", "/etc/passwd"])
def test_what_cannot_be_started(program):
    """It has no exit code."""
    ended = run([program], [], {}, 10)
    assert ended.code is None
    assert ended.problem.startswith("cannot be started: ")


def test_at_the_limit_the_whole_group_is_killed(tmp_path):
    """Also what the command started."""
    command, noted = starting(tmp_path)
    before = time.monotonic()
    ended = run(command, [], {}, 0.5, limit_key="a_limit_s")
    assert (ended.code, ended.problem) == (None, "took longer than a_limit_s: 0.5 s, and was killed")
    assert time.monotonic() - before < 5
    psutil.wait_procs([psutil.Process(int(noted.read_text()))] if psutil.pid_exists(int(noted.read_text())) else [], 5)
    assert gone(int(noted.read_text()))


def test_a_stop_kills_it_too(tmp_path):
    """Whoever waits for it goes on at once."""
    command, noted = starting(tmp_path)
    with pytest.raises(Stopping):
        run(command, [], {}, 60, lambda: noted.exists() and noted.read_text().endswith("\n"))


def test_a_command_that_leaves_something_running_does_not_hold_us(tmp_path):
    """What it put into the background may go on; nobody waits for its output to close."""
    noted = tmp_path / "pid"
    before = time.monotonic()
    assert run(["/bin/sh", "-c", f"sleep 30 & echo $! > {shlex.quote(str(noted))}"], [], {}, 60).problem == ""
    assert time.monotonic() - before < 10
    os.kill(int(noted.read_text()), 9)


def test_secrets_of_the_daemon_stay_with_it(monkeypatch, tmp_path):
    """Neither its token for the hub nor its line to systemd are the command's."""
    command, noted = noting(tmp_path)
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/x")
    assert run(command, [], {"SCANMEND_ID": "1"}, 10).code == 0
    environment = eval(noted.read_text())[1]  # noqa: S307 -- as above
    assert environment.keys().isdisjoint({"HF_TOKEN", "NOTIFY_SOCKET"})
    assert environment["SCANMEND_ID"] == "1"
