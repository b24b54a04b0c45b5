"""scanmend.notify.addresses: from the configuration or a file, and never in a message."""

import pytest

from scanmend.config.monitoring import Notify
from scanmend.errors import ConfigError
from scanmend.notify.addresses import read


def test_those_of_the_configuration():
    assert read(Notify.model_validate({"to": "json://u:p@host"})) == ("json://u:p@host",)
    assert read(Notify()) == ()


def test_those_of_a_file_are_read_again_each_time(tmp_path):
    """So that a password can be changed without a reload."""
    file = tmp_path / "to"
    file.write_text("# office\njson://u:p@host\n\n  mailto://a:b@c.org  \n")
    notify = Notify(to_file=file)
    assert read(notify) == ("json://u:p@host", "mailto://a:b@c.org")
    file.write_text("json://u:new@host\n")
    assert read(notify) == ("json://u:new@host",)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe", "not UTF-8"),
        (b"# none\n", "no address"),
        (b"json://a\nsesame\n", "line 2"),
    ],
)
def test_a_file_of_no_use_is_told_without_what_is_in_it(tmp_path, content, why):
    file = tmp_path / "to"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=why) as raised:
        read(Notify(to_file=file))
    assert "sesame" not in str(raised.value)
