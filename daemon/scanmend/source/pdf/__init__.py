"""What a PDF does not show although it holds it, or holds badly.

``pictures`` finds the pictures of a page that MuPDF could not decode, or not whole; ``picture_data`` looks into JPEG
and JBIG2 data that end early without any decoder saying so.

``bounds`` tells where a PDF begins and ends in its file, and is light enough for the daemon. All else runs in page
workers only, on documents that ``source.render_pdf`` opened; what is found becomes a DocumentWarning.

May import: document, fs.
"""
