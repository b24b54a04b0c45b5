#!/usr/bin/env python3
"""How fast replies are decoded: plainly, with llama-cpp-python's prompt lookup, and with the source as the draft.

    bench/decoding.py --model NAME=FILE.gguf … --pages PAGE.txt PAIRS.jsonl … [--words N] [--limit N] [--threads N]

Pages are text files, or the field ``ocr`` of the rows of ``.jsonl`` files, cut into chunks as ``rewrite`` cuts them;
only the first chunk of each is used. Every way gets the same messages at temperature 0, in the same run, and counts
its whole call, the prompt included, but for the system message, which each keeps from one call to the next:

    plain    ``Llama.create_chat_completion``
    lookup   the same with ``LlamaPromptLookupDecoding``
    single   scanmend without a draft
    guided   scanmend

A reply that is not plain's is a near tie when, where they part, the two best logits that scanmend's engine finds
there in a single row differ by less than NEAR_TIE_LOGITS; otherwise it differs.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from llama_cpp import Llama
from llama_cpp.llama_speculative import LlamaPromptLookupDecoding

from scanmend.correct.rewrite import CHUNK_WORDS, INSTRUCTION
from scanmend.llm.inference.engine import Engine

PROMPT = "Correct OCR errors, keep numbers and currency symbols intact"
NEAR_TIE_LOGITS = 0.5
"""Difference of two logits below which a decision is a near tie.

Kernels for several rows round differently by less.
"""
CONTEXT_TOKENS = 2048
"""Size of the context, in tokens, of every way."""
WAYS = ("plain", "lookup", "single", "guided")
"""Ways of decoding, as the module's docstring describes them."""


@dataclass(frozen=True)
class Run:
    """One reply."""

    seconds: float
    """Of the whole call."""
    text: str
    tokens: tuple[int, ...]
    """The tokens of the reply."""
    verdict: str = ""
    """How the reply compares with that of the first way."""


Runs = dict[str, Run]
"""The runs of one page, by way of decoding."""


class RecordingEngine(Engine):
    """An engine that records which tokens it wrote, and measures how close a decision was."""

    written: list[int]
    """Tokens of the last reply."""

    def _verify(self, token: int, offered: Sequence[int]) -> tuple[int, int]:
        agreed, best = super()._verify(token, offered)
        self.written += [token, *offered[:agreed]]
        return agreed, best

    def reply(self, system: str, text: str, budget: int, *, guided: bool) -> Run:
        """Complete as ``rewrite`` does; of the prompt, only the system message is decoded beforehand and not timed."""
        self._feed(self._prompt(system, "Another page."))
        self.written = []
        started = time.perf_counter()
        deadline = time.monotonic() + 3600
        reply = self.complete(system, text, max_tokens=budget, deadline=deadline, source=text, guided=guided)
        return Run(time.perf_counter() - started, reply.text, tuple(self.written))

    def margin(self, system: str, text: str, tokens: Sequence[int]) -> float:
        """Return the difference of the two best logits after these tokens of a reply, from a batch of their own."""
        row = self._feed([*self._prompt(system, text), *tokens])
        second, first = np.sort(self._logits(row))[-2:]
        return float(first - second)


