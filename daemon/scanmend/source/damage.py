"""What MuPDF and Pillow raise on damaged files, turned into DocumentError."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from scanmend.errors import DocumentError, OcrError
from scanmend.source.image.pillow_errors import PILLOW_ERRORS


def damage_errors() -> tuple[type[Exception], ...]:
    """What MuPDF and Pillow raise, beside OSError, when the content of a file is damaged."""
    return (*PILLOW_ERRORS, *_of_mupdf("FzErrorBase"))


def _of_mupdf(name: str) -> tuple[type[Exception], ...]:
    """The class of error of this name; none where MuPDF has not been loaded, which then raised nothing."""
    loaded = sys.modules.get("pymupdf.mupdf")
    return (getattr(loaded, name),) if loaded else ()


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
    except _of_mupdf("FzErrorSystem") as e:
        if "alloc" in str(e):
            raise MemoryError(_one_line(e)) from e
        raise OcrError(f"MuPDF could not read the file: {e}") from e
    except OSError as e:
        if e.errno is not None:
            raise
        raise DocumentError(f"{what}: {_one_line(e)}") from e
    except damage_errors() as e:
        raise DocumentError(f"{what}: {_one_line(e) or type(e).__name__}") from e


def _one_line(e: Exception) -> str:
    return " ".join(str(e).split())
