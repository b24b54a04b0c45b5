"""A second, independent reader of page images: its evidence is weighed against Tesseract's when a page is corrected.

It is PP-OCRv6 small: one network finds lines, another reads them. Its weights lie in the package ``rapidocr``
(``weights``); OpenVINO runs them (``network``), and OpenCV cuts the lines out (``image``).

1. ``reader_process.ReaderProcess``, in the daemon, starts ``host`` on first need, and lives without it when it fails.
2. ``read`` finds the lines of a page (``detect``), chooses those worth reading (``choose``), and reads them: each
   becomes a ``lattice`` of the best symbols at each step.
3. Where no language model is asked about a page, ``host`` also has ``correct`` make one page of both readings.
4. ``symbols`` says which languages it can read, ``precision`` in which floats. ``selftest`` is for set-up.

Others use ``reader_process`` and ``symbols.supports``, which are light; all else is loaded in its own process only.
May import: errors, document, language, process, correct, correct.lexicon, correct.two_readers.
"""
