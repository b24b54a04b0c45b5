"""Ranks the candidates of a field: a small logistic model gives each value a probability, and one to none of them.

It is a conditional logit: the score of a candidate is the sum of its features, each times the weight for the field's
type; scores of all candidates, and of "none of them", become probabilities together. Candidates with the same value are
pooled. The weights in ``weights.tsv`` begin as judgement; scripts/bench/learn_fields.py fits them.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from scanmend.fields.candidates import Candidate

NONE = "none"
"""Name of the weight that is the score of "none of the candidates"."""
Weights = Mapping[str, Mapping[str, float]]
"""By type of field, then by feature."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One value, and how likely it is."""

    candidate: Candidate
    """The likeliest of the places where the value stands."""
    probability: float
    """That this value is the field's, and rightly read."""


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Return the weights that come with scanmend."""
    return parse_weights(resources.files("scanmend.fields").joinpath("weights.tsv").read_text("utf-8"))


def parse_weights(table: str, column: str = "learned") -> Weights:
    """Return one column of a table of weights: type, feature, ``judged`` and ``learned``, parted by tabs."""
    lines = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    head, out = lines[0], defaultdict[str, dict[str, float]](dict)
    for row in lines[1:]:
        out[row[0]][row[1]] = float(row[head.index(column)])
    return out


def score(candidate: Candidate, of_type: Mapping[str, float]) -> float:
    """Return a candidate's score in nats."""
    return sum(value * of_type.get(name, 0.0) for name, value in candidate.features.items())


def rank(candidates: Sequence[Candidate], of_type: Mapping[str, float]) -> list[Ranked]:
    """Return the distinct values, the likeliest first; their probabilities and that of none add up to 1."""
    scores = [score(candidate, of_type) for candidate in candidates]
    highest = max([*scores, of_type.get(NONE, 0.0)])
    shares = [math.exp(s - highest) for s in scores]
    whole = sum(shares) + math.exp(of_type.get(NONE, 0.0) - highest)
    groups: dict[str, list[int]] = defaultdict(list)
    for i, candidate in enumerate(candidates):
        groups[candidate.value].append(i)
    ranked = [
        Ranked(candidates[max(members, key=lambda i: scores[i])], sum(shares[i] for i in members) / whole)
        for members in groups.values()
    ]
    return sorted(ranked, key=lambda one: -one.probability)
