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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scanmend.api.corrector import Corrector, Document, read
    from scanmend.config.schema import ModelSpec

__all__ = ["Corrector", "Document", "ModelSpec", "__version__", "read"]
__version__ = "0.1.0"

for _unwanted in ("pymupdf.layout", "pymupdf4llm", "openvino_telemetry"):
    # PyMuPDF 2 imports its neural networks for layout where ONNX Runtime is installed: 80 MiB and 0.6 s for each page
    # worker, for nothing that scanmend does; and ONNX Runtime reports to its maker over the network.
    # OpenVINO imports what reports to its maker, where it is installed. Set-up leaves all of this out, "pip install"
    # brings it along. Both work without, and this is how Python says that a module is not there.
    sys.modules.setdefault(_unwanted, None)  # type: ignore[arg-type]


def __getattr__(name: str) -> Any:
    """Load the Python API when a script asks for it; the processes of the daemon, which begin here too, never do."""
    import importlib  # noqa: PLC0415 -- as it says

    homes = {"Corrector": "api.corrector", "Document": "api.corrector", "read": "api.corrector"}
    home = {**homes, "ModelSpec": "config.schema"}.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
