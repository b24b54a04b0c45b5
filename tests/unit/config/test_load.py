"""scanmend.config.load: what a file means, and every contradiction in it at once."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from project import ROOT
from scanmend.config.fields import PdfSettings
from scanmend.config.load import load
from scanmend.config.schema import (
    BUNDLED,
    DEFAULT_PROMPT,
    Folder,
    ModelSpec,
    Settings,
    builtin,
    one_shot_folder,
)
from scanmend.errors import ConfigError

SAMPLE = ROOT / "config.yaml"
MODELS = "models: {bundled: {path: x}}\n"


@pytest.fixture
def write(tmp_path):
    """Return a function that writes the configuration file and returns its path."""

    def write(text):
        path = tmp_path / "c.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def problems_of(write):
    """Return a function that gives a configuration's problems, without the file's name."""

    def problems_of(text):
        path = write(text)
        with pytest.raises(ConfigError) as e:
            load(path)
        assert e.value.exit_code == 78
        return [p.removeprefix(f"{path}:") for p in e.value.problems]

    return problems_of


def folders(*rows: str) -> str:
    return MODELS + "folders:\n" + "".join(f"  - {{{row}}}\n" for row in rows)


LEFT_ALONE = (
    "#recycle", "#snapshot", "@tmp", "@Recycle", ".@__thumb", "@Recently-Snapshot", "$RECYCLE.BIN", "$Recycle.Bin",
    "RECYCLER", "System Volume Information", ".Trash-1000", ".Trashes", ".Trash", "lost+found", "FOUND.000",
    ".stversions", ".stfolder", "scan.pdf.filepart", "scan.pdf.part", "Unconfirmed 1.crdownload", "scan.pdf.download",
    "scan.pdf.opdownload", "scan.pdf.!ut", "scan.pdf.!qB", "scan.pdf.!sync", "scan.pdf.aria2", ".~tmp~",
    ".scan.pdf.a1B2c3", ".syncthing.scan.pdf.tmp", "~syncthing~scan.pdf.tmp", ".~scan.pdf", "._sync_1a2b.db",
    "._scan.pdf",
    "scan.pdf.ocTransferId12.part", ".smbdeleteAAA1", ".nfs000000001", ".~lock.scan.odt#", "scan.pdf.sb-1a2b-x",
)  # fmt: skip
"""Names of what is no scan, or not yet."""
TAKEN = (
    "recycle.pdf", "recycled paper.pdf", "downloads.pdf", "part of it.pdf", "found.pdf", "FOUND.pdf", "lost+found.pdf",
    "tmp", "$5 invoice.pdf", "#1.pdf", "@home.pdf",
)  # fmt: skip
"""Names that only look like those."""


class TestMeaning:
    def test_the_sample_that_we_ship(self):
        """It loads as it is: a folder with a prompt of its own, and the one model that set-up installs."""
        config = load(SAMPLE)
        (invoices,) = config.folders
        assert invoices.name == "invoices"
        assert invoices.prompt == "Correct OCR errors, keep numbers and currency symbols intact" == DEFAULT_PROMPT
        assert invoices.archive == SAMPLE.parent / "archive/invoices"
        assert config.models == {"bundled": BUNDLED}
        assert config.idle_unload_s == 300

    def test_the_examples_in_the_sample(self, tmp_path):
        """The folder and the models that stand there as comments load, too, once the marks are taken away."""
        text = SAMPLE.read_text().replace("  # - name", "  - name").replace("  #   ", "    ")
        path = tmp_path / "config.yaml"
        path.write_text(text.replace("  # qwen3b:", "  qwen3b:").replace("  # local:", "  local:"))
        config = load(path)
        assert config.models["qwen3b"].repo_id == "Qwen/Qwen2.5-3B-Instruct-GGUF"
        assert (config.models["qwen3b"].quantization, config.models["qwen3b"].gpu_layers) == ("int8", 20)
        assert config.models["local"].path == Path("/srv/models/any.gguf")
        letters = config.folder("letters")
        assert letters.languages == ("spa",)
        assert letters.original == "keep"
        assert letters.prompt == "Correct OCR errors in this Spanish letter"

    def test_paths(self, write, tmp_path, monkeypatch):
        """Relative paths are relative to the file, not to where one stands; ~ is the home folder."""
        monkeypatch.setenv("HOME", "/home/someone")
        monkeypatch.chdir("/")
        config = load(
            write(
                "state_dir: ~/state\nmodels: {m: {path: ../m.gguf}}\n"
                "folders: [{name: a, inbox: in, outbox: /srv/out, archive: ~/arc, model: m}]\n"
            )
        )
        (folder,) = config.folders
        assert config.state_dir == Path("/home/someone/state")
        assert config.models_dir == tmp_path / "var/models"
        assert config.models["m"].path == tmp_path / "../m.gguf"
        assert folder.inbox == tmp_path / "in"
        assert folder.archive == Path("/home/someone/arc")
        assert folder.quarantine == Path("/srv/out/quarantine")

    def test_a_folder_inherits_the_defaults(self, write):
        """A folder's own settings win, then ``defaults``, then what is built in; the archive follows the outbox."""
        text = MODELS + (
            "defaults: {settle_s: 9, languages: deu, original: keep}\n"
            "folders: [{name: a, inbox: i, outbox: o}, {name: b, inbox: j, outbox: o, settle_s: 1, languages: [nor]}]\n"
        )
        a, b = load(write(text)).folders
        assert (a.settle_s, a.languages, a.original) == (9, ("deu",), "keep")
        assert (b.settle_s, b.languages, b.original) == (1, ("nor",), "keep")
        assert a.archive == a.outbox / "originals"
        assert a.retries == 4

    def test_off_needs_no_quotes(self, write):
        """``strategy: off`` and ``gpu: off`` are what the documentation writes; YAML 1.1 would read them as false."""
        config = load(
            write("models: {m: {path: x, gpu: off}}\nfolders: [{name: a, inbox: i, outbox: o, strategy: off}]")
        )
        assert config.models["m"].gpu == "off"
        assert config.folders[0].strategy == "off"

    def test_empty_sections(self, write):
        """A section all of whose lines are remarks counts as absent."""
        config = load(
            write("models:\n  # none yet\ndefaults:\nfolders: [{name: a, inbox: i, outbox: o, strategy: off}]")
        )
        assert config.models == {}

    def test_anchors_and_merges(self, write):
        """Settings that folders share may be merged in with ``<<``."""
        config = load(
            write(
                MODELS + "folders:\n"
                "  - &a {name: a, inbox: i, outbox: o, settle_s: 7}\n"
                "  - {<<: *a, name: b, inbox: j}\n"
            )
        )
        assert [(f.name, f.inbox.name, f.settle_s) for f in config.folders] == [("a", "i", 7), ("b", "j", 7)]

    def test_folder_by_name(self, write):
        """An unknown name is answered with the known ones."""
        path = write(folders("name: a b, inbox: i, outbox: o"))
        assert load(path).folder("a b").name == "a b"
        with pytest.raises(ConfigError, match="no folder is named 'c'; there are: a b"):
            load(path).folder("c")

    def test_values_do_not_change(self, write):
        """The configuration is frozen: nothing can alter it behind the daemon's back."""
        config = load(write(folders("name: a, inbox: i, outbox: o")))
        with pytest.raises(ValidationError):
            config.folders[0].settle_s = 3

    @pytest.mark.parametrize(
        ("name", "ignored"),
        [
            ("scan.pdf", False),
            (".scan.pdf.swp", True),
            ("~$letter.pdf", True),
            ("scan.pdf.PART", True),
            ("THUMBS.DB", True),
            ("@eaDir", True),
            ("scan.pdf.error.txt", True),
            *((name, True) for name in LEFT_ALONE),
            *((name, False) for name in TAKEN),
            ("Draft-1.pdf", True),
            ("part.pdf", False),
        ],
    )
    def test_ignores(self, tmp_path, name, ignored):
        """Temporary names of any case, and the folder's own patterns."""
        folder = Folder(
            name="a", inbox=tmp_path, outbox=tmp_path, archive=tmp_path, quarantine=tmp_path, ignore=("draft*",)
        )
        assert folder.ignores(name) is ignored

    def test_one_shot_commands_need_no_file(self, tmp_path):
        """The built-in configuration has the bundled model and folders made of the defaults."""
        config = builtin(tmp_path)
        assert config.models["bundled"].file == "SmolLM2-135M-Instruct.Q4_1.gguf"
        assert config.models_dir == tmp_path / "models"
        folder = one_shot_folder(config, tmp_path)
        assert folder.outbox == tmp_path
        assert folder.model in config.models


