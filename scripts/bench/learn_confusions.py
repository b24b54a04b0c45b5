"""Learns the table of OCR confusions from pairs of OCR text and ground truth, and measures what it is worth.

    scripts/bench/learn_confusions.py PAIRS.jsonl[:WEIGHT] ... --table daemon/scanmend/correct/confusions.tsv
    scripts/bench/learn_confusions.py PAIRS.jsonl ... --table daemon/scanmend/correct/confusions.tsv --evaluate

Each line of a pairs file is an object with ``id``, ``ocr``, ``gt``, ``lang`` and perhaps ``dataset``. Documents whose
hashed id is even are learned from, the others are for ``--evaluate``; the table holds no more than counts of n-grams.
"""

import argparse
import hashlib
import json
import math
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein
from wordfreq import top_n_list, word_frequency

from scanmend.correct.confusions import EMPTY, MAX_NGRAM, SUBSTITUTION_NATS, Confusions

PRIOR = """
4.5  rn>m cl>d vv>w li>h l>1 l>I I>l 1>l I>1 1>I l>| I>| 1>| 0>O O>0 0>o o>0 e>c ſ>f ii>n
5.0  m>rn d>cl w>vv h>li c>e h>b u>n n>u t>f f>t i>l l>i é>e è>e ê>e ü>u ö>o ä>a ñ>n ç>c ß>B 5>S S>5 8>B B>8
5.0  à>a â>a î>i ô>o û>u í>i ó>o á>a ú>u ë>e ï>i ù>u å>a ø>o ã>a õ>o ł>l ş>s ç>ç é>è è>é ı>i I>] l>] l>! I>!
5.5  ri>n n>ri in>m m>in ni>m m>ni nn>m m>nn iii>m m>iii ii>u u>ii n>ii u>li ll>U U>ll tl>d th>tli h>lt ti>n
5.5  b>h a>o o>a o>e e>o s>a a>s i>t r>t t>r t>l l>t i>j j>i y>v v>y g>q q>g h>n n>h c>o o>c r>n n>r v>r f>r r>f
5.5  6>G G>6 b>6 6>b g>9 9>g q>9 9>q Z>2 2>Z z>2 2>z S>$ s>5 5>s s>S S>s c>C C>c o>O O>o w>W W>w v>V V>v x>X z>Z
5.5  D>O O>D O>Q Q>O C>G G>C E>F F>E P>F F>P B>R R>B H>N N>H H>II M>N N>M I>T T>I U>V V>U J>I I>J L>I i>1 i>! i>|
6.0  ß>ss ß>fs ß>8 ü>ii ü>il ö>ó ä>á ö>6 œ>ce œ>oe æ>ae æ>ce fi>h fi>n fl>il ff>il ff>ﬀ fi>ﬁ fl>ﬂ ffi>ﬃ ffi>m ij>y y>ij
6.0  7>1 1>7 3>8 8>3 0>6 6>0 7>/ 1>/ l>/ t>+ C>( c>( D>) 4>A A>4 T>7 «>< »>> «>( «>c €>e €>C £>E £>f &>8 &>6 §>S §>5
6.0  k>lc k>lr k>h K>R K>X g>s y>j y>p p>n D>I) B>I3 N>IV N>I\\ W>VV U>LI R>It K>I( A>/\\ E>li H>li
"""
"""Hand-written prior: nats, then confusions ``true>raw`` that occur with any OCR of Latin script.

Counts outweigh it where they are many.
"""

PRIOR_SIGHTINGS = 200.0
"""Sightings of the true n-gram that the prior counts for."""
PRIOR_MAX_SURCHARGE_NATS = 1.0
"""Most nats by which the data can make a confusion of the prior costlier: other scans may show it more often."""
ALIGNMENT_ROUNDS = 3
"""Rounds of learning: the first aligns by plain edit distance, each further one by the table learned so far."""
MIN_SIGHTINGS_ONE_SET = 15.0
"""Fewest weighted sightings of a confusion that only one set of documents shows."""
MIN_SIGHTINGS_TWO_SETS = 3
"""Fewest weighted sightings of a confusion that two or more sets of documents show."""
MIN_SAVED_NATS = 0.2
"""Nats that a row of the table must save, over the cost by the other rows, to be kept."""
MAX_ROWS = 600
"""Most rows of the table."""
PLAIN_STYLE = str.maketrans("‘’‚‛`´“”„‟–—¬­", "''''''\"\"\"\"----")
"""Maps quotes and dashes to plain ones, as their style is no OCR error."""

Pair = tuple[str, str]
"""A raw text and the true one."""


class Sighting(NamedTuple):
    """A raw word and the true one, from one set of documents."""

    source: str
    weight: float
    lang: str
    raw: str
    true: str


