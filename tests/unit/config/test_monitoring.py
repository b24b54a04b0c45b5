"""scanmend.config.monitoring: metrics and notifications as they are written, and no secret in any message."""

import pytest

from scanmend.config.load import load
from scanmend.errors import ConfigError

SECRET = "sesame"  # noqa: S105 -- a made-up one


@pytest.fixture
def loaded(tmp_path):
    """Return a function that loads a configuration with these lines at the top level."""

    def make(top):
        path = tmp_path / "c.yaml"
        path.write_text(f"folders: [{{name: a, inbox: in, outbox: out, strategy: 'off'}}]\n{top}\n")
        return load(path)

    return make


@pytest.mark.parametrize(
    ("top", "count"),
    [
        ("notify: json://u:p@host", 1),
        ("notify: [json://u:p@host, mailto://a:b@c.org]", 2),
        ("notify: {to: json://u:p@host, digest_at: 07:30}", 1),
        ("notify:", 0),
        ("", 0),
    ],
)
def test_addresses_may_be_written_the_short_way(loaded, top, count):
    notify = loaded(top).notify
    assert len(notify.to) == count
    assert notify.wanted == bool(count)


def test_paths_are_relative_to_the_configuration(loaded, tmp_path):
    config = loaded("metrics: {textfile: a.prom}\nnotify: {to_file: to}")
    assert (config.metrics.textfile, config.notify.to_file) == (tmp_path / "a.prom", tmp_path / "to")
    assert config.notify.wanted


@pytest.mark.parametrize(
    ("top", "why"),
    [
        ("notify: sesame", r"notify.to\[0\]: is no address"),
        ("notify: {to: [sesame, json://a]}", r"notify.to\[0\]: is no address"),
        ("notify: {to: json://sesame, to_file: x}", "contradict each other"),
        ("notify: {digest_at: '7:30', to: json://sesame}", "notify.digest_at: is no time of day"),
        ("notify: {digest_at: '07:30'}", "nobody would be notified"),
        ("notify: {to: json://sesame, nmes: true}", "notify.nmes: unknown key; did you mean names"),
        ("notify: {to: {sesame: 1}}", "needs to be a list"),
        ("notify: {to: json://sesame, queue_stuck_min: -1}", "at least 0"),
        ("metrics: {textfile: a.txt}", r"metrics.textfile: .*\.prom"),
        ("metrics: true", "a mapping of keys"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_without_the_address(loaded, top, why):
    """Messages go to logs and screens."""
    with pytest.raises(ConfigError, match=why) as raised:
        loaded(top)
    assert "c.yaml:2: " in str(raised.value)
    assert SECRET not in str(raised.value)


def test_addresses_are_not_in_the_configuration_as_it_prints_itself(loaded):
    """As a traceback or a debugger would."""
    config = loaded(f"notify: json://u:{SECRET}@host")
    assert SECRET not in f"{config!r} {config}"
    assert config.notify.to[0].get_secret_value() == f"json://u:{SECRET}@host"
