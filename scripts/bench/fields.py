#!/usr/bin/env python3
"""Measures the fields that scanmend extracts, against the facts of each page, beside what else could be asked.

    scripts/bench/fields.py FOLDER:PRESET[:HALF] … --kept READINGS [--ways fields unsure chosen json …] [--wrong]

Each folder has page images with ``.key.json`` beside them: company, date, total and so on, as printed. HALF is ``odd``,
``even`` or ``all`` of its pages. Pages are read once, by both readers; the readings are kept. Ways:

- ``fields``: scanmend's ranker, without any language model
- ``unsure``: the same, but of doubtful fields the bundled language model chooses among the candidates
- ``chosen``: the same, but the model chooses for every field
- ``json``: the bundled language model is given the page's text, and simply asked for JSON
- ``invoice2data``: its templates, on the same text; where it is installed

A value is right where it is exactly the fact: dates and amounts by their value, others by their letters and digits.
"""

import argparse
import importlib.util
import logging
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ask_model import ask_for_json, choose
from field_scores import KINDS, Score, is_right, key_of, keyed_images, normal, score, total
from read_pages import read_pages
from scanmend.document import CorrectedPage, DocumentField, FieldValue
from scanmend.fields.extract import extract_fields
from scanmend.fields.presets import PRESETS

Way = Callable[[CorrectedPage, str, Sequence[str]], Mapping[str, DocumentField]]
"""Takes a page, the preset and the names of the facts; returns its fields by name."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line names; print a table for each folder and way."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sets", nargs="+", metavar="FOLDER:PRESET[:HALF]")
    options.add_argument("--kept", type=Path, required=True, help="folder for the readings of the pages")
    options.add_argument("--ways", nargs="*", choices=list(WAYS), default=["fields"])
    options.add_argument("--limit", type=int, default=1000, help="most pages of a folder (%(default)s)")
    options.add_argument("--wrong", action="store_true", help="also name each wrong value")
    given = options.parse_args(arguments)
    for named in given.sets:
        folder, preset, half = (*named.split(":"), "all")[:3]
        pages = read_pages(keyed_images(Path(folder), half)[: given.limit], given.kept)
        for way in given.ways:
            print(f"\n{named} · {way} · {len(pages)} pages")
            _measure(pages, preset, WAYS[way], wrong=given.wrong)


def _measure(pages: Mapping[Path, CorrectedPage], preset: str, way: Way, *, wrong: bool) -> None:
    """Print the table of one way over one set."""
    scores: dict[str, list[Score]] = defaultdict(list)
    for image, page in pages.items():
        key = {name: text for name, text in key_of(image).items() if name in KINDS}
        found = way(page, preset, list(key))
        for name, truth in key.items():
            if name in found:
                scores[name].append(score(name, found[name], truth, page))
                if wrong and not is_right(name, found[name].value, truth):
                    one = found[name]
                    print(f"  {image.stem} {name}: {one.value!r} for {truth!r} ({one.doubt or 'no doubt'})")
    row = "{:10}{:>7}{:>7}{:>8}{:>7}{:>8}{:>9}{:>10}{:>15}".format
    print(row("field", "pages", "right", "share", "wrong", "marked", "missing", "invented", "right, marked"))
    for name, of_field in scores.items():
        s = total(of_field)
        marked, share = f"{s.wrong_doubtful}/{s.wrong}", f"{s.right / s.pages:.1%}"
        print(row(name, s.pages, s.right, share, s.wrong, marked, s.missing, s.invented, s.right_doubtful))


def _fields(page: CorrectedPage, preset: str, _names: Sequence[str]) -> Mapping[str, DocumentField]:
    return {field.name: field for field in extract_fields([page], PRESETS[preset], page.page.languages)}


def _unsure(page: CorrectedPage, preset: str, names: Sequence[str]) -> Mapping[str, DocumentField]:
    found = _fields(page, preset, names)
    return {n: choose(f, page.corrected) if f.doubt and n in names and f.others else f for n, f in found.items()}


def _chosen(page: CorrectedPage, preset: str, names: Sequence[str]) -> Mapping[str, DocumentField]:
    found = _fields(page, preset, names)
    return {n: choose(f, page.corrected) if n in names and f.others else f for n, f in found.items()}


def _json(page: CorrectedPage, _preset: str, names: Sequence[str]) -> Mapping[str, DocumentField]:
    return _told(ask_for_json(page.corrected, names))


def _invoice2data(page: CorrectedPage, _preset: str, _names: Sequence[str]) -> Mapping[str, DocumentField]:
    if importlib.util.find_spec("invoice2data") is None:
        raise SystemExit("fields.py: invoice2data is not installed")
    from invoice2data.extract.loader import read_templates  # noqa: PLC0415 -- an optional comparison

    logging.disable(logging.ERROR)  # it tells of every template that does not fit
    theirs = {"number": "invoice_number", "total": "amount", "date": "date", "company": "issuer", "vendor": "issuer"}
    for template in read_templates():
        prepared = template.prepare_input(page.corrected)
        if not template.matches_input(prepared):
            continue
        try:
            read = template.extract(prepared, "", None) or {}
        except Exception:  # noqa: BLE001, S112 -- another program's: this template does not fit after all
            continue
        told = {name: read[key] for name, key in theirs.items() if read.get(key)}
        return _told({n: v.date().isoformat() if n == "date" else str(v) for n, v in told.items()})
    return _told({})


def _told(values: Mapping[str, str]) -> Mapping[str, DocumentField]:
    """Return what another program says as fields without places; what it does not say is missing."""
    named = {name: DocumentField(name, KINDS[name]) for name in KINDS}
    return named | {
        name: DocumentField(name, KINDS[name], chosen=FieldValue(text, _as_value(name, text), 1))
        for name, text in values.items() if name in KINDS and text
    }  # fmt: skip


def _as_value(name: str, text: str) -> str:
    return normal(name, text) if KINDS[name] != "name" else text


WAYS: dict[str, Way] = {
    "fields": _fields,
    "unsure": _unsure,
    "chosen": _chosen,
    "json": _json,
    "invoice2data": _invoice2data,
}
"""What is measured."""

if __name__ == "__main__":
    sys.exit(main())
