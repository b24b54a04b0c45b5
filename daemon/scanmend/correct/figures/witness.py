"""The witness: decides disputed numbers by the arithmetic of their page, where that cannot well be an accident.

Every relation that labels and layout suggest is tried with all readings. A wrong reading can fit one by accident, and
the more relations are tried, the likelier. The bound: a trial of relation *r* with readings *c* has the expected number
of accidental hits

    expected(r) = doubt(r) × Σ chance(r, c) over all combinations c,

where *chance* is one in as many numbers as could stand there (an amount of 12.34 leaves 1,234, a round 10.00 leaves
ten), and *doubt* the probability that the page does not mean this relation: small where a label, a multiplication sign
or the other rows of the table name it, 1 where only the places of its numbers suggest it. For each place these add up
over all relations tried that are at most as doubtful as the one that holds. Different kinds of evidence (row, column,
label, check digit) are independent, so that the sums of those that hold for one reading are multiplied. The product,
times the number of kinds tried, must be at most ``MAX_ACCIDENTS``. A relation that holds for another reading of the
place cancels the decision, unless it would hold by accident more often than ``MAX_CHANCE``.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanmend.correct.figures import columns, identifiers, labelled, rows
from scanmend.correct.figures.relation import Trial, attempt
from scanmend.correct.figures.sheet import ContextWord, Place, lay_out

__all__ = ["ContextWord", "Decision", "Place", "decide"]

MAX_ACCIDENTS = 0.02
"""Most accidental hits expected for a decided place; half of them would choose the right reading anyhow."""
MAX_CHANCE = 0.25
"""A relation that unrelated numbers fulfil more often than this neither decides nor cancels: 2 + 3 = 5."""
MAX_WORK = 40_000
"""Most numbers looked at in trying the relations of a page, the likeliest first; that takes about 0.1 s."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A disputed number that the page's arithmetic decides."""

    choice: int
    """Index into the readings of the place."""
    reason: str
    """Which relation holds, in plain English."""


def decide(places: Sequence[Place], words: Sequence[ContextWord]) -> dict[int, Decision]:
    """Return decisions by index into ``places``, for disputed places only; ``words`` are all words of the page."""
    if not any(len(place.readings) > 1 for place in places):
        return {}
    by_place: dict[int, list[Trial]] = defaultdict(list)
    for trial in _trials(places, words):
        for place in trial.places:
            by_place[place].append(trial)
    decisions = {
        place: _decision(place, trials) for place, trials in sorted(by_place.items()) if len(places[place].readings) > 1
    }
    return {place: decision for place, decision in decisions.items() if decision}


def _trials(places: Sequence[Place], words: Sequence[ContextWord]) -> Iterator[Trial]:
    yield from identifiers.trials(places, words)
    sheet = lay_out(places, words)
    proposed = itertools.chain(labelled.relations(sheet), rows.relations(sheet), columns.relations(sheet))
    left = MAX_WORK
    for relation in proposed:
        trial = attempt(relation, sheet)
        if trial:
            left -= trial.work
            yield trial
        if left < 0:
            return


def _decision(place: int, trials: Sequence[Trial]) -> Decision | None:
    """Weigh all trials of one place; None where none holds, several contradict, or it may be an accident."""
    hits = [t for t in trials if t.choice and t.chance <= MAX_CHANCE]
    choices = {t.choice[place] for t in hits if t.choice}
    if len(choices) != 1:
        return None
    accidents = _accidents(trials, hits)
    expected = float(len({t.kind for t in trials}))
    for share in accidents.values():
        expected *= min(1.0, share)
    if expected > MAX_ACCIDENTS:
        return None
    best = min(hits, key=lambda t: (accidents[t.kind], t.doubt, len(t.text), t.text))
    return Decision(choices.pop(), f"{best.text} holds for it alone")


def _accidents(trials: Iterable[Trial], hits: Iterable[Trial]) -> Mapping[str, float]:
    """Return for each kind that has hits the accidental hits expected among its trials, as doubtful or less."""
    least: dict[str, float] = {}
    for hit in hits:
        least[hit.kind] = min(hit.doubt, least.get(hit.kind, 1.0))
    return {k: sum(t.expected for t in trials if t.kind == k and t.doubt <= doubt) for k, doubt in least.items()}