class TestOurOwn:
    @pytest.mark.parametrize(
        ("inbox", "recursive", "said"),
        [
            ("var/state", "false", "holds state_dir"),
            ("var/state/in", "false", "holds state_dir"),
            ("var", "true", "holds state_dir"),
            ("var/models", "false", "holds models_dir"),
            (".", "false", "holds this configuration file"),
            ("..", "true", "holds this configuration file"),
            ("in/.scanmend/x", "false", "lies in .scanmend"),
        ],
    )
    def test_no_inbox_has_what_is_the_daemon_s(self, problems_of, inbox, recursive, said):
        """Else it would take its ledger, its models or its configuration for scans, and put them into quarantine."""
        problems = problems_of(folders(f"name: a, inbox: {inbox}, outbox: /elsewhere/o, recursive: {recursive}"))
        assert any(f"folders[0].inbox: {said}" in problem for problem in problems)


class TestModels:
    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({}, "name exactly one source"),
            ({"path": "a", "repo_id": "o/n", "file": "f"}, "name exactly one source"),
            ({"package": "p"}, "package needs file"),
            ({"package": "p", "file": "f", "quantization": "int8"}, "package says which .*, and quantization nothing"),
            ({"path": "a", "file": "f", "revision": "r"}, "path says which file it is, and file and revision nothing"),
            ({"repo_id": "o/n"}, "repo_id needs quantization"),
            ({"repo_id": "just-a-name", "file": "f"}, "repo_id looks like owner/name"),
            ({"repo_id": "../..", "file": "f"}, "repo_id looks like owner/name"),
            ({"repo_id": "o/n/x", "file": "f"}, "repo_id looks like owner/name"),
            ({"path": "a", "gpu": "required", "gpu_layers": 0}, "gpu: required contradicts gpu_layers: 0"),
        ],
    )
    def test_sources_that_do_not_make_sense(self, settings, said):
        """A model has one source, complete, and no contradiction about the GPU."""
        with pytest.raises(ValidationError, match=said):
            ModelSpec(**settings)

    @pytest.mark.parametrize("layers", ["auto", "all", 0, 20])
    def test_gpu_layers(self, layers):
        """A word or a number."""
        assert ModelSpec(path="a", gpu_layers=layers).gpu_layers == layers


