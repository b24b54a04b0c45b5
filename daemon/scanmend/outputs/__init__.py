"""The files that a document's outbox gets, one module per format; and the report beside a quarantined file.

- ``txt``, ``md`` and ``record`` (json) yield their file as bytes, page by page, from any corrected pages.
- ``hocr``, ``html`` and ``pdf`` write theirs page by page: ``add`` each page, then ``finish``.
- ``page_file`` keeps corrected pages on disk, so that memory does not grow with the document.
- ``word_boxes`` computes where on the page each corrected word stands.
- ``fields_table`` makes ``csv``, and appends to a folder's growing table of fields.
- ``error_report`` writes and reads the ``.error.txt``.

The same input gives the same bytes; names and texts may hold any characters. Where files are published, ``jobs``
decides.

May import: errors, document, fs, language, assembly.
"""
