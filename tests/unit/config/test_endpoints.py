"""scanmend.config: models on servers, asked in the open only where somebody wants that, with keys nobody else reads."""

import pytest
from pydantic import ValidationError

from scanmend.config.load import load
from scanmend.config.permissions import exposures
from scanmend.config.schema import ModelSpec


@pytest.mark.parametrize(
    ("endpoint", "leaves"),
    [
        ("https://gpu.example.org/v1", True),
        ("http://127.0.0.1:8080/v1", False),
        ("http://[::1]:8080/v1/", False),
        ("http://localhost:11434/v1", False),
    ],
)
def test_what_is_known_is_whether_text_leaves_the_machine(endpoint, leaves):
    assert ModelSpec(endpoint=endpoint, model="m").leaves_machine is leaves


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"endpoint": "http://gpu.example.org/v1"}, "for anyone to read"),
        ({"endpoint": "http://127.0.0.1.example.org/v1"}, "for anyone to read"),
        ({"endpoint": "https://user:pass@example.org/v1"}, "an address alone"),
        ({"endpoint": "https://example.org/v1?key=1"}, "an address alone"),
        ({"endpoint": "ftp://example.org/v1"}, "no address of a server"),
        ({"endpoint": "https://example.org/v1", "model": None}, "needs model"),
        ({"endpoint": "https://example.org/v1", "threads": 2}, "threads means nothing there"),
        ({"endpoint": "https://example.org/v1", "path": "/a.gguf"}, "exactly one source"),
        ({"path": "/a.gguf"}, "model means nothing there"),
    ],
)
def test_what_cannot_be_meant_is_refused(keys, why):
    with pytest.raises(ValidationError, match=why):
        ModelSpec(**{"model": "m", **keys})


def test_somebody_may_want_it_unencrypted():
    spec = ModelSpec(endpoint="http://gpu.example.org/v1", model="m", allow_unencrypted=True)
    assert spec.leaves_machine


def test_nothing_starts_where_anyone_may_read_the_key(tmp_path):
    key = tmp_path / "key"
    key.write_text("made-up")
    key.chmod(0o640)
    file = tmp_path / "c.yaml"
    file.write_text(
        "folders: [{name: a, inbox: in, outbox: out, strategy: 'off'}]\n"
        "models: {x: {endpoint: https://example.org/v1, model: m, api_key_file: key}}"
    )
    assert not [e for e in exposures(load(file)) if e.refused]
    key.chmod(0o644)
    found = [e for e in exposures(load(file)) if e.refused]
    assert [e.what for e in found] == ["model x: api_key_file"]
    assert "made-up" not in found[0].found
