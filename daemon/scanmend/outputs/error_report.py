"""The ``.error.txt`` that lies beside a quarantined file and tells a person why it is there."""

import re
from pathlib import Path

from scanmend.document import printable

SUFFIX = ".error.txt"
_FIELD = re.compile(r"^(Id|Reason): +(.*)$", re.MULTILINE)


def render(name: str, reason: str, when: str, id: str) -> bytes:  # noqa: A002 -- the field's word
    """Return the report as UTF-8 text; name is the file's in quarantine, when is ISO 8601 with zone."""
    shown = printable(name)
    text = f"""\
scanmend could not process this file.

File:    {shown}
Reason:  {reason.strip() or "unknown"}
When:    {when}
Id:      {id}

The file was not changed. It lies in this folder, beside this report.

What to do next:
- Mend or rescan it and put it into the inbox again; this report and the file may then be deleted.
- Or, when the cause is gone, have it tried again as it is:
      scanmend retry --config FILE {id}
  where FILE is the configuration that the daemon runs with.
"""
    return text.encode("utf-8", "replace")


def read(report: Path) -> tuple[str, str] | None:
    """Return id and reason that a report tells, None where it is none of ours."""
    try:
        told = dict(_FIELD.findall(report.read_text("utf-8", "replace")))
    except OSError:
        return None
    return (told["Id"], told["Reason"]) if {"Id", "Reason"} <= told.keys() else None


def report_path(quarantined: Path) -> Path:
    """Where the report on a quarantined file lies."""
    return quarantined.with_name(quarantined.name + SUFFIX)
