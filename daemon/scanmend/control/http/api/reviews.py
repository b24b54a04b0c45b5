"""The operations of ``/api/v1`` about documents in review: the queue, the places of one, and decisions."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from scanmend.control.controls import Controls
from scanmend.control.http.api.operations import Asked, Operation
from scanmend.control.values import Unknown
from scanmend.ledger.reviews import State
from scanmend.review.documents import ReviewDocument, ReviewQueue
from scanmend.review.doubt.decisions import (
    MAX_AT_ONCE,
    MAX_TEXT_CHARS,
    Choice,
    Decision,
)
from scanmend.review.doubt.places import Source
from scanmend.review.glossary import LearnedWord

MAX_QUEUED = 200
"""Most documents of one answer."""
CURSOR = r"^[0-9]{1,9}\.[0-9]{1,9} [!-~]{1,200}$"
"""What ``QueueItem.cursor`` looks like: doubt and id."""
_Name = Annotated[str, Field(max_length=200, description="Who decides, for the record; nobody checks it")]
_Id = Annotated[str, Field(min_length=1, max_length=200)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QueueAsked(_Closed):
    """Which documents of the queue are asked for."""

    state: State = "open"
    limit: Annotated[int, Field(ge=1, le=MAX_QUEUED)] = 50
    after: Annotated[str, Field(pattern=CURSOR)] | None = None


class WordsAsked(_Closed):
    """Whose words are asked for."""

    folder: _Id


class DecisionGiven(_Closed):
    """One decision about one place."""

    place: _Id
    choice: Choice
    text: Annotated[str, Field(max_length=MAX_TEXT_CHARS, description="With type: what stands there")] = ""
    source: Annotated[Source | None, Field(description="With take: whose reading; not needed where one differs")] = None


class DecisionsGiven(_Closed):
    """Decisions that are one step: all of them are taken, or none."""

    decisions: Annotated[tuple[DecisionGiven, ...], Field(min_length=1, max_length=MAX_AT_ONCE)]
    by: _Name = ""


class StepGiven(_Closed):
    """A step about the whole document."""

    by: _Name = ""


def _queue(controls: Controls, asked: Asked) -> ReviewQueue:
    q: QueueAsked = asked.query
    found = controls.reviews.queue(q.after or "", q.limit + 1, q.state)
    shown = tuple(found[: q.limit])
    return ReviewQueue(shown, controls.reviews.counts(), shown[-1].cursor if len(found) > len(shown) else None)


def _decide(controls: Controls, asked: Asked) -> ReviewDocument:
    given: DecisionsGiven = asked.body
    decisions = [Decision(one.place, one.choice, one.text, one.source or "") for one in given.decisions]
    return controls.reviews.decide(asked.path["id"], decisions, given.by)


def _words(controls: Controls, asked: Asked) -> tuple[LearnedWord, ...]:
    folder: str = asked.query.folder
    if folder not in [one.name for one in controls.now().folders]:  # its file lies where the name says
        raise Unknown("folder", f"no folder is named {folder!r}")
    return controls.reviews.learned(folder)


_EXAMPLE = {"id": "20261128-093011-4f2a1c-9b7e30"}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET", "/reviews", "reviews", "Documents in review, the most doubtful first", _queue, ReviewQueue,
        query=QueueAsked,
    ),
    Operation(
        "GET", "/reviews/{id}", "review", "A document in review with its doubtful places",
        lambda c, a: c.reviews.open(a.path["id"]), ReviewDocument, problems=("not-in-review",), path_examples=_EXAMPLE,
    ),
    Operation(
        "POST", "/reviews/{id}/decide", "decide", "Decide places, in one step", _decide, ReviewDocument,
        body=DecisionsGiven, problems=("not-in-review", "refused"), path_examples=_EXAMPLE,
        body_example={"decisions": [{"place": "p1l4w2", "choice": "type", "text": "19.70"}], "by": "Ana"},
    ),
    Operation(
        "POST", "/reviews/{id}/undo", "undo", "Take the latest step back that still holds",
        lambda c, a: c.reviews.undo(a.path["id"], a.body.by), ReviewDocument, problems=("not-in-review", "refused"),
        path_examples=_EXAMPLE, body=StepGiven, body_example={"by": "Ana"},
    ),
    Operation(
        "POST", "/reviews/{id}/restore", "restore", "Bring the machine's version back; undo takes that back",
        lambda c, a: c.reviews.restore_machine(a.path["id"], a.body.by), ReviewDocument, problems=("not-in-review",),
        path_examples=_EXAMPLE, body=StepGiven, body_example={"by": "Ana"},
    ),
    Operation(
        "GET", "/words", "words", "Words that people confirmed twice, and what they did", _words,
        tuple[LearnedWord, ...], query=WordsAsked, problems=("unknown-folder",),
    ),
)  # fmt: skip
"""What the table of all operations has of reviews."""
