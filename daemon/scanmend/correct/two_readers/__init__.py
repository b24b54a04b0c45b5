"""Two readers: what a second, independent reader of the same image says of a page, and which edits follow from it.

1. ``comparison`` matches the lines of both readers by geometry (``frame``), and their characters by ``alignment``.
2. ``lattice`` gives the probability of any text under the second reader's network; ``weigh`` weighs two readings.
3. ``proposals`` finds other readings, and words and lines that Tesseract lost; ``noise``, what it read where nothing
   stands; ``placement`` puts found lines in the reading order.
4. ``together`` makes one page of both, as a ``revision`` that leads back to Tesseract's page.
   ``witnesses`` says what the other numbers of the page say of a disputed one.
5. ``evidence`` tells correction what the second reader says of its words.

May import: document, correct.lexicon, correct.figures.
"""
