"""Two readers: what a second, independent reader of the same image says of a page, and which edits follow from it.

1. ``comparison`` matches the lines of both readers by geometry (``frame``), and their characters by ``alignment``;
   ``spelling`` puts the second reading of a word into Tesseract's style.
2. ``lattice`` gives the probability of any text under the second reader's network.

May import: document, correct.lexicon.
"""
