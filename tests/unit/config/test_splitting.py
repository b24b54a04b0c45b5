"""The keys split and output_name: what they take, and what their errors say."""

import pytest
from pydantic import ValidationError

from scanmend.assembly.groups import Grouping
from scanmend.assembly.rules import Split
from scanmend.config.load import load
from scanmend.config.schema import Settings, builtin, one_shot_folder
from scanmend.errors import ConfigError


@pytest.mark.parametrize(
    ("value", "split"),
    [
        ({"by": "barcode", "pattern": "DOC-.*"}, Split("barcode", pattern="DOC-.*")),
        ({"by": "barcode", "pattern": "D", "codes": ["T"]}, Split("barcode", pattern="D", codes=("T",))),
        (
            {"by": "patch", "codes": ["T", "iv", 6], "separator": "drop"},
            Split("patch", codes=("T", "4", "6"), separator="drop"),
        ),
        ({"by": "patch", "codes": "II"}, Split("patch", codes=("2",))),
        ({"by": "blank", "separator": "drop"}, Split("blank", separator="drop")),
        ({"by": "pages", "every": 2}, Split("pages", every=2)),
    ],
)
def test_what_split_takes(value, split):
    """And takes again from what it was dumped to, as one-shot commands do."""
    settings = Settings(split=value)
    assert settings.split == split
    assert Settings(**settings.model_dump()).split == split


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("barcode", "needs to say by what"),
        ({"by": "magic"}, "one of {by: barcode"),
        ({"by": "barcode"}, "by: barcode needs pattern"),
        ({"by": "barcode", "pattern": "("}, "no regular expression"),
        ({"by": "barcode", "patern": "x", "pattern": "x"}, "'patern' does not belong here; did you mean pattern?"),
        ({"by": "patch"}, "codes needs to list"),
        ({"by": "patch", "codes": ["V"]}, "of 1, 2, 3, 4, 6, T"),
        ({"by": "pages", "every": True}, "whole number"),
        ({"by": "pages", "every": 0}, "whole number"),
        ({"by": "blank", "every": 2}, "'every' does not belong here"),
        ({"by": "blank", "separator": "throw"}, "keep or drop"),
    ],
)
def test_what_is_wrong_with_split_is_said(value, why):
    """Without a pattern every barcode on an invoice would begin a document, so it has to be there."""
    with pytest.raises(ValidationError) as e:
        Settings(split=value)
    assert why in e.value.errors()[0]["msg"]


def test_what_group_and_duplex_take():
    """Duplex alone takes any two files; both may be dumped and taken again, as one-shot commands do."""
    group = {"within_s": 30, "pattern": r"(.+)_\d+"}
    assert Settings().gathered is None
    for given, gathered in [
        ({"group": group}, Grouping(30.0, r"(.+)_\d+")),
        ({"group": group, "duplex": "collate"}, Grouping(30.0, r"(.+)_\d+", collate=True)),
        ({"duplex": "collate"}, Grouping(300.0, "().*", collate=True)),
        ({"group": {"within_s": 0.5, "pattern": "subfolder"}, "recursive": True}, Grouping(0.5, "subfolder")),
    ]:
        settings = Settings(**given)
        assert settings.gathered == gathered
        assert Settings(**settings.model_dump()).gathered == gathered


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("scan_", "needs to say within_s and pattern: {within_s: 30"),
        ({"within_s": 30}, "pattern is missing: a regular expression"),
        ({"pattern": "(.+)_.*"}, "within_s needs to be seconds"),
        ({"within_s": True, "pattern": "(.+)_.*"}, "within_s needs to be seconds"),
        ({"within_s": 0, "pattern": "(.+)_.*"}, "above 0 and at most 86400"),
        ({"within_s": 30, "pattern": "("}, "pattern is no regular expression"),
        ({"within_s": 30, "pattern": r"scan_\d+"}, "has no group that tells the documents apart"),
        ({"within": 30, "within_s": 30, "pattern": "(.+)_.*"}, "'within' does not belong here; did you mean within_s?"),
    ],
)
def test_what_is_wrong_with_group_is_said(value, why):
    """Without a group in the pattern all files would be one document, so it has to be there."""
    with pytest.raises(ValidationError) as e:
        Settings(group=value)
    assert why in e.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"group": {"within_s": 30, "pattern": "subfolder"}}, "needs recursive: true"),
        ({"group": {"within_s": 30, "pattern": "(.+)_.*"}, "original": "keep"}, "cannot be combined with group"),
        ({"duplex": "collate", "original": "keep"}, "cannot be combined with duplex"),
        ({"output_name": "{stam}"}, "at character 1: there is no {stam}"),
        ({"output_name": "{barcode} {stem}"}, "needs split: {by: barcode}"),
        ({"output_name": "{stem} x", "outputs": ["txt"]}, "needs json among outputs"),
        ({"split": {"by": "blank"}, "outputs": ["pdf"]}, "split needs json among outputs"),
        ({"split": {"by": "blank"}, "original": "keep"}, "original: keep cannot be combined with split"),
    ],
)
def test_what_cannot_be_combined(settings, why):
    """What is out has to be known after a crash."""
    with pytest.raises(ValidationError) as e:
        Settings(**settings)
    assert why in e.value.errors()[0]["msg"]


def test_an_error_names_file_and_line(tmp_path):
    """As all others."""
    file = tmp_path / "config.yaml"
    file.write_text(
        "folders:\n  - name: a\n    inbox: in\n    outbox: out\n    strategy: off\n    split:\n      by: barcode\n"
    )
    with pytest.raises(ConfigError) as e:
        load(file)
    assert ":6: folders[0].split: by: barcode needs pattern" in str(e.value)


def test_one_shot_commands_split_as_defaults_say(tmp_path):
    """Their folder is made of the defaults."""
    config = builtin(tmp_path)
    defaults = Settings(split={"by": "pages", "every": 3}, output_name="{stem} {part}")
    folder = one_shot_folder(config.model_copy(update={"defaults": defaults}), tmp_path)
    assert (folder.split, folder.output_name) == (Split("pages", every=3), "{stem} {part}")
