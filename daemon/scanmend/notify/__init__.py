"""Notifications: who is told, through apprise, when something needs a person; never what scans say.

1. ``messages`` turns log events into messages, with or without names of files; it is pure.
2. ``throttle`` lets each kind about each folder or model through once an hour, and tells how many it held back.
3. ``queue_watch`` says when nothing moves though documents wait; ``digest`` says when the daily one is due, and has
   its text. Both are pure, too.
4. ``notifier.Notifier``, a thread of the daemon, hears events and does 1 to 3; ``delivery`` has ``host``, a process
   that alone imports apprise, send what is due, in limited time, and tries again later what could not be sent.

``addresses`` reads where to; addresses hold passwords, and are neither logged nor shown. ``privacy`` takes names and
secrets out of what may leave the machine. Others use ``Notifier``, ``addresses``, ``privacy`` and, for check,
``host.problems``. May import: errors, config, process, ledger.
"""
