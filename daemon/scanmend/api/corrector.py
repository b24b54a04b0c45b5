"""What scripts call: ``read`` for both readers alone, a ``Corrector`` to have a language model decide what is open."""

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import structlog
from pydantic import ValidationError

from scanmend.api.processes import one_shot_pipeline
from scanmend.commands.correct import correct_text
from scanmend.commands.options import configuration_or_builtin, log_to_stderr
from scanmend.config.schema import DEFAULT_PROMPT, Config, ModelSpec, Settings
from scanmend.document import CorrectedPage, DocumentWarning, NumberReading
from scanmend.errors import ConfigError, DocumentError
from scanmend.jobs.checkpoint import NoCheckpoint
from scanmend.jobs.pipeline import Pipeline

MODEL_OF_SCRIPT = "script"
"""Name of a model that the script itself describes."""


@dataclass(frozen=True, slots=True)
class Document:
    """A scan, read and corrected."""

    pages: tuple[CorrectedPage, ...]
    """Each page with its words and boxes (``page``), its text (``corrected``), its edits and its numbers."""
    warnings: tuple[DocumentWarning, ...] = ()
    """What of the scan was not read."""
    uncorrected: str = ""
    """Why pages came out as they were read although a model was wanted; empty when none did."""

    @property
    def text(self) -> str:
        """The text of all pages, with a form feed between two."""
        return "\f".join(page.corrected for page in self.pages)

    @property
    def raw(self) -> str:
        """The same as Tesseract read it."""
        return "\f".join(page.page.raw for page in self.pages)

    @property
    def disputed_numbers(self) -> tuple[NumberReading, ...]:
        """Numbers that the two readers read differently, and nothing settled: look at them."""
        return tuple(number for page in self.pages for number in page.numbers if number.state == "disputed")


class Corrector:
    """Reads scans and corrects texts with one model, which is loaded when it is first needed.

    Use it as a context manager: at the end of the block every process has ended, and so the GPU is free.
    """

    def __init__(
        self,
        model: str | Path | ModelSpec = "bundled",
        *,
        prompt: str = DEFAULT_PROMPT,
        languages: str | Sequence[str] = "eng",
        strategy: Literal["auto", "rescore", "rewrite", "both", "off"] = "auto",
        glossary: Path | None = None,
        config: Path | None = None,
    ) -> None:
        """``model``: a name in the configuration, a GGUF file, or a ModelSpec; ConfigError where there is none.

        ``languages``: by Tesseract's names. ``glossary``: a text file of words that stay. ``config``: a configuration
        file, for its models and places; without it, that of SCANMEND_CONFIG, or built-in ones.
        """
        loaded = configuration_or_builtin(config)
        name, self._config = _with_model(loaded, model)
        wanted: dict[str, Any] = {
            "model": name, "prompt": prompt, "languages": languages, "strategy": strategy, "glossary": glossary,
        }  # fmt: skip
        try:
            self._settings = Settings.model_validate(loaded.defaults.model_dump() | wanted)
        except ValidationError as e:
            problems = [f"{error['loc'][0]}: {error['msg'].removeprefix('Value error, ')}" for error in e.errors()]
            raise ConfigError(problems) from e
        self._opened: AbstractContextManager[Pipeline] | None = None
        self._pipeline: Pipeline | None = None

    def read(self, scan: str | Path) -> Document:
        """Read a scan with both readers and have the model decide what is open.

        DocumentError where it cannot be read; ModelError, OcrError, StorageError.
        """
        path = Path(scan).absolute()
        if not path.is_file():
            raise DocumentError(
                f"{path} cannot be read: {'it is no regular file' if path.exists() else 'it is not there'}"
            )
        done = self._open().convert(path, self._settings, NoCheckpoint(), [])
        return Document(tuple(done.pages), done.warnings, done.uncorrected)

    def correct(self, text: str) -> str:
        """Return a text that was read elsewhere with its errors mended and its white space as it was; ModelError."""
        pipeline = self._open()
        off = self._settings.strategy == "off"
        with nullcontext() if off else pipeline.slot.lease(self._settings.model) as lease:
            return correct_text(text, lease, self._settings, pipeline.glossaries)[0]

    def close(self) -> None:
        """End every process; what the model held of RAM and GPU is free then. May be called again."""
        opened, self._opened, self._pipeline = self._opened, None, None
        if opened is not None:
            opened.__exit__(None, None, None)

    def __enter__(self) -> Self:
        """Return itself; nothing is started yet."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End every process."""
        self.close()

    def _open(self) -> Pipeline:
        if self._pipeline is None:
            if not structlog.is_configured():
                log_to_stderr(level=logging.WARNING)  # a script's standard output is its own
            self._opened = one_shot_pipeline(self._config)
            self._pipeline = self._opened.__enter__()
        return self._pipeline


def read(scan: str | Path, *, languages: str | Sequence[str] = "eng", config: Path | None = None) -> Document:
    """Read a scan with both readers and without a model; errors as ``Corrector.read``."""
    with Corrector(languages=languages, strategy="off", config=config) as corrector:
        return corrector.read(scan)


def _with_model(config: Config, model: str | Path | ModelSpec) -> tuple[str, Config]:
    """Return the model's name, and the configuration that has it; ConfigError."""
    if isinstance(model, str):
        if model not in config.models:
            raise ConfigError([f"{config.source}: no model is named {model!r}; there are: {', '.join(config.models)}"])
        return model, config
    spec = model if isinstance(model, ModelSpec) else ModelSpec(path=model.absolute())
    return MODEL_OF_SCRIPT, config.model_copy(update={"models": {**config.models, MODEL_OF_SCRIPT: spec}})
