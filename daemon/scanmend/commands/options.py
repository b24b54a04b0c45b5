"""What the commands share: their options, how they log, and how they fail."""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO

import structlog
import typer

from scanmend.config.load import load
from scanmend.config.schema import Config, builtin

USAGE, INTERRUPTED = 2, 130
_PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
"""What syslog calls them."""

ConfigFile = Annotated[
    Path, typer.Option("--config", envvar="SCANMEND_CONFIG", help="The configuration file.", show_default=False)
]
MaybeConfigFile = Annotated[
    Path | None,
    typer.Option("--config", envvar="SCANMEND_CONFIG", help="The configuration file; built-in defaults without it."),
]


def configuration(path: Path | None) -> Config:
    """Return the configuration of a command that does without a file; ConfigError."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scanmend"
    return load(path) if path else builtin(cache)


def _is_journal(stream: TextIO) -> bool:
    """Whether what is written here goes to systemd's journal; systemd.exec(5), JOURNAL_STREAM."""
    try:
        found = os.fstat(stream.fileno())
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _with_priority(render: Callable[[Any, str, Any], Any]) -> Callable[[Any, str, Any], str]:
    """Put before each line what the journal takes for its priority, and takes off again; sd-daemon(3)."""

    def rendered(logger: Any, method: str, event: Any) -> str:
        priority = _PRIORITIES.get(event.get("level", ""), _PRIORITIES["info"])
        return f"<{priority}>{render(logger, method, event)}"

    return rendered


def log_to_stderr(level: int = logging.INFO) -> None:
    """Readable lines on a terminal, JSON lines elsewhere; in the journal each with its priority."""
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
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if not on_terminal else structlog.processors.StackInfoRenderer(),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def fail(message: str, code: int) -> NoReturn:
    """End with one readable line on stderr and this exit code."""
    sys.stderr.write(f"scanmend: {message}\n")
    sys.exit(code)
