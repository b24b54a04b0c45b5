"""Image files as people see them: which of their pictures are pages, upright, opaque, in pixel types that all know.

1. ``image_file.open_image_file`` opens a file, recognised by content, and counts its pages. A TIFF's pages are found
   by ``tiff_directories``: thumbnails and masks are none.
2. Each ``ImagePage`` is decoded with Pillow; where that is too strict or wrong, by ``tiff_samples``, with MuPDF
   (``mupdf_image``) or as a ``bare_png``; photos of phones by ``heic``. ``refusal`` says what nobody decodes; a page's
   ``damage``, by ``source.packed``, whether it was decoded in part only.
3. ``seen.seen`` turns what was decoded into what is seen: the one answer for OCR, previews and the PDF output alike.

Runs in page workers only: these libraries parse untrusted files in native code. ``PILLOW_ERRORS`` is what they raise.
``heic.is_heic`` alone is for the daemon, too, and loads none of them.

May import: errors, fs, source.packed.
"""
