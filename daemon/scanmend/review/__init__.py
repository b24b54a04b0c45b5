"""Review: a person decides what two readers and a model could not settle, and the decisions rewrite all outputs.

1. ``doubt`` is the pure core: the doubtful places of corrected pages, and what decisions make of the pages.
2. ``keeping`` makes a ``bundle`` when a document with doubtful places is published: its pages, what its outputs need.
3. ``journal`` has every decision, durable before anything else happens; ``rewriting`` writes the outputs again, all or
   none in the end, whatever is killed in between; files that somebody changed since are left alone.
4. ``opened`` remembers parsed documents, so that a step is cheap; ``pictures`` shows pages and places, from the scan
   that ``scans`` finds; ``glossary`` learns words that a person confirmed twice.
5. ``reviews.Reviews`` is the one entry point, for any thread, and answers with ``documents``; ``writer`` has the thread
   that writes the outputs, and ``telling`` has a folder's ``on_review`` hear of them.

Service, commands and what serves the page use ``Reviews`` and the values; jobs knows only its own ``Reviewing``.
May import: errors, document, fs, correct.lexicon, assembly, config, ledger, source, outputs, fields, pageworkers, jobs,
review.doubt.
"""
