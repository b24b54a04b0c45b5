"""The Python API: what docs/python.md shows, with the bundled model on a small page."""

import os
import subprocess
import sys

import psutil
import pytest

import render_scans
from scanmend import Corrector, ModelSpec, read
from scanmend.errors import ConfigError, DocumentError

TEXT = "The comrnittee will rneet again"


@pytest.fixture(autouse=True)
def _own_places(tmp_path, monkeypatch):
    """Nothing of the user's cache is used, and no configuration."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SCANMEND_CONFIG", raising=False)


def test_a_scan_and_a_text_and_everything_is_given_back(tmp_path, capfd):
    """Page workers and the model run until the block ends, not longer; a script's standard output is its own."""
    scan = tmp_path / "scan.png"
    render_scans.line("Invoice 4711 of the committee", height_px=32).save(scan)
    before = set(psutil.Process().children(recursive=True))
    with Corrector(prompt="Correct OCR errors", languages=["eng"]) as corrector:
        document = corrector.read(scan)
        mended = corrector.correct(f"{TEXT},\n\n  twice.\n")
        assert set(psutil.Process().children(recursive=True)) > before
    assert set(psutil.Process().children(recursive=True)) <= before
    assert (document.text, document.uncorrected) == ("Invoice 4711 of the committee", "")
    assert [(number.text, number.state) for number in document.pages[0].numbers] == [("4711", "agreed")]
    assert document.disputed_numbers == ()
    assert mended == "The committee will meet again,\n\n  twice.\n"
    assert capfd.readouterr().out == ""


def test_what_is_wrong_is_said_before_anything_starts(tmp_path):
    with pytest.raises(ConfigError, match="no model is named 'large'"):
        Corrector("large")
    with pytest.raises(ConfigError, match=r"languages.*klingon"):
        Corrector(languages="klingon")
    described = Corrector(ModelSpec(path=tmp_path / "my.gguf"))
    described.close()
    with pytest.raises(DocumentError, match=r"nothing\.png cannot be read: it is not there"):
        read(tmp_path / "nothing.png")
    with pytest.raises(DocumentError, match="it is no regular file"):
        read(tmp_path)


def test_the_package_itself_stays_light():
    """Every process of the daemon imports it; only who asks for the API loads it."""
    code = "import scanmend, sys; assert not {'pydantic', 'typer', 'scanmend.api'} & set(sys.modules); scanmend.read"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
