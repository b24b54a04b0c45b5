"""Assembly: which files of an inbox make one source, and which pages of a source make which document.

1. ``groups`` says which files belong together, in which order, until when more are waited for, and the order of pages.
2. ``rules.Split`` is what a folder asks for: to part at barcodes, patch codes or blank pages, or every so many pages.
3. ``parts.parts_of`` takes what was seen on each page, and returns the parts: each page of the source is in exactly one
   of them, as a page of the document or as one that was dropped. Nothing is ever dropped without being named.

All of it is pure: no files, no clock, no configuration. What becomes of the parts, ``jobs`` decides.
May import: document, errors.
"""
