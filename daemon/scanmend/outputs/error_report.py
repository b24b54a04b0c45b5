"""The ``.error.txt`` beside a quarantined file, which tells a person why the file is there and what to do."""

import re
from pathlib import Path

from scanmend.document import printable
from scanmend.error_codes.codes import code_of
from scanmend.errors import DocumentError

SUFFIX = ".error.txt"
"""What a report's name has behind the name of the quarantined file."""
_FIELD = re.compile(r"^(Id|Reason): +(.*)$", re.MULTILINE)


def render(name: str, reason: str, when: str, id: str) -> bytes:  # noqa: A002 -- the field's word
    """Return the report as UTF-8 text.

    ``name``: the file's name in quarantine; ``when``: ISO 8601 with zone; ``id``: the document's.
    """
    shown = printable(name)
    text = f"""\
scanmend could not process this file.

File:    {shown}
Reason:  {reason.strip() or "unknown"}
Code:    {code_of(reason, DocumentError.kind)}
When:    {when}
Id:      {id}

The file was not changed. It lies in this folder, beside this report.

What to do next:
- Mend or rescan it and put it into the inbox again; this report and the file may then be deleted.
- The page Troubleshooting of the documentation explains the code.
- Or, when the cause is gone, have it tried again as it is:
      scanmend retry --config FILE {id}
  where FILE is the configuration that the daemon runs with.
"""
    return text.encode("utf-8", "replace")


def read(report: Path) -> tuple[str, str] | None:
    """Return the document's id and the reason from a report; None where the file is not such a report."""
    try:
        fields = dict(_FIELD.findall(report.read_text("utf-8", "replace")))
    except OSError:
        return None
    return (fields["Id"], fields["Reason"]) if {"Id", "Reason"} <= fields.keys() else None


def report_path(quarantined: Path) -> Path:
    """Return the path of the report on a quarantined file."""
    return quarantined.with_name(quarantined.name + SUFFIX)
