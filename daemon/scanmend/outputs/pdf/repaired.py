"""Saves a PDF whose index is broken: it cannot be appended to, so it is written anew, and what this costs is told."""

import re
from pathlib import Path
from typing import Any

import pymupdf

from scanmend.document import DocumentWarning

_REFERENCE = re.compile(r"\b(\d+) \d+ R\b")
_LENGTH = re.compile(r"/Length \d+ \d+ R\b")


def save_repaired(pdf: Any, target: Path) -> DocumentWarning:
    """Write a document that MuPDF had to repair to ``target``, which may be the file that it was opened from.

    It stays encrypted as it was. Objects that nobody can read are left out; nothing else of the file is. OSError, and
    what MuPDF raises where not even that can be saved.
    """
    lost = ["its bytes are not those of the source"]
    signed = pdf.get_sigflags() > 0
    if signed:
        lost.append("its digital signatures are no longer valid")
    if number := _drop_unreadable(pdf):
        lost.append(f"{number} unreadable object{'s are' if number > 1 else ' is'} missing")
    mended = target.with_suffix(".mended")
    pdf.save(str(mended), no_new_id=True, encryption=pymupdf.PDF_ENCRYPT_KEEP)
    pdf.close()
    mended.replace(target)
    return DocumentWarning(
        "pdf_rewritten",
        "the pdf output was written anew, as the index of the source is broken and could not be appended to: "
        + "; ".join(lost),
    )


def _drop_unreadable(pdf: Any) -> int:
    """Replace objects by null that cannot be read, which would keep the document from being saved.

    Returns how many of them something else refers to; the lengths of streams do not count, as they are known.
    """
    unreadable, readable = set(), []
    for number in range(1, pdf.xref_length()):
        try:
            readable.append(pdf.xref_object(number, compressed=True))
        except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase):
            unreadable.add(number)
    for number in unreadable:
        pdf.update_object(number, "null")
    if not unreadable:
        return 0
    used = {int(n) for text in readable for n in _REFERENCE.findall(_LENGTH.sub("", text))}
    return len(unreadable & used)
