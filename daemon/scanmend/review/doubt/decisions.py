"""What a person decides of doubtful places, checked; and which decisions hold after some were taken back. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scanmend.document import DocumentField
from scanmend.errors import ScanmendError
from scanmend.fields.answers import normalised
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


_EDGES = " :;,|=#*_()[]"
"""Marks around a word that are none of a field's value."""


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
    """With ``type``: what stands there; empty where nothing does. With ``take``: which candidate of a field."""
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
    decided = tuple(_decided(known.get(one.place), one, by, at) for one in decisions)
    return (*decided, *_following(known, decided))


def _following(places: Mapping[str, Place], decided: Sequence[Decided]) -> Iterator[Decided]:
    """Yield what these decisions say of the same words elsewhere: of a field that they are, or of a field's words.

    So nobody is asked twice whether a total is 19.10 or 49.10.
    """
    named = {one.decision.place for one in decided}
    for one in decided:
        place = places[one.decision.place]
        for other in places.values():
            if other.id in named or one.decision.choice == "skip" or not _are_same_words(place, other):
                continue
            if one.decision.choice == "accept":
                yield replace(one, decision=Decision(other.id, "accept"), before=other.text, after=other.text)
            elif (after := _as_said_there(other, place, one.after)) is not None:
                yield replace(one, decision=Decision(other.id, "type", after), before=other.text, after=after)


def _are_same_words(one: Place, two: Place) -> bool:
    """Whether one of two places is a field and the other one all the words of its value."""
    field, words = (one, two) if one.field else (two, one)
    value = field.field.chosen if field.field else None
    if value is None or words.field is not None or words.span is None or words.page != value.page:
        return False
    return value.text == words.text.strip(_EDGES) and any(box in value.boxes for box in words.boxes)


def _as_said_there(other: Place, place: Place, after: str) -> str | None:
    """Return what a decision puts at the other place; None where it says nothing of it."""
    if other.field is None:
        type_ = place.field.type if place.field else ""
        return next((a.text for a in other.alternatives if _is_value(type_, a.text, after)), None)
    try:
        return normalised(other.field.type, after.strip(_EDGES))
    except ValueError:
        return None


def _is_value(type_: str, text: str, value: str) -> bool:
    try:
        return normalised(type_, text.strip(_EDGES)) == value
    except ValueError:
        return False


def _decided(place: Place | None, decision: Decision, by: str, at: str) -> Decided:
    if place is None:
        raise DecisionRefused(f"the document has no place {decision.place[:40]!r}")
    if decision.choice in ("accept", "skip"):
        return Decided(Decision(place.id, decision.choice), place.text, place.text, by, at)
    if place.field is not None:
        return Decided(decision, place.text, _value(place, place.field, decision), by, at)
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


def _value(place: Place, field: DocumentField, decision: Decision) -> str:
    """Return the value that a person gives a field: one of its candidates, or typed and normalised as theirs are."""
    if decision.choice == "type":
        try:
            return normalised(field.type, plain_text(decision.text))
        except ValueError as e:
            raise DecisionRefused(f"{field.name}: {e}") from e
    values = list(dict.fromkeys(one.text for one in place.alternatives))
    if decision.text in values:
        return decision.text
    others = [value for value in values if value != place.text]
    if decision.text or len(others) != 1:
        raise DecisionRefused(
            f"{place.id} has {len(others)} other candidates; name the value of one: {', '.join(others)}"
        )
    return others[0]


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