class TestLanguages:
    @pytest.mark.parametrize("language", ["eng", "chi_sim_vert", "script/Latin", "deu_latf"])
    def test_known_shapes(self, write, language):
        """Tesseract's names, scripts among them; one alone needs no list."""
        config = load(write(folders(f"name: a, inbox: i, outbox: o, languages: {language}")))
        assert config.folders[0].languages == (language,)

    def test_auto_stands_alone(self, write, problems_of):
        """Either it is found out, or it is known."""
        config = load(write(folders("name: a, inbox: i, outbox: o, languages: auto")))
        assert config.folders[0].languages == ("auto",)
        (line,) = problems_of(folders("name: a, inbox: i, outbox: o, languages: [eng, auto]"))
        assert "auto stands alone" in line

    @pytest.mark.parametrize("language", ["en", "english", "eng+deu", "-eng", "../eng", "script/"])
    def test_other_shapes(self, problems_of, language):
        """What would reach Tesseract's command line as something else is refused."""
        (line,) = problems_of(folders(f"name: a, inbox: i, outbox: o, languages: [{language}]"))
        assert "is no Tesseract language" in line


class TestGlossary:
    def test_a_folder_has_its_own_or_none(self, write, tmp_path):
        """Relative to the configuration file; an empty key undoes that of the defaults."""
        (tmp_path / "names.txt").write_text("Müller\n", "utf-8")
        (tmp_path / "codes.txt").write_text("X200-B\n")
        rows = ("name: a, inbox: i, outbox: o", "name: b, inbox: j, outbox: o, glossary: codes.txt")
        text = folders(*rows, "name: c, inbox: k, outbox: o, glossary: ~") + "defaults: {glossary: names.txt}\n"
        config = load(write(text))
        assert [f.glossary for f in config.folders] == [tmp_path / "names.txt", tmp_path / "codes.txt", None]
        assert one_shot_folder(config, tmp_path).glossary == tmp_path / "names.txt"

    def test_a_file_that_cannot_be_used(self, problems_of, tmp_path):
        """It is reported with all else that is wrong, where it is named."""
        gone = tmp_path / "gone.txt"
        (tmp_path / "latin.txt").write_bytes("Meier\nMüller\n".encode("latin-1"))
        rows = ("name: a, inbox: i, outbox: o, glossary: gone.txt", "name: b, inbox: j, outbox: o, glossary: latin.txt")
        assert problems_of(folders(*rows, "name: c, inbox: k, outbox: o, glossary: 5, settle_s: soon")) == [
            f"3: folders[0].glossary: there is no file {gone}; create it, with one word a line, or remove the key",
            f"4: folders[1].glossary: {tmp_path / 'latin.txt'}:2: not UTF-8 (byte 0xfc); save the file as UTF-8",
            "5: folders[2].glossary: needs to be the path of a file or folder (it is 5)",
            "5: folders[2].settle_s: needs to be a number (it is 'soon')",
        ]

    def test_a_wrong_one_in_defaults(self, problems_of, tmp_path):
        """It is reported once, where it stands."""
        text = folders("name: a, inbox: i, outbox: o", "name: b, inbox: j, outbox: o") + "defaults: {glossary: .}\n"
        assert problems_of(text) == [
            f"5: defaults.glossary: {tmp_path} is no text file but a folder or device; name a file with one word a line"
        ]


