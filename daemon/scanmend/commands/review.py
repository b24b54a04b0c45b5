"""``scanmend review``: the queue of documents in review, the places of one, and a decision, without the web page."""

import getpass
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import typer

from scanmend.commands.options import fail
from scanmend.config.schema import Config
from scanmend.control.controls import ReviewDesk
from scanmend.document import printable
from scanmend.ledger.ledger import Ledger
from scanmend.pageworkers.pool import PagePool
from scanmend.review.documents import ReviewDocument, ReviewPlace
from scanmend.review.doubt.decisions import Decision
from scanmend.review.doubt.places import FIELD, Source
from scanmend.review.reviews import Reviews
from scanmend.review.telling import Telling
from scanmend.service.lock import hold_lock, running_pid, signal_daemon

WAIT_S = 60.0
"""How long to wait for a running daemon to write the outputs, in seconds."""
POLL_S = 0.2
"""How often the daemon is asked whether it has, in seconds."""
OTHER = "other"
"""What ``--take`` calls the only other reading of a place."""
LISTED = 200
"""Most documents that are listed."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the command is asked to do with a document."""

    does: Literal["decide", "undo", "restore"]
    decision: Decision | None = None


def step_of(
    place: str | None, *, accept: bool, take: str | None, text: str | None, skip: bool, undo: bool, restore: bool
) -> Step | str | None:
    """Return what the options ask for; None where they only ask to be shown something; a text says what is wrong."""
    if sum([accept, take is not None, text is not None, skip, undo, restore]) > 1:
        return "give one of --accept, --take, --text, --skip, --undo and --restore"
    if undo or restore:
        whole = Step("undo" if undo else "restore")
        return "--undo and --restore are about the whole document" if place else whole
    decision = _decision(place or "", accept=accept, take=take, text=text, skip=skip)
    if place is None:
        return "name the --place" if decision else None
    return Step("decide", decision) if decision else "say what becomes of it: --accept, --take WHOSE, --text or --skip"


def _decision(place: str, *, accept: bool, take: str | None, text: str | None, skip: bool) -> Decision | None:
    if accept or skip:
        return Decision(place, "accept" if accept else "skip")
    if text is not None:
        return Decision(place, "type", text)
    if take == OTHER:
        return Decision(place, "take")
    if take is None:
        return None
    if place.startswith(FIELD):
        return Decision(place, "take", take)
    return next((Decision(place, "take", source=source) for source in get_args(Source) if source == take), None)


def run(
    config: Config,
    id_: str | None,
    step: Step | None,
    by: str | None,
    make_pool: Callable[[Config, Path], PagePool],
    daemon: ReviewDesk | None = None,
    *,
    words: bool = False,
) -> None:
    """List, show or decide; ScanmendError, and exit code 1 where the outputs do not have the decision afterwards.

    ``daemon``: one that answers on its socket. Where none does, a running daemon learns of decisions by a signal;
    without one, this process writes the outputs, with page workers of its own. With ``words``, the words that were
    learned are listed, and what they did.
    """
    by = getpass.getuser() if by is None else by
    if daemon is not None:
        if id_ is None or step is None:
            _tell(config, daemon, id_, words=words)
        else:
            _report(_written(daemon, _taken(daemon, id_, step, by)))
        return
    path = config.state_dir / "ledger.sqlite"
    if not path.exists():
        fail(f"{path} is not there: no daemon has run with this configuration yet", 1)
    with _reviews(config, make_pool) as reviews:
        if id_ is None or step is None:
            _tell(config, reviews, id_, words=words)
        else:
            _take(config, reviews, id_, step, by)


def _tell(config: Config, reviews: ReviewDesk, id_: str | None, *, words: bool) -> None:
    if words:
        _list_words(config, reviews)
    elif id_ is None:
        _list(reviews)
    else:
        _show(reviews.open(id_))


