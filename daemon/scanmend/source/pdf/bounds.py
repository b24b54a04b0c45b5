"""Where a PDF begins and ends within its file: other data may stand before it (mail headers) and behind it (padding).

Light enough for the daemon.
"""

import os
import re

from scanmend.fs.find_last import find_last

HEAD_BYTES = 8192
"""Bytes at the start of a file in which a PDF's header may stand."""
USUAL_HEAD_BYTES = 1024
"""Bytes at the start of a file in which a header is believed whatever the file begins with."""
END_MARK = b"%%EOF"
"""What stands at the end of each revision of a PDF."""
LINEARIZED_SLACK_BYTES = 64
"""Bytes by which the end of a linearized PDF may lie before the length that it declares: line ends, mostly."""
MAX_AFTER_BYTES = 1 << 24
"""Bytes behind the end mark that are looked at for objects of a further revision."""

_HEADER = re.compile(rb"%PDF-\d\.\d")
_OTHER_FORMATS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"RIFF", b"BM")
_LINEARIZED = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d{1,15})\b")
_LINE_END = re.compile(rb"\r?\n|\r")
_OBJECT = re.compile(rb"\d\s+\d+\s+obj\b|\bendobj\b|\bendstream\b")
"""What a PDF consists of, and what lies between PDFs or behind them does not have."""


def has_header(head: bytes) -> bool:
    """Whether a PDF begins within the first HEAD_BYTES of a file, given as ``head``."""
    if b"%PDF-" in head[: USUAL_HEAD_BYTES + 4]:
        return True
    return _HEADER.search(head[:HEAD_BYTES]) is not None and not head.startswith(_OTHER_FORMATS)


def ends_whole(fd: int, size: int, *, most: int) -> bool:
    """Whether the ``size`` bytes of a file hold a PDF to its end, with whatever else behind it; OSError.

    The end mark is looked for in the last ``most`` bytes.
    """
    return find_end(fd, size, most=most) is not None


def find_end(fd: int, size: int, *, most: int) -> int | None:
    """Return where a PDF ends in a file of ``size`` bytes; None where its end is not there. OSError.

    That is behind its end mark, looked for in the last ``most`` bytes, and the line's end after it. Nothing of a PDF
    may follow. As the first page of a linearized PDF has an end mark of its own, the mark must stand where the PDF
    says that it ends, or behind that.
    """
    mark = find_last(fd, size, END_MARK, most=most)
    if mark is None:
        return None
    after = os.pread(fd, min(size - mark, MAX_AFTER_BYTES), mark)
    if _OBJECT.search(after):
        return None
    head = os.pread(fd, HEAD_BYTES + USUAL_HEAD_BYTES, 0)
    begin = max(0, head.find(b"%PDF-"))
    linearized = _LINEARIZED.search(head, begin, begin + USUAL_HEAD_BYTES)
    end = mark + len(END_MARK)
    if linearized is not None and end < int(linearized[1]) - LINEARIZED_SLACK_BYTES:
        return None
    line_end = _LINE_END.match(after, len(END_MARK))
    return end + len(line_end[0] if line_end else b"")
