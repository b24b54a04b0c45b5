"""scanmend: watch scanner folders, OCR each scan, mend the OCR errors with a local language model.

Begin with ``cli`` (what can be asked for) and ``service`` (the daemon's loop), then follow a document room by room:
``intake`` sees that a file is whole, ``jobs`` claims it and leads it from stage to stage, ``source`` opens it,
``pageworkers`` run the processes in which ``ocr`` makes pages of it (``language`` says in which language), ``correct``
proposes and judges edits, asking a model that ``llm`` finds, loads and unloads, and ``outputs`` writes what comes out.

Beneath them: ``config`` (what the user wants), ``ledger`` (every document and its state), ``document`` (the values that
pass between stages), ``errors`` (whose fault decides what happens next), ``fs`` and ``process`` (files, children).
Each room's ``__init__`` says what it is for; ``commands`` has the other commands.
"""

import sys

__version__ = "0.1.0"

for _unwanted in ("pymupdf.layout", "pymupdf4llm", "openvino_telemetry"):
    # PyMuPDF 2 imports its neural networks for layout where ONNX Runtime is installed: 80 MiB and 0.6 s for each page
    # worker, for nothing that scanmend does; and ONNX Runtime reports to its maker over the network.
    # OpenVINO imports what reports to its maker, where it is installed. Set-up leaves all of this out, "pip install"
    # brings it along. Both work without, and this is how Python says that a module is not there.
    sys.modules.setdefault(_unwanted, None)  # type: ignore[arg-type]
