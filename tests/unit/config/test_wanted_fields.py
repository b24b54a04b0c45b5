"""The configuration of fields: presets and lists, and what is told of wrong ones."""

import json

import pytest

from scanmend.config.load import load
from scanmend.errors import ConfigError


def configured(tmp_path, *folders, **settings):
    """Load a configuration with folders of these settings; JSON is YAML, too."""
    path = tmp_path / "c.yaml"
    listed = [
        {"name": f"f{i}", "inbox": f"in{i}", "outbox": f"out{i}", "strategy": "off", **folder}
        for i, folder in enumerate(folders or [settings])
    ]
    path.write_text(json.dumps({"folders": listed}))
    return load(path).folders


def problem(tmp_path, *folders, **settings):
    """The one problem of such a configuration."""
    with pytest.raises(ConfigError) as e:
        configured(tmp_path, *folders, **settings)
    (told,) = e.value.problems
    return told


def test_presets_and_lists_are_taken(tmp_path):
    """A label alone needs no list; a relative table is beside the configuration."""
    (folder,) = configured(tmp_path, fields="invoice", fields_csv="all.csv", outputs=["csv", "json"])
    assert (folder.fields, folder.fields_csv) == ("invoice", tmp_path / "all.csv")
    (folder,) = configured(tmp_path, fields=[{"name": "order", "type": "number", "labels": "Order no"}])
    assert folder.fields[0].labels == ("Order no",)


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ({"name": "a", "pattern": "("}, "pattern is no regular expression"),
        ({"name": "a", "type": "choice"}, "a choice needs choices"),
        ({"name": "a", "type": "date", "choices": ["x"]}, "choices are for type: choice"),
        ({"name": "a"}, "text needs labels or a pattern"),
        ({"name": "A b", "type": "date"}, "match pattern"),
        ({"name": "a", "type": "date", "lables": ["x"]}, "unknown key"),
    ],
)
def test_a_field_that_cannot_be_found_is_an_error(tmp_path, field, told):
    """With the remedy."""
    assert told in problem(tmp_path, fields=[field])


def test_two_fields_of_one_name_are_an_error(tmp_path):
    """A table could not hold both."""
    assert "two fields are called 'a'" in problem(tmp_path, fields=[{"name": "a", "type": "date"}] * 2)


def test_names_tell_fields_that_the_folder_wants(tmp_path):
    """Of a preset or its own; others would always be empty."""
    name = {"output_name": "{fields.total} {stem}"}
    assert len(configured(tmp_path, {"fields": "invoice", **name})) == 1
    assert len(configured(tmp_path, {"fields": [{"name": "total", "type": "amount"}], **name})) == 1
    assert "{fields.total} is no field of this folder; fields is not set" in problem(tmp_path, **name)
    told = problem(tmp_path, fields=[{"name": "day", "type": "date"}], **name)
    assert told.endswith("output_name: {fields.total} is no field of this folder; fields has day")


def test_a_table_in_an_inbox_is_an_error(tmp_path):
    """It would be taken for a scan."""
    assert "it would be taken for a scan" in problem(tmp_path, fields="invoice", fields_csv="in0/all.csv")


def test_a_table_needs_fields(tmp_path):
    """Whether it is an output or grows; and folders that share one want the same fields."""
    assert "csv is a table of fields" in problem(tmp_path, outputs=["csv"])
    assert "is a table of fields" in problem(tmp_path, fields_csv="a.csv")
    one, two = {"fields": "invoice", "fields_csv": "a.csv"}, {"fields": "receipt", "fields_csv": "a.csv"}
    assert "writes other fields to this table" in problem(tmp_path, one, two)
    assert len(configured(tmp_path, one, one)) == 2
