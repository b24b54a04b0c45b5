"""scanmend.commands.first_steps.init: a first configuration that is good, and nothing overwritten."""

import pytest
import typer

from scanmend.commands.first_steps import config_text
from scanmend.commands.first_steps.init import Given, answered, default_language, run, write
from scanmend.config.load import load
from scanmend.errors import ConfigError, StorageError

OFFICE = Given(name="office", languages="deu eng", outputs="txt,html", web=False, large_model=False)


def asked(_question: str, _default: str) -> str:
    raise AssertionError("the command line said it all")


def test_what_the_command_line_says_is_not_asked(tmp_path):
    path = tmp_path / "config.yaml"
    write(path, config_text.text(answered(OFFICE, asked)))
    config = load(path, environ={})
    (folder,) = config.folders
    assert (folder.name, folder.languages, folder.outputs) == ("office", ("deu", "eng"), ("txt", "html"))
    assert (folder.inbox, config.web, folder.model) == (tmp_path / "inbox/office", None, "bundled")


def test_questions_have_defaults(tmp_path):
    """Whoever presses Enter at each gets a configuration with the web page, and what the machine can do."""
    path = tmp_path / "config.yaml"
    write(path, config_text.text(answered(Given(), lambda _question, default: default)))
    config = load(path, environ={})
    assert (config.folders[0].outputs, config.web is not None) == (("txt", "pdf", "json"), True)


def test_a_larger_model_is_named_where_it_is_wanted(tmp_path):
    write(
        tmp_path / "c.yaml", config_text.text(config_text.Answers("a", ("eng",), ("txt",), True, True, "1 with 8 GB"))
    )
    assert load(tmp_path / "c.yaml", environ={}).folders[0].model == config_text.LARGE


def test_everything_is_made_and_checked_and_nothing_overwritten(tmp_path, capsys):
    """A second call finds the first one's file."""
    given = Given(folder=tmp_path / "mine", name="letters")
    run(given, yes=True)
    assert (tmp_path / "mine" / "inbox" / "letters").is_dir()
    assert "scanmend run --config" in capsys.readouterr().out
    before = (tmp_path / "mine" / "config.yaml").read_bytes()
    with pytest.raises(StorageError, match="stays as it is"):
        run(given, yes=True)
    assert (tmp_path / "mine" / "config.yaml").read_bytes() == before


def test_answers_that_make_no_configuration_leave_nothing(tmp_path):
    with pytest.raises(ConfigError) as e:
        write(
            tmp_path / "new" / "config.yaml",
            config_text.text(answered(Given(languages="klingon", outputs="docx"), _default)),
        )
    first, second = e.value.problems
    assert first.startswith("nothing was written: defaults.languages[0]: 'klingon' is no Tesseract language")
    assert second.startswith("nothing was written: defaults.outputs[0]: needs to be 'txt'")
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_nothing_is_asked(tmp_path):
    with pytest.raises((SystemExit, typer.Exit)):
        run(Given(folder=tmp_path), yes=False)


@pytest.mark.parametrize(("locale", "language"), [("es_ES.UTF-8", "spa"), ("C.UTF-8", "eng"), ("xx", "eng")])
def test_the_language_of_the_locale(locale, language):
    """Where Tesseract has it."""
    assert default_language({"LANG": locale}) == language


def _default(_question: str, default: str) -> str:
    return default
