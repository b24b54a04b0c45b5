"""One document from its claim to done: the ledger learns each step before it is taken, and the record is written last.

1. ``claim`` takes a file out of an inbox; ``claimed_source`` is that file, until it leaves the claim folder.
2. ``lifecycle`` is the order of the steps: ``write_outputs`` has ``pipeline`` inspect, read and correct it, and makes
   the output files; ``publish`` puts them in the outbox; the source is put away; ``hooks`` runs the folder's command.
3. ``checkpoint`` keeps finished pages in the ledger, so that no page is read twice.
4. ``retry_policy`` decides what follows an error, by its class; ``quarantine`` has what cannot be processed.
5. ``recover`` and ``reconcile`` find out from the folders what a crash or a lost ledger left.

Only service, commands and cli import this room: service for Claimer, ClaimRecovery, DocumentLifecycle and Pipeline;
one-shot commands for Pipeline and ``write_outputs``; ``scanmend retry`` for ``quarantine`` and ``recover``.
"""
