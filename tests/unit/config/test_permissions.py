"""Permissions: what others may change is named, and the daemon refuses to start where they could rule it."""

import os

import pytest

from daemon_process import Daemon, scanmend
from scanmend.config.load import load
from scanmend.config.permissions import exposures, refuse_exposed, refuse_foreign
from scanmend.errors import ConfigError


@pytest.fixture
def config(tmp_path):
    """Return a function that loads a configuration with every folder there, of these settings."""
    for name in ("conf", "in", "out", "kept", "bad", "state", "models", "bin"):
        (tmp_path / name).mkdir()
    for name in ("hook", "validator"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "words.txt").write_text("Aquarist\n")

    def make(settings: str = "original: archive"):
        path = tmp_path / "conf/c.yaml"
        path.write_text(
            "state_dir: ../state\nmodels_dir: ../models\nfolders: [{name: a, inbox: ../in, outbox: ../out, "
            f"archive: ../kept, quarantine: ../bad, strategy: off, {settings}}}]\n"
        )
        path.chmod(0o644)
        return load(path)

    return make


def found(config) -> dict[str, bool]:
    return {e.what: e.refused for e in exposures(config)}


def test_the_usual_permissions_are_fine(config):
    """Nothing is said of folders that only their owner may change."""
    assert found(config("on_success: [../bin/hook], glossary: ../words.txt")) == {}


@pytest.mark.parametrize(
    ("place", "mode", "exposed"),
    [
        ("conf/c.yaml", 0o646, {"configuration": True}),
        ("conf/c.yaml", 0o664, {"configuration": False}),
        ("conf", 0o757, {"configuration": True}),
        ("conf", 0o1777, {}),
        ("state", 0o777, {"state_dir": True}),
        ("state", 0o1777, {"state_dir": True}),
        ("models", 0o777, {"models_dir": False}),
        ("words.txt", 0o666, {"a: glossary": False}),
        ("passwords.txt", 0o602, {"a: passwords": False}),
        ("bin/validator", 0o757, {"a: pdf: validator": True}),
        ("bin/hook", 0o757, {"a: on_success": True}),
        ("bin/hook", 0o775, {"a: on_success": False}),
        ("bin", 0o777, {"a: on_success": True, "a: pdf: validator": True}),
        ("in", 0o777, {"a: inbox": False, "a: commands": False}),
        ("in", 0o1777, {"a: commands": False}),
        ("out", 0o777, {"a: outbox": False}),
        ("kept", 0o777, {"a: archive": False}),
        ("bad", 0o777, {"a: quarantine": False}),
        ("out", 0o1777, {}),
    ],
)
def test_what_others_may_change_is_named(config, tmp_path, place, mode, exposed):
    """And refused where anyone could run programs, or say what becomes of documents."""
    (tmp_path / "passwords.txt").touch(0o600)
    pdf = "pdf: {archival: true, validator: [../bin/validator]}"
    loaded = config(f"on_success: [../bin/hook], glossary: ../words.txt, passwords: ../passwords.txt, {pdf}")
    (tmp_path / place).chmod(mode)
    assert found(loaded) == exposed
    if any(exposed.values()):
        with pytest.raises(ConfigError, match="chmod"):
            refuse_exposed(loaded)
    else:
        refuse_exposed(loaded)


def test_a_link_to_an_open_folder_hides_nothing(config, tmp_path):
    """The folder counts that the program really lies in."""
    (tmp_path / "bin").chmod(0o777)
    (tmp_path / "safe").mkdir()
    (tmp_path / "safe/hook").symlink_to(tmp_path / "bin/hook")
    assert found(config("on_failure: [../safe/hook]")) == {"a: on_failure": True}


def test_the_daemon_does_not_start_with_a_configuration_of_anyone(tmp_path):
    """Exit code 78, so that systemd leaves it, and the command that mends it; check says the same."""
    one = Daemon(tmp_path)
    one.config.chmod(0o666)
    for command in ("run", "check"):
        done = scanmend(command, "--config", str(one.config))
        assert done.returncode == (78 if command == "run" else 1)
        assert f"chmod o-w {one.config}" in done.stdout + done.stderr


def test_a_reload_does_not_take_it_either(daemon, tmp_path):
    """The old configuration stays."""
    one = daemon().start()
    one.config.chmod(0o666)
    os.kill(one.pid, 1)
    (said,) = one.wait("config.rejected")
    assert "may be changed by anyone" in said["problems"][0]
    assert one.stop() == 0


class TestOfSomebodyElse:
    """A file that nobody named, only found: whoever put it there must be root or ourselves."""

    @pytest.fixture
    def path(self, tmp_path):
        folder = tmp_path / "here"
        folder.mkdir(mode=0o755)
        (folder / "config.yaml").write_text("{}")
        return folder / "config.yaml"

    def test_our_own(self, path):
        """A link to it, and the sticky bit that keeps others from exchanging it, change nothing."""
        path.parent.chmod(0o1777)
        refuse_foreign(path)
        link = path.with_name("link")
        link.symlink_to(path)
        refuse_foreign(link)
        refuse_foreign(path.with_name("missing"))

    @pytest.mark.parametrize(("place", "mode"), [("config.yaml", 0o646), (".", 0o757)], ids=["the file", "its folder"])
    def test_that_anyone_may_change(self, path, place, mode):
        (path.parent / place).chmod(mode)
        with pytest.raises(
            ConfigError, match=r"may be changed by anyone.* not read unless --config names it; run: chmod"
        ):
            refuse_foreign(path)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
    @pytest.mark.parametrize("place", ["config.yaml", ".", "link"])
    def test_that_another_user_put_there(self, path, place):
        """The file, its folder, or a link that leads to a good file until it is read."""
        link = path.with_name("link")
        link.symlink_to("/etc/passwd")
        os.chown(path.parent / place, 12345, 12345, follow_symlinks=False)
        with pytest.raises(ConfigError, match=r"belongs to another user \(id 12345\)"):
            refuse_foreign(link if place == "link" else path)
