"""What a PDF does not show although it holds it, or holds badly.

- ``pictures`` finds the pictures of a page that MuPDF could not decode, or not whole; with ``source.packed``, also
  those whose data are damaged without MuPDF saying so.
- ``page_tree`` mends wrong page trees in memory; ``stand_ins`` recognises pages that only stand in for the document.
- ``masked_fields`` hides what was typed into fields for passwords.
- ``bounds`` tells where a PDF begins and ends in its file, and is light enough for the daemon.

All but the last run in page workers only, on open documents. What is found becomes a DocumentWarning.

May import: document, fs, source.packed.
"""
