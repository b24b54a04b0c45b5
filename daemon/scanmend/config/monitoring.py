"""What can be configured about being watched from outside: metrics, and notifications; documented as ``schema`` is."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from scanmend.config.fields import FolderPath, Number, as_list

TEXTFILE_SUFFIX = ".prom"
"""How node_exporter wants names of textfiles to end; it reads no others."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _textfile(path: Path) -> Path:
    if path.suffix != TEXTFILE_SUFFIX:
        raise ValueError(f"node_exporter reads files that end in {TEXTFILE_SUFFIX} only; name it so")
    return path


def _address(address: SecretStr) -> SecretStr:
    """Refuse what is no address; the message does not repeat it, as it may hold a password."""
    if not is_address(address.get_secret_value()):
        raise ValueError("is no address, such as mailto://user:password@example.org or json://localhost:8080/scans")
    return address


def is_address(text: str) -> bool:
    """Whether a text has the form of an apprise URL; what stands behind the scheme is apprise's business."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://\S+", text) is not None


def _time_of_day(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('is no time of day; write hours and minutes, such as "07:30"')
    return value


def addresses_as_section(value: object) -> object:
    """Take ``notify: [addresses]`` for a section that has nothing else."""
    return {"to": value} if isinstance(value, str | list) else value


class Metrics(_Closed):
    """Metrics for Prometheus, other than by HTTP."""

    textfile: Annotated[FolderPath, AfterValidator(_textfile)] | None = None
    """Written every 15 seconds, readable by everyone, for node_exporter's textfile collector. Its name ends in
    ``.prom``; its folder has to be there."""


class Notify(_Closed):
    """Who is told when something goes wrong, and of what."""

    to: Annotated[tuple[Annotated[SecretStr, AfterValidator(_address)], ...], BeforeValidator(as_list)] = ()
    """Where to, as apprise URLs such as ``mailto://user:password@example.org``. They hold passwords; then nobody else
    may read this file."""
    to_file: FolderPath | None = None
    """A file with such addresses instead, one a line; ``#`` begins a remark."""
    names: bool = False
    """Whether messages name the files that failed."""
    queue_stuck_min: Annotated[Number, Field(ge=0, le=10_080)] = 60.0
    """How long nothing may move while documents wait before that is told; 0: never."""
    digest_at: Annotated[str, AfterValidator(_time_of_day)] | None = None
    """When the daily digest is sent, in local time: ``"07:30"``."""

    @model_validator(mode="after")
    def _one_source(self) -> "Notify":
        if self.to and self.to_file is not None:
            raise ValueError("to and to_file contradict each other; write all addresses into one of them")
        if not self.to and self.to_file is None and self.model_fields_set:
            raise ValueError("nobody would be notified; name addresses with to, or a file of them with to_file")
        return self

    @property
    def wanted(self) -> bool:
        """Whether anybody is to be notified at all."""
        return bool(self.to) or self.to_file is not None
