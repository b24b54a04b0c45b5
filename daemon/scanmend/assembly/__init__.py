"""Assembly: which pages of a source make which document.

1. ``rules.Split`` is what a folder asks for: to part at barcodes, patch codes or blank pages, or every so many pages.
2. ``parts.parts_of`` takes what was seen on each page, and returns the parts: each page of the source is in exactly one
   of them, as a page of the document or as one that was dropped. Nothing is ever dropped without being named.

All of it is pure: no files, no clock, no configuration. What becomes of the parts, ``jobs`` decides.
May import: document, errors.
"""
