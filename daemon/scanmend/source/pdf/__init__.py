"""What a PDF does not show although it holds it, or holds badly.

``pictures`` finds the pictures of a page that MuPDF could not decode, or not whole; ``picture_data`` looks into JPEG
and JBIG2 data that end early without any decoder saying so.

Runs in page workers only, on documents that ``source.render_pdf`` opened. What is found becomes a DocumentWarning.

May import: document.
"""