class TestPasswords:
    def test_a_folder_has_its_own_or_none(self, write, tmp_path):
        """Relative to the configuration file."""
        (tmp_path / "secrets.txt").touch(0o600)
        rows = ("name: a, inbox: i, outbox: o", "name: b, inbox: j, outbox: o, passwords: ~")
        config = load(write(folders(*rows) + "defaults: {passwords: secrets.txt}\n"))
        assert [f.passwords for f in config.folders] == [tmp_path / "secrets.txt", None]

    def test_a_file_that_others_may_read(self, problems_of, write, tmp_path):
        """It is refused as the token of the web page is, unless the command does without what is in it."""
        (tmp_path / "secrets.txt").touch(0o600)
        (tmp_path / "secrets.txt").chmod(0o644)
        text = folders("name: a, inbox: i, outbox: o, passwords: secrets.txt")
        where = tmp_path / "secrets.txt"
        assert problems_of(text) == [
            f"3: folders[0].passwords: {where} may be read by anyone; run: chmod o= {where}",
        ]
        assert load(write(text), glossaries=False).folders[0].passwords == where


class TestPdf:
    def test_archival_and_its_validator(self, write, tmp_path):
        """A program with a slash is relative to the configuration file; nothing is asked for by itself."""
        rows = (
            "name: a, inbox: i, outbox: o, pdf: {archival: true, validator: [bin/check, -x]}",
            "name: b, inbox: j, outbox: o, pdf: {archival: true}",
            "name: c, inbox: k, outbox: o",
        )
        one, other, none = load(write(folders(*rows))).folders
        assert one.pdf == PdfSettings(True, (str(tmp_path / "bin/check"), "-x"))
        assert (other.pdf, none.pdf) == (PdfSettings(True), None)
        assert Settings.model_validate(one.model_dump(mode="json", include={"pdf"})).pdf == one.pdf

    @pytest.mark.parametrize(
        ("rule", "said"),
        [
            ("true", "needs to be a mapping: {archival: true}"),
            ("{archive: true}", "'archive' does not belong here; it knows archival and validator"),
            ("{archival: 2b}", "archival needs to be true or false"),
            (
                "{archival: true, validator: verapdf}",
                "validator needs to be a list: [program, argument, …]; the PDF's path comes last",
            ),
        ],
    )
    def test_what_is_wrong_with_it(self, problems_of, rule, said):
        """One line with all of it, as its keys have no lines of their own."""
        assert problems_of(folders(f"name: a, inbox: i, outbox: o, pdf: {rule}")) == [f"3: folders[0].pdf: {said}"]


