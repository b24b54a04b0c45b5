"""Where notifications go: the addresses of the configuration, or of the file it names. They hold passwords."""

from pathlib import Path

from scanmend.config.monitoring import Notify, is_address
from scanmend.errors import ConfigError

MAX_BYTES = 64 * 1024
"""Largest file of addresses."""


def read(notify: Notify) -> tuple[str, ...]:
    """Return the addresses; ConfigError, whose message repeats none of them."""
    if notify.to_file is None:
        return tuple(one.get_secret_value() for one in notify.to)
    return _of_file(notify.to_file)


def _of_file(path: Path) -> tuple[str, ...]:
    """Return one address a line; empty lines and those that begin with # are passed over."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as e:
        raise ConfigError([f"notify.to_file: {path} cannot be read: {e.strerror}"]) from e
    except UnicodeDecodeError as e:
        raise ConfigError([f"notify.to_file: {path} is not UTF-8"]) from e
    if len(data) > MAX_BYTES:
        raise ConfigError([f"notify.to_file: {path} is larger than {MAX_BYTES >> 10} KiB"])
    found = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1)]
    found = [(n, line) for n, line in found if line and not line.startswith("#")]
    if wrong := [str(n) for n, line in found if not is_address(line)]:
        where = f"line{'s' if len(wrong) > 1 else ''} {', '.join(wrong)}"
        raise ConfigError([f"notify.to_file: {path}: {where}: no address, such as mailto://user:password@example.org"])
    if not found:
        raise ConfigError([f"notify.to_file: {path} has no address; write one a line"])
    return tuple(line for _, line in found)
