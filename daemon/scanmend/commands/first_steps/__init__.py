"""The commands of whoever has just installed scanmend, before the first scan.

``setup_model`` installs the packages with the bundled language model and the second reader's networks, by the hashes in
``locks``, and checks what they brought. ``locks`` is read by scripts/setup, too: what is bundled is pinned in one place.

May import: errors, config, second_reader, llm.store, commands. Only cli may import it.
"""
