"""The command lines of the documents, run as a reader would: in this order, with the shipped configuration."""

import os
import shlex
import shutil
import subprocess
import sys

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
NEED_MORE = {
    "run": "is started once, below",
    "run --config ~/scanmend/config.yaml": "is started once, below",
    "init": "asks questions: test_init",
    "models pull NAME --config /etc/scanmend/config.yaml": "downloads: test_daemon_download and test_models",
    "check --config /etc/scanmend/config.yaml": "as check, with the service's file",
}
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
        told = {called: line for line in lines if (called := scanmend_line(line)) and called not in NEED_MORE}
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
    said = as_told(told.replace("FOLDER", f"{environ['HOME']}/scanmend"), place)
    assert f"scanmend run --config {environ['HOME']}/scanmend/config.yaml" in said


def test_lines_that_are_run_elsewhere_stand_in_the_documents():
    """Else the list above would excuse what nobody reads any more."""
    lines = {scanmend_line(line) for document in DOCUMENTS for line in shell_lines(document)}
    assert set(NEED_MORE) <= lines
