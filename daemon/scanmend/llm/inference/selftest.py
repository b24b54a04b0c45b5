"""Check that llama.cpp works on this machine: load a GGUF in this process and generate eight tokens.

``python -m scanmend.llm.inference.selftest [FILE] [--safe]``; the bundled model when no file is named. Set-up runs it
as a child, since a build for the wrong processor dies of a signal instead of raising.
"""

import importlib.util
import sys
import time
from pathlib import Path

from scanmend.config.schema import BUNDLED
from scanmend.errors import ModelError
from scanmend.llm.inference.engine import Engine

TOKENS = 8
"""How many tokens to generate."""


def main(arguments: list[str]) -> int:
    """Load a model, generate, and print one line; exit code 1 with the reason when that fails."""
    names = [a for a in arguments if not a.startswith("--")]
    started = time.monotonic()
    try:
        path = Path(names[0]) if names else bundled()
        engine = Engine(path, context=512, safe="--safe" in arguments)
        reply = engine.complete(
            "You copy text.", "The quick brown fox jumps over the lazy dog.", max_tokens=TOKENS, deadline=started + 60
        )
        engine.close()
    except ModelError as e:
        sys.stdout.write(f"llama.cpp does not work here: {e}\n")
        return 1
    seconds = time.monotonic() - started
    if reply.tokens < TOKENS and not reply.complete:
        sys.stdout.write(f"llama.cpp is too slow here: {reply.tokens} tokens in {seconds:.1f} s\n")
        return 1
    sys.stdout.write(f"llama.cpp works: {path.name} loaded, {reply.tokens} tokens in {seconds:.1f} s: {reply.text!r}\n")
    return 0


def bundled() -> Path:
    """Return the file of the bundled model; ModelError where it is not installed."""
    spec = importlib.util.find_spec(str(BUNDLED.package))
    for place in spec.submodule_search_locations or () if spec else ():
        if (found := Path(place, str(BUNDLED.file))).is_file():
            return found
    raise ModelError(f"the bundled model is not installed (python package {BUNDLED.package}); run scanmend setup-model")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