def documents(spec: str, *, even: bool) -> Iterator[tuple[str, float, str, str, str]]:
    """Yield source, weight, language, OCR text and true text of each document in one half of ``FILE[:WEIGHT]``."""
    name, _, weight = spec.partition(":")
    for row in Path(name).read_text(encoding="utf-8").splitlines():
        item = json.loads(row)
        if (int(hashlib.sha256(item["id"].encode()).hexdigest()[:8], 16) % 2 == 0) is even:
            yield item.get("dataset") or Path(name).stem, float(weight or 1), item["lang"], item["ocr"], item["gt"]


def word_pairs(ocr: str, truth: str) -> Iterator[Pair]:
    """Yield pairs of words at the same position in both texts, where both they and a neighbouring pair are similar."""
    raw, true = (" ".join(text.translate(PLAIN_STYLE).split()) + " " for text in (ocr, truth))
    cut: list[Pair] = []
    a = b = 0
    for block in Levenshtein.opcodes(raw, true):
        if block.tag != "equal":
            continue
        for at in range(block.src_start, block.src_end):
            if raw[at] == " ":
                there = block.dest_start + at - block.src_start
                cut.append((raw[a:at], true[b:there]))
                a, b = at + 1, there + 1
    near = [_near(*pair) for pair in cut]
    for index, pair in enumerate(cut):
        if near[index] and any(near[max(0, index - 1) : index] + near[index + 1 : index + 2]):
            yield pair


def _near(raw: str, true: str) -> bool:
    if not raw or not true or " " in raw or " " in true:
        return False
    return Levenshtein.distance(raw, true) <= max(len(raw), len(true)) // 2


def sightings(specs: Iterable[str], *, even: bool) -> Counter[Sighting]:
    """Return every pair of words in one half of the documents, counted."""
    found: Counter[Sighting] = Counter()
    for spec in specs:
        for source, weight, lang, ocr, truth in documents(spec, even=even):
            found.update(Sighting(source, weight, lang, *pair) for pair in word_pairs(ocr, truth))
    return found


def blocks(raw: str, true: str) -> Iterator[Pair]:
    """Yield the differences of two words as plain edit distance cuts them."""
    a = b = None
    for code in [*Levenshtein.opcodes(raw, true), None]:
        if code is not None and code.tag != "equal":
            a, b = (code.src_start, code.dest_start) if a is None else (a, b)
            c, d = code.src_end, code.dest_end
        elif a is not None:
            left, right = raw[a:c], true[b:d]
            if left and right and max(len(left), len(right)) <= MAX_NGRAM:
                yield left, right
            elif not (left and right):
                yield from ((letter, "") for letter in left)
                yield from (("", letter) for letter in right)
            a = None


def prior() -> dict[Pair, float]:
    """Return the hand-written confusions: ``(raw, true)`` to nats."""
    rows: dict[Pair, float] = {}
    for line in PRIOR.strip().splitlines():
        nats, *pairs = line.split()
        for pair in pairs:
            true, _, raw = pair.partition(">")
            if raw != true:
                rows.setdefault((raw, true), float(nats))
    return rows


def learn(seen: Counter[Sighting]) -> dict[Pair, float]:
    """Count confusions, smooth them with the prior, and align again by what was learned (hard EM)."""
    grams: defaultdict[str, float] = defaultdict(float)
    for sight, times in seen.items():
        weight = sight.weight * times
        grams[""] += weight * len(sight.true)
        for size in range(1, MAX_NGRAM + 1):
            for at in range(len(sight.true) - size + 1):
                grams[sight.true[at : at + size]] += weight
    wrong = [(sight, times) for sight, times in seen.items() if sight.raw != sight.true]
    table: Confusions | None = None
    rows: dict[Pair, float] = {}
    for _ in range(ALIGNMENT_ROUNDS):
        counts: defaultdict[Pair, float] = defaultdict(float)
        sources: defaultdict[Pair, set[str]] = defaultdict(set)
        for sight, times in wrong:
            for raw, true in _changes(table, sight):
                counts[raw, true] += sight.weight * times
                sources[raw, true].add(sight.source)
        rows = _estimated(counts, sources, grams)
        table = Confusions(rows)
    return _kept(rows, counts)


def _changes(table: Confusions | None, sight: Sighting) -> Iterable[Pair]:
    if table is None:
        return blocks(sight.raw, sight.true)
    return ((change.raw, change.true) for change in table.explain(sight.raw, sight.true))


def _estimated(counts: dict[Pair, float], sources: dict[Pair, set[str]], grams: dict[str, float]) -> dict[Pair, float]:
    known = prior()
    rows = dict(known)
    for pair in known.keys() | counts.keys():
        raw, true = pair
        times = counts.get(pair, 0.0)
        trusted = times >= (MIN_SIGHTINGS_TWO_SETS if len(sources.get(pair, ())) > 1 else MIN_SIGHTINGS_ONE_SET)
        if pair not in known and not (trusted and any(c.isalnum() for c in raw + true)):
            continue
        expected = math.exp(-known.get(pair, SUBSTITUTION_NATS + max(len(raw), len(true))))
        probability = (times + PRIOR_SIGHTINGS * expected) / (grams.get(true, 0.0) + PRIOR_SIGHTINGS)
        rows[pair] = min(-math.log(probability), known.get(pair, math.inf) + PRIOR_MAX_SURCHARGE_NATS)
    return rows


