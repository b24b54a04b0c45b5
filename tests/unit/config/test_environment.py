"""scanmend.config.environment: variables override keys of the file, and their errors name the variable."""

import pytest

from scanmend.config.environment import overriding
from scanmend.config.load import load
from scanmend.errors import ConfigError

FILE = """models_dir: m
models: {bundled: {path: x}, qwen-3b: {path: y}}
defaults: {languages: [eng]}
folders:
  - {name: invoices, inbox: in, outbox: out}
  - {name: Old books, inbox: in2, outbox: out2, languages: [fra]}
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text(FILE)
    return file


def problems(path, **environ):
    with pytest.raises(ConfigError) as e:
        load(path, environ=environ)
    return [problem.replace(f"{path}:", "") for problem in e.value.problems]


def test_values_are_yaml_and_names_are_found_without_case(path, tmp_path):
    """Of the whole, of defaults, of folders by name or number, of models, and of sections that are not there."""
    config = load(
        path,
        environ={
            "SCANMEND__STATE_DIR": "/data/state",
            "SCANMEND__IDLE_UNLOAD_S": "60",
            "SCANMEND__DEFAULTS__LANGUAGES": "[deu, eng]",
            "SCANMEND__FOLDERS__OLD_BOOKS__PROMPT": "Mind the long s",
            "SCANMEND__FOLDERS__0__REVIEW": "on",
            "SCANMEND__MODELS__QWEN_3B__THREADS": "2",
            "SCANMEND__WEB__LISTEN": "127.0.0.1:8642",
            "SCANMEND__WORKERS": "",
            "HOME": str(tmp_path),
        },
    )
    assert (str(config.state_dir), config.idle_unload_s, config.workers) == ("/data/state", 60, None)
    assert [f.languages for f in config.folders] == [("deu", "eng"), ("fra",)]
    assert (config.folders[1].prompt, config.folders[0].review) == ("Mind the long s", "on")
    assert config.models["qwen-3b"].threads == 2
    assert config.web is not None


def test_the_whole_comes_before_its_parts(path):
    """Whatever order the environment has them in."""
    environ = {"SCANMEND__DEFAULTS__BOLDNESS": "1", "SCANMEND__DEFAULTS": "{languages: [spa]}"}
    assert list(overriding(environ)) == ["SCANMEND__DEFAULTS", "SCANMEND__DEFAULTS__BOLDNESS"]
    config = load(path, environ=environ)
    assert (config.folders[0].languages, config.folders[0].boldness) == (("spa",), 1)


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("SCANMEND__DEFAULTS__LANGUAGE", "eng", "defaults.language: unknown key; did you mean languages"),
        ("SCANMEND__DEFAULTS__SETTLE_S", "soon", "defaults.settle_s: needs to be a number (it is 'soon')"),
        ("SCANMEND__STATE_DIR__X", "1", "state_dir: needs to be the path of a file or folder (it is a mapping)"),
        ("SCANMEND__MODELS_DIR__X", "1", "models_dir holds one value, and no keys"),
        ("SCANMEND__DEFAULTS__LANGUAGES", "[eng", "not valid YAML"),
        ("SCANMEND__FOLDERS__LETTERS__INBOX", "x", "folders has no entry 'LETTERS'; there are: invoices, Old books"),
        ("SCANMEND__", "1", "names no key"),
        ("SCANMEND__STATE_DIR", "$HOME/x", "state_dir: "),
        ("SCANMEND__FOLDERS__1__MODEL", "big", "folders[1].model: no model is named 'big'"),
    ],
)
def test_what_is_wrong_names_the_variable(path, variable, value, problem):
    """Not a line of a file that is right."""
    found = problems(path, **{variable: value})
    assert len(found) == 1
    assert found[0].startswith(f"{variable}: {problem}"), found


def test_problems_of_the_file_keep_their_lines(path):
    """Variables come first, then the file from top to bottom."""
    path.write_text(FILE + "colour: red\n")
    found = problems(path, SCANMEND__DEFAULTS__SETTLE_S="soon")
    assert [problem.partition(":")[0] for problem in found] == ["SCANMEND__DEFAULTS__SETTLE_S", "7"]
