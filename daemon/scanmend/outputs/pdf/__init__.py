"""The searchable PDF: pages as they were scanned, with the corrected words as invisible text over their boxes.

- ``from_pdf`` appends the text to a copy of a PDF, which keeps every byte that it had (``repaired``: unless its index
  is broken).
- ``selection`` makes the copy, where a document has only some pages of its source.
- ``joined`` makes one PDF of several scans, before they are read.
- ``from_images`` puts images on pages of their own (``image``), with a PDF written from scratch (``writer``).
- ``archival`` makes an archival copy (PDF/A-2b) of a finished output; it alone imports pikepdf.
- ``text_layer`` makes the content stream of a page's words, in a font without shapes (``glyphless``).

``from_pdf`` and ``from_images`` have a class each that takes pages with ``add`` and ends with ``finish``; others
use only these and ``joined``, from page workers.

May import: document, errors, fs, outputs, source, source.image, source.pdf, source.pdf_content.
"""
