#!/usr/bin/env python3
"""What each reader, both together and the language model make of scanned pages, scored against ground truth.

    bench/reading.py --pages DIR … [--ways tesseract today second both model] [--second auto|always]
                     [--model FILE.gguf] [--half odd|even|all] [--limit N] [--bag] [--fold SET …]

Each folder is a set: images with a ``.gt.txt`` beside each. A page is read in the language that its name or its set's
ends in (``letters_02_de``, ``tapuscorpus_fr``), or in English where Tesseract does not have that one. Prints a Markdown
table with a row for each set and way, and the sums of all sets.

Ways
  tesseract  Tesseract's reading of the prepared page, uncorrected; what all others are compared with
  today      corrected by the language model, without the second reader
  second     the second reader alone: all lines that it finds, in its own order, from top to bottom
  both       both readers' evidence weighed, without the language model
  model      both readers and the language model: what is published

Columns
  n          pages
  CER        edits to the truth per character of the truth, over all pages: white space collapsed, broken words joined
  change     of CER against the way tesseract; negative is better
  b/s/w      pages whose own CER is better, the same, or worse than with the way tesseract
  words      with --bag: share of the truth's words found, whatever their order
  right      numbers of the truth that are found, of how many (as multisets; separators count)
  wrong      numbers in the text that the truth does not have
  broken     numbers that the way tesseract has right and this one has not
  disputed   numbers that the record marks as disputed
  marked     share of the wrong numbers that the record marks, as disputed or as seen by one reader only
  ocr, 2nd, correct
             seconds a page of each stage, from the record; the second way's are of the reader run by itself
A way that this installation does not offer has "-" in its columns.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from readings import runs, table, ways
from readings.scores import Reading, Score, score
from scored_pages import ground_truth, page_images


def main(arguments: Sequence[str] | None = None) -> None:
    """Read every set in every way, and print the table as sets are done."""
    given = _options().parse_args(arguments)
    options = ways.Options(given.second, given.strategy, given.model)
    wanted = [way for way in ways.NAMES if way in given.ways or way == ways.TESSERACT]
    totals: dict[str, Score | None] = dict.fromkeys(wanted, Score())
    for line in table.head(bag=given.bag):
        print(line)
    for folder in given.pages:
        images = page_images(folder, given.half, given.limit)
        if not images:
            continue
        found = runs.read_all(images, wanted, options)
        scores = {way: _sum(images, found[way], found, fold=folder.name in given.fold) for way in wanted}
        totals = {way: _added(totals[way], scores[way]) for way in wanted}
        _print(folder.name, scores, bag=given.bag)
    if len(given.pages) > 1:
        _print("all", totals, bag=given.bag)


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=Path, nargs="+", required=True, metavar="DIR", help="sets of pages")
    options.add_argument("--ways", nargs="*", choices=ways.NAMES, default=ways.NAMES, help="all by default")
    options.add_argument("--second", choices=["auto", "always"], default="auto", help="which lines the second reads")
    options.add_argument("--model", type=Path, metavar="FILE.gguf", help="the language model (the bundled one)")
    options.add_argument("--strategy", default="auto", help="how the language model corrects (%(default)s)")
    options.add_argument("--half", choices=["odd", "even", "all"], default="all", help="by a hash of the page's name")
    options.add_argument("--limit", type=int, default=10_000, help="most pages of each set")
    options.add_argument("--bag", action="store_true", help="also the share of words found, whatever their order")
    options.add_argument("--fold", nargs="*", default=[], metavar="SET", help="sets whose truth is in capitals")
    return options


def _sum(
    images: Sequence[Path], readings: runs.Readings | None, found: dict[str, runs.Readings | None], *, fold: bool
) -> Score | None:
    """Return the score of one way over a set's pages; None where the way was not to be had."""
    if readings is None:
        return None
    first = found[ways.TESSERACT] or {}
    empty = Reading("")
    pages = (score(ground_truth(i), readings[i], first.get(i, empty), fold=fold) for i in images)
    return sum(pages, Score())


def _added(total: Score | None, more: Score | None) -> Score | None:
    return None if total is None or more is None else total + more


def _print(name: str, scores: dict[str, Score | None], *, bag: bool) -> None:
    for line in table.rows(name, scores, scores[ways.TESSERACT] or Score(), bag=bag):
        print(line, flush=True)


if __name__ == "__main__":
    main()
