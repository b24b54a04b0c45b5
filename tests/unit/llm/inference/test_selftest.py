"""The proof that llama.cpp works on this machine, run as set-up runs it."""

import subprocess
import sys

import pytest

from scanmend.config.schema import ModelSpec
from scanmend.errors import ModelError
from scanmend.llm.inference import selftest
from scanmend.llm.inference.engine import Reply


def run(*arguments):
    command = [sys.executable, "-m", "scanmend.llm.inference.selftest", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_bundled_model_works():
    """With safe parameters it works wherever llama.cpp was built, and says in one line what it did."""
    done = run("--safe")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("llama.cpp works: SmolLM2-135M-Instruct.Q4_1.gguf loaded, 8 tokens in ")
    assert done.stdout.count("\n") == 1


def test_a_file_that_is_no_model(tmp_path):
    """The reason stands in one line, and the exit code tells set-up."""
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"no model")
    done = run(path)
    assert done.returncode == 1
    assert done.stdout.startswith("llama.cpp does not work here: ")
    assert "broken.gguf" in done.stdout
    assert done.stderr == ""


def test_no_bundled_model(monkeypatch, capsys):
    """A missing package is named, with the remedy."""
    monkeypatch.setattr(selftest, "BUNDLED", ModelSpec(package="no_such_package_here", file="x.gguf"))
    assert selftest.main([]) == 1
    said = capsys.readouterr().out
    assert "no_such_package_here" in said
    assert "scanmend setup-model" in said


@pytest.mark.parametrize(
    ("reply", "code", "says"),
    [
        (Reply("The quick brown fox jumps over", complete=False, tokens=8, calls=8), 0, "works: m.gguf loaded, 8"),
        (Reply("Fox.", complete=True, tokens=2, calls=2), 0, "works: m.gguf loaded, 2"),
        (Reply("The", complete=False, tokens=1, calls=1), 1, "too slow"),
    ],
)
def test_what_counts_as_working(monkeypatch, capsys, reply, code, says):
    """A model may end its reply early; only the deadline is a failure, and is not told as a success."""

    class Engine:
        def __init__(self, path, **settings):
            if settings["safe"]:
                raise ModelError("not asked for")

        def complete(self, *messages, **settings):
            return reply

        def close(self):
            pass

    monkeypatch.setattr(selftest, "Engine", Engine)
    assert selftest.main(["m.gguf"]) == code
    assert says in capsys.readouterr().out
