"""Recognises PDFs whose pages only stand in for a document that cannot be read: forms, portfolios, encrypted wrappers.

Their pages say "Please wait" or "open this in another viewer". What a file merely has attached (the data of an
electronic invoice, say) is beside its pages, and is not told of.
"""

import re
from typing import Any

import pymupdf

from scanmend.document import DocumentWarning

MAX_NAMED = 3
"""Attachments that are named; of more than that, only the number is told."""
MAX_TREE_DEPTH = 16
"""Levels of a name tree that are followed."""

_mupdf = pymupdf.mupdf


def stand_in_warnings(pdf: Any) -> tuple[DocumentWarning, ...]:
    """Return warnings of what an open document holds in place of its pages."""
    root = _mupdf.pdf_dict_gets(_mupdf.pdf_trailer(pymupdf._as_pdf_document(pdf)), "Root")  # noqa: SLF001
    found = []
    if _is_dynamic_form(pdf, root):
        text = (
            "the document is a dynamic XFA form, whose content was not read, as only its program shows it; "
            "open it in Adobe Acrobat, print it as a PDF, and drop that"
        )
        found.append(DocumentWarning("form_not_read", text))
    if text := _unread_attachments(root):
        found.append(DocumentWarning("attachments_not_read", text))
    return tuple(found)


def _is_dynamic_form(pdf: Any, root: Any) -> bool:
    """Whether a form in XML makes the pages: the file says so, or no page has a field, as static forms have them."""
    form = _mupdf.pdf_dict_gets(root, "AcroForm")
    if not _has(form, "XFA"):
        return False
    if _mupdf.pdf_dict_get_bool(root, _mupdf.pdf_new_name("NeedsRendering")):
        return True
    return not any(next(iter(page.widgets() or ()), None) for page in pdf)


def _unread_attachments(root: Any) -> str:
    """What to say of the files in a portfolio or an encrypted wrapper; empty where the document is neither."""
    files = list(_embedded_files(_mupdf.pdf_dict_getp(root, "Names/EmbeddedFiles"), 0))
    associated = _mupdf.pdf_dict_gets(root, "AF")
    files += [_mupdf.pdf_array_get(associated, n) for n in range(_mupdf.pdf_array_len(associated))]
    names = list(dict.fromkeys(_file_name(file) for file in files))
    shown = ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")
    if any(_is_encrypted_payload(file) for file in files):
        return f"the document itself is encrypted and was not read: this PDF is only a wrapper around it ({shown})"
    if names and _mupdf.pdf_is_dict(_mupdf.pdf_dict_gets(root, "Collection")):
        return f"the document is a portfolio, whose files were not read ({shown}); take them out of it and drop them"
    return ""


def _embedded_files(node: Any, depth: int) -> Any:
    """Yield the file specifications of a name tree."""
    if depth > MAX_TREE_DEPTH:
        return
    named = _mupdf.pdf_dict_gets(node, "Names")
    yield from (_mupdf.pdf_array_get(named, n) for n in range(1, _mupdf.pdf_array_len(named), 2))
    kids = _mupdf.pdf_dict_gets(node, "Kids")
    for n in range(_mupdf.pdf_array_len(kids)):
        yield from _embedded_files(_mupdf.pdf_array_get(kids, n), depth + 1)


def _is_encrypted_payload(file: Any) -> bool:
    """Whether a file is the encrypted document that a wrapper is about. ISO 32000-2, 7.6.7."""
    relation = _mupdf.pdf_to_name(_mupdf.pdf_dict_gets(file, "AFRelationship"))
    return relation == "EncryptedPayload" or _has(file, "EP")


def _file_name(file: Any) -> str:
    for key in ("UF", "F"):
        text = _mupdf.pdf_to_text_string(_mupdf.pdf_dict_gets(file, key))
        if text:
            return re.sub(r"\s+", " ", str(text))
    return "a file without a name"


def _has(above: Any, key: str) -> bool:
    return not _mupdf.pdf_is_null(_mupdf.pdf_dict_gets(above, key))
