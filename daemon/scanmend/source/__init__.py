"""Opening a scan: what it is, its pages as images, and the text that a PDF already holds.

1. ``render.inspect`` digests a file and counts its pages; of what cannot be a scan, ``foreign`` says what it is.
2. ``pdf_text.extract_text`` takes a PDF page's embedded text, put into reading order by ``layout``, and says whether it
   can be trusted; what of it is hidden, ``pdf_content`` finds.
3. ``render.render`` writes a page image to disk, with MuPDF (``render_pdf``) or out of ``image`` (``render_image``).
4. ``blank.is_blank`` recognises pages with nothing on them; ``preview`` shows pages to people.

``passwords`` opens encrypted PDFs. ``settings`` holds limits and settings, and is light enough for the daemon. All else
runs in page workers only, as MuPDF and Pillow parse untrusted files in native code; what they raise on damage,
``damage`` turns into DocumentError.

May import: errors, document, fs, language, layout, source.image, source.packed, source.pdf, source.pdf_content.
"""
