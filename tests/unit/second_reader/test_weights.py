"""scanmend.second_reader.weights: the files, and what they say of themselves."""

from dataclasses import replace

import pytest

from scanmend.errors import ReaderError
from scanmend.second_reader import weights


def test_both_files_are_there_and_right():
    """As set-up installed them, in a package that stays unimported."""
    for file in (weights.DETECTION, weights.RECOGNITION):
        assert weights.checked_path(file).name == file.name


def test_the_symbols():
    """As many as the last layer has columns: "no new symbol" first, a blank last, none twice."""
    symbols = weights.symbols(weights.checked_path(weights.RECOGNITION))
    assert len(symbols) == len(set(symbols)) == 18_710
    assert (symbols[0], symbols[1], symbols[-1]) == ("", "!", " ")


def test_a_network_without_symbols():
    """The one that finds lines has none."""
    with pytest.raises(ReaderError, match="does not say which symbols it reads"):
        weights.symbols(weights.checked_path(weights.DETECTION))


def test_no_such_package(monkeypatch):
    """The message names the package and both remedies."""
    monkeypatch.setattr(weights, "PACKAGE", "no_such_package_here")
    with pytest.raises(ReaderError, match=r"no_such_package_here\); run scanmend setup-model, or set second_reader"):
        weights.checked_path(replace(weights.DETECTION, sha256="1"))


def test_other_content():
    """A file that is not what was published is not loaded."""
    with pytest.raises(ReaderError, match=r"PP-OCRv6_det_small\.onnx is not what was published: its SHA-256 is 090f"):
        weights.checked_path(replace(weights.DETECTION, sha256="0" * 64))


def test_no_such_file():
    """Of a package of another version."""
    with pytest.raises(ReaderError, match=r"cannot be read \(.*PP-OCRv7_det\.onnx: No such file"):
        weights.checked_path(replace(weights.DETECTION, name="PP-OCRv7_det.onnx"))
