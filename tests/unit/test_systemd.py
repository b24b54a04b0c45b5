"""The units that are shipped: systemd understands them, they are closed enough, and the daemon's life is in them."""

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from project import ROOT
from scanmend.control.client import SYSTEM_RUNTIME
from scanmend.control.http.sockets import WEB_NAME

UNITS = ROOT / "systemd"

LIFE = (
    ("Service", "Type", "notify"),
    ("Service", "NotifyAccess", "main"),
    ("Service", "WatchdogSec", "120"),
    ("Service", "TimeoutStopSec", "20"),
    ("Service", "KillMode", "mixed"),
    ("Service", "Restart", "on-failure"),
    ("Service", "RestartSec", "10"),
    ("Service", "RestartPreventExitStatus", "78"),
    ("Service", "OOMPolicy", "continue"),
    ("Service", "ExecReload", "/bin/kill -HUP $MAINPID"),
    ("Service", "Nice", "10"),
    ("Service", "CPUWeight", "20"),
    ("Service", "IOWeight", "20"),
    ("Service", "MemoryHigh", "70%"),
    ("Service", "MemoryMax", "85%"),
    ("Service", "OOMScoreAdjust", "300"),
    ("Service", "LimitCORE", "0"),
    ("Unit", "StartLimitBurst", "5"),
)

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")


def parsed(name: str) -> configparser.RawConfigParser:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[method-assign, assignment]
    unit.read(UNITS / name)
    return unit


def placed(folder: Path, name: str, *drop_ins: str) -> Path:
    """Copy a unit to where systemd-analyze can read it, with a program that exists on every machine."""
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", (UNITS / name).read_text(), flags=re.MULTILINE)
    unit = folder / "scanmend.service"
    unit.write_text(text)
    for drop_in in drop_ins:
        target = folder / "scanmend.service.d" / drop_in
        target.parent.mkdir(exist_ok=True, parents=True)
        shutil.copy(UNITS / drop_in, target)
    return unit


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Call systemd-analyze; the place for run-time files that its --user wants is made up."""
    environ = os.environ | {"XDG_RUNTIME_DIR": os.environ.get("XDG_RUNTIME_DIR") or "/tmp"}  # noqa: S108 -- only read
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, env=environ)


@pytest.mark.parametrize("name", ["scanmend.service", "scanmend-user.service"])
@pytest.mark.parametrize(("section", "key", "value"), LIFE)
def test_both_units_give_the_daemon_the_same_life(name, section, key, value):
    """Readiness, watchdog, stop, restart, the exit code of a wrong configuration, and what is left to others."""
    assert parsed(name).get(section, key) == value


def test_the_units_start_the_program_where_the_installer_puts_it():
    """The paths of unit and installer are the same."""
    assert parsed("scanmend.service").get("Service", "ExecStart").startswith("/opt/scanmend/venv/bin/scanmend run ")
    assert (
        parsed("scanmend-user.service")
        .get("Service", "ExecStart")
        .startswith("%h/.local/share/scanmend/venv/bin/scanmend run ")
    )


@needs_analyze
@pytest.mark.parametrize(
    ("mode", "name", "drop_ins"),
    [
        ("--system", "scanmend.service", ()),
        ("--system", "scanmend.service", ("nvidia.conf",)),
        ("--system", "scanmend.service", ("downloads.conf",)),
        ("--system", "scanmend.service", ("notify.conf",)),
        ("--system", "scanmend.service", ("endpoint.conf",)),
        ("--system", "scanmend.service", ("nvidia.conf", "downloads.conf", "notify.conf")),
        ("--system", "scanmend-dask-worker.service", ()),
        ("--system", "scanmend-dask-scheduler.service", ()),
        ("--user", "scanmend-user.service", ()),
    ],
)
def test_systemd_understands_every_line(tmp_path, mode, name, drop_ins):
    """Neither an error nor a warning about these units."""
    done = analyze(mode, "verify", placed(tmp_path, name, *drop_ins))
    assert done.returncode == 0, done.stderr
    assert "scanmend" not in done.stderr


@needs_analyze
def test_systemd_understands_the_socket_of_the_web_page(tmp_path):
    """Beside its service, which it names by having the same name."""
    placed(tmp_path, "scanmend.service")
    shutil.copy(UNITS / "scanmend.socket", tmp_path)
    done = analyze("--system", "verify", tmp_path / "scanmend.socket", tmp_path / "scanmend.service")
    assert done.returncode == 0, done.stderr
    assert "scanmend" not in done.stderr


def test_the_page_is_for_this_machine_until_somebody_says_otherwise():
    """The socket listens on loopback, lets no other machine in, and has the name that the daemon looks for."""
    unit = parsed("scanmend.socket")
    assert unit.get("Socket", "ListenStream") == "127.0.0.1:8642"
    assert (unit.get("Socket", "IPAddressDeny"), unit.get("Socket", "IPAddressAllow")) == ("any", "localhost")
    assert unit.get("Socket", "FileDescriptorName") == WEB_NAME


@pytest.mark.parametrize("name", ["scanmend.service", "scanmend-user.service"])
def test_the_commands_socket_lies_in_a_runtime_folder(name):
    """Its path is short whatever state_dir is, and commands look there."""
    assert parsed(name).get("Service", "RuntimeDirectory") == SYSTEM_RUNTIME.name == "scanmend"


@needs_analyze
def test_a_misspelt_key_would_be_found(tmp_path):
    """The check above can fail."""
    unit = placed(tmp_path, "scanmend.service")
    unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchdogSecs="))
    assert "WatchdogSecs" in analyze("--system", "verify", unit).stderr


@needs_analyze
@pytest.mark.parametrize(
    ("drop_ins", "most"),
    [
        ((), 0.5),
        (("nvidia.conf",), 0.7),
        (("downloads.conf",), 1.4),
        (("notify.conf",), 1.4),
        (("nvidia.conf", "downloads.conf", "notify.conf"), 1.6),
    ],
)
def test_the_service_is_exposed_no_more_than_it_must_be(tmp_path, drop_ins, most):
    """Of 10, hardly anything as it is shipped; a little more with the GPU's devices open, or the network."""
    done = analyze("security", "--offline=true", placed(tmp_path, "scanmend.service", *drop_ins))
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot judge units offline (systemd before 250)")
    found = re.search(r"exposure level for scanmend.service: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= most


def test_the_network_is_there_by_drop_in_only():
    """A scan that takes over a program that reads it finds no way out."""
    unit = parsed("scanmend.service")
    assert unit.get("Service", "PrivateNetwork") == "yes"
    assert unit.get("Service", "RestrictAddressFamilies") == "AF_UNIX"
    assert unit.get("Service", "IPAddressDeny") == "any"
    for name in ("downloads.conf", "notify.conf"):
        opened = parsed(name)
        assert opened.get("Service", "PrivateNetwork") == "no"
        assert opened.get("Service", "RestrictAddressFamilies") == "AF_INET AF_INET6"
        assert opened.get("Service", "IPAddressDeny") == ""
