"""The wheel holds the whole package, and what builds it is locked; scripts/check_packages installs it for real."""

import sys
import zipfile

import pytest

from project import ROOT

build = pytest.importorskip("hatchling.build", reason="set-up brings it")
wheel = pytest.importorskip("hatchling.builders.wheel", reason="set-up brings it")


def test_the_wheel_holds_every_file_of_the_package():
    """Templates, styles, lists and weights, too, whatever their names end in."""
    package = ROOT / "daemon" / "scanmend"
    there = {str(p.relative_to(ROOT / "daemon")) for p in package.rglob("*") if p.is_file()}
    packed = {file.distribution_path for file in wheel.WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {name for name in there if "__pycache__" not in name} == {n for n in packed if n.startswith("scanmend/")}


def test_the_checkout_itself_is_installed_without_what_hatchling_would_bring_for_that(monkeypatch, tmp_path):
    """Set-up installs what is locked, and looks for nothing else; the lock has no "editables"."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setitem(sys.modules, "editables", None)
    with zipfile.ZipFile(tmp_path / build.build_editable(str(tmp_path))) as made:
        assert made.read("_scanmend.pth").decode().split() == [str(ROOT / "daemon")]
