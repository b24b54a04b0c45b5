"""OCR: pages are rendered and read by Tesseract in worker processes."""

import sys

for _unwanted in ("pymupdf.layout", "pymupdf4llm"):
    # PyMuPDF 2 imports its neural networks for layout wherever it is imported: 80 MiB and 0.6 s for each worker, for
    # nothing that scanmend does. It works without them, and this is how Python says that a module is not there.
    sys.modules.setdefault(_unwanted, None)  # type: ignore[arg-type]
