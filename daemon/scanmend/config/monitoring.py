"""What can be configured about being watched from outside: metrics."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from scanmend.config.fields import FolderPath

TEXTFILE_SUFFIX = ".prom"
"""How node_exporter wants names of textfiles to end; it reads no others."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _textfile(path: Path) -> Path:
    if path.suffix != TEXTFILE_SUFFIX:
        raise ValueError(f"node_exporter reads files that end in {TEXTFILE_SUFFIX} only; name it so")
    return path


class Metrics(_Closed):
    """Metrics for Prometheus, other than by HTTP."""

    textfile: Annotated[FolderPath, AfterValidator(_textfile)] | None = None
    """A file for node_exporter's textfile collector."""
