"""What the commands share: their options, how they log, and how they fail."""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import structlog
import typer

from scanmend.config import Config, builtin
from scanmend.config_file import load

USAGE, INTERRUPTED = 2, 130

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


def log_to_stderr(level: int = logging.INFO) -> None:
    """Readable lines on a terminal, JSON lines elsewhere."""
    on_terminal = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if on_terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
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