class TestWeb:
    @pytest.mark.parametrize(
        ("web", "said"),
        [
            ("{listen: '0.0.0.0:8642'}", "so it needs token_file: a file with a secret; or listen on 127.0.0.1"),
            ("{listen: '192.0.2.7:80'}", "is reached from other machines, so it needs token_file"),
            ("{listen: '[::]:8642'}", "is reached from other machines, so it needs token_file"),
            ("{listen: 8642}", "is no address with a port; write one such as 127.0.0.1:8642"),
            ("{listen: '127.0.0.1:99999'}", "is no address with a port"),
            ("{listen: 'scans.example.org:80'}", "is no IP address; write the one that this machine has"),
            ("{hosts: ['http://scans.example.org']}", "write it without scheme and port"),
            ("{port: 8642}", "unknown key"),
        ],
    )
    def test_what_cannot_be_served(self, problems_of, web, said):
        """An address that other machines reach is not listened on without a token; the remedy is named."""
        (problem,) = problems_of(folders("name: a, inbox: i, outbox: o") + f"web: {web}\n")
        assert said in problem

    @pytest.mark.parametrize(
        "web",
        [
            "{}",
            "{listen: '127.0.0.1:8642'}",
            "{listen: 'localhost:8642'}",
            "{listen: '[::1]:8642', hosts: [scans.example.org]}",
            "{listen: '0.0.0.0:8642', token_file: token}",
        ],
    )
    def test_what_can(self, write, web):
        """Loopback without a token, everything with one; a socket that systemd passes is judged when it is there."""
        assert load(write(folders("name: a, inbox: i, outbox: o") + f"web: {web}\n")).web is not None


class TestContradictions:
    def test_unknown_model(self, problems_of):
        """It is reported where it is named, with the names there are; not for folders that run no model."""
        rows = ("name: a, inbox: i, outbox: o, model: nope", "name: b, inbox: j, outbox: o, model: nope, strategy: off")
        assert problems_of(folders(*rows)) == ["3: folders[0].model: no model is named 'nope'; models has: bundled"]

    def test_unknown_model_in_defaults(self, problems_of):
        """It is reported once, where it stands."""
        text = folders("name: a, inbox: i, outbox: o", "name: b, inbox: j, outbox: o") + "defaults: {model: nope}\n"
        assert problems_of(text) == ["5: defaults.model: no model is named 'nope'; models has: bundled"]

    def test_no_folders(self, problems_of):
        """A daemon without folders would have nothing to do."""
        said = "folders: no folder to watch; add one with name, inbox and outbox"
        assert problems_of(MODELS) == [f"1: {said}"]
        assert problems_of(MODELS + "folders: []") == [f"2: {said}"]
        assert problems_of(MODELS + "folders:") == [f"2: {said}"]

    def test_names(self, problems_of):
        """Two folders with one name, whatever the case; names that could be mistaken for paths."""
        assert problems_of(folders("name: a, inbox: i, outbox: o", "name: A, inbox: j, outbox: o")) == [
            "4: folders[1].name: folders[0] has this name already; give each its own"
        ]
        for name in ("../x", "''", "a/b", ".hidden", "x" * 65):
            (line,) = problems_of(folders(f"name: {name}, inbox: i, outbox: o"))
            assert line.startswith("3: folders[0].name: use letters, digits")

    def test_shared_inboxes(self, problems_of, tmp_path):
        """One inbox for two folders, also through a link."""
        (tmp_path / "i").mkdir()
        (tmp_path / "j").symlink_to("i")
        assert problems_of(folders("name: a, inbox: i, outbox: o", "name: b, inbox: j, outbox: o")) == [
            "4: folders[1].inbox: folders[0] watches this inbox already; give each its own"
        ]

    @pytest.mark.parametrize("key", ["outbox", "archive", "quarantine"])
    @pytest.mark.parametrize("where", ["i", "i/deep/down", "i/../i/x"])
    def test_results_inside_an_inbox(self, problems_of, key, where):
        """What the daemon writes must never be taken for a scan, in whichever folder's inbox it would lie."""
        other = {"outbox": "o", key: where}
        rows = ", ".join(f"{k}: {v}" for k, v in other.items())
        (line,) = problems_of(folders("name: a, inbox: i, outbox: o", f"name: b, inbox: j, {rows}"))
        assert line.startswith(f"4: folders[1].{key}: lies inside the inbox of 'a'")

    def test_inbox_inside_the_outbox(self, write):
        """The other way round is fine: results are written, never looked for, in an outbox."""
        assert load(write(folders("name: a, inbox: o/in, outbox: o")))

    def test_nested_inboxes(self, problems_of, write):
        """An inbox inside another is fine unless the outer one is recursive."""
        rows = ("name: a, inbox: i, outbox: o", "name: b, inbox: i/b, outbox: o")
        assert load(write(folders(*rows)))
        (line,) = problems_of(folders(rows[0] + ", recursive: true", rows[1]))
        assert line.startswith("4: folders[1].inbox: lies inside the inbox of 'a', which is recursive")

    def test_links_in_a_circle(self, write, tmp_path):
        """They do not keep the file from being read; that such an inbox cannot be used shows later."""
        (tmp_path / "i").symlink_to("i")
        assert load(write(folders("name: a, inbox: i, outbox: o")))


