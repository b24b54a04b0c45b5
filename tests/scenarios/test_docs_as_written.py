"""The command lines of the documents, run as a reader would: in a shell, in this order, with the shipped configuration."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

import render_scans
from documented import DOCUMENTS, FENCED, scanmend_line, shell_lines
from project import ROOT
from waiting import until

PAGES = {document.stem: document for document in DOCUMENTS}
QUICK = {"SCANMEND__DEFAULTS__STRATEGY": '"off"', "SCANMEND__DEFAULTS__SECOND_READER": '"off"'}
"""Models are for other tests; the variables override the shipped file, as configuration.md says."""
NEED_MORE = {
    "run": "is started once, below",
    "run --config ~/scanmend/config.yaml": "is started once, below",
    "init": "asks questions: test_init",
    "models pull NAME --config /etc/scanmend/config.yaml": "downloads: test_daemon_download and test_models",
    "check --config /etc/scanmend/config.yaml": "as check, with the service's file",
}
"""Lines that are not run here, and where they are; so are those of reviewing.md that decide about a document."""


@pytest.fixture
def shell(tmp_path):
    """Run a line in a folder with the shipped configuration; where ``scanmend`` is the one of this checkout."""
    tools = tmp_path / "bin"
    tools.mkdir()
    program = tools / "scanmend"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scanmend.cli "$@"\n')
    program.chmod(0o755)
    here = tmp_path / "checkout"
    here.mkdir()
    shutil.copy(ROOT / "config.yaml", here)
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SCANMEND")}
    environ |= {"PATH": f"{tools}:{environ['PATH']}", "PYTHONPATH": str(ROOT / "daemon"), "HOME": str(tmp_path)}

    def run(line, **more):
        return subprocess.run(
            ["sh", "-c", line], cwd=here, env=environ | more, capture_output=True, text=True, check=False
        )

    run.here, run.environ = here, environ
    return run


def test_the_first_ten_minutes_and_what_follows(shell):
    """Every line ends with 0; the second half of the page has its own configuration, which is copied from it."""
    here, page = shell.here, PAGES["first-ten-minutes"]
    for name in ("letter.png", "brief.png"):
        render_scans.save_png(render_scans.line("The committee will meet again on Thursday"), here / name)
    done = shell("scanmend process letter.png --out text", **QUICK)
    assert done.returncode == 0, done.stderr
    assert "committee" in (here / "text" / "letter.txt").read_text()
    with subprocess.Popen(
        ["scanmend", "run"], cwd=here, env=shell.environ | QUICK, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as daemon:
        try:
            socket = here / "var" / "state" / "control.sock"
            until(lambda: socket.exists() or daemon.poll() is not None, "the daemon's socket")
            shutil.copy(here / "letter.png", here / "inbox" / "invoices" / "letter.png")
            until((here / "outbox" / "invoices" / "letter.json").exists, "the letter")
            lines = {line for name in PAGES for line in shell_lines(PAGES[name])}
            asked = {scanmend_line(line) for line in lines} - {None} - set(NEED_MORE)
            asked = {line for line in asked if line.split()[0] in ("check", "status", "reload", "review", "retry")}
            asked |= {"unload", "setup-model"}
            for line in sorted(line for line in asked if " ID" not in line):
                done = shell(f"scanmend {line}", **QUICK)
                assert done.returncode == 0, (line, done.stdout, done.stderr)
            if shutil.which("curl"):
                (line,) = (line for line in lines if "--unix-socket" in line)
                done = shell(line.replace("/run/scanmend/control.sock", str(socket)))
                assert '"running"' in done.stdout
        finally:
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(60) == 0
    (text,) = (text for name, text in FENCED.findall(page.read_text("utf-8")) if name == "yaml")
    (here / "config.yaml").write_text(text)
    (line,) = (line for line in shell_lines(page) if "brief.png" in line)
    done = shell(line, **QUICK)
    assert done.returncode == 0, done.stderr
    assert (here / "text" / "brief.pdf").exists()


def test_text_from_another_program(shell):
    """The line prints what the page says, by the bundled model and without a configuration."""
    page = PAGES["commands"]
    (line,) = (line for line in shell_lines(page) if line.startswith("echo "))
    done = shell(f"cd / && {line}")
    assert done.returncode == 0, done.stderr
    assert f"prints `{done.stdout.strip()}`" in page.read_text("utf-8")


def test_a_first_configuration(shell):
    """The line that asks nothing; the next one says where the daemon would find it."""
    assert "scanmend init FOLDER --yes --languages deu,eng" in PAGES["install"].read_text("utf-8")
    done = shell("scanmend init ~/scanmend --yes --languages deu,eng")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"scanmend run --config {shell.environ['HOME']}/scanmend/config.yaml" in done.stdout


def test_lines_that_are_run_elsewhere_stand_in_the_documents():
    """Else the list above would excuse what nobody reads any more."""
    lines = {scanmend_line(line) for page in DOCUMENTS for line in shell_lines(page)}
    assert set(NEED_MORE) <= lines
