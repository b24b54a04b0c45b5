"""``scanmend check --report``: what a supporter needs to know of an installation, on one page, and nothing secret.

1. ``machine`` has versions, processor, memory, GPU and limits of this machine.
2. ``settings`` prints the configuration with everything private masked.
3. ``state`` sums up what ledger and daemon say: counts, reasons, troubles, never names of files.
4. ``report`` puts the sections together, whatever of them fails, and takes out of the whole text what is known to be
   secret: addresses, passwords, tokens, home folders.

It works without a daemon, and with a configuration that cannot be used. Only cli uses ``report.text``.
May import: errors, config, language, ledger, llm.scheduler, llm.store, notify, process, commands.
"""
