"""Pages read by the workers of a Dask cluster, on other machines, in place of the page pool's own.

1. ``remote_pages.RemotePages`` keeps a fair queue of pages, and a bounded number of them with each worker.
2. ``cluster`` is the connection: the only module that imports ``distributed``, and that not before the first page.
3. ``sources`` says which bytes of which file go along: each worker gets a document once.
4. ``tasks`` runs on a worker: JSON and the file's bytes in, JSON out, by a page pool of the worker's own.
5. ``source_cache`` holds the files there; ``versions`` says what a worker reads with, and ``crew`` who may read what.

A lost worker costs nothing but time, since pages are pure. A lost scheduler makes documents wait (WorkersAway).
Inboxes, outboxes and the ledger are the daemon's business alone. ``probe`` has a look at a cluster for ``check``.

May import: errors, document, fs, language, config, second_reader, source, pageworkers.
"""
