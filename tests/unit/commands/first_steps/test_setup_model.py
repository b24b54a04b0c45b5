"""scanmend.commands.first_steps.setup_model: what is here stays, what is missing comes, and failures say why."""

import sys

import pytest

import tiny_gguf
from scanmend.commands.first_steps.setup_model import PARTS, Part, install, installer, model_missing, run
from scanmend.config.schema import BUNDLED, builtin
from scanmend.errors import ModelError, ScanmendError


def part(answers):
    """A part that is missing for these reasons, one at each look."""
    return Part("the part", "1 MB", "model.txt", lambda _config: answers.pop(0))


def test_what_is_here_is_left_alone(capsys):
    """The real files of this environment, which set-up brought; nothing is installed."""
    run(None)
    assert capsys.readouterr().out.count("here, and as published") == len(PARTS)


def test_a_model_of_other_content_is_refused(tmp_path):
    """Another model under its name in models_dir, which is looked into first."""
    config = builtin(tmp_path)
    config.models_dir.mkdir()
    (config.models_dir / str(BUNDLED.file)).write_bytes(tiny_gguf.tiny_gguf())
    assert "is not what was published" in model_missing(config)


def test_what_is_missing_is_installed(capsys):
    """Installed by the command, then looked at again."""
    run(None, [part(["not there", ""])], lambda: (sys.executable, "-c", "pass"))
    assert "installed, and as published" in capsys.readouterr().out
    with pytest.raises(ModelError, match="installed, but still not there"):
        run(None, [part(["not there", "still not there"])], lambda: (sys.executable, "-c", "pass"))


def test_a_failure_has_the_last_words_and_the_way_around():
    with pytest.raises(ModelError, match=r"(?s)exit code 1.*no route to host.*PIP_FIND_LINKS"):
        install(PARTS[0], (sys.executable, "-c", "import sys; sys.exit('no route to host')"))
    with pytest.raises(ModelError, match="not here within"):
        install(PARTS[0], (sys.executable, "-c", "import time; time.sleep(60)"), limit_s=0.2)


def test_uv_installs_where_there_is_no_pip(monkeypatch, tmp_path):
    """Environments of ``uv tool`` have none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ScanmendError, match="ensurepip"):
        installer(False)
    (tmp_path / "uv").write_text("#!/bin/sh\n")
    (tmp_path / "uv").chmod(0o755)
    assert installer(False)[:5] == (str(tmp_path / "uv"), "pip", "install", "--python", sys.executable)
