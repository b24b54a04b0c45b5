"""The ledger: one SQLite file that says of every document where it is in its life, and keeps its finished pages.

1. ``ledger.Ledger`` has the states and what may be asked: what is due, which names are taken, which pages are done.
2. ``entry.Entry`` is one document, ``parts`` the documents that one source makes, ``reviews`` the queue of those in
   review; ``sqlite.Database`` writes in transactions and tells damage from passing trouble.
3. ``listing`` finds documents for people: filtered, newest first, counted; quick with a million of them. ``names`` is
   an index of their names in a file of its own, which may be lost.
4. ``recovery.open_ledger`` opens it for the daemon; one that is damaged is set aside, and a new one made.

The listing of the folders and this file are the truth: the ledger is written first, the record of a document last.
Rooms that claim and process documents write here; commands read. It imports ``fs``, ``document`` and ``errors``.
StorageError: it cannot be used now; LedgerDamaged: its content cannot be trusted any more.
"""
