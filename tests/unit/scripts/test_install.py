"""scripts/install: what it puts where, what it never touches, and how it treats a running service."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from project import ROOT
from scanmend.config import load


def install(
    *arguments: str | Path, script: Path = ROOT / "scripts/install", **environ: str
) -> subprocess.CompletedProcess[str]:
    base = {"PATH": os.environ["PATH"], "HOME": "/home/ada"}
    return subprocess.run([script, *arguments], env=base | environ, capture_output=True, text=True, check=False)


def files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_a_system_installation_is_a_configuration_that_loads_with_its_folders_and_a_unit(tmp_path):
    """Every path of the configuration is below /var/lib or /srv, and each folder named there exists."""
    done = install("--root", tmp_path)
    assert done.returncode == 0, done.stderr
    loaded = load.load(tmp_path / "etc/scanmend/config.yaml")
    assert (loaded.state_dir, loaded.models_dir) == (Path("/var/lib/scanmend"), Path("/var/lib/scanmend/models"))
    (folder,) = loaded.folders
    places = [folder.inbox, folder.outbox, folder.archive]
    assert places == [Path("/srv/scanmend", kind, "invoices") for kind in ("inbox", "outbox", "archive")]
    for place in (loaded.state_dir, loaded.models_dir, *places):
        assert (tmp_path / place.relative_to("/")).is_dir()
    assert (tmp_path / "etc/systemd/system/scanmend.socket").read_bytes() == (
        ROOT / "systemd/scanmend.socket"
    ).read_bytes()
    assert (tmp_path / "etc/systemd/system/scanmend.service").read_bytes() == (
        ROOT / "systemd/scanmend.service"
    ).read_bytes()
    assert (tmp_path / "usr/local/bin/scanmend").readlink() == Path("/opt/scanmend/venv/bin/scanmend")


def test_others_than_the_group_cannot_read_scans(tmp_path):
    """Scans are letters of other people: inbox, outbox, archive and state are closed to the world."""
    install("--root", tmp_path)
    for place in ("srv/scanmend/inbox", "srv/scanmend/outbox", "srv/scanmend/archive", "var/lib/scanmend"):
        assert stat.S_IMODE((tmp_path / place).stat().st_mode) & 0o007 == 0


def test_nobody_in_the_group_can_take_the_scans_of_others(tmp_path):
    """The inbox has the sticky bit; results may be taken away by whoever fetches them."""
    install("--root", tmp_path)
    modes = {k: stat.S_IMODE((tmp_path / "srv/scanmend" / k / "invoices").stat().st_mode) for k in ("inbox", "outbox")}
    assert modes == {"inbox": 0o3770, "outbox": 0o2770}


def test_a_user_installation_stays_inside_the_home(tmp_path):
    """Nothing but ~/.config, ~/.local and ~/scanmend."""
    done = install("--user", "--root", tmp_path)
    assert done.returncode == 0, done.stderr
    home = tmp_path / "home/ada"
    assert {p.name for p in tmp_path.iterdir()} == {"home"}
    assert {p.name for p in home.iterdir()} == {".config", ".local", "scanmend"}
    loaded = load.load(home / ".config/scanmend/config.yaml")
    assert loaded.folders[0].inbox == Path("/home/ada/scanmend/inbox/invoices")
    assert loaded.state_dir == Path("/home/ada/.local/share/scanmend/state")
    unit = (home / ".config/systemd/user/scanmend.service").read_text()
    assert "--config %h/.config/scanmend/config.yaml" in unit


def test_a_home_with_odd_characters_gives_a_configuration_that_loads(tmp_path):
    """Ampersands and blanks are no special characters in a path."""
    install("--user", "--root", tmp_path, HOME="/home/Q & A|x")
    loaded = load.load(tmp_path / "home/Q & A|x/.config/scanmend/config.yaml")
    assert loaded.folders[0].archive == Path("/home/Q & A|x/scanmend/archive/invoices")


def test_an_existing_configuration_is_never_overwritten(tmp_path):
    """Neither it nor the folders that its owner removed come back on upgrade; the unit does."""
    install("--root", tmp_path)
    mine = tmp_path / "etc/scanmend/config.yaml"
    mine.write_text("# mine\n")
    unit = tmp_path / "etc/systemd/system/scanmend.service"
    unit.write_text("# old\n")
    (tmp_path / "srv/scanmend/inbox/invoices").rmdir()
    done = install("--root", tmp_path)
    assert "stays as it is" in done.stdout
    assert mine.read_text() == "# mine\n"
    assert not (tmp_path / "srv/scanmend/inbox/invoices").exists()
    assert unit.read_text() != "# old\n"


def test_uninstalling_keeps_configuration_state_and_scans_and_says_where(tmp_path):
    """Program, unit and link go; what belongs to the user stays, byte for byte."""
    install("--root", tmp_path)
    scan = tmp_path / "srv/scanmend/inbox/invoices/letter.pdf"
    scan.write_bytes(b"%PDF-")
    (tmp_path / "var/lib/scanmend/ledger.sqlite").write_bytes(b"state")
    (tmp_path / "opt/scanmend/venv/bin").mkdir(parents=True)
    (tmp_path / "opt/scanmend/venv/bin/scanmend").touch()
    kept = {name: data for name, data in files(tmp_path).items() if name.startswith(("etc/scanmend/", "srv/", "var/"))}
    done = install("--root", tmp_path, "--uninstall")
    assert done.returncode == 0, done.stderr
    assert files(tmp_path) == kept
    assert not os.path.lexists(tmp_path / "usr/local/bin/scanmend")
    for place in ("etc/scanmend", "var/lib/scanmend", "srv/scanmend"):
        assert str(tmp_path / place) in done.stdout


def test_a_program_of_the_same_name_that_is_not_ours_is_left_alone(tmp_path):
    """/usr/local/bin/scanmend may be something the administrator made."""
    theirs = tmp_path / "usr/local/bin/scanmend"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("#!/bin/sh\n")
    install("--root", tmp_path)
    install("--root", tmp_path, "--uninstall")
    assert theirs.read_text() == "#!/bin/sh\n"


@pytest.mark.parametrize("mode", [(), ("--user",)])
def test_a_dry_run_says_what_it_would_do_and_does_nothing(tmp_path, mode):
    """Every file appears in the text, none on disk."""
    done = install(*mode, "--dry-run", "--root", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "config.yaml" in done.stdout
    assert "scanmend.service" in done.stdout
    assert not list(tmp_path.iterdir())


def test_an_unknown_option_is_refused(tmp_path):
    """A misspelt --uninstall must not install."""
    done = install("--root", tmp_path, "--unistall")
    assert done.returncode == 1
    assert "--unistall" in done.stderr
    assert not list(tmp_path.iterdir())


class Desk:
    """A checkout and a home of its own; the programs around it are fakes that write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        checkout = folder / "checkout"
        for name in ("scripts", "systemd", "docs"):
            shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "config.yaml", checkout)
        (checkout / "scripts/setup_lib/provision.py").write_text(
            f"import pathlib, sys\nopen({str(folder / 'calls')!r}, 'a').write('provision\\n')\n"
            f"sys.exit(pathlib.Path({str(folder / 'broken')!r}).exists())\n"
        )
        self.script = checkout / "scripts/install"
        self.home.mkdir()
        self._program("dpkg-query", 'shift 2; for p in "$@"; do echo "$p installed"; done')
        self._program("apt-get", "exit 1")
        self._program(
            "systemctl",
            f'echo "$@" >>{folder}/calls\n'
            f'case "$*" in *is-active*) [ -e {self.home}/.config/scanmend/config.yaml ];; esac',
        )
        self._program(
            "python",
            f'case "$*" in "-m venv "*) mkdir -p "$3/bin"; ln -sf {sys.executable} "$3/bin/python";; '
            f'*) exec {sys.executable} "$@";; esac',
        )

    def _program(self, name: str, body: str) -> None:
        file = self.folder / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)

    def run(self, *arguments: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        """Return how the script ended and what it called, in order."""
        (self.folder / "calls").write_text("")
        done = install(
            *arguments,
            script=self.script,
            HOME=str(self.home),
            PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}",
            SCANMEND_PYTHON=str(self.folder / "bin/python"),
        )
        calls = [line.removeprefix("--user ") for line in (self.folder / "calls").read_text().splitlines()]
        return done, [c for c in calls if not c.startswith(("show-environment", "is-active"))]


def test_installing_again_stops_upgrades_and_starts_the_service(tmp_path):
    """The first time there is nothing to stop; both times it is enabled and runs at the end."""
    desk = Desk(tmp_path)
    done, calls = desk.run("--user")
    assert done.returncode == 0, done.stderr
    assert calls == ["provision", "daemon-reload", "enable scanmend", "restart scanmend"]
    done, calls = desk.run("--user")
    assert calls == ["stop scanmend", "provision", "daemon-reload", "enable scanmend", "restart scanmend"]
    _, calls = desk.run("--user", "--uninstall")
    assert calls == ["disable --now scanmend", "daemon-reload"]


def test_an_upgrade_that_fails_starts_the_service_again(tmp_path):
    """No network on the evening of the upgrade must not mean no scans in the morning."""
    desk = Desk(tmp_path)
    desk.run("--user")
    (tmp_path / "broken").touch()
    done, calls = desk.run("--user")
    assert done.returncode == 1
    assert calls == ["stop scanmend", "provision", "start scanmend"]
