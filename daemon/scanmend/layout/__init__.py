"""Reading order: which pieces of text on a page make a row, which rows a column, and which comes first.

1. ``text_rows`` groups runs of text into bands, rows and cells by where they stand.
2. ``gutters`` tells a gutter between columns of text from the gap between the cells of a table, band by band.
3. ``reading_order`` splits the page at its gutters, and puts out lines with their paragraphs; ``bidi`` orders words
   from right to left.
4. ``line_order`` puts lines that OCR read out of order back to their place in their column.

All of it is pure, and knows no file format: words with edges go in, lines come out.

May import: document.
"""
