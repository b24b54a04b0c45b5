"""What stands on a page that a field could be: dates, amounts, identifiers, names, and text beside labels.

- ``page_text`` lays a corrected page out in rows of words, each at its place; ``label_match`` finds labels among them.
- ``dates`` knows figures and the names of months in six languages; ``money`` amounts, currencies and sums that hold.
- ``identifiers`` knows numbers, IBAN, VAT numbers, e-mail and telephone; ``companies`` names; ``addresses`` where they
  are; ``texts`` all else.

Each recogniser returns spans of words; which of them a field means, ``fields`` decides. All of it is pure.

May import: document, correct.figures, outputs (``word_boxes``).
"""
