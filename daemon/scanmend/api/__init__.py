"""The Python API: scans and texts corrected in a script of one's own; ``from scanmend import Corrector, read``.

1. ``processes`` builds page workers and models from a configuration; the commands use it, too.
2. ``corrector`` has what scripts call. They begin with built-in settings or with those of a configuration's folder.

Nothing here is kept running: when a call of ``read``, or the block of a Corrector, ends, every child process is gone.
Only cli may import this room, and ``scanmend`` itself, which loads it when somebody asks for a name of it.
May import: document, config, pageworkers, llm.scheduler, llm.store, jobs, commands.
"""
