"""Fields: facts of a document, such as the total of an invoice, each a span of words on one of its pages.

1. ``recognise`` finds labels, and spans of words that a field can be.
2. ``candidates`` gathers them for each field; ``features`` says how each stands to labels, page and other numbers.
3. ``rank`` weighs the features, with the weights of ``weights.tsv``, and gives each value a probability.
4. ``extract`` runs these steps over a document, and says what is doubtful. No step writes a value.

``specs`` has what a field is; ``presets`` invoices and receipts in six languages, ``configured`` what a folder wants.
``choice`` has a language model choose among candidates; ``questions`` are put to a person, ``answers`` taken.
Others use ``extract``, ``configured.wanted`` and these three. Pure, and loaded on first need.

May import: document, config, correct.figures, outputs, fields.recognise.
"""
