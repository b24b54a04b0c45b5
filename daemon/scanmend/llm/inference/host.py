"""The model's own process: loads one GGUF, then corrects page after page.

Run as ``python -m scanmend.llm.inference.host SOCKET LIFELINE``, by ``process.child``. Proposers, judge and word lists
are loaded here, too, so that everything heavy ends with this process.
"""

import os
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from scanmend.correct.confusions import Confusions
from scanmend.correct.corrector import Corrector
from scanmend.correct.lexicon.wordlists import lexicon
from scanmend.correct.settings import CorrectionSettings, choose_strategy
from scanmend.document import CorrectedPage, Page, without_glyphs
from scanmend.errors import ModelError
from scanmend.llm.inference.engine import ALL_LAYERS, Engine, gpu_available, use_cpu
from scanmend.process.child import Message, Progress, serve

REPLY_RATIO = 1.25
"""Longest reply of a rewrite, in tokens, relative to its input."""

_page = TypeAdapter(Page)
_task = TypeAdapter(CorrectionSettings)
_corrected = TypeAdapter(CorrectedPage)


class Model:
    """The engine as a ``LanguageModel``; each call has a time limit of its own."""

    can_score = True

    def __init__(self, engine: Engine, call_limit_s: float) -> None:
        self._engine = engine
        self._limit_s = call_limit_s

    def score(self, context: str, continuations: Sequence[str]) -> list[float]:
        """See LanguageModel."""
        return self._engine.score(context, continuations)

    def rewrite(self, prompt: str, text: str) -> str:
        """See LanguageModel."""
        reply = self._engine.complete(
            prompt, text, max_tokens=self._budget(text), deadline=time.monotonic() + self._limit_s, source=text
        )
        return reply.text if reply.complete else ""

    def fits(self, prompt: str, text: str) -> bool:
        """See LanguageModel."""
        return len(self._engine.tokenize(prompt + text)) + self._budget(text) + 64 <= self._engine.context

    def _budget(self, text: str) -> int:
        return int(len(self._engine.tokenize(text)) * REPLY_RATIO) + 16


class ModelHost:
    """Answers requests: ``load`` first, then ``correct`` and ``choose``."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._corrector = cache(self._make_corrector)

    def handle(self, request: Message, progress: Progress) -> Message:
        """Answer one request; a ModelError is sent as ``error``, any other exception ends the process."""
        try:
            if request["do"] == "load":
                return self._load(request)
            return self._choose(request) if request["do"] == "choose" else self._correct(request, progress)
        except ModelError as e:
            return {"error": str(e)}

    def _load(self, request: Message) -> Message:
        started = time.monotonic()
        use_cpu(safe=bool(request["safe"]))
        layers = _layers(request["gpu_layers"], cpu_will_do=bool(request["cpu_will_do"]))
        try:
            self._engine = Engine(
                Path(os.fsdecode(bytes.fromhex(request["path"]))),
                context=int(request["context"]),
                threads=int(request["threads"]),
                gpu_layers=layers,
                safe=bool(request["safe"]),
            )
        except ModelError as e:
            return {"error": str(e), "no_gpu": not gpu_available()}
        return {
            "context": self._engine.context,
            "gpu_layers": layers,
            "seconds": round(time.monotonic() - started, 3),
        }

    def _correct(self, request: Message, progress: Progress) -> Message:
        page = _page.validate_python(request["page"])
        task = choose_strategy(_task.validate_python(request["task"]), self._engine.parameters if self._engine else 0)
        corrector = self._corrector(task.languages, float(request["call_limit_s"]))
        return {"result": _corrected.dump_python(without_glyphs(corrector.correct(page, task, progress)), mode="json")}

    def _choose(self, request: Message) -> Message:
        if self._engine is None:
            raise ModelError("asked to choose before a model was loaded")
        return {"result": self._engine.choose(request["prompt"], request["question"], request["grammar"])}

    def _make_corrector(self, languages: tuple[str, ...], call_limit_s: float) -> Corrector:
        if self._engine is None:
            raise ModelError("asked to correct before a model was loaded")
        return Corrector(Model(self._engine, call_limit_s), lexicon(languages), Confusions.load())


def _layers(wanted: int | str, *, cpu_will_do: bool) -> int:
    """Return the number of GPU layers for llama.cpp; 0 where no GPU can be used and the CPU will do."""
    if cpu_will_do and not gpu_available():
        return 0
    return ALL_LAYERS if wanted in ("auto", "all") else int(wanted)


if __name__ == "__main__":
    serve(ModelHost().handle)
