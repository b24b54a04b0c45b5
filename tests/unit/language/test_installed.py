"""scanmend.language.installed with the Tesseract that is installed, and with stand-ins."""

import os
import re

import pytest

from scanmend.errors import OcrError
from scanmend.language.installed import installed_languages, remedy, tesseract_version

PUT = "put script/{}.traineddata into Tesseract's tessdata folder"


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Return a function that puts a shell script in Tesseract's place."""

    def stand_in(script: str) -> None:
        (tmp_path / "tesseract").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "tesseract").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    return stand_in


def test_what_is_installed():
    """The real one has a version and speaks English."""
    assert re.match(r"\d+\.\d+", tesseract_version())
    assert "eng" in installed_languages()
    assert all(re.fullmatch(r"[\w/]+", language) for language in installed_languages())


def test_not_installed(monkeypatch, tmp_path):
    """The message says how to install it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for ask in (tesseract_version, installed_languages):
        with pytest.raises(OcrError, match="not installed; on Debian and Ubuntu: apt install tesseract-ocr"):
            ask()


def test_broken(engine):
    """A Tesseract that fails is not called missing; the message quotes what it said."""
    engine("echo 'libleptonica.so.6: cannot open\nshared object file' >&2; exit 127")
    with pytest.raises(OcrError, match=r"--list-langs failed with exit code 127: libleptonica\S+ cannot open shared"):
        installed_languages()


def test_no_data(monkeypatch, tmp_path):
    """A wrong TESSDATA_PREFIX leaves no language or fails; the message never says that Tesseract is not installed."""
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    try:
        assert installed_languages() == frozenset()
    except OcrError as e:
        assert "not installed" not in str(e)  # noqa: PT017 -- which of the two depends on Tesseract's version


def test_odd_answers(engine):
    """A version that begins with v, none at all, and names that are not UTF-8."""
    engine("echo 'tesseract v5.3.1-20-g1'")
    assert tesseract_version() == "5.3.1-20-g1"
    engine("exit 0")
    assert tesseract_version() == "unknown"
    assert installed_languages() == frozenset()
    engine("printf 'List of available languages (3):\\neng\\nscript/Latin\\n\\n\\377x\\n'")
    assert installed_languages() == {"eng", "script/Latin", "\ufffdx"}


@pytest.mark.parametrize(
    ("languages", "said"),
    [
        (["deu"], "on Debian and Ubuntu: apt install tesseract-ocr-deu"),
        (["chi_sim_vert", "nor"], "on Debian and Ubuntu: apt install tesseract-ocr-chi-sim-vert tesseract-ocr-nor"),
        (["script/Latin"], PUT.format("Latin")),
        (
            ["deu", "script/Thai"],
            f"on Debian and Ubuntu: apt install tesseract-ocr-deu; {PUT.format('Thai')}",
        ),
    ],
)
def test_remedy(languages, said):
    """A command that works as it stands; scripts have packages of other names."""
    assert remedy(languages) == said
