"""Gives a PDF page edited content: new stream objects for what changed, all else as it was.

So a PDF can be updated incrementally, and pages that share streams, forms or resources with it stay as they are.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pymupdf

from scanmend.source.pdf_content.content_stream import Edit, edited
from scanmend.source.pdf_content.text_operations import PAGE, Content, PageText

mupdf = pymupdf.mupdf

Edits = Mapping[int, Iterable[Edit]]
"""Edits of the contents of a page, by the object number of the form, or ``PAGE``."""


def edit_content(pdf: Any, sheet: Any, text: PageText, edits: Edits) -> None:
    """Make the edits in a page of the document ``pdf``, which holds the same objects as that which ``text`` is of.

    What MuPDF raises on damage.
    """
    page = mupdf.pdf_page_from_fz_page(sheet.this).obj()
    _Rewriting(pdf, mupdf.pdf_get_bound_document(page), text, edits).of_page(page)


class _Rewriting:
    """The rewriting of one page; each form is copied once."""

    def __init__(self, pdf: Any, document: Any, text: PageText, edits: Edits) -> None:
        """``document``: MuPDF's own object for ``pdf``."""
        self._pdf, self._document, self._contents = pdf, document, text.contents
        self._page: Any = None
        self._edits = {number: list(some) for number, some in edits.items() if some}
        self._copies: dict[int, Any] = {}
        self._touched = self._find_touched()

    def of_page(self, page: Any) -> None:
        """Replace the page's streams and, where it draws a form that changes, its resources."""
        if PAGE not in self._touched:
            return
        self._page = page
        content = self._contents[PAGE]
        resources = self._resources(PAGE) if self._draws_touched(content) else None
        if PAGE in self._edits:
            streams = mupdf.pdf_new_array(self._document, len(content.parts))
            begin = 0
            for end, number in content.parts:
                mupdf.pdf_array_push(streams, self._part(content, begin, end, number))
                begin = end
            mupdf.pdf_dict_put(page, mupdf.pdf_new_name("Contents"), streams)
        if resources is not None:
            mupdf.pdf_dict_put(page, mupdf.pdf_new_name("Resources"), resources)

    def _draws_touched(self, content: Content) -> bool:
        return not self._touched.isdisjoint(content.forms.values())

    def _find_touched(self) -> set[int]:
        """Object numbers of contents that are edited, or that draw such."""
        touched = set(self._edits)
        while True:
            more = {n for n, content in self._contents.items() if touched & set(content.forms.values())} - touched
            if not more:
                return touched
            touched |= more

    def _part(self, content: Content, begin: int, end: int, number: int) -> Any:
        """Return the stream that is this part of a page's contents, or a new one where it changes."""
        inside = [
            Edit(max(edit.start, begin) - begin, min(edit.end, end) - begin, edit.new if edit.start >= begin else b"")
            for edit in self._edits[PAGE]
            if edit.start < end and (edit.end > begin or edit.start >= begin)
        ]
        if not inside:
            return mupdf.pdf_new_indirect(self._document, number, 0)
        return self._new_stream(edited(content.data[begin:end], inside), None)

    def _form(self, number: int) -> Any:
        """Return the copy of a form with the edits made."""
        if number not in self._copies:
            content = self._contents[number]
            original = mupdf.pdf_new_indirect(self._document, number, 0)
            self._copies[number] = original  # should it draw itself
            copied = mupdf.pdf_copy_dict(mupdf.pdf_resolve_indirect(original))
            for key in ("Length", "Filter", "DecodeParms", "DL"):
                mupdf.pdf_dict_del(copied, mupdf.pdf_new_name(key))
            if self._draws_touched(content):
                mupdf.pdf_dict_put(copied, mupdf.pdf_new_name("Resources"), self._resources(number))
            data = edited(content.data, self._edits.get(number, ()))
            self._copies[number] = self._new_stream(data, copied)
        return self._copies[number]

    def _resources(self, number: int) -> Any:
        """Return a copy of a content's resources that names the copies of its forms."""
        content = self._contents[number]
        if content.owner == PAGE:
            own = mupdf.pdf_dict_get_inheritable(self._page, mupdf.pdf_new_name("Resources"))
        else:
            form = mupdf.pdf_new_indirect(self._document, content.owner, 0)
            own = mupdf.pdf_dict_get(form, mupdf.pdf_new_name("Resources"))
        resources = mupdf.pdf_copy_dict(mupdf.pdf_resolve_indirect(own))
        name = mupdf.pdf_new_name("XObject")
        objects = mupdf.pdf_copy_dict(mupdf.pdf_resolve_indirect(mupdf.pdf_dict_get(resources, name)))
        for key, form_number in content.forms.items():
            if form_number in self._touched:
                mupdf.pdf_dict_put(objects, mupdf.pdf_new_name(key), self._form(form_number))
        mupdf.pdf_dict_put(resources, name, objects)
        return resources

    def _new_stream(self, data: bytes, dictionary: Any) -> Any:
        number = self._pdf.get_new_xref()
        self._pdf.update_object(number, "<< >>")
        if dictionary is not None:
            mupdf.pdf_update_object(self._document, number, dictionary)
        self._pdf.update_stream(number, data, new=True)
        return mupdf.pdf_new_indirect(self._document, number, 0)
