"""The proof that the second reader works on this machine, run as set-up runs it."""

import sys

import pytest

import provision
from scanmend.second_reader import precision, selftest, weights


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


def test_a_processor_that_breaks_its_promises(monkeypatch):
    """Set-up says that the second reader works without AMX."""
    monkeypatch.delenv("SCANMEND_READER_F32", raising=False)
    code = "import os, signal\nif not os.environ.get('SCANMEND_READER_F32'): os.kill(os.getpid(), signal.SIGILL)"
    code += "\nprint('it reads')"
    said = provision.prove_reader((sys.executable, "-c", code))
    assert said == "it reads, without AMX: with it, it died of SIGILL"


def test_set_up_and_the_reader_name_the_same_variable():
    """Set-up imports nothing of the package."""
    assert provision.WITHOUT_AMX == precision.EXACT
