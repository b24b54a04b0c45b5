"""What readers copy from the documents works: command lines, configurations, programs; what they look up is said."""

import ast
import os
import re
import shlex
import subprocess
import sys
from functools import cache

import pytest
import typer

from documented import DOCUMENTS, FENCED, scanmend_line, shell_lines
from project import ROOT
from scanmend import cli
from scanmend.config.load import load
from scanmend.control.http.api.problems import CODES

MESSAGES = ROOT / "docs" / "troubleshooting.md"


def blocks(kind):
    """Every block of this language, with where it stands."""
    return [
        pytest.param(text, id=f"{document.stem}-{number}")
        for document in DOCUMENTS
        for number, (name, text) in enumerate(FENCED.findall(document.read_text("utf-8")))
        if name == kind
    ]


def command_lines():
    """Every line of an indented block that calls scanmend, from its name on and without a remark behind it."""
    for document in DOCUMENTS:
        yield from filter(None, map(scanmend_line, shell_lines(document)))


def mentions():
    """Every command that stands in backticks within a sentence, without pipes; it may leave out what it needs."""
    for document in DOCUMENTS:
        text = FENCED.sub("", document.read_text("utf-8"))
        yield from re.findall(r"`(?:sudo -u scanmend )?scanmend ([^`:<>|]+?)(?: [<>|][^`]*)?`", text)


def silence(command):
    """Have a command take its arguments and do nothing."""
    for below in getattr(command, "commands", {}).values():
        silence(below)
    command.callback = lambda **_: None


def outcome(arguments, capsys):
    """Exit code, and what is said, when these arguments are taken by the real command line."""
    program = typer.main.get_command(cli.app)
    silence(program)
    with pytest.raises(SystemExit) as ended:
        program.main(args=shlex.split(arguments), prog_name="scanmend")
    said = capsys.readouterr()
    return ended.value.code, said.out + said.err


@pytest.mark.parametrize("line", sorted(set(command_lines())))
def test_every_command_line_is_one_that_scanmend_takes(line, capsys):
    """With all that the command needs."""
    code, said = outcome(line, capsys)
    assert code == 0, said


@pytest.mark.parametrize("mention", sorted(set(mentions())))
def test_every_command_that_is_mentioned_exists(mention, capsys):
    """With its options, though not always with what it works on."""
    _, said = outcome(mention.replace("…", ""), capsys)
    assert "No such" not in said
    assert "unexpected" not in said


def test_wrong_commands_would_be_found(capsys):
    """Else the two tests above would say nothing."""
    assert outcome("status --jsn", capsys)[0] == 2
    assert "No such" in outcome("statsu", capsys)[1]
    assert len(set(command_lines())) > 20


ELSEWHERE = {
    "sudo": "changes the machine: test_install and scripts/check_deb do so below a root of their own",
    "loginctl": "systemd does not run where tests do",
    "journalctl": "systemd does not run where tests do",
    "docker": "there is none where tests run; scripts/check_container carries out the Dockerfile's last stage",
    "pipx": "scripts/check_packages",
    "uv": "scripts/check_packages",
    "python3": "scripts/check_packages",
    "pip": "fetches from another host",
    ".venv/bin/pip": "test_locks has pip read the same lock",
    "git": "needs a newer version to upgrade to",
    "scanimage": "scripts/check_writers has SANE's test device do it",
    "dask": "test_dask starts the same modules with the same options",
    "openssl": "test_dask makes its certificates so",
    "curl": "test_control asks socket and port",
}
"""By program: where a line of the documents is run that these tests do not run, or why none does."""


def test_every_other_line_is_known():
    """A new line in the documents is run by a test, is a script of ours, or stands above with its reason."""
    lines = {line for document in DOCUMENTS for line in shell_lines(document) if scanmend_line(line) is None}
    programs = {line.split()[0] for line in lines} - set(ELSEWHERE)
    assert {name for name in programs if not name.startswith(("scripts/", ".venv/bin/python", "python"))} == set()
    assert set(ELSEWHERE) <= {line.split()[0] for line in lines}


def script_lines():
    """Every line that calls a script of ours, with the script and the options it is given."""
    for document in DOCUMENTS:
        for line in shell_lines(document):
            script = re.search(r"(?<![\w/])scripts/[\w/.]+", line)
            if script and line.split()[0] != ".venv/bin/pip":
                yield line, ROOT / script[0], tuple(re.findall(r"(?<=\s|\[)(--[a-z][\w-]*)", line[script.end() :]))


