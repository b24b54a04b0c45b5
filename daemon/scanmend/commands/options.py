"""Common to the commands: how they get their configuration and settings, how they log, and how they fail."""

import logging
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO

import structlog
import typer

from scanmend.config import search
from scanmend.config.load import load
from scanmend.config.schema import Config, Folder, builtin, one_shot_folder
from scanmend.error_codes.codes import with_code
from scanmend.errors import ConfigError, ScanmendError

USAGE, INTERRUPTED = 2, 130
"""Exit codes of a command that was called wrongly, and of one that Ctrl-C ended."""
_PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
"""The numbers that syslog, and so the journal, has for log levels."""

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help=f"The configuration file; without it: {search.VARIABLE}, ./{search.NAME} or {search.SYSTEM}.",
        show_default=False,
    ),
]
"""Of commands that cannot do without a configuration file."""
OptionalConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help=f"The configuration file; without it, {search.VARIABLE} or built-in defaults.",
        show_default=False,
    ),
]
"""Of commands that can: they do not search, so that what they do does not depend on the working directory."""


def configuration(
    given: Path | None, announce: Callable[[search.Found], None] | None = None, *, glossaries: bool = True
) -> Config:
    """Return the configuration that ``--config`` names, or that is found without it; ConfigError.

    ``announce`` is called, before it is read, with a file that ``--config`` did not name; it says so on stderr unless
    something else is given. ``glossaries``: whether they have to be usable, too.
    """
    return _loaded(search.find(given), announce or _announce, glossaries=glossaries)


def configuration_or_builtin(given: Path | None) -> Config:
    """Return the configuration that ``--config`` or SCANMEND_CONFIG names, or built-in defaults; ConfigError."""
    if found := search.named(given):
        return _loaded(found, _announce, glossaries=True)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scanmend"
    return builtin(cache)


def one_shot_settings(given: Path | None, folder: str | None) -> tuple[Folder, Config]:
    """Return the settings of ``--folder``, or the defaults, and the configuration they are from; ConfigError."""
    if folder is not None and search.named(given) is None:
        fail("--folder needs --config", USAGE)
    config = configuration_or_builtin(given)
    settings = config.folder(folder) if folder else one_shot_folder(config, Path.cwd())
    if settings.strategy != "off" and settings.model not in config.models:
        raise ConfigError([f"{config.source}: defaults.model: no model is named {settings.model!r}"])
    return settings, config


def _announce(found: search.Found) -> None:
    sys.stderr.write(f"scanmend: configuration {found.path} ({found.origin})\n")


def _loaded(found: search.Found, announce: Callable[[search.Found], None], *, glossaries: bool) -> Config:
    if not found.origin:
        return load(found.path, glossaries=glossaries)
    announce(found)
    try:
        return load(found.path, glossaries=glossaries)
    except ConfigError as e:
        raise ConfigError(e.problems, found.reason) from e


def _is_journal(stream: TextIO) -> bool:
    """Whether a stream goes to systemd's journal; systemd.exec(5), JOURNAL_STREAM."""
    try:
        found = os.fstat(stream.fileno())
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _with_priority(render: Callable[[Any, str, Any], Any]) -> Callable[[Any, str, Any], str]:
    """Begin each line with its priority as the journal reads it, and removes it; sd-daemon(3)."""

    def rendered(logger: Any, method: str, event: Any) -> str:
        priority = _PRIORITIES.get(event.get("level", ""), _PRIORITIES["info"])
        return f"<{priority}>{render(logger, method, event)}"

    return rendered


def _tell(hear: Sequence[Callable[[Mapping[str, Any]], None]]) -> Callable[[Any, str, Any], Any]:
    """Hand each event on to those who listen, before it is rendered; what they raise never reaches who logged it."""

    def told(_logger: Any, _method: str, event: Any) -> Any:
        for listener in hear:
            try:
                listener(event)
            except Exception:  # noqa: BLE001 -- a line of the log must not fail whoever writes it, nor may this be logged
                sys.stderr.write(f"scanmend: a listener to the log failed:\n{traceback.format_exc()}")
        return event

    return told


def log_to_stderr(level: int = logging.INFO, hear: Sequence[Callable[[Mapping[str, Any]], None]] = ()) -> None:
    """Readable lines on a terminal, JSON lines elsewhere; in the journal each with its priority.

    ``hear`` are called with each event, on the thread that logs it; they have to be quick.
    """
    on_terminal = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if on_terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    if _is_journal(sys.stderr):
        renderer = _with_priority(renderer)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _tell(hear),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if not on_terminal else structlog.processors.StackInfoRenderer(),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def fail(message: str, code: int, kind: str = "") -> NoReturn:
    """End with one readable line on stderr and this exit code; ``kind``: see ``error_codes``."""
    kind = kind or ("usage" if code == USAGE else ScanmendError.kind)
    sys.stderr.write(f"scanmend: {with_code(message, kind)}\n")
    sys.exit(code)
