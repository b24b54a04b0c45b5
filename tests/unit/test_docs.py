"""What the documents say of configuration and commands is what the code does."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from project import ROOT
from scanmend import cli
from scanmend.commands import models
from scanmend.config.load import load
from scanmend.config.schema import Settings
from scanmend.config.yaml_lines import read
from scanmend.control.http.api.problems import CODES
from scanmend.control.http.api.table import OPERATIONS
from write_configuration import REQUIRED, SECTIONS, UNSET

CONFIGURATION = ROOT / "docs" / "configuration.md"


def rows(section):
    """Rows of the first table below this heading: key, type, default and meaning."""
    text = CONFIGURATION.read_text("utf-8").split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|")
    return {row[0].strip("`"): row for row in list(cells)[2:]}


def keys(section):
    """What the section describes: all fields that are not those of a base class or internal."""
    fields = SECTIONS[section].model_fields
    inherited = Settings.model_fields if section == "Folders" else {}
    return {name: field for name, field in fields.items() if name not in inherited and name != "source"}


def plain(value):
    """A default as YAML would give it."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


@pytest.mark.parametrize("section", ["Top level", "Web", "Control", "Metrics", "Notifications", "Models", "Settings"])
def test_every_documented_default_is_the_real_one(section, tmp_path):
    """As YAML as the configuration is read, since that is what a reader would copy."""
    for key, field in keys(section).items():
        told = rows(section)[key][2]
        (tmp_path / "told.yaml").write_text(f"told: {told.strip('`')}\n", "utf-8")
        documented = None if told == UNSET else read(tmp_path / "told.yaml")[0]["told"]
        assert documented == plain(field.get_default(call_default_factory=True)), key


def test_folders_say_what_is_required_and_where_the_rest_goes(tmp_path):
    """The defaults of archive and quarantine depend on the outbox, so a loaded configuration tells them."""
    told = {key: row[2].strip("`") for key, row in rows("Folders").items()}
    required = {key for key, default in told.items() if default == REQUIRED}
    file = tmp_path / "config.yaml"
    given = {key: key for key in required} | {"strategy": "off"}
    file.write_text(yaml.safe_dump({"folders": [given]}), "utf-8")
    folder = load(file).folders[0]
    for key in told.keys() - required:
        assert str(getattr(folder, key)) == told[key].replace("<outbox>", str(folder.outbox)), key


def choices(schema):
    """Yield every literal value that a field's JSON schema allows."""
    if isinstance(schema, dict):
        yield from schema.get("enum", [schema["const"]] if "const" in schema else [])
        yield from (c for value in schema.values() for c in choices(value))
    elif isinstance(schema, list):
        yield from (c for value in schema for c in choices(value))


def bounds(schema):
    """Yield every largest and smallest number in a field's JSON schema."""
    if isinstance(schema, dict):
        yield from (str(int(schema[key])) for key in ("minimum", "maximum") if key in schema)
        yield from (b for value in schema.values() for b in bounds(value))
    elif isinstance(schema, list):
        yield from (b for value in schema for b in bounds(value))


@pytest.mark.parametrize("section", ["Top level", "Executor", "Metrics", "Notifications", "Models", "Settings"])
def test_every_choice_and_every_limit_is_named(section):
    """Where a key takes one of a few words, or a number within limits, the type says so."""
    properties = SECTIONS[section].model_json_schema()["properties"]
    for key in keys(section):
        kind = rows(section)[key][1]
        for choice in choices(properties[key]):
            assert f"`{choice}`" in kind, key
        for bound in bounds(properties[key]):
            assert bound in re.findall(r"-?\d+", kind), key


def test_the_shipped_configuration_loads_and_names_the_use_case():
    """One folder called invoices with the bundled model, whatever else is commented out."""
    config = load(ROOT / "config.yaml")
    assert [(f.name, f.model) for f in config.folders] == [("invoices", "bundled")]
    assert set(config.models) == {"bundled"}


def test_the_commands_for_models_are_all_described():
    """And no other."""
    commands = {c.name or c.callback.__name__ for c in models.app.registered_commands}
    text = (ROOT / "docs" / "models.md").read_text("utf-8")
    assert set(re.findall(r"^\| `scanmend models ([a-z]+)", text, re.MULTILINE)) == commands


def test_every_source_of_a_model_is_described():
    """As the list shows them."""
    text = (ROOT / "docs" / "models.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(?!scanmend)([a-z_ ]+)` \|", text, re.MULTILINE)) == set(models.SOURCES.values())


def test_every_operation_and_every_code_of_the_api_is_described():
    """And no other."""
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    told = {(found[0], found[1]) for found in re.findall(r"`(GET|POST) (/[^`]*)`", text)}
    assert told == {(operation.method, operation.full_path) for operation in OPERATIONS}
    rows = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \| (\d{3}) \|", text, re.MULTILINE)
    codes = {code: int(status) for named, status in rows for code in re.findall(r"`([a-z-]+)`", named)}
    assert codes == {code: status for code, (status, _) in CODES.items()}


def test_the_page_of_commands_lists_every_one():
    """And no other."""
    commands = {c.name or c.callback.__name__ for c in cli.app.registered_commands}
    commands |= {group.name for group in cli.app.registered_groups}
    text = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert set(re.findall(r"^\| `scanmend ([a-z-]+)", text, re.MULTILINE)) == commands


def test_the_architecture_names_every_room():
    """A folder that is not in the tree was forgotten, one that is not in the package is gone."""
    package = ROOT / "daemon" / "scanmend"
    rooms = {str(p.parent.relative_to(package)) for p in package.rglob("*.py") if p.name != "__init__.py"} - {"."}
    tree = re.search(
        r"^```\n(commands/.*?)^```", (ROOT / "docs" / "architecture.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert tree is not None
    assert {line.split()[0].rstrip("/") for line in tree[1].splitlines()} == rooms


def test_the_tests_that_the_architecture_names_are_there():
    """An invariant whose test was renamed away would be claimed for nothing."""
    named = re.findall(r"`((?:tests|scripts)/[\w/.]+)`", (ROOT / "docs" / "architecture.md").read_text("utf-8"))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_each_promise_of_security_names_tests_that_are_there():
    """A promise without its test would be a claim; files, functions and classes are looked up."""
    told = (ROOT / "docs" / "SECURITY.md").read_text("utf-8")
    rows = [row for row in told.splitlines() if row.startswith("| ") and not row.startswith("| promise")]
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`((?:tests|scripts)/[\w/.]+)(?:::(\w+))?`", row.split("|")[2])
        assert named, row
        for file, name in named:
            text = (ROOT / file).read_text("utf-8")
            assert not name or re.search(rf"^(?:def|class) {name}\b", text, re.MULTILINE), f"{file}::{name}"
