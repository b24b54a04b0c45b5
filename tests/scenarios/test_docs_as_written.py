"""The command lines of the documents, run as a reader would: in this order, with the shipped configuration."""

import os
import pty
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fork_server
import render_scans
from daemon_process import forked
from documented import DOCUMENTS, FENCED, scanmend_line, shell_lines
from project import ROOT
from waiting import until

PAGES = {document.stem: document for document in DOCUMENTS}
QUICK = {"SCANMEND__DEFAULTS__STRATEGY": '"off"', "SCANMEND__DEFAULTS__SECOND_READER": '"off"'}
"""Models are for other tests; the variables override the shipped file, as configuration.md says."""
SERVICE = "/etc/scanmend/config.yaml"
"""The service's file, for which the shipped one stands in."""
BY_ITSELF = {"run", "run --config ~/scanmend/config.yaml", "init"}
"""Lines that are run below in ways of their own: daemons are started and ended, questions answered on a terminal."""
NEED_MORE = {f"models pull NAME --config {SERVICE}": "downloads: test_daemon_download and test_models"}
"""Lines that are not run here, and where they are; those of reviewing.md about a document are run by test_review."""
BESIDE = {"check", "status", "reload", "review", "retry", "unload"}
"""Commands that are called while the daemon runs; unload, which comes last, as it waits until models are gone."""


@pytest.fixture
def place(tmp_path):
    """A checkout's folder with the shipped configuration, and what a reader's shell has in its environment."""
    here = tmp_path / "checkout"
    here.mkdir()
    shutil.copy(ROOT / "config.yaml", here)
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SCANMEND")}
    return here, environ | {"PYTHONPATH": str(ROOT / "daemon"), "HOME": str(tmp_path)} | QUICK


def as_told(line, place):
    """Run a line, which has to end with 0; return what it printed."""
    here, environ = place
    done = forked(*shlex.split(scanmend_line(line)), env=environ, folder=here)
    assert done.returncode == 0, (line, done.stdout, done.stderr)
    return done.stdout


def test_the_first_ten_minutes(place):
    """Every line ends with 0; the second half of the page has its own configuration, which is copied from it."""
    here, environ = place
    page = PAGES["first-ten-minutes"]
    files = [line for line in shell_lines(page) if " --out " in line]
    for name in ("letter.png", "brief.png"):
        render_scans.save_png(render_scans.line("The committee will meet again on Thursday"), here / name)
    as_told(files[0], place)
    assert "committee" in (here / "text" / "letter.txt").read_text()
    daemon = fork_server.shared().start(["run"], environ, stdout=here.parent / "log", folder=here, new_session=True)
    try:
        socket = here / "var" / "state" / "control.sock"
        until(lambda: socket.exists() or daemon.poll() is not None, "the daemon's socket")
        shutil.copy(here / "letter.png", here / "inbox" / "invoices" / "letter.png")
        until((here / "outbox" / "invoices" / "letter.json").exists, "the letter")
        lines = {line for document in DOCUMENTS for line in shell_lines(document)}
        told = {called: line.replace(SERVICE, "config.yaml") for line in lines if (called := scanmend_line(line))}
        told = {called: line for called, line in told.items() if called not in NEED_MORE | dict.fromkeys(BY_ITSELF)}
        beside = [called for called in told if called.split()[0] in BESIDE and " ID" not in called]
        assert {called.split()[0] for called in beside} == BESIDE
        for called in sorted(beside):
            as_told(told[called], place)
        as_told("scanmend setup-model", place)
        if shutil.which("curl"):
            (asking,) = (line for line in lines if "--unix-socket" in line)
            asking = asking.replace("/run/scanmend/control.sock", str(socket))
            assert b'"running"' in subprocess.run(shlex.split(asking), capture_output=True, check=True).stdout
    finally:
        daemon.terminate()
        assert daemon.wait(60) == 0
    (text,) = (text for name, text in FENCED.findall(page.read_text("utf-8")) if name == "yaml")
    (here / "config.yaml").write_text(text)
    as_told(files[1], place)
    assert (here / "text" / "brief.pdf").exists()


@pytest.mark.thorough
def test_text_from_another_program(tmp_path):
    """The line prints what the page says, in a shell, by the bundled model and without a configuration."""
    page = PAGES["commands"]
    program = tmp_path / "scanmend"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scanmend.cli "$@"\n')
    program.chmod(0o755)
    (line,) = (line for line in shell_lines(page) if line.startswith("echo "))
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SCANMEND")}
    environ |= {"PATH": f"{tmp_path}:{environ['PATH']}", "PYTHONPATH": str(ROOT / "daemon"), "HOME": str(tmp_path)}
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"prints `{done.stdout.strip()}`" in page.read_text("utf-8")


def test_a_first_configuration(place):
    """The line that asks nothing; what it says comes next is what the page says."""
    _here, environ = place
    told = "scanmend init FOLDER --yes --languages deu,eng"
    assert told in PAGES["install"].read_text("utf-8")
    said = as_told(told.replace("FOLDER", f"{environ['HOME']}/elsewhere"), place)
    assert f"scanmend run --config {environ['HOME']}/elsewhere/config.yaml" in said


def test_a_first_configuration_by_answers_and_its_daemon(place):
    """Enter at each question of the terminal; then the daemon reads a scan by the line that comes next on the page."""
    here, environ = place
    home = here.parent
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"\n" * 8)
        asked = fork_server.shared().start(["init"], environ, stdin=Path(os.ttyname(theirs)), stdout=home / "said")
        assert asked.wait(60) == 0, (home / "said").read_text()
    finally:
        os.close(ours)
        os.close(theirs)
    next_on_the_page = "run --config ~/scanmend/config.yaml"
    assert next_on_the_page in {scanmend_line(line) for line in shell_lines(PAGES["install"])}
    begun = next_on_the_page.replace("~", str(home)).split()
    daemon = fork_server.shared().start(begun, environ, stdout=home / "log", new_session=True)
    try:
        inbox = home / "scanmend" / "inbox" / "scans"
        render_scans.save_png(render_scans.line("The committee will meet again on Thursday"), inbox / "page.png")
        text = home / "scanmend" / "outbox" / "scans" / "page.txt"
        until(lambda: text.exists() or daemon.poll() is not None, "the first scan")
        assert "committee" in text.read_text()
    finally:
        daemon.terminate()
        assert daemon.wait(60) == 0


def test_lines_that_are_run_elsewhere_stand_in_the_documents():
    """Else the lists above would excuse what nobody reads any more."""
    lines = {scanmend_line(line) for document in DOCUMENTS for line in shell_lines(document)}
    assert {*NEED_MORE, *BY_ITSELF} <= lines
