"""The ``.hocr`` output: hOCR as Tesseract writes it, with the corrected words, for archives and viewers."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import count, groupby
from pathlib import Path
from typing import TextIO

from scanmend import __version__
from scanmend.document import Box, CorrectedPage, Line, union
from scanmend.outputs.word_boxes import PlacedWord, placed_words


class Hocr:
    """Writes one hOCR file page by page."""

    def __init__(self, target: Path, source: str, languages: Sequence[str]) -> None:
        """Open ``target``; ``source``: name of the scanned file; ``languages``: Tesseract's names. OSError."""
        self._file: TextIO = target.open("w", encoding="utf-8", errors="replace", newline="\n")
        self._source = source
        self._file.write(f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>{escape_text(source)}</title>
  <meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>
  <meta name="ocr-system" content="tesseract, scanmend {__version__}"/>
  <meta name="ocr-langs" content="{escape_text(" ".join(languages))}"/>
  <meta name="ocr-capabilities" content="ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_wconf"/>
 </head>
 <body>
""")

    def add(self, page: CorrectedPage) -> None:
        """Write one page."""
        self._file.writelines(_page(page, self._source))

    def finish(self) -> None:
        """Write the end of the file, and close it."""
        self._file.write(" </body>\n</html>\n")
        self._file.close()


def escape_text(text: str) -> str:
    """Escape text for XML and HTML, attributes included; unprintable characters become U+FFFD."""
    return escape("".join(c if c.isprintable() else "\ufffd" for c in text))


def _page(page: CorrectedPage, source: str) -> Iterator[str]:
    n, read = page.page.number, page.page
    resolution = f"; scan_res {read.dpi} {read.dpi}" if read.dpi else ""
    name = escape_text(source.replace('"', "'").replace(";", ","))
    sheet = (0, 0, read.width, read.height)
    yield (
        f"  <div class='ocr_page' id='page_{n}' title='image &quot;{name}&quot;; {_bbox(sheet)}; "
        f"ppageno {n - 1}{resolution}'>\n"
    )
    words = count(1)
    numbered = (
        (number, line, words)
        for number, line, words in zip(count(1), read.lines, placed_words(page), strict=False)
        if words
    )
    for block, (_, of_block) in enumerate(groupby(numbered, key=lambda item: item[1].paragraph), 1):
        lines: list[tuple[int, Line, list[PlacedWord]]] = list(of_block)
        box = _bbox(union(w.box for _, _, of_line in lines for w in of_line) or sheet)
        yield f"   <div class='ocr_carea' id='block_{n}_{block}' title='{box}'>\n"
        yield f"    <p class='ocr_par' id='par_{n}_{block}' title='{box}'>\n"
        for number, _, of_line in lines:
            around = _bbox(union([w.box for w in of_line]) or sheet)
            yield f"     <span class='ocr_line' id='line_{n}_{number}' title='{around}'>\n"
            yield from (f"      {_word(word, f'word_{n}_{next(words)}')}\n" for word in of_line)
            yield "     </span>\n"
        yield "    </p>\n   </div>\n"
    yield "  </div>\n"


def _word(word: PlacedWord, id_: str) -> str:
    properties = [_bbox(word.box)] if word.box else []
    properties += [f"x_wconf {word.confidence:.0f}"] if word.confidence is not None else []
    return f"<span class='ocrx_word' id='{id_}' title='{'; '.join(properties)}'>{escape_text(word.text)}</span>"


def _bbox(box: Box) -> str:
    return "bbox " + " ".join(map(str, box))
