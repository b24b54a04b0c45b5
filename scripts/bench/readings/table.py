"""The table: a row for each set and way, in Markdown."""

from collections.abc import Iterator, Mapping, Sequence

from readings.scores import Score

ABSENT = "-"
"""Stands in every column of a way that was not to be had."""


def head(*, bag: bool) -> Iterator[str]:
    """Yield the lines above the rows; ``bag`` adds the share of words found."""
    columns = ["set", "way", "n", "CER", "change", "b/s/w", *(["words"] if bag else [])]
    columns += ["right", "wrong", "broken", "disputed", "marked", "ocr", "2nd", "correct"]
    yield f"| {' | '.join(columns)} |"
    yield "|---|---|" + "--:|" * (len(columns) - 2)


def rows(name: str, scores: Mapping[str, Score | None], first: Score, *, bag: bool) -> Iterator[str]:
    """Yield a row for each way of one set; ``first`` is the score that all are compared with."""
    for way, score in scores.items():
        cells = [ABSENT] * (13 if bag else 12) if score is None else list(_cells(score, first, bag=bag))
        yield f"| {' | '.join([name, way, *cells])} |"


def _cells(score: Score, first: Score, *, bag: bool) -> Sequence[str]:
    change = (score.rate - first.rate) / first.rate if first.rate else 0.0
    marked = f"{score.marked_wrong / score.wrong:.0%}" if score.wrong else ABSENT
    return [
        str(score.pages),
        f"{score.rate:.2%}",
        f"{change:+.0%}" if score is not first else "",
        f"{score.better}/{score.same}/{score.worse}" if score is not first else "",
        *([f"{score.words_found / max(1, score.words):.1%}"] if bag else []),
        f"{score.right}/{score.numbers}",
        *(str(n) for n in (score.wrong, score.broken, score.disputed)),
        marked,
        *(f"{seconds / max(1, score.pages):.2f}" for seconds in (score.ocr, score.second, score.correct)),
    ]
