"""The bundled model, and an engine that tells which tokens it wrote."""

import importlib.util
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import llama_cpp as lc
import numpy as np

from scanmend.config.schema import BUNDLED
from scanmend.llm.inference.engine import Engine

MODEL = Path(importlib.util.find_spec(BUNDLED.package).submodule_search_locations[0], BUNDLED.file)
NEAR = 0.5
"""Logits closer than this may change places when a batch has another size."""


class Listening(Engine):
    """Keeps the tokens that it writes."""

    written: list[int]

    def _verify(self, token, offered):
        agreed, best = super()._verify(token, offered)
        self.written += [token, *offered[:agreed]]
        return agreed, best

    def write(self, system, user, **settings):
        """Complete, and return the reply with its tokens."""
        self.written = []
        reply = self.complete(system, user, **{"max_tokens": 40, "deadline": time.monotonic() + 60, **settings})
        return reply, self.written


@cache
def needs_safe():
    """Whether this machine needs safe parameters; found out in a process of its own, which a crash may end."""
    proof = [sys.executable, "-m", "scanmend.llm.inference.selftest", str(MODEL)]
    return subprocess.run(proof, capture_output=True, check=False).returncode != 0


def logits(engine, tokens, first=0):
    """Logits after each token from the ``first`` on, from a fresh context that holds nothing else."""
    options = lc.llama_context_default_params()
    options.n_ctx = options.n_batch = options.n_ubatch = len(tokens)
    options.n_threads = options.n_threads_batch = 1
    context = lc.llama_init_from_model(engine._model, options)
    batch = lc.llama_batch_init(len(tokens), 0, 1)
    for i, token in enumerate(tokens):
        batch.token[i], batch.pos[i], batch.logits[i] = token, i, i >= first
        batch.n_seq_id[i], batch.seq_id[i][0] = 1, 0
    batch.n_tokens = len(tokens)
    assert lc.llama_decode(context, batch) == 0
    rows = [
        np.ctypeslib.as_array(lc.llama_get_logits_ith(context, i), shape=(engine._size,)).astype(np.float64)
        for i in range(first, len(tokens))
    ]
    lc.llama_batch_free(batch)
    lc.llama_free(context)
    return rows
