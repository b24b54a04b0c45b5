"""Page processes: scans are parsed, read and composed in worker processes, apart from the daemon.

1. ``pool.PagePool`` takes tasks of many documents: inspect a source, read a page, compose outputs.
2. ``fair_queue`` says whose task is next: one of each document in turn, and no more pages than may be read now.
3. ``worker_processes`` lends the task an idle ``worker`` process, or starts one; its answer is the future's result.
4. A worker that crashes or hangs costs one page: it is ended, and the next page gets a new one.
5. ``second_stage`` has the second reader look at pages beside and after OCR; the first page is finished first.
6. ``join`` makes one PDF of several files; ``compose`` makes the outputs that show pages, one page at a time.
7. ``archival`` replaces the pdf output by an archival copy, where validators say that it conforms.

Others use ``PagePool``, ``archival`` and the names in ``protocol``; all are light, and only workers import MuPDF,
pikepdf, Pillow and pytesseract.

May import: errors, document, fs, process, assembly, correct, second_reader, source, ocr, outputs, outputs.pdf.
"""
