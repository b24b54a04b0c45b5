#!/usr/bin/env python3
"""How fast llama.cpp's code for each kind of processor is, where a build carries several; else, how fast that build is.

    bench/cpu_kinds.py [--kinds zen4 haswell x64] [--libraries FOLDER] [--rounds N]

Each kind runs in a process of its own, by the bundled model and on one thread: a prompt of 256 tokens, then a reply of
12 tokens that nothing drafts. Times are those of the processor, so that what else runs counts for little; the best of
all rounds is told. ``--libraries``: a folder with another llama_cpp in it, such as a build for this processor, to
compare with. A kind that this processor cannot run ends by a signal, and that is told in its place.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PROMPT_TOKENS, REPLY_TOKENS = 256, 12
SENTENCE = "The committee met on Tuesday and the report was read aloud by the secretary. "


def measure(kind: str) -> dict[str, Any]:
    """Load the bundled model with this kind of code and time it; an empty kind leaves the choice to the engine."""
    from scanmend.llm.inference import cpu_variants  # noqa: PLC0415 -- the process that starts others does without
    from scanmend.llm.inference.engine import Engine, use_cpu  # noqa: PLC0415
    from scanmend.llm.inference.selftest import bundled  # noqa: PLC0415

    if kind:
        cpu_variants.chosen = lambda _scores, **_: kind
    chosen = use_cpu()
    engine = Engine(bundled(), context=1024, threads=1)
    text = SENTENCE * (PROMPT_TOKENS // 8)
    tokens = len(engine.tokenize(text))
    started = time.process_time()
    engine.score(text, [" word"])
    prompt_s = time.process_time() - started
    started = time.process_time()
    deadline = time.monotonic() + 3600
    reply = engine.complete("You copy text.", SENTENCE, max_tokens=REPLY_TOKENS, deadline=deadline, guided=False)
    reply_s = time.process_time() - started
    return {"kind": chosen or "built for one", "prompt": tokens / prompt_s, "reply": reply.tokens / reply_s}


def child(kind: str, libraries: Path | None) -> dict[str, Any]:
    """Return what a process of its own measured, or the signal that ended it."""
    environ = dict(os.environ)
    if libraries:
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(libraries), environ.get("PYTHONPATH", "")]))
    command = [sys.executable, __file__, "--child", kind]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode < 0:
        return {"kind": kind, "died": signal.Signals(-done.returncode).name}
    done.check_returncode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> int:
    """Measure each kind by turns, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="*", default=[""])
    parser.add_argument("--libraries", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--child", metavar="KIND", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        print(json.dumps(measure(options.child)))
        return 0
    best: dict[str, dict[str, Any]] = {}
    for _ in range(options.rounds):
        for kind in options.kinds:
            found = child(kind, options.libraries)
            known = best.setdefault(found["kind"], found)
            best[found["kind"]] = {k: max(v, known[k]) for k, v in found.items()}
    print("| kind | prompt, tokens a second | reply, tokens a second |\n|---|--:|--:|")
    for found in best.values():
        rates = f"{found['prompt']:.0f} | {found['reply']:.1f}" if "prompt" in found else f"died of {found['died']} | –"
        print(f"| {found['kind']} | {rates} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
