"""What stands in the documents: their pages, and the lines that readers copy into a shell."""

import re
from collections.abc import Iterator
from pathlib import Path

from project import ROOT

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
"""A block with its language and its text."""
REMARK = re.compile(r"\s+#\s.*$")
SHOWN = re.compile(r"[\[<{]|- |[\w ]+ ?[=:] |[\w ]+ ?[=:]$|[A-Z]\w*|[a-z ]+→")
"""How indented lines begin that are shown, and not run: settings of other programs, formulas."""


def shell_lines(document: Path) -> Iterator[str]:
    """Yield each command line of a page, without the remark behind it."""
    for line in re.findall(r"^ {4,}(\S.*)$", FENCED.sub("", document.read_text("utf-8")), re.MULTILINE):
        if not SHOWN.match(line):
            yield REMARK.sub("", line)


def scanmend_line(line: str) -> str | None:
    """Return what a command line gives to scanmend; None where it calls another program."""
    called = re.match(r"(?:echo .*\| |sudo -u scanmend )?(?:\.venv/bin/)?scanmend (.*)", line)
    return re.split(r"[|>]", called[1])[0].strip() if called else None
