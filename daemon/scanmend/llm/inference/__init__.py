"""llama.cpp in a child process: scoring candidates, and rewriting chunks with the source as the draft.

1. ``host`` is that process: it loads one GGUF, then corrects page after page with the room ``correct``.
2. ``engine``, the only importer of llama_cpp, returns log-probabilities, and decodes replies greedily.
3. A reply is nearly a copy of its source: ``draft`` finds the next source tokens, ``draft_length`` decides how many are
   worth a batch, and the engine verifies them; the text is the same as without.
4. ``chat_template`` keeps control tokens out of messages; ``weights`` chooses how weights are laid out in memory,
   ``cpu_variants`` which of llama.cpp's builds for kinds of processors runs.

No other room imports this one: ``llm.scheduler`` starts ``host`` by its name, so that nothing heavy is loaded in the
daemon. ``selftest`` is for set-up. It imports ``correct``, ``process``, ``config`` and ``llm.store``.
"""
