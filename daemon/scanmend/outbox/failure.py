"""The ``.error.txt`` that lies beside a quarantined file and tells a person why it is there."""

from pathlib import Path

from scanmend.document import printable


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


def report_of(quarantined: Path) -> Path:
    """Where the report on a quarantined file lies."""
    return quarantined.with_name(quarantined.name + ".error.txt")
