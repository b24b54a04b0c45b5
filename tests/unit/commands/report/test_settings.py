"""scanmend.commands.report.settings: what is set can be seen, what is private cannot."""

import pytest

from scanmend.commands.report.settings import lines
from scanmend.config.load import load


@pytest.fixture
def told(tmp_path):
    """Return a function that gives the lines of a configuration."""

    def tell(text):
        path = tmp_path / "c.yaml"
        path.write_text(text)
        return "\n".join(lines(load(path)))

    return tell


def test_keys_are_told_as_they_are_set_and_defaults_are_not(told, tmp_path):
    said = told("idle_unload_s: 7\nfolders: [{name: a, inbox: in, outbox: out, strategy: 'off', boldness: 3}]")
    assert "idle_unload_s: 7.0" in said
    assert f"inbox: {tmp_path}/in" in said
    assert "boldness: 3.0" in said
    assert "max_wait_s" not in said


def test_prompts_arguments_and_addresses_are_not(told):
    """A prompt may be about somebody, an argument may be a password."""
    said = told(
        "notify: ['json://u:sesame@host/x']\n"
        "folders: [{name: a, inbox: in, outbox: out, strategy: 'off', prompt: sesame of mine, ignore: [sesame-*],"
        " on_success: [/opt/bin/send, --password, sesame]}]"
    )
    assert "sesame" not in said
    assert "notify: to: [json://…]" in said
    assert "on_success: send and 2 argument(s)" in said
    assert "prompt: (set)" in said
