"""Hides form fields for passwords, so that what was typed into them is neither read nor shown.

Viewers show marks in their place, though the field's appearance in the file may have the text itself.
"""

from typing import Any

import pymupdf

PASSWORD_FLAG = 1 << 13
"""Bit 14 of a text field's flags. ISO 32000-1, table 228."""
HIDDEN_FLAG = 1 << 1
"""Bit 2 of an annotation's flags: neither shown nor printed. ISO 32000-1, table 165."""

_mupdf = pymupdf.mupdf


def hide_masked_fields(sheet: Any) -> None:
    """Hide a page's fields for passwords, in memory only."""
    widget = _mupdf.pdf_first_widget(_mupdf.pdf_page_from_fz_page(sheet.this))
    while widget.m_internal:
        field = _mupdf.pdf_annot_obj(widget)
        kind = _mupdf.pdf_to_name(_mupdf.pdf_dict_get_inheritable(field, _mupdf.pdf_new_name("FT")))
        if kind == "Tx" and _mupdf.pdf_field_flags(field) & PASSWORD_FLAG:
            _mupdf.pdf_dict_put_int(field, _mupdf.pdf_new_name("F"), HIDDEN_FLAG)
        widget = _mupdf.pdf_next_widget(widget)
