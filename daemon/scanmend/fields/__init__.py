"""Fields: facts of a document, such as the total of an invoice, each a span of words on one of its pages.

1. ``page_text`` lays a corrected page out in rows of words; ``label_match`` finds the labels of the wanted fields on it.
2. ``dates``, ``money``, ``identifiers``, ``companies`` and ``texts`` recognise what a field can be.
3. ``features`` says of each candidate how it stands to labels, page and other numbers; ``rank`` weighs that, with the
   weights of ``weights.tsv``, and gives each a probability.
4. ``extract`` runs these steps over a document. No step writes a value: each is words of the page.

``specs`` has what a folder wants; ``presets`` has invoices and receipts in six languages.
From outside use ``extract.extract_fields`` and ``presets.wanted``. Pure; it may import ``document``,
``correct.figures`` and ``outputs`` (for ``word_boxes``).
"""