class TestHooks:
    def test_programs_with_a_slash_are_beside_the_file(self, write, tmp_path):
        """As all paths are; a bare name is looked for on PATH when it is run, and arguments stay what they are."""
        text = folders("name: a, inbox: i, outbox: o, on_success: [hooks/done, a/b], on_failure: [logger, -t, x]")
        folder = load(write(text)).folders[0]
        assert folder.on_success == (str(tmp_path / "hooks" / "done"), "a/b")
        assert folder.on_failure == ("logger", "-t", "x")

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ("rm -rf x", "is run without a shell; write a list: [program, argument, …]"),
            ("['']", "names no program"),
            ("[a, 5]", "needs to be text (it is 5)"),
        ],
    )
    def test_what_is_no_command(self, problems_of, value, said):
        """A line for a shell would be run as a program of that whole name."""
        (line,) = problems_of(folders(f"name: a, inbox: i, outbox: o, on_success: {value}"))
        assert line.startswith("3: folders[0].on_success")
        assert said in line


class TestTogether:
    def test_contradictions_are_reported_with_wrong_values(self, problems_of):
        """Whatever can still be determined is reported at once, in the order of the file, so that all can be mended."""
        text = folders(
            "name: a, inbox: in, outbox: in/out, settle_s: soon",
            "name: a, inbox: in, outbox: o, outputs: [epub], model: nope",
            "name: c, outbox: in/deep, model: nope",
            "just: 5, name: 7, inbox: in, outbox: o",
        )
        said = [line.split("; ")[0].split(" (")[0] for line in problems_of("wrkers: 3\n" + text + "a: 1\na: 2\n")]
        assert said == [
            "1: wrkers: unknown key",
            "4: folders[0].settle_s: needs to be a number",
            "4: folders[0].outbox: lies inside the inbox of 'a'",
            "5: folders[1].outputs[0]: needs to be 'txt', 'md', 'hocr', 'pdf', 'html', 'csv' or 'json'",
            "5: folders[1].model: no model is named 'nope'",
            "5: folders[1].name: folders[0] has this name already",
            "5: folders[1].inbox: folders[0] watches this inbox already",
            "6: folders[2].inbox: missing",
            "7: folders[3].name: needs to be text",
            "7: folders[3].just: unknown key",
            "7: folders[3].inbox: folders[0] watches this inbox already",
            "8: a: unknown key",
            "9: a: the same key stands in line 8 already",
        ]

    def test_nothing_is_reported_that_follows_from_a_wrong_value(self, problems_of):
        """A wrong section of models makes no model unknown; a wrong model's name is reported once."""
        assert problems_of("models: 5\nfolders: [{name: a, inbox: i, outbox: o}]") == [
            "1: models: needs to be a mapping of keys (it is 5)"
        ]
        assert problems_of(folders("name: a, inbox: i, outbox: o, model: [x]")) == [
            "3: folders[0].model: needs to be text (it is a list)"
        ]
        assert problems_of("models: {m: {}}\nfolders: [{name: a, inbox: i, outbox: o, model: m}]") == [
            (
                "1: models.m: name exactly one source: path (a file), package and file, "
                "repo_id and quantization or file, or endpoint and model"
            )
        ]

    def test_source_is_no_key(self, problems_of):
        """The name of an internal field is as unknown as any other."""
        (line,) = problems_of(folders("name: a, inbox: i, outbox: o") + "source: x\n")
        assert line.startswith("4: source: unknown key")

    def test_paths_that_are_none(self, problems_of):
        """Empty, with a zero byte, or in the home folder of somebody else."""
        rows = ('name: a, inbox: "i\\0", outbox: "  "', "name: b, inbox: ~nobody-is-called-so/x, outbox: o")
        assert [line.partition("; ")[0] for line in problems_of(folders(*rows))] == [
            "3: folders[0].inbox: is empty or no path",
            "3: folders[0].outbox: is empty or no path",
            "4: folders[1].inbox: ~nobody-is-called-so is not expanded",
        ]

    @pytest.mark.parametrize(
        ("path", "told"),
        [
            ("$HOME/in", "variables such as $HOME are not expanded"),
            ("/srv/${USER}/in", "variables such as ${USER} are not expanded"),
            ("/srv/${SCANS:-x}/in", "variables such as ${SCANS:-x} are not expanded"),
            ("%USERPROFILE%/in", "variables such as %USERPROFILE% are not expanded"),
            ("C:\\Scans\\in", "C:\\Scans\\in is a Windows path"),
            ("d:/Scans", "d:/Scans is a Windows path"),
            ("scans\\in", "scans\\in is a Windows path"),
            ("\\\\server\\share", "\\\\server\\share is an address in the network, not a folder of this machine"),
            ("//nas/scans", "//nas/scans is an address in the network, not a folder of this machine"),
            ("smb://nas/scans", "smb://nas/scans is an address in the network, not a folder of this machine"),
            ("~root/in", "~root is not expanded"),
        ],
    )
    def test_paths_that_cannot_be_meant(self, problems_of, path, told):
        """Each is an error with a remedy, in an inbox as in any other path."""
        lines = problems_of(folders(f"name: a, inbox: '{path}', outbox: o") + f"state_dir: '{path}'\n")
        assert [line.partition("; ")[0] for line in lines] == [f"3: folders[0].inbox: {told}", f"4: state_dir: {told}"]
        assert all(line.partition("; ")[2] for line in lines)

    @pytest.mark.parametrize(
        "path", ["price 5$", "US$ letters", "$5", "a%20b", "100%", "a:b/c", "x~y", "~", "~/in", "back\\slash/in"]
    )
    def test_odd_names_that_can_be(self, tmp_path, write, path):
        """Real folders may have such names."""
        assert load(write(folders(f"name: a, inbox: '{path}', outbox: {tmp_path}/o"))).folders[0].inbox.is_absolute()


