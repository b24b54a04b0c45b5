"""The commands of whoever has just installed scanmend, before the first scan.

1. ``setup_model`` installs the packages with the bundled language model and the second reader's networks, by the hashes
   in ``locks``, and checks what they brought. scripts/setup reads ``locks``, too: what is bundled is pinned once.
2. ``init`` asks a few questions, or takes flags, writes a first configuration, and makes its folders.
3. ``config_text`` is that configuration's text.

Only cli may import it. May import: errors, fs, config, language, second_reader, llm.scheduler, llm.store, service,
commands.
"""
