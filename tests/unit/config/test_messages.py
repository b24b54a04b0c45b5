"""scanmend.config.messages: what pydantic finds, as a person would say it, shown by configurations."""

import pytest

from scanmend.config.load import load
from scanmend.errors import ConfigError

FOLDER = "folders:\n  - {name: a, inbox: in, outbox: out, %s}\nmodels: {bundled: {path: x}}\n"
MODEL = "folders: [{name: a, inbox: in, outbox: out, strategy: off}]\nmodels:\n  m: {path: x, %s}\n"


@pytest.fixture
def problems_of(tmp_path):
    """Return a function that gives the problems of a configuration, without the file's name."""

    def problems(text):
        path = tmp_path / "c.yaml"
        path.write_text(text)
        with pytest.raises(ConfigError) as e:
            load(path)
        assert all(p.startswith(f"{path}:") and "\n" not in p for p in e.value.problems)
        return [p.removeprefix(f"{path}:") for p in e.value.problems]

    return problems


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("settle_s: soon", "settle_s: needs to be a number (it is 'soon')"),
        ("settle_s: -1", "settle_s: needs to be at least 0 (it is -1)"),
        ("settle_s: 604801", "settle_s: needs to be at most 604800 (it is 604801)"),
        ("settle_s: true", "settle_s: needs to be a number (it is true)"),
        ("settle_s: .nan", "settle_s: needs to be a number (it is '.nan')"),
        ("rescan_s: 0", "rescan_s: needs to be more than 0 (it is 0)"),
        ("retries: 1.5", "retries: needs to be a whole number (it is 1.5)"),
        ("retries: true", "retries: needs to be a whole number (it is true)"),
        ("prompt: 12", "prompt: needs to be text (it is 12); put it in quotes"),
        ("prompt: [x]", "prompt: needs to be text (it is a list)"),
        ("prompt:", "prompt: needs to be text (it is empty)"),
        ("recursive: maybe", "recursive: needs to be true or false (it is 'maybe')"),
        ("strategy: resore", "strategy: needs to be 'auto', 'rescore', 'rewrite', 'both' or 'off' (it is 'resore')"),
        (
            "outputs: [txt, epub]",
            "outputs[1]: needs to be 'txt', 'md', 'hocr', 'pdf', 'html', 'csv' or 'json' (it is 'epub')",
        ),
        ("outputs: []", "outputs: needs to be a list of one entry at least (it is an empty list)"),
        ("outputs: 5", "outputs: needs to be a list (it is 5)"),
        ("languages: {eng: 1}", "languages: needs to be a list (it is a mapping)"),
        ("archive: {}", "archive: needs to be the path of a file or folder (it is a mapping)"),
        ("modle: x", "modle: unknown key; did you mean model?"),
        ('"a\\nb": x', "'a\\nb': unknown key; known: archive, attention, "),
    ],
)
def test_one_line_for_one_wrong_value(problems_of, setting, said):
    """It names the line and the key, says what is needed and what stands there."""
    (line,) = problems_of(FOLDER % setting)
    assert line.startswith("2: folders[0]." + said)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("gpu_layers: lots", "m.gpu_layers: needs to be 'auto' or 'all', or a whole number (it is 'lots')"),
        ("gpu_layers: -3", "m.gpu_layers: needs to be 'auto' or 'all', or at least 0 (it is -3)"),
        ("gpu_layers: true", "m.gpu_layers: needs to be 'auto' or 'all', or a whole number (it is true)"),
        ("package: p, file: f", "m: name exactly one source: path (a file), package and file, repo_id"),
    ],
)
def test_a_key_of_several_types_is_named_once(problems_of, setting, said):
    """Not once for each type that it could have been."""
    (line,) = problems_of(MODEL % setting)
    assert line.startswith(f"3: models.{said}")


@pytest.mark.parametrize("name", ["int", "float", "str", "literal[x]", "function-x"])
def test_models_may_be_named_like_types(problems_of, name):
    """The name of a model is not mistaken for a part of pydantic's location that names a type."""
    (line,) = problems_of((MODEL % "context: 5").replace("m:", f'"{name}":'))
    assert line == f"3: models.{name}.context: needs to be at least 512 (it is 5)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("folders: [3]", "1: folders[0]: needs to be a mapping of keys (it is 3)"),
        ("folders: 3", "1: folders: needs to be a list (it is 3)"),
        ("folders: {a: 1}", "1: folders: needs to be a list (it is a mapping)"),
        ("models: [a]\nfolders: 3", "1: models: needs to be a mapping of keys (it is a list)"),
        ("models: {a: 5}\nfolders: 3", "1: models.a: needs to be a mapping of keys (it is 5)"),
        ("defaults: off\nfolders: 3", "1: defaults: needs to be a mapping of keys (it is 'off')"),
    ],
)
def test_structure(problems_of, text, said):
    """A section of the wrong shape is described in the words of YAML, not of Python."""
    assert said in problems_of(text)


def test_defaults_are_reported_once(problems_of):
    """What is wrong in ``defaults`` is not repeated for each folder that takes it over."""
    folders = "".join(f"  - {{name: f{i}, inbox: in{i}, outbox: out}}\n" for i in range(3))
    text = f"defaults:\n  settle_s: soon\n  outputs: [epub]\n  strategy: off\nfolders:\n{folders}"
    assert problems_of(text) == [
        "2: defaults.settle_s: needs to be a number (it is 'soon')",
        "3: defaults.outputs[0]: needs to be 'txt', 'md', 'hocr', 'pdf', 'html', 'csv' or 'json' (it is 'epub')",
    ]


def test_archive_and_quarantine_follow_the_outbox(problems_of):
    """When the outbox is missing or wrong, that alone is reported."""
    assert problems_of(
        "folders:\n  - {name: a, inbox: in, strategy: off}\n  - {name: b, inbox: i, outbox: '', strategy: off}"
    ) == [
        "2: folders[0].outbox: missing; add it",
        "3: folders[1].outbox: is empty or no path; name a file or folder",
    ]


def test_long_values_are_cut(problems_of):
    """A paragraph in the wrong place does not fill the screen."""
    (line,) = problems_of(FOLDER % f"settle_s: {'x' * 500}")
    assert len(line) < 140
