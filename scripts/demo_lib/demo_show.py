"""What the demo shows, and where: colours, tables and a spinner on a terminal, plain lines in a log."""

import difflib
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein
from rich import box
from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

LOG_WIDTH = 150
EVERY_S = 5.0
"""How often progress is written into a log."""
LOOKALIKES = {("O", "0"), ("o", "0"), ("l", "1"), ("I", "1"), ("|", "1")}
"""What may change inside a number, kept apart from scanmend's own list: the demo checks scanmend."""


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring words of one line, kept or changed."""

    before: str
    after: str

    @property
    def kept(self) -> bool:
        """Whether correction left them alone."""
        return self.before == self.after


def changed_lines(raw: str, corrected: str) -> Iterator[tuple[int, tuple[Run, ...]]]:
    """Yield the 1-based number and the words of each text line that correction changed; blank lines do not count."""
    pairs = [(a, b) for a, b in zip(raw.split("\n"), corrected.split("\n"), strict=True) if a or b]
    for number, (before, after) in enumerate(pairs, 1):
        if before != after:
            yield number, runs(before, after)


def runs(before: str, after: str) -> tuple[Run, ...]:
    """Cut a line into what stayed and what changed; words that changed one for one are runs of their own."""
    return tuple(_cut(before.split(), after.split()))


def _cut(before: Sequence[str], after: Sequence[str]) -> Iterator[Run]:
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for how, a, b, c, d in matcher.get_opcodes():
        if how == "replace" and b - a == d - c:
            yield from map(Run, before[a:b], after[c:d])
        else:
            yield Run(" ".join(before[a:b]), " ".join(after[c:d]))


def marked(line: Sequence[Run]) -> str:
    """Return the line as plain text, changes as ``[-old-]{+new+}``."""
    return " ".join(run.after if run.kept else f"[-{run.before}-]{{+{run.after}+}}" for run in line)


def broken_numbers(raw: str, corrected: str) -> list[str]:
    """Return every number of the raw text that is another one now, but for letters that became look-alike digits."""
    before, after = ([w for w in text.split() if any(c.isdigit() for c in w)] for text in (raw, corrected))
    if len(before) != len(after):
        return [f"{len(before)} words with digits became {len(after)}"]
    return [f"{a} became {b}" for a, b in zip(before, after, strict=True) if not _held(a, b)]


def words_with_digits(text: str) -> Counter[str]:
    """Return the words that have a digit, without the marks around them, and how often each stands there."""
    words = (word.strip(".,;:!?()[]\"'’”“*") for word in text.split())
    return Counter(word for word in words if any(c.isdigit() for c in word))


def excerpt(text: str, lines: int, width: int = 96) -> list[str]:
    """Return the first lines that are more than a heading, cut to ``width`` characters."""
    found = [line for line in text.split("\n") if len(line.split()) > 4][:lines]
    return [line if len(line) <= width else line[: width - 1] + "…" for line in found]


def _held(before: str, after: str) -> bool:
    """Whether the word is the same but for letters that became the digits they look like."""
    return len(before) == len(after) and all(a == b or (a, b) in LOOKALIKES for a, b in zip(before, after, strict=True))


def wrong_characters(text: str, truth: str) -> int:
    """How many characters differ from what was printed, all white space alike."""
    return Levenshtein.distance(" ".join(text.split()), " ".join(truth.split()))


class Screen:
    """Standard output, for people."""

    def __init__(self) -> None:
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
        self.live = sys.stdout.isatty()
        self._console = Console(width=None if self.live else LOG_WIDTH, highlight=False, soft_wrap=not self.live)
        self._began = time.monotonic()
        self._status: Status | None = None
        self._written_at = 0.0
        self._step = 0

    @property
    def elapsed_s(self) -> float:
        """Seconds since the demo began."""
        return time.monotonic() - self._began

    def step(self, text: str) -> None:
        """Begin a part of the demo."""
        self.rest()
        self._step += 1
        self._print(Text(f"\n{self._step}. {text}", style="bold"))

    def say(self, text: str, style: str = "") -> None:
        """Write one line, or several, as they are."""
        self._print(Text(text, style=style))

    def event(self, text: str, style: str = "") -> None:
        """Write what happened, and when."""
        self._print(Text.assemble((f"{self.elapsed_s:6.1f} s  ", "dim"), (text, style)))

    def block(self, text: str) -> None:
        """Show the output of a command."""
        for line in text.rstrip("\n").split("\n"):
            self._print(Text("    " + line, style="dim"))

    def progress(self, text: str) -> None:
        """Say what is being waited for: at once on a terminal, now and then in a log."""
        line = f"{self.elapsed_s:6.1f} s  … {text}"
        if self.live:
            if self._status is None:
                self._status = self._console.status("")
                self._status.start()
            self._status.update(Text(line, no_wrap=True, overflow="ellipsis"))
        elif time.monotonic() - self._written_at >= EVERY_S:
            self._written_at = time.monotonic()
            self._print(Text(line))

    def rest(self) -> None:
        """Nothing is being waited for any more."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def line(self, where: str, runs: Sequence[Run]) -> None:
        """Show a line of text with its changes marked."""
        text = Text(f"  {where:>9}  ")
        for run in runs:
            if run.kept:
                text.append(run.after)
            elif self.live:
                text.append(run.before, style="red strike").append(" ").append(run.after, style="bold green")
            else:
                text.append(f"[-{run.before}-]{{+{run.after}+}}")
            text.append(" ")
        text.rstrip()
        self._print(text)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Show a table; cells that say accepted or rejected, ok or MISSING are coloured."""
        table = Table(box=box.SIMPLE_HEAD if self.live else None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in columns:
            table.add_column(column, overflow="fold", no_wrap=column not in ("reason", "found"))
        for row in rows:
            table.add_row(*(Text(str(cell), style=_STYLES.get(str(cell), "")) for cell in row))
        if self.live:
            self._console.print(table)
            return
        with self._console.capture() as capture:
            self._console.print(table)
        for line in capture.get().rstrip("\n").split("\n"):
            self._print(Text("  " + line.rstrip()))

    def _print(self, text: Text) -> None:
        self._console.print(text)
        sys.stdout.flush()


_STYLES = {"accepted": "green", "rejected": "yellow", "ok": "green", "MISSING": "bold red"}
