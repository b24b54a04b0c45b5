"""scanmend.commands.options: the log as a terminal, a file and the journal get it."""

import json
import os
import subprocess
import sys

import pytest

CODE = """
import structlog
from scanmend.commands.options import log_to_stderr
log_to_stderr()
log = structlog.get_logger()
log.info("daemon.ready", pid=1)
log.warning("folder.paused", reason="two\\nlines")
log.error("document.failed")
"""


def logged(*, journal: bool) -> list[str]:
    """Lines that a process writes whose standard error is, or is not, what systemd names as the journal's stream."""
    read, write = os.pipe()
    stream = os.fstat(write)
    name = f"{stream.st_dev}:{stream.st_ino if journal else stream.st_ino + 1}"
    with os.fdopen(read) as lines:
        environment = {**os.environ, "JOURNAL_STREAM": name}
        subprocess.run([sys.executable, "-c", CODE], stderr=write, env=environment, check=True)
        os.close(write)
        return lines.read().splitlines()


def test_the_journal_gets_priorities():
    """So that ``journalctl -p warning`` shows warnings; the journal takes the prefix off."""
    lines = logged(journal=True)
    assert [line[:3] for line in lines] == ["<6>", "<4>", "<3>"]
    assert [json.loads(line[3:])["level"] for line in lines] == ["info", "warning", "error"]


@pytest.mark.parametrize("key", ["event", "timestamp"])
def test_elsewhere_lines_are_json_and_nothing_else(key):
    """Also where another program was started by systemd, and passed its environment on."""
    assert all(key in json.loads(line) for line in logged(journal=False))


def test_whoever_listens_gets_each_event_and_cannot_break_the_log():
    """With its level, before it is rendered; one that raises is told on stderr, and the line is written as ever."""
    code = """
import structlog
from scanmend.commands.options import log_to_stderr
heard = []
def broken(event):
    raise RuntimeError("a bug of the listener")
log_to_stderr(hear=[broken, heard.append])
structlog.get_logger().bind(folder="a").warning("document.retry", attempt=1)
print([(e["event"], e["level"], e["folder"], e["attempt"]) for e in heard])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[('document.retry', 'warning', 'a', 1)]"
    assert "a bug of the listener" in done.stderr
    assert json.loads(done.stderr.splitlines()[-1])["event"] == "document.retry"
