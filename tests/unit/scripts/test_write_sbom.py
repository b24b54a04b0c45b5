"""The bill of materials names all that set-up installs, each with its hashes, the same from the same locks."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import write_sbom
from project import ROOT
from scanmend import __version__
from write_sbom import Locked, bill, component, locked, system_packages

LOCK = """# by hand
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
Ab_c.d==1.0 --hash=sha256:{a}
""".format(a="a" * 64, b="b" * 64)


def test_packages_of_a_lock():
    """With version, marker and every hash."""
    assert list(locked(LOCK)) == [
        Locked("numpy", "2.4.6", "python_full_version < '3.12'", ("a" * 64, "b" * 64)),
        Locked("Ab_c.d", "1.0", "", ("a" * 64,)),
    ]


def test_a_package_has_its_purl_and_its_marker():
    """The name in a purl is normalized."""
    numpy, other = (component(package, "required") for package in locked(LOCK))
    assert other["purl"] == "pkg:pypi/ab-c-d@1.0"
    assert numpy["properties"] == [{"name": "scanmend:marker", "value": "python_full_version < '3.12'"}]
    assert [h["content"][0] for h in numpy["externalReferences"][0]["hashes"]] == ["a", "b"]


def test_the_systems_packages_are_named():
    """What only builds does not run."""
    found = {p["name"]: p["scope"] for p in system_packages("PACKAGES=(tesseract-ocr\n          gcc)\n")}
    assert found == {"tesseract-ocr": "required", "gcc": "excluded"}


def test_the_whole_names_every_package_of_every_lock_once():
    """And Tesseract, and the weights."""
    made = bill(__version__, datetime(2026, 11, 28, tzinfo=UTC))
    refs = [part["bom-ref"] for part in made["components"]]
    assert len(set(refs)) == len(refs)
    folders = {lock.parent for lock in write_sbom.LOCKS}
    assert {lock.stem for folder in folders for lock in folder.glob("*.txt")} - {p.stem for p in write_sbom.LOCKS} == {
        "dev",
        "docs",
    }
    wanted = {(p.name, p.version) for lock in write_sbom.LOCKS for p in locked(lock.read_text("utf-8"))}
    assert len(wanted) > 40
    assert wanted <= {(part["name"], part.get("version")) for part in made["components"]}
    assert "pkg:deb/debian/tesseract-ocr" in refs
    assert sum("weights" in part.get("description", "") for part in made["components"]) == len(write_sbom.WEIGHTS)
    assert made["metadata"]["timestamp"] == "2026-11-28T00:00:00Z"


def test_the_same_bytes_twice_by_any_python(tmp_path):
    """Without anything installed."""
    environ = os.environ | {"SOURCE_DATE_EPOCH": "1764288000"}
    command = [sys.executable, "-I", "-S", str(ROOT / "scripts" / "write_sbom.py")]
    first = subprocess.run(command, env=environ, capture_output=True, check=True).stdout
    subprocess.run([*command, tmp_path / "bill.json"], env=environ, check=True)
    assert (tmp_path / "bill.json").read_bytes() == first
    assert json.loads(first)["serialNumber"].startswith("urn:uuid:")
