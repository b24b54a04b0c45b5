"""``scanmend check --report``: one page, whatever is broken, and none of the secrets that were planted."""

from pathlib import Path

import pytest

from daemon_process import Daemon, drop, scanmend

TOKEN, IN_FILE, PASSWORD, KEY = "hf_reportTokenAbCd0123", "filetokenEfGh4567", "s3same!", "Rechnung-Schluessel"
PLANTED = (TOKEN, IN_FILE, PASSWORD, "s3same%21", KEY, "bot123456", "Dear", "Ada", "Bob", "Meier", "jane.doe")
"""What must not be on the page: tokens, parts of addresses, names of scans and of people."""


@pytest.fixture(scope="module")
def environ(tmp_path_factory):
    """A home folder with a token of the hub in it, and one in the environment."""
    home = tmp_path_factory.mktemp("report") / "home" / "jane.doe"
    (home / "hf").mkdir(parents=True)
    (home / "hf" / "token").write_text(f"{IN_FILE}\n")
    return {"HOME": str(home), "HF_HOME": str(home / "hf"), "HF_TOKEN": TOKEN}


@pytest.fixture(scope="module")
def troubled(scans, environ):
    """A daemon with failures, a paused queue and secrets all over, in somebody's home; it stops with the first test."""
    root = Path(environ["HOME"], "scans")
    notify = {"to": ["json://porter:s3same%21@127.0.0.1:9/bot123456/x"], "queue_stuck_min": 5}
    command = ["/bin/true", f"--password={PASSWORD}"]
    one = Daemon(root, top={"notify": notify}, on_success=command, prompt=f"About {KEY} of Meier", retries=0)
    try:
        one.start(**environ)
        drop(scans / "encrypted.pdf", one.inbox, "Dear Ada Meier.pdf")
        drop(scans / "text.txt", one.inbox, "Bob.pdf")
        drop(scans / "line.png", one.inbox, "Dear Jane.png")
        one.wait("document.quarantined", 2)
        one.wait("document.done")
        yield one
    finally:
        one.end()


def planted_in(text):
    return [secret for secret in PLANTED if secret in text]


def report(one, environ):
    done = scanmend("check", "--report", "--config", str(one.config), **environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_has_what_helps_and_nothing_that_was_planted(troubled, environ):
    """While the daemon runs, and after it has stopped."""
    running = report(troubled, environ)
    assert planted_in(running) == []
    for part in (
        "## Machine", "tesseract 5", "llama-cpp-python", "- has run for", "## Configuration",
        "- state_dir: ~/scans/state", "on_success: true and 1 argument(s)",
        "to: [json://…]", "queue_stuck_min: 5",
        "- 1 done, 2 quarantined", "1 × quarantined: ", "encrypted", "MiB free", "points are well",
    ):  # fmt: skip
        assert part in running, part
    troubled.stop()
    stopped = report(troubled, environ)
    assert "does not run" in stopped
    assert planted_in(stopped) == []


def test_it_works_with_a_configuration_that_cannot_be_used(troubled, environ):
    """Then it says why, and all that can be known without one."""
    text = troubled.config.read_text()
    troubled.config.write_text(f"{text}\nodd: json://porter:{PASSWORD}@host/bot123456\nidle_unload_s: {PASSWORD}\n")
    try:
        said = report(troubled, environ)
    finally:
        troubled.config.write_text(text)
    assert "## Configuration: cannot be used" in said
    assert "odd: unknown key" in said
    assert "~/scans/scanmend.yaml" in said
    assert "## Machine" in said
    assert planted_in(said) == []


def test_it_works_without_any_configuration(environ, tmp_path):
    """As one that was never installed has none."""
    done = scanmend("check", "--report", "--config", str(tmp_path / "none.yaml"), **environ)
    assert done.returncode == 0
    assert "there is no such file" in done.stdout


def test_it_works_with_a_ledger_that_is_damaged(troubled, environ):
    """What else is known is told."""
    if troubled.process.poll() is None:
        troubled.stop()
    (troubled.state / "ledger.sqlite").write_bytes(b"no database at all" * 1000)
    said = report(troubled, environ)
    assert "cannot be read" in said
    assert "## Models" in said
    assert planted_in(said) == []
