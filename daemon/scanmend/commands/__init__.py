"""The commands of ``scanmend``, one module for each; ``scanmend.cli`` declares their options and calls them.

Each module has ``run``, which does what the command says: it prints, and ends with the exit code; the functions below
it return plain values, for tests and for each other. ``check``, ``status``, ``retry``, ``unload`` and ``steer`` look
after a daemon, whether it runs or not, and reach it by the ``Link`` that cli hands in; ``process`` and ``correct`` do
its work once without one; ``models`` is a group of commands of its own. ``run`` alone, the daemon, is not here but in
``scanmend.service``.

All share ``options`` (finding the configuration, logging, failing) and ``progress`` (bars on a terminal). What is made
of several rooms, page workers and models, is handed in by cli, so that a command can be tested without them.
This room may import any room but those of single pages; only cli may import it.
"""