def _kept(rows: dict[Pair, float], counts: dict[Pair, float]) -> dict[Pair, float]:
    """Return the rows that save nats over the other rows, at most ``MAX_ROWS``, those that save the most first."""
    table = Confusions({pair: nats for pair, nats in rows.items() if max(map(len, pair)) == 1})
    gain = {pair: _without(pair, table) - nats for pair, nats in rows.items()}
    known = prior()
    useful = [pair for pair in rows if gain[pair] > MIN_SAVED_NATS]
    useful.sort(key=lambda pair: (pair in known, counts.get(pair, 0.0) * gain[pair]), reverse=True)
    return {pair: rows[pair] for pair in useful[:MAX_ROWS]}


def _without(pair: Pair, table: Confusions) -> float:
    return Confusions({p: n for p, n in table.rows.items() if p != pair}).cost(*pair)


def written(rows: dict[Pair, float]) -> str:
    """Return the table file's text: sorted by the true text, the likeliest confusion first."""
    head = (
        "# raw\ttrue\tnats = -ln P(raw | true); learned by scripts/bench/learn_confusions.py; "
        + EMPTY
        + " is nothing\n"
    )
    ordered = sorted(rows.items(), key=lambda row: (row[0][1], row[1], row[0][0]))
    return head + "".join(f"{raw or EMPTY}\t{true or EMPTY}\t{nats:.2f}\n" for (raw, true), nats in ordered)


def evaluate(table: Confusions, seen: Counter[Sighting], lang: str, most: int) -> str:
    """Return a line with the mean reciprocal rank of the true word among words within two edits of the misread one.

    Ties count as their middle rank; the misread word itself, where it is a word, is left out. Each order is given alone
    and with the word's frequency (in nats) added.
    """
    lexicon = [word for word in top_n_list(lang, 80_000) if word.isalpha()]
    frequency = {word: -math.log(word_frequency(word, lang)) for word in lexicon}
    cases = sorted({(s.raw, s.true) for s in seen if s.lang == lang and s.raw != s.true and (s.raw + s.true).isalpha()})
    cases = [case for case in cases if case[1].casefold() in frequency and case[0].casefold() != case[1].casefold()]
    cases.sort(key=lambda case: hashlib.sha256("\t".join(case).encode()).digest())
    totals: defaultdict[str, float] = defaultdict(float)
    pairs, seconds = 0, 0.0
    for raw, true in cases[:most]:
        near = process.extract(
            raw.casefold(), lexicon, scorer=Levenshtein.distance, score_cutoff=2, limit=None, processor=None
        )
        distance = {word: float(edits) for word, edits, _ in near if edits}
        goal = true.casefold()
        if goal not in distance:
            continue
        start = time.perf_counter()
        channel = {word: table.cost(raw, _cased(word, raw)) for word in distance}
        seconds += time.perf_counter() - start
        pairs += len(channel)
        totals["cases"] += 1
        for name, costs, scale in (("levenshtein", distance, 4.0), ("channel", channel, 1.0)):
            totals[name] += 1 / _rank(goal, costs)
            totals[name + "+frequency"] += 1 / _rank(goal, {w: scale * c + frequency[w] for w, c in costs.items()})
            totals[name + "@1"] += _rank(goal, costs) < 1.5
    if not totals["cases"]:
        return f"{lang}: no misread words"
    found = "  ".join(f"{name} {total / totals['cases']:.3f}" for name, total in totals.items() if name != "cases")
    return f"{lang}: {totals['cases']:.0f} words  {found}  {pairs / seconds:,.0f} costs/s"


def _cased(word: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word.capitalize() if like[:1].isupper() else word


def _rank(goal: str, costs: dict[str, float]) -> float:
    values = costs.values()
    return sum(v < costs[goal] for v in values) + (sum(v == costs[goal] for v in values) + 1) / 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn and write the table, or measure the one there is."""
    parser = argparse.ArgumentParser(description="Learn or evaluate the table of OCR confusions.")
    parser.add_argument("pairs", nargs="+", metavar="PAIRS.jsonl[:WEIGHT]")
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--evaluate", action="store_true", help="measure on the half that was not learned from")
    parser.add_argument("--most", type=int, default=1500, help="misread words a language to evaluate on")
    given = parser.parse_args(arguments)
    seen = sightings(given.pairs, even=not given.evaluate)
    if given.evaluate:
        table = Confusions.load(given.table)
        for lang in sorted({sight.lang for sight in seen}):
            print(evaluate(table, seen, lang, given.most), flush=True)
    else:
        rows = learn(seen)
        given.table.write_text(written(rows), encoding="utf-8")
        print(f"{len(rows)} confusions from {seen.total()} pairs of words")
    return 0


if __name__ == "__main__":
    sys.exit(main())