@pytest.mark.parametrize(("line", "script", "options"), sorted(set(script_lines())))
def test_every_script_is_there_and_knows_its_options(line, script, options):
    """Most take minutes, so that their code is read instead."""
    assert os.access(script, os.X_OK) or line.split()[0] in ("python", ".venv/bin/python"), line
    known = script.read_text("utf-8")
    assert [option for option in options if option not in known] == []


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_configuration_shown_is_valid(text, tmp_path):
    """Readers copy them; a glossary or a file of passwords that they name is there."""
    for name in re.findall(r"\bglossary: (\S+\.txt)", text):
        (tmp_path / name).write_text("Aquarist\n", "utf-8")
    for name in re.findall(r"\bpasswords: (\S+\.passwords)", text):
        (tmp_path / name).write_text("4711\n", "utf-8")
        (tmp_path / name).chmod(0o600)
    file = tmp_path / "config.yaml"
    file.write_text(text, "utf-8")
    assert load(file).folders


@pytest.mark.parametrize("text", blocks("python"))
def test_every_program_prints_what_the_page_says(text, tmp_path):
    """The real command with the bundled model; what a program prints stands in the block that follows it."""
    document = next(d.read_text("utf-8") for d in DOCUMENTS if text in d.read_text("utf-8"))
    _, told = FENCED.search(document, document.index(text) + len(text) + len("```")).groups()
    command = tmp_path / "scanmend"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from scanmend.cli import main; main()" "$@"\n')
    command.chmod(0o755)
    environ = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "daemon")}
    environ.pop("SCANMEND_CONFIG", None)
    program = [sys.executable, "-c", text]
    done = subprocess.run(program, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == (told, 0), done.stderr


@pytest.mark.parametrize("text", blocks("py"))
def test_programs_for_models_that_are_not_bundled_are_python(text):
    """They would download gigabytes, so they are not run; what they import is there."""
    lines = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(lines, []), "<docs>", "exec"), {})  # noqa: S102 -- our own documents


def test_the_hook_that_hands_pdfs_to_paperless_does_so(tmp_path):
    """The PDF alone, whole under its own name, whatever that is."""
    (script,) = (text for name, text in FENCED.findall((ROOT / "docs/paperless.md").read_text("utf-8")) if name == "sh")
    hook, consume = tmp_path / "hook", tmp_path / "consume"
    hook.write_text(script)
    hook.chmod(0o755)
    consume.mkdir()
    outputs = [tmp_path / "-a scan;$(x).pdf", tmp_path / "-a scan;$(x).json"]
    for path in outputs:
        path.write_text(path.suffix)
    environ = {"PATH": "/usr/bin:/bin", "CONSUME": str(consume), "SCANMEND_ID": "20260101-1"}
    subprocess.run([hook, *outputs], env=environ, check=True)
    assert [path.name for path in consume.iterdir()] == [outputs[0].name]


@cache
def said_by_the_code():
    """Every text in the package, with … for what is filled in."""
    return list(_texts())


def _texts():
    for path in (ROOT / "daemon" / "scanmend").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.sub(r"\{\w*\}", "…", node.value)


def told_messages():
    """The first cell of each row in a table of messages; several may share a row."""
    text = MESSAGES.read_text("utf-8")
    for table in text.split("| message | what it means | what to do |\n")[1:]:
        for row in table.split("\n\n")[0].splitlines()[1:]:
            yield from re.findall(r"`([^`]+)`", row.split(" | ")[0])


@pytest.mark.parametrize("message", sorted(told_messages()))
def test_every_message_that_is_explained_is_one_that_scanmend_says(message):
    """One that was reworded would be looked up in vain."""
    parts = [re.escape(part) for part in message.strip("… ").split("…")]
    pattern = re.compile(".*".join(parts), re.DOTALL)
    assert any(pattern.search(text) for text in said_by_the_code())


def test_every_warning_of_the_log_is_explained():
    """And every error; whoever reads the log finds here what to do."""
    events = set()
    for path in (ROOT / "daemon" / "scanmend").rglob("*.py"):
        calls = r"log\.(?:warning|error|exception)\(\s*\"([a-z_]+\.[a-z_]+)\""
        events |= set(re.findall(calls, path.read_text("utf-8")))
    assert len(events) > 30
    assert events - set(re.findall(r"`([a-z_.]+)`", MESSAGES.read_text("utf-8"))) == set()


def test_every_code_of_the_api_is_explained():
    """And no other."""
    section = MESSAGES.read_text("utf-8").split("\n## The page and the API\n", 1)[1].split("\n| message ", 1)[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)) == set(CODES)


def test_every_warning_about_a_document_is_explained():
    """The codes of the record, and no others."""
    explained = (
        MESSAGES.read_text("utf-8").split("\n## Warnings about a document that came out\n", 1)[1].split("\n## ")[0]
    )
    record = (ROOT / "docs" / "record.md").read_text("utf-8").split("\nCodes:\n", 1)[1].split("\n### ", 1)[0]
    told = set(re.findall(r"^- `([a-z_]+)`", record, re.MULTILINE))
    assert told
    assert set(re.findall(r"^\| `([a-z_]+)` \|", explained, re.MULTILINE)) == told
