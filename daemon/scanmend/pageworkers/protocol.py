"""What the page pool and its worker processes have to agree on; light, as the daemon imports it without MuPDF.

A request is a JSON object whose ``do`` is a task (``inspect``, ``read``, ``compose``,
``archive``, ``show``, ``join``). The reply has a
``result``, or an ``error`` and its ``message``. A worker that reads a page for the second reader, too, tells when OCR
begins, by one frame of progress: that is when the second reader is made ready, and looks for lines on the page, where
``image`` is true.
"""

from scanmend.errors import DocumentError, OcrError, StorageError
from scanmend.process.child import Message

COMPOSED_OUTPUTS = ("hocr", "pdf", "html")
"""The outputs that a page worker makes; the daemon writes the others itself."""
ERRORS = {"document": DocumentError, "storage": StorageError, "ocr": OcrError}
"""The exception for each ``error`` of a reply; ``page`` beside these is PageFailed, after which the worker ends."""
UPRIGHT_IMAGE = "upright.pgm"
"""The page's image for the second reader, grey and upright, in the ``work`` folder of a request to read.

It is there when OCR begins, as the page was scanned. Where the worker leaves it, the pool removes the folder; else the
worker has removed it.
"""
WHOLE_DOCUMENT_TASKS = {
    "inspect": "looking at the file",
    "compose": "making the outputs that show its pages",
    "join": "joining its files",
    "archive": "making the pdf output archival",
}
"""Tasks that are not about one page, and how messages name them."""


def task_name(request: Message) -> str:
    """Return how messages name what a request asks for."""
    if request["do"] == "show":
        return f"showing page {request['look']['number']}"
    return f"page {request['number']}" if "number" in request else WHOLE_DOCUMENT_TASKS[request["do"]]