def main() -> None:
    """Measure every model on every page, and print a table for each."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", action="append", required=True, metavar="NAME=FILE.gguf")
    options.add_argument("--pages", type=Path, nargs="+", required=True, metavar="FILE")
    options.add_argument("--words", type=int, default=CHUNK_WORDS, help="words of a chunk")
    options.add_argument("--limit", type=int, default=10_000, help="pages of each file")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    options.add_argument("--prompt", default=PROMPT)
    given = options.parse_args()
    pages = [page for file in given.pages for page in pages_of(file, given.words, given.limit)]
    for name, path in (model.split("=", 1) for model in given.model):
        print(f"{name}: {len(pages)} pages\n{'page':44s} {'way':7s} seconds tokens tokens/s ratio  reply")
        summary(list(measure(Path(path), pages, given)), given.ways)


def pages_of(file: Path, words: int, limit: int) -> Iterator[tuple[str, str]]:
    """Yield name and text of the first chunk of each page."""
    if file.suffix != ".jsonl":
        yield file.stem, first_chunk(file.read_text("utf-8"), words)
        return
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()][:limit]
    yield from ((f"{file.stem}:{row['id']}", first_chunk(row["ocr"], words)) for row in rows)


def first_chunk(text: str, words: int) -> str:
    """Return the first whole lines with together at most ``words`` words, or the beginning of a longer first line."""
    lines: list[str] = []
    for line in filter(str.strip, text.splitlines()):
        if sum(len(x.split()) for x in [*lines, line]) > words:
            break
        lines.append(line)
    return "\n".join(lines) or " ".join(text.split()[:words])


def measure(path: Path, pages: Sequence[tuple[str, str]], given: argparse.Namespace) -> Iterator[Runs]:
    """Yield each page's runs, one way after another so that all see the same machine; print them as they come."""
    system = f"{given.prompt}\n{INSTRUCTION}"
    engine = RecordingEngine(path, threads=given.threads, context=CONTEXT_TOKENS)
    ways = {way: _way(way, path, engine, given.threads) for way in given.ways}
    for reply in ways.values():
        reply(system, "Warm up.", 8)
    for page, text in pages:
        budget = int(len(engine.tokenize(text)) * 1.25) + 16
        runs: Runs = {}
        for way, reply in ways.items():
            runs[way] = reply(system, text, budget)
            base = runs[given.ways[0]]
            runs[way] = replace(runs[way], verdict=_compare(engine, system, text, runs[way], base))
            print(_line(page, way, [runs], given.ways[0]), runs[way].verdict, flush=True)
        yield runs
    engine.close()


def _way(way: str, path: Path, engine: RecordingEngine, threads: int) -> Callable[[str, str, int], Run]:
    if way in {"single", "guided"}:
        return lambda system, text, budget: engine.reply(system, text, budget, guided=way == "guided")
    draft = LlamaPromptLookupDecoding() if way == "lookup" else None
    llama = Llama(
        str(path),
        n_ctx=CONTEXT_TOKENS,
        n_threads=threads,
        n_threads_batch=threads,
        draft_model=draft,
        logits_all=draft is not None,
        verbose=False,
    )

    def reply(system: str, text: str, budget: int) -> Run:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
        started = time.perf_counter()
        answer: Any = llama.create_chat_completion(messages, temperature=0, max_tokens=budget)
        seconds = time.perf_counter() - started
        start = len(engine._prompt(system, text))  # noqa: SLF001 -- as in RecordingEngine, a subclass
        written = llama.input_ids[start : llama.n_tokens].tolist()  # the text could be cut into others
        return Run(seconds, answer["choices"][0]["message"]["content"], tuple(written))

    return reply


def _compare(engine: RecordingEngine, system: str, text: str, run: Run, base: Run) -> str:
    """Return whether two replies are the same, diverge at a near tie, or differ."""
    if run.text.strip() == base.text.strip():
        return "same"
    pairs = zip(run.tokens, base.tokens, strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(run.tokens), len(base.tokens)))
    margin = engine.margin(system, text, run.tokens[:same])
    return f"{'near tie' if margin < NEAR_TIE_LOGITS else 'differs'} ({margin:.2f} after {same})"


def summary(runs: Sequence[Runs], ways: Sequence[str]) -> None:
    """Print the sums of each way, and the range of its ratios."""
    for way in ways:
        found = [run[way].verdict.split(" (")[0] for run in runs]
        print(_line("all", way, runs, ways[0]), ", ".join(f"{found.count(v)} {v}" for v in sorted(set(found))))
        ratios = [run[ways[0]].seconds / run[way].seconds for run in runs]
        print(f"{'':52s} ratios {min(ratios):.2f} to {max(ratios):.2f}, median {statistics.median(ratios):.2f}")


def _line(page: str, way: str, runs: Sequence[Runs], base: str) -> str:
    seconds, tokens = sum(r[way].seconds for r in runs), sum(len(r[way].tokens) for r in runs)
    ratio = sum(r[base].seconds for r in runs) / seconds
    return f"{page[:44]:44s} {way:7s} {seconds:7.2f} {tokens:6d} {tokens / seconds:8.1f} {ratio:5.2f} "


if __name__ == "__main__":
    main()
