"""Sets of drawn pages with their true text, from receipts and tables to typescripts and newspapers.

A page is drawn clean on a ``Sheet`` (sheet.py), which takes down what it says in reading order. Then paper and people
leave their marks on it (marks.py), and printer, scanner, fax or camera degrade it (wear.py). One module for each kind
of page says what stands where; what is said comes from text/. bench/draw_pages.py writes the sets.

All chance comes from one ``random.Random`` for each page, seeded by set, seed and number, so a page is the same on each
run and does not depend on the others. Fonts are those inside PyMuPDF and, where it is installed, DejaVu, which comes
with Tesseract.
"""
