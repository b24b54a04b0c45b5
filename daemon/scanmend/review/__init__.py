"""Review: a person decides what two readers and a model could not settle, and the decisions rewrite all outputs.

1. ``places`` finds the doubtful places of a document's pages; ``decisions`` are what a person says of them; ``decided``
   puts them into the pages. All pure.
2. ``keeping`` makes a ``bundle`` when a document with doubtful places is published: its pages, what its outputs need.
3. ``journal`` has every decision, durable before anything else happens; ``rewriting`` writes the outputs again, all or
   none in the end, whatever is killed in between; files that somebody changed since are left alone.
4. ``pictures`` shows pages and places; ``glossary`` learns words that a person confirmed twice.
5. ``reviews.Reviews`` is the one entry point, for any thread; ``writer`` has the thread that writes the outputs.

Service, commands and what serves the page use ``Reviews`` and the values; jobs knows only its own ``Reviewing``.
May import: errors, document, fs, correct.lexicon, correct.two_readers, assembly, config, ledger, source, outputs,
fields, pageworkers, jobs.
"""