def test_a_file_reached_through_a_link(tmp_path, write):
    """Paths are relative to the file itself, not to the link."""
    path = write(folders("name: a, inbox: i, outbox: o"))
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere/link.yaml"
    link.symlink_to(path)
    config = load(link)
    assert config.source == link
    assert config.folders[0].inbox == tmp_path / "i"


@pytest.mark.parametrize(
    ("top", "folder", "expected"),
    [
        ("", "", "off"),
        ("web: {listen: 127.0.0.1:8642}\n", "", "on"),
        ("web: {listen: 127.0.0.1:8642}\n", ", review: off", "off"),
        ("web: {listen: 127.0.0.1:8642}\ndefaults: {review: off}\n", "", "off"),
        ("web: {listen: 127.0.0.1:8642}\n", ", original: delete", "off"),
        ("web: {listen: 127.0.0.1:8642}\n", ", original: delete, review: on", "on"),
    ],
)
def test_with_a_web_page_documents_are_kept_for_review(tmp_path, top, folder, expected):
    """Unless somebody says otherwise, or has scans deleted: copies of those are kept only where that is asked for."""
    (tmp_path / "c.yaml").write_text(f"{top}folders: [{{name: a, inbox: i, outbox: o, strategy: off{folder}}}]\n")
    assert load(tmp_path / "c.yaml").folders[0].review == expected
