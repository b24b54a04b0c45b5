"""Write the tables of docs/configuration.md from the schema: each key with its type, its default and its meaning.

``.venv/bin/python scripts/write_configuration.py``; a test sees that the page has what this writes. Limits, choices and
defaults are those that the configuration is checked by, and the meaning is the docstring below each key in
``daemon/scanmend/config``. Everything between the tables is written by hand.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from scanmend.config.monitoring import Metrics, Notify
from scanmend.config.schema import Config, Control, Executor, Folder, ModelSpec, Settings, Web

PAGE = Path(__file__).resolve().parents[1] / "docs" / "configuration.md"
HEAD = "| key | type | default | meaning |\n|---|---|---|---|\n"
SECTIONS: dict[str, type[BaseModel]] = {
    "Top level": Config,
    "Executor": Executor,
    "Web": Web,
    "Control": Control,
    "Metrics": Metrics,
    "Notifications": Notify,
    "Models": ModelSpec,
    "Settings": Settings,
    "Folders": Folder,
}
"""Headings of the page, and the part of the schema that the first table below each is about."""
UNSET, REQUIRED = "—", "required"
LEFT_OUT = {"source"}
"""Fields that nobody configures."""
UNITS = {"_s": "seconds", "_min": "minutes", "_days": "days", "_mib": "MiB"}
"""What a number is in, by the end of its key."""
KINDS = {
    "state_dir": "folder",
    "models_dir": "folder",
    "executor": "mapping",
    "dask": "address",
    "tls": "mapping",
    "web": "mapping",
    "control": "mapping",
    "metrics": "mapping",
    "notify": "mapping, or list of addresses",
    "models": "mapping of names to models",
    "defaults": "mapping",
    "folders": "list",
    "listen": "address and port",
    "token_file": "file",
    "hosts": "list of names",
    "group": "mapping with `within_s` (seconds, up to 86400) and `pattern`",
    "textfile": "file",
    "to": "list of addresses",
    "to_file": "file",
    "digest_at": "time of day, in quotes",
    "path": "file",
    "endpoint": "address",
    "api_key_file": "file",
    "ca_file": "file",
    "languages": "list of Tesseract's codes, or `auto`",
    "passwords": "file",
    "glossary": "file",
    "split": "mapping with `by`: `barcode` (with `pattern`, and `codes` where patch codes separate, too), `patch` "
    "(with `codes`), `blank` or `pages` (with `every`); `separator`: `keep` or `drop`",
    "output_name": "pattern",
    "pdf": "mapping with `archival`: `true` or `false`; `validator`: list of program and arguments",
    "fields": "`invoice`, `receipt`, or a list of fields",
    "fields_csv": "path",
    "output_mode": "octal digits in quotes",
    "output_group": "group name, or number in quotes",
    "on_success": "list: program and arguments",
    "on_failure": "list: program and arguments",
    "on_review": "list: program and arguments",
    "ignore": "list of patterns",
    "inbox": "folder",
    "outbox": "folder",
    "archive": "folder",
    "quarantine": "folder",
    "model": "name",
}
"""Types of which the schema knows no more than that they are texts, lists or mappings."""
OTHERWISE = {(Control, "group"): "group", (ModelSpec, "model"): "text"}
"""Keys that are called as one of another kind."""
FROM_THE_OUTBOX = {"archive": "`<outbox>/originals`", "quarantine": "`<outbox>/quarantine`"}
"""Defaults that depend on another key, so that the schema has none; a test compares them with what is loaded."""


def page(text: str) -> str:
    """Return the page with its tables written anew."""
    for heading, section in SECTIONS.items():
        before, title, rest = text.partition(f"\n## {heading}\n")
        prose, head, below = rest.partition(HEAD)
        if not title or not head or "\n## " in prose:
            raise ValueError(f"{PAGE}: below the heading {heading} there is no table that begins with\n{HEAD}")
        text = before + title + prose + head + "".join(rows(section)) + re.sub(r"\A(?:\|.*\n)*", "", below)
    return text


def rows(section: type[BaseModel]) -> Iterator[str]:
    """Yield the rows of a section: the keys that are its own, in the order of the schema."""
    meanings, properties = docstrings(section), section.model_json_schema()["properties"]
    for key in inspect.get_annotations(section):
        if key in LEFT_OUT:
            continue
        if key not in meanings:
            raise ValueError(f"{section.__name__}.{key} has no docstring to say what it means")
        kind = OTHERWISE.get((section, key)) or KINDS.get(key) or described(key, properties[key])
        yield f"| `{key}` | {kind} | {default(key, section.model_fields[key])} | {meanings[key]} |\n"


def docstrings(section: type[BaseModel]) -> dict[str, str]:
    """Return the docstring of each key of a section, as one line of Markdown."""
    (tree,) = ast.parse(inspect.getsource(section)).body
    assert isinstance(tree, ast.ClassDef)  # noqa: S101 -- for mypy; the source is that of a class
    found = {}
    for key, text in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(key, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            found[ast.unparse(key.target)] = " ".join(str(text.value.value).split()).replace("``", "`")
    return found


def described(key: str, schema: dict[str, Any]) -> str:
    """Return a type in words, from a key's JSON schema: its choices, or its unit and limits."""
    either = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    if len(either) > 1:
        choices, number = either
        return f"{', '.join(_quoted(choices['enum']))} or a {described(key, number)}"
    (kind,) = either
    if "enum" in kind:
        return _listed(kind["enum"])
    if kind["type"] == "array":
        return f"list of {_listed(kind['items']['enum'], 'and')}"
    if kind["type"] == "boolean":
        return "`true` or `false`"
    if kind["type"] == "string":
        return "text"
    return _limited(next((unit for end, unit in UNITS.items() if key.endswith(end)), "number"), kind)


def default(key: str, field: FieldInfo) -> str:
    """Return a default as one would write it."""
    if field.is_required():
        return FROM_THE_OUTBOX.get(key, REQUIRED)
    value = _plain(field.get_default(call_default_factory=True))
    if value is None:
        return UNSET
    if isinstance(value, str):
        return f"`{value}`"
    written = yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("...\n")
    return f"`{written.strip()}`"


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return str(value) if isinstance(value, Path | SecretStr) else value


def _limited(noun: str, schema: dict[str, Any]) -> str:
    least, above, most = (schema.get(key) for key in ("minimum", "exclusiveMinimum", "maximum"))
    if above is not None:
        return f"{noun}, above {above}, up to {most}"
    if most is None:
        return noun if least is None else f"{noun} from {least}"
    return f"{noun}, {least} to {most}"


def _listed(choices: list[str], last: str = "or") -> str:
    *first, end = _quoted(choices)
    return f"{', '.join(first)} {last} {end}"


def _quoted(choices: list[str]) -> list[str]:
    return [f"`{choice}`" for choice in choices]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
    print(PAGE)