@contextmanager
def _reviews(config: Config, make_pool: Callable[[Config, Path], PagePool]) -> Iterator[Reviews]:
    with tempfile.TemporaryDirectory(prefix="scanmend-") as work:  # not the daemon's, which its pool keeps clean
        ledger, pool = Ledger(config.state_dir / "ledger.sqlite"), make_pool(config, Path(work))
        try:
            yield Reviews(config.state_dir, ledger, pool, telling=Telling(config.folder_of), writes=False)
        finally:
            pool.close()
            ledger.close()


def _list(reviews: ReviewDesk) -> None:
    items = reviews.queue(limit=LISTED)
    for item in items:
        left = item.places - item.decided
        typer.echo(f"{item.id}  {item.folder}/{item.name}  {left} of {item.places} open, doubt {item.doubt:.2f}")
    counts = reviews.counts()
    told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "nothing is in review"
    typer.echo(told if len(items) == counts.get("open", 0) else f"{told}; the {len(items)} most doubtful are listed")


def _list_words(config: Config, reviews: ReviewDesk) -> None:
    for folder in config.folders:
        for learned in reviews.learned(folder.name):
            typer.echo(
                f"{folder.name}: {printable(learned.word)}  confirmed {learned.confirmed}, {len(learned.edits)} edits"
            )
            for edit in learned.edits:
                typer.echo(f"  {edit.document} page {edit.page}: {printable(edit.raw)} -> {printable(edit.new)}")


def _show(found: ReviewDocument) -> None:
    typer.echo(f"{found.item.folder}/{found.item.name}: {found.item.state}, {found.item.places} places")
    for one in found.places:
        _show_place(one)
    for suffix, why in found.left.items():
        typer.echo(f"{suffix}: {why}")
    if found.trouble:
        typer.echo(found.trouble)


def _show_place(one: ReviewPlace) -> None:
    place = one.place
    state = f"decided: {one.decided.decision.choice}, by {one.decided.by or 'nobody'}" if one.decided else "open"
    typer.echo(f"\n{place.id}  page {place.page}, line {place.line}  doubt {place.doubt:.2f}  {state}")
    typer.echo(f"  {printable(place.before)} [{printable(one.text)}] {printable(place.after)}")
    typer.echo(f"  {printable(place.reason)}")
    for alternative in place.alternatives:
        typer.echo(f"  {alternative.source}: {printable(alternative.text) or '(nothing)'}")


def _take(config: Config, reviews: Reviews, id_: str, step: Step, by: str) -> None:
    if (pid := running_pid(config.state_dir)) is None:
        hold_lock(config.state_dir)  # until this process ends; a daemon that starts meanwhile says so
    _taken(reviews, id_, step, by)
    if pid is None:
        reviews.write_now(id_)
    else:
        signal_daemon(pid, signal.SIGUSR1)
        reviews.wait_written(id_, WAIT_S)
    _report(reviews.open(id_))


def _taken(reviews: ReviewDesk, id_: str, step: Step, by: str) -> ReviewDocument:
    if step.decision is not None:
        return reviews.decide(id_, [step.decision], by)
    return reviews.undo(id_, by) if step.does == "undo" else reviews.restore_machine(id_, by)


def _written(daemon: ReviewDesk, found: ReviewDocument) -> ReviewDocument:
    """Return the document once the daemon has written its outputs, or cannot, or ``WAIT_S`` are over."""
    limit = time.monotonic() + WAIT_S
    while not found.is_written and not found.trouble and time.monotonic() < limit:
        time.sleep(POLL_S)
        found = daemon.open(found.item.id)
    return found


def _report(found: ReviewDocument) -> None:
    for suffix, why in found.left.items():
        typer.echo(f"{suffix}: {why}")
    if not found.is_written:
        typer.echo(found.trouble or "the decision is kept; the outputs are not written yet, scanmend's log says why")
        raise typer.Exit(1)
    typer.echo(f"{found.item.id}: outputs written, {found.item.places - found.item.decided} places open")
