"""Tells whether CCITT fax data (Group 3 and 4) are whole: decoders leave white what follows a wrong code.

The codes have no checksum, but a wrong one seldom leads back to as many rows as there should be.
"""

_REVERSED = bytes(int(f"{n:08b}"[::-1], 2) for n in range(256))
_SPARE_ROWS = 1
"""Rows that a decoder may make of the bits that fill the last byte, where no end mark says that the data end."""
GROUP_4 = -1
"""``k`` of data in which each row is coded by the one before it; 0: by itself; more than 0: a mix of both."""


def fax_damage(
    data: bytes, size: tuple[int, int], k: int, *, aligned: bool = False, reversed_bits: bool = False
) -> str:
    """Why data do not hold a picture of this ``size``; empty where they do.

    ``aligned``: each row begins with a byte; ``reversed_bits``: the lowest bit of a byte comes first.
    """
    import pymupdf  # noqa: PLC0415 -- a third of a page worker's start; images that are no fax do without

    mupdf = pymupdf.mupdf
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    width, height = size
    row_bytes = (width + 7) // 8
    packed = mupdf.fz_new_buffer_from_copied_data(data.translate(_REVERSED) if reversed_bits else data)
    most = (height + _SPARE_ROWS + 1) * row_bytes
    try:
        rows_of = mupdf.fz_open_faxd(mupdf.fz_open_buffer(packed), k, 0, int(aligned), width, 0, 1, 0)
        buffer = mupdf.fz_read_all(mupdf.fz_open_null_filter(rows_of, most, 0), most)
        unpacked = len(mupdf.fz_buffer_extract_copy(buffer))
    except (RuntimeError, mupdf.FzErrorBase):
        return "its data hold codes that do not exist"
    rows = unpacked / row_bytes
    if rows < height:
        return f"its data end after row {int(rows)} of {height}"
    return "its data hold more rows than declared" if rows > height + _SPARE_ROWS else ""
