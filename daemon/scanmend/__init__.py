"""scanmend: watch scanner folders, OCR each scan, mend the OCR errors with a local language model."""

import sys

__version__ = "0.1.0"

for _unwanted in ("pymupdf.layout", "pymupdf4llm"):
    # PyMuPDF 2 imports its neural networks for layout where ONNX Runtime is installed: 80 MiB and 0.6 s for each page
    # worker, for nothing that scanmend does; and ONNX Runtime reports to its maker over the network.
    # PyMuPDF works without them, and this is how Python says that a module is not there.
    sys.modules.setdefault(_unwanted, None)  # type: ignore[arg-type]
