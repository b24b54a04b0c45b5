"""Optical character recognition: a page image becomes a Page of lines, words, boxes and confidences.

1. ``page.read_page`` takes a PDF's embedded text, recognises a blank page, or has the page image read.
2. ``preprocess.read`` transforms the image as its analysis suggests (``page_analysis``, ``transform``), and has
   ``tesseract`` read it; ``cjk_words`` joins the pieces that it makes of Chinese, Japanese and Korean words where
   ``ink_gap`` finds no gap on the image.
3. ``quality`` rates the result. Where it looks poor, the page is read again: turned, scaled or in another layout; the
   better result is kept.
4. ``geometry`` maps boxes back to the page as scanned; ``page_marks`` looks for barcodes and patch codes if asked to.

From outside, only ``page.read_page`` is needed, and ``transform.upright`` for the second reader; both run in page
workers.

May import: errors, document, language, layout, marks, process, source.
"""
