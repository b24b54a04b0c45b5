"""What a person decides of doubtful places, checked; and which decisions hold after some were taken back. Pure."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scanmend.errors import ScanmendError
from scanmend.review.doubt.places import Place, Source

MAX_TEXT_CHARS = 500
"""Longest text that a person may type for one place: a line of small print has some 200."""
MAX_NAME_CHARS = 80
"""Longest name that is kept of whoever decides; what is longer is cut off."""
MAX_AT_ONCE = 500
"""Most decisions that are taken in one step, which is also what one ``undo`` takes back."""

Choice = Literal["accept", "take", "type", "skip"]
"""It stays as the machine published it; another reading; own text; looked at and left open."""

_REFUSED = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that no text of an output needs: control characters, halves of pairs, private and unassigned."""
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of the text behind them, by which it would look like another one."""


class DecisionRefused(ScanmendError):
    """A decision that cannot be taken; the message says why, for the person who decides."""


class NotInReview(DecisionRefused):
    """There is no such document in review, or not any more."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about one place."""

    place: str
    """The place's id."""
    choice: Choice
    text: str = ""
    """With ``type``: what stands there; empty where nothing does."""
    source: Source | Literal[""] = ""
    """With ``take``: whose reading; empty where only one differs from what is published."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that was taken: what, when and by whom."""

    decision: Decision
    before: str
    """The text as the machine published it."""
    after: str
    """The text that is to be published."""
    by: str
    """The name that was given."""
    at: str
    """ISO 8601 with zone."""


@dataclass(frozen=True, slots=True)
class Action:
    """One step of a review, as the journal has it."""

    does: Literal["decide", "undo", "restore"]
    """Decides places; takes the latest step back that holds; brings the machine's version back."""
    by: str
    at: str
    decided: tuple[Decided, ...] = ()
    """With ``decide``."""


def decide(places: Sequence[Place], decisions: Iterable[Decision], by: str, at: str) -> tuple[Decided, ...]:
    """Check decisions and say what each does; DecisionRefused, and then none is taken."""
    known = {place.id: place for place in places}
    decisions = tuple(decisions)
    if not decisions:
        raise DecisionRefused("nothing is decided")
    if len(decisions) > MAX_AT_ONCE:
        raise DecisionRefused(f"more than {MAX_AT_ONCE} decisions at once; decide some first")
    if len({one.place for one in decisions}) < len(decisions):
        raise DecisionRefused("a place is decided twice in one step")
    return tuple(_decided(known.get(one.place), one, by, at) for one in decisions)


def _decided(place: Place | None, decision: Decision, by: str, at: str) -> Decided:
    if place is None:
        raise DecisionRefused(f"the document has no place {decision.place[:40]!r}")
    if decision.choice in ("accept", "skip"):
        return Decided(Decision(place.id, decision.choice), place.text, place.text, by, at)
    if place.span is None:
        raise DecisionRefused(f"{place.id} is a whole page: accept or skip it; text cannot be put there")
    if decision.choice == "take":
        return Decided(replace(decision, text=""), place.text, _taken(place, decision.source), by, at)
    return Decided(Decision(place.id, "type"), place.text, plain_text(decision.text), by, at)


def _taken(place: Place, source: str) -> str:
    """Return the other reading that a person takes."""
    if source:
        if (named := place.alternative(source)) is None:
            raise DecisionRefused(f"{place.id} has no reading of {source!r}")
        return plain_text(named.text)
    others = list(dict.fromkeys(a.text for a in place.alternatives if a.text != place.text))
    if len(others) != 1:
        raise DecisionRefused(f"{place.id} has {len(others)} other readings; say whose: tesseract, second or model")
    return plain_text(others[0])


def plain_text(text: str) -> str:
    """Return typed text with single blanks between its words; DecisionRefused where an output could not hold it."""
    if len(text) > MAX_TEXT_CHARS:
        raise DecisionRefused(f"the text has more than {MAX_TEXT_CHARS} characters")
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    if bad := next((c for c in text if unicodedata.category(c) in _REFUSED or c in _DIRECTIONS), None):
        raise DecisionRefused(f"the text holds a character that is no text (U+{ord(bad):04X})")
    return text


def plain_name(name: str) -> str:
    """Return a name fit to be kept: one line, without what is not text, and not too long."""
    shown = "".join(c for c in " ".join(name.split()) if unicodedata.category(c) not in _REFUSED | {"Cf"})
    return shown[:MAX_NAME_CHARS].strip()


def holding(actions: Iterable[Action]) -> tuple[Decided, ...]:
    """Return the decisions that hold after these steps: the latest of each place, by place.

    ``restore`` makes all before it void; ``undo`` takes the latest step back that was not taken back before.
    """
    steps: list[Action] = []
    for action in actions:
        if action.does != "undo":
            steps.append(action)
        elif steps:
            steps.pop()
    held: dict[str, Decided] = {}
    for step in steps:
        if step.does == "restore":
            held.clear()
        for one in step.decided:
            held[one.decision.place] = one
    return tuple(held[place] for place in sorted(held))


def can_undo(actions: Iterable[Action]) -> bool:
    """Whether there is a step that ``undo`` would take back."""
    left = 0
    for action in actions:
        left = max(0, left - 1) if action.does == "undo" else left + 1
    return left > 0
