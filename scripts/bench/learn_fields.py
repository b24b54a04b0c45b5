#!/usr/bin/env python3
"""Learns the weights with which the candidates of a field are ranked, from pages with their facts.

    scripts/bench/learn_fields.py FOLDER:PRESET[:HALF] … --kept READINGS [--write]

Each folder has page images with ``.key.json`` beside them (draw_pages.py writes such ones); HALF is ``odd``, ``even``
or ``all`` of its pages. The weights start at the column ``judged`` of weights.tsv; each is moved as far as the pages
support it, a nat away counting as much as half a nat of likelihood. ``--write`` puts them in the column ``learned``.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from field_scores import is_right, key_of, keyed_images
from read_pages import read_pages
from scanmend.fields.candidates import candidates
from scanmend.fields.extract import document_text
from scanmend.fields.presets import PRESETS
from scanmend.fields.rank import NONE, parse_weights

TABLE = Path(__file__).resolve().parents[2] / "daemon" / "scanmend" / "fields" / "weights.tsv"
PRIOR_SD = 1.0
"""Standard deviation, in nats, of a weight around the judged one."""
WITHOUT = 0.3
"""Weight of an example whose right candidates are taken away: documents without the field are to be told, too."""
STEPS, RATE = 700, 0.05
"""Steps of the ascent, and how far each goes."""


@dataclass(frozen=True, slots=True)
class Example:
    """One field of one page: the features of its candidates, and which of them are right."""

    features: np.ndarray
    """A row for each candidate; the last one is "none of them"."""
    right: np.ndarray
    """Whether each is right; "none of them" where no candidate is."""
    weight: float = 1.0
    """How much it counts."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Learn from what the command line names; print each weight that moved, and the likelihood before and after."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sets", nargs="+", metavar="FOLDER:PRESET[:HALF]")
    options.add_argument("--kept", type=Path, required=True, help="folder for the readings of the pages")
    options.add_argument("--write", action="store_true", help="write the weights into the package")
    given = options.parse_args(arguments)
    judged = parse_weights(TABLE.read_text("utf-8"), "judged")
    learned: dict[str, dict[str, float]] = {}
    for name, of_type in gathered(given.sets, given.kept, judged).items():
        names, before = list(judged[name]), np.array(list(judged[name].values()))
        after = fit(of_type, before)
        learned[name] = dict(zip(names, after.tolist(), strict=True))
        nats = [-likelihood(of_type, weights) for weights in (before, after)]
        print(f"{name}: {len(of_type)} fields, {nats[0]:.3f} -> {nats[1]:.3f} nats each")
        for feature, old, new in zip(names, before, after, strict=True):
            print(f"  {feature:20} {old:6.2f} {new:6.2f}")
    if given.write:
        TABLE.write_text(table(judged, learned), "utf-8")


def gathered(sets: Sequence[str], kept: Path, judged: Mapping[str, Mapping[str, float]]) -> Mapping[str, list[Example]]:
    """Return the examples of each kind of field, from every set."""
    out: dict[str, list[Example]] = defaultdict(list)
    for named in sets:
        folder, preset, half = (*named.split(":"), "all")[:3]
        pages = read_pages(keyed_images(Path(folder), half), kept)
        for image, page in pages.items():
            key, document = key_of(image), document_text([page], page.page.languages)
            for spec in PRESETS[preset]:
                if spec.name in key:
                    found = candidates(spec, document)
                    right = [is_right(spec.name, c.value, key[spec.name]) for c in found]
                    rows = [[c.features.get(name, 0.0) for name in judged[spec.weights]] for c in found]
                    rows.append([float(name == NONE) for name in judged[spec.weights]])
                    whole = Example(np.array(rows), np.array([*right, not any(right)]))
                    out[spec.weights].append(whole)
                    if any(right):
                        out[spec.weights].append(_without_right(whole))
    return out


def _without_right(whole: Example) -> Example:
    """Return an example of the same page if it had no right candidate."""
    kept = ~whole.right
    kept[-1] = True
    right = np.zeros(int(kept.sum()), dtype=bool)
    right[-1] = True
    return Example(whole.features[kept], right, WITHOUT)


def fit(examples: Sequence[Example], prior: np.ndarray) -> np.ndarray:
    """Return the weights of the greatest posterior, found by gradient ascent with momentum (Adam)."""
    weights, first, second = prior.copy(), np.zeros_like(prior), np.zeros_like(prior)
    for step in range(1, STEPS + 1):
        gradient = -(weights - prior) / PRIOR_SD**2
        for example in examples:
            shares = _softmax(example.features @ weights)
            among = np.where(example.right, shares, 0.0)
            gradient += example.weight * ((among / among.sum() - shares) @ example.features)
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        weights = weights + RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return weights


def likelihood(examples: Sequence[Example], weights: np.ndarray) -> float:
    """Return the mean log-probability of what is right, in nats."""
    of_each = [np.log(_softmax(e.features @ weights)[e.right].sum()) for e in examples]
    return float(np.average(of_each, weights=[e.weight for e in examples]))


def table(judged: Mapping[str, Mapping[str, float]], learned: Mapping[str, Mapping[str, float]]) -> str:
    """Return weights.tsv; what was not learned is as judged."""
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("#")]
    lines.append("type\tfeature\tjudged\tlearned")
    lines += _rows(judged, learned)
    return "\n".join(lines) + "\n"


def _rows(judged: Mapping[str, Mapping[str, float]], learned: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    for name, of_type in judged.items():
        for feature, weight in of_type.items():
            yield f"{name}\t{feature}\t{weight:g}\t{round(learned.get(name, of_type)[feature], 2):g}"


def _softmax(scores: np.ndarray) -> np.ndarray:
    shares: np.ndarray = np.exp(scores - scores.max())
    return shares / shares.sum()


if __name__ == "__main__":
    sys.exit(main())
