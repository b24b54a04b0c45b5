"""Mends page trees that are wrong, in memory: what other viewers show of such a document is read.

The tree is walked as it is. Each dictionary with ``Kids`` is a branch, whatever type it claims; what looks like a page
is one, even where it is the root itself; all else is passed over. Where this gives other pages than the tree counts,
they are put below a new root, with what they inherited.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pymupdf

from scanmend.document import DocumentWarning

MAX_DEPTH = 64
"""Branches within branches that are followed; a tree in a circle ends by itself."""
INHERITED = ("Resources", "MediaBox", "CropBox", "Rotate")
"""What a page takes from the branches above it. ISO 32000-1, table 30."""

_mupdf = pymupdf.mupdf


@dataclass(slots=True)
class _Walk:
    pages: list[tuple[Any, dict[str, Any]]]
    """Each page with what it inherits."""
    odd: int = 0
    """Kids that are no pages."""
    regular: bool = True
    """Whether each branch is one by its type, and counts its kids rightly."""


def mend_page_tree(pdf: Any) -> tuple[DocumentWarning, ...] | None:
    """Put the pages that the document holds below a new root where its tree is wrong; return a warning of missing ones.

    None where the tree is sound. Only the open document is changed, not its file.
    """
    document = pymupdf._as_pdf_document(pdf)  # noqa: SLF001 -- PyMuPDF's own way down to MuPDF
    catalogue = _mupdf.pdf_dict_gets(_mupdf.pdf_trailer(document), "Root")
    root = _mupdf.pdf_dict_gets(catalogue, "Pages")
    walk = _Walk([])
    _collect(root, {}, frozenset(), walk)
    if walk.regular:
        return None
    if not walk.pages:
        return ()
    counted = _mupdf.pdf_dict_get_int(root, _name("Count"))
    _put_below_new_root(document, catalogue, walk)
    found = len(walk.pages)
    expected = counted if counted > 0 else found + walk.odd
    if expected <= found:
        return ()
    text = f"the document says that it has {expected} pages, and holds {found}; see whether all you expect are there"
    return (DocumentWarning("pages_missing", text),)


def _collect(node: Any, inherited: dict[str, Any], above: frozenset[int], walk: _Walk) -> int:
    """Add the pages at and below a node; return how many."""
    number = _mupdf.pdf_to_num(node)
    if not _mupdf.pdf_is_dict(node) or _mupdf.pdf_is_stream(node) or number in above or len(above) > MAX_DEPTH:
        walk.odd += 1
        walk.regular = False
        return 0
    kids = _mupdf.pdf_dict_gets(node, "Kids")
    kind = _mupdf.pdf_to_name(_mupdf.pdf_dict_gets(node, "Type"))
    if not _mupdf.pdf_is_array(kids) and not _mupdf.pdf_is_dict(kids):
        if kind != "Page" and not any(_holds(node, key) for key in ("Contents", "MediaBox", "Resources")):
            walk.odd += 1
            walk.regular = False
            return 0
        walk.pages.append((node, inherited))
        walk.regular &= kind == "Page" and bool(above)
        return 1
    walk.regular &= kind == "Pages"
    passed_on = inherited | {key: _mupdf.pdf_dict_gets(node, key) for key in INHERITED if _holds(node, key)}
    below = above | {number} if number else above | {-1 - len(above)}
    found = sum(_collect(kid, passed_on, below, walk) for kid in _entries(kids))
    walk.regular &= _mupdf.pdf_dict_get_int(node, _name("Count")) == found and bool(_mupdf.pdf_is_array(kids))
    return found


def _entries(kids: Any) -> Iterator[Any]:
    if _mupdf.pdf_is_array(kids):
        yield from (_mupdf.pdf_array_get(kids, n) for n in range(_mupdf.pdf_array_len(kids)))
    else:
        yield kids


def _holds(node: Any, key: str) -> bool:
    return not _mupdf.pdf_is_null(_mupdf.pdf_dict_gets(node, key))


def _name(text: str) -> Any:
    return _mupdf.pdf_new_name(text)


def _put_below_new_root(document: Any, catalogue: Any, walk: _Walk) -> None:
    root = _mupdf.pdf_add_new_dict(document, 4)
    kids = _mupdf.pdf_new_array(document, len(walk.pages))
    for page, inherited in walk.pages:
        for key, value in inherited.items():
            if not _holds(page, key):
                _mupdf.pdf_dict_put(page, _name(key), value)
        _mupdf.pdf_dict_put(page, _name("Type"), _name("Page"))
        _mupdf.pdf_dict_put(page, _name("Parent"), root)
        _mupdf.pdf_array_push(kids, page)
    _mupdf.pdf_dict_put(root, _name("Type"), _name("Pages"))
    _mupdf.pdf_dict_put(root, _name("Kids"), kids)
    _mupdf.pdf_dict_put_int(root, _name("Count"), len(walk.pages))
    _mupdf.pdf_dict_put(catalogue, _name("Pages"), root)
