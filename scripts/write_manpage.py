"""Write docs/scanmend.1, the manual page, from what the command line says of itself.

``.venv/bin/python scripts/write_manpage.py``; a test sees that the page in docs is what this writes.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import typer

from scanmend import __version__, cli
from scanmend.config import search

PAGE = Path(__file__).resolve().parents[1] / "docs" / "scanmend.1"

FILES = (
    ("./config.yaml, /etc/scanmend/config.yaml", "The configuration, where neither --config nor a variable names one."),
    ("~/.cache/scanmend", "State and models of commands that are given no configuration."),
)
ENVIRONMENT = (
    (search.VARIABLE, "Names the configuration file."),
    ("SCANMEND__KEY, SCANMEND__SECTION__KEY", "Override single keys of the configuration; their values are YAML."),
)
STATUS = (
    ("0", "All is well."),
    ("1", "Something failed, or has to be mended; each command says what."),
    ("2", "The command was called wrongly."),
    ("78", "There is no configuration, or it cannot be used."),
)


def page() -> str:
    """Return the page in roff, for man(7)."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    group = typer.main.get_command(cli.app)
    context = click.Context(group, info_name="scanmend")
    yield f'.TH SCANMEND 1 "" "scanmend {__version__}" "User Commands"'
    yield from (".SH NAME", f"scanmend \\- {_text(_purpose(group.help))}")
    yield from (".SH SYNOPSIS", ".B scanmend", ".I COMMAND", "[\\fIARGUMENT\\fR ...]")
    yield from (".SH DESCRIPTION", _text(group.help))
    yield from (".SH COMMANDS",)
    yield from _commands(group, context)
    yield ".SH OPTIONS"
    yield from _parameters(group, context)
    for title, rows in (("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES), ("EXIT STATUS", STATUS)):
        yield f".SH {title}"
        for term, meaning in rows:
            yield from (".TP", f"\\fB{_text(term)}\\fR", _text(meaning))
    yield from (".SH SEE ALSO", "tesseract(1), systemctl(1)")


def _commands(group: click.Command, context: click.Context) -> Iterator[str]:
    for name, command in getattr(group, "commands", {}).items():
        inner = click.Context(command, info_name=name, parent=context)
        if hasattr(command, "commands"):
            yield from _commands(command, inner)
            continue
        path = inner.command_path
        yield f'.SS "{_text(path)} {_text(" ".join(command.collect_usage_pieces(inner)))}"'
        yield _text(command.help)
        yield from _parameters(command, inner)


def _parameters(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and parameter.name != "help":
            yield from (".TP", f"\\fB{_text(record[0])}\\fR", _text(record[1]))


def _purpose(text: str | None) -> str:
    """The first line of a help text as a part of a sentence, which is what whatis(1) lists."""
    line = (text or "").strip().partition("\n")[0].rstrip(".")
    return line[:1].lower() + line[1:]


def _text(text: str | None) -> str:
    """One line of plain text as roff: no character of it means anything to troff."""
    plain = re.sub(r"\s+", " ", (text or "").strip())
    safe = re.sub(r"^([.'])", r"\\&\1", plain.replace("\\", "\\e").replace("-", "\\-"))
    return re.sub(r"[^\x00-\x7f]", lambda found: f"\\[u{ord(found[0]):04X}]", safe)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(PAGE)
