"""What MuPDF and Pillow raise on damaged files, turned into DocumentError."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pymupdf

from scanmend.errors import DocumentError, OcrError
from scanmend.source.image.pillow_errors import PILLOW_ERRORS

DAMAGE_ERRORS = (*PILLOW_ERRORS, pymupdf.mupdf.FzErrorBase)
"""What MuPDF and Pillow raise, beside OSError, when the content of a file is damaged."""


@contextmanager
def damage_as_document_error(what: str) -> Iterator[None]:
    """Turn what the libraries raise on damaged content into DocumentError; ``what`` begins its message.

    OSError of the system (with an errno) passes; Pillow's own OSError, which has none, is damage. MemoryError when
    MuPDF cannot allocate; OcrError when MuPDF cannot read the file. Warnings of the libraries are suppressed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except pymupdf.mupdf.FzErrorSystem as e:
        if "alloc" in str(e):
            raise MemoryError(_one_line(e)) from e
        raise OcrError(f"MuPDF could not read the file: {e}") from e
    except OSError as e:
        if e.errno is not None:
            raise
        raise DocumentError(f"{what}: {_one_line(e)}") from e
    except DAMAGE_ERRORS as e:
        raise DocumentError(f"{what}: {_one_line(e) or type(e).__name__}") from e


def _one_line(e: Exception) -> str:
    return " ".join(str(e).split())
