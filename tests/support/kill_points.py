"""Moments in a document's life at which the process that works on it ends itself with SIGKILL.

They lie on both sides of what a state does to files: ``entered`` right after the ledger has it, ``leaving`` right
before the ledger has the next one. Between the two lies every move that a crash can cut off; none is left to chance.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scanmend.fs.atomic
import scanmend.intake.group_inbox
from scanmend.ledger.entry import Entry
from scanmend.ledger.ledger import Ledger
from scanmend.ledger.parts import PartTable


@dataclass(frozen=True)
class KillPoint:
    """One such moment, for documents of one folder."""

    when: str
    """``entered`` or ``leaving`` a state, or one of the moments within it: see ``arm``."""
    state: str
    """What the ledger says of the document when its process is gone."""
    folder: str

    def __str__(self) -> str:
        return f"{self.when} {self.state} in {self.folder}"


def arm(point: KillPoint) -> None:
    """Have this process killed when it comes to that point first; for good, so call it in a process of its own.

    Beside ``entered`` and ``leaving`` a state there are ``page kept`` (a page is finished, others are not), ``parts
    chosen`` (the ledger has which documents the source makes, none is out), ``output written`` (one output is out, the
    record is not), ``record written`` (one document is out, others of its source are not), ``target recorded`` (the
    ledger has where the source goes, and the source is not there yet) and ``gathered`` (the files of one document have
    left the inbox, and do not yet count as taken).
    """
    if point.when == "page kept":
        _after(Ledger, "save_corrected", lambda ledger, id_, _page: _is_of(ledger, id_, point))
    elif point.when == "output written":
        _after(scanmend.fs.atomic, "publish", lambda target, *_, **__: point.folder in Path(target).parts)
    elif point.when == "record written":
        _after(
            scanmend.fs.atomic,
            "publish",
            lambda target, *_, **__: point.folder in Path(target).parts and Path(target).suffix == ".json",
        )
    elif point.when == "gathered":
        _before(scanmend.intake.group_inbox, "sync", lambda _folder: True)
    elif point.when == "parts chosen":
        _after(PartTable, "choose", lambda *_: True)
    elif point.when == "target recorded":
        _after(
            Ledger,
            "move",
            lambda ledger, id_, state, **changes: (
                state == point.state and bool(changes.get("put_away")) and _is_of(ledger, id_, point)
            ),
        )
    elif point.when == "entered":
        _after(Ledger, "add", lambda _ledger, entry: (entry.state, entry.folder) == (point.state, point.folder))
        _after(Ledger, "move", lambda ledger, id_, state, **_: state == point.state and _is_of(ledger, id_, point))
    elif point.when == "leaving":
        _before(Ledger, "move", lambda ledger, id_, state, **_: state != point.state and _is_of(ledger, id_, point))
        _before(Ledger, "finish", lambda ledger, id_, *_: _is_of(ledger, id_, point))
    else:
        raise ValueError(f"no such kill point: {point}")


def _is_of(ledger: Ledger, id_: str, point: KillPoint) -> bool:
    entry: Entry | None = ledger.get(id_)
    return entry is not None and (entry.state, entry.folder) == (point.state, point.folder)


def _before(owner: Any, name: str, due: Callable[..., bool]) -> None:
    call = getattr(owner, name)

    def killed_or_called(*args: Any, **kwargs: Any) -> Any:
        if due(*args, **kwargs):
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **kwargs)

    setattr(owner, name, killed_or_called)


def _after(owner: Any, name: str, due: Callable[..., bool]) -> None:
    call = getattr(owner, name)

    def called_and_killed(*args: Any, **kwargs: Any) -> Any:
        answer = call(*args, **kwargs)
        if due(*args, **kwargs):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, name, called_and_killed)
