"""Arithmetic as a witness: which of two disputed readings of a number agrees with the other numbers of its page.

1. ``amount`` parses tokens into decimal amounts; ``check_digits`` proves IBANs, VAT numbers and article numbers.
2. ``sheet`` finds the page's number cells, which ``geometry`` orders into rows and columns; ``labels`` says what words
   such as ``Total`` or ``MwSt`` make of them.
3. ``rows``, ``columns``, ``labelled`` and ``identifiers`` name the relations that could hold: quantity × price =
   amount, a column and its sum, net + tax = gross, cash − total = change. ``relation`` and ``equations`` try them.
4. ``witness`` tries them all, bounds how many would hold by chance, and decides only what is far beyond that bound.

Pure: no image, no OCR, no model. From outside use ``witness`` (``Place``, ``ContextWord``, ``Decision``, ``decide``)
and ``amount.parse``. This room may import ``document``.
"""
