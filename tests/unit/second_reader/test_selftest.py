"""The proof that the second reader works on this machine, run as set-up runs it."""

import sys

import pytest

import provision
from scanmend.second_reader import selftest, weights


def test_it_works():
    """One line says what was read, and in how many seconds."""
    said = provision.prove_reader((sys.executable, "-m", provision.READER_PROOF))
    assert said.startswith("the second reader works: 'Invoice 4711 of 23 May' in ")


def test_without_its_weights(monkeypatch, capsys):
    """The missing package is named."""
    monkeypatch.setattr(weights, "PACKAGE", "no_such_package_here")
    weights.checked_path.cache_clear()
    assert selftest.main() == 1
    assert "no_such_package_here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGILL)", "died of SIGILL;"),
        ("print('it read nothing'); raise SystemExit(1)", r"cannot read a line \(it read nothing\);"),
        ("import time; time.sleep(60)", "read no line within 2 s;"),
    ],
)
def test_a_machine_on_which_it_fails(code, says):
    """Set-up names the remedy: all else works without it."""
    with pytest.raises(provision.Failed, match=f"the second reader {says} .*second_reader: off under defaults"):
        provision.prove_reader((sys.executable, "-c", code), limit_s=2.0)
