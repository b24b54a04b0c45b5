"""Finds the pictures of a PDF page that MuPDF could not decode, or not whole: it leaves them out, white or grey.

1. MuPDF says while it renders a page that something is wrong, but not with what.
2. The page is run once more without painting anything, which yields the pictures that it shows (``_Pictures``).
3. Where MuPDF said something, each of them is decoded by itself, so that what it says then is about this picture.
   Pictures that MuPDF did not even load are looked for by their names in the page's content.
4. Damage that MuPDF does not mention is looked for in the packed data.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pymupdf

from scanmend.document import DocumentWarning
from scanmend.source.packed.checksums import deflate_damage
from scanmend.source.packed.jbig2 import jbig2_damage
from scanmend.source.packed.jpeg import ENDS_EARLY, jpeg_damage
from scanmend.source.packed.jpx import jpx_damage

MAX_NAMED = 5
"""Pictures of one page that are named; of more than that, only the number is told."""
MAX_PIXEL_BYTES = 8
"""Bytes of a pixel, at most, that are unpacked to see whether a checksum fits: four colours of 16 bits."""
MAX_FORM_DEPTH = 8
"""Forms within forms into which names are followed."""

_REMEDY = "scan the page again, or see what another viewer shows of it"
_mupdf = pymupdf.mupdf
_PACKINGS = MappingProxyType(
    {
        _mupdf.FZ_IMAGE_JPEG: "JPEG",
        _mupdf.FZ_IMAGE_JPX: "JPEG 2000",
        _mupdf.FZ_IMAGE_JBIG2: "JBIG2",
        _mupdf.FZ_IMAGE_FAX: "CCITT fax",
        _mupdf.FZ_IMAGE_FLATE: "Flate",
        _mupdf.FZ_IMAGE_LZW: "LZW",
        _mupdf.FZ_IMAGE_RLD: "run length",
    }
)
"""Names of the ways in which a picture may be packed."""
_WITH_EVIDENCE = frozenset({_mupdf.FZ_IMAGE_JPEG, _mupdf.FZ_IMAGE_JPX, _mupdf.FZ_IMAGE_JBIG2, _mupdf.FZ_IMAGE_FLATE})
"""Packings whose data tell of damage that MuPDF does not mention."""
_HARMLESS = re.compile(
    r"\.\.\. repeated|premature end of data in flate filter|openjpeg warning(?!.*EOC)"
    r"|.*(?:ICC|colou?r ?profile|clip path)",
    re.IGNORECASE,
)
"""What MuPDF says of pictures that are whole: a missing checksum, say; too few pixels have a message of their own.

JPEG 2000 data that do not end with their end mark (EOC) are cut short, or what follows the cut is filled up.
"""
_NOT_LOADED = re.compile(
    r"XObject|JPX|inline image|image (?:width|height)|image is too|unknown colorspace", re.IGNORECASE
)
"""What MuPDF says when it goes on without a picture that it could not load."""
_NO_USE = re.compile(
    r"read error; treating|Ignoring error during|encountered syntax errors|\.\.\. repeated", re.IGNORECASE
)
"""What MuPDF adds to the reason."""
_JPEG_END_MISSING = "premature end of file in jpeg"
_TOO_SHORT = re.compile(r"padding truncated image|premature end of file in jpeg")
_SIZE = ("Width", "Height")
_DO = re.compile(rb"/([^\s/\[\]()<>{}%]+)\s+Do(?![^\s/\[\]()<>{}%])")


@dataclass(slots=True)
class _Picture:
    """One picture that a page shows."""

    width: int
    height: int
    packing: int
    before: list[str]
    """What MuPDF said since the picture before it."""
    reason: str = ""
    """Why it could not be read; empty where it could."""


def messages() -> list[str]:
    """Return what MuPDF said since it was last asked, line by line."""
    return [line for line in str(pymupdf.TOOLS.mupdf_warnings()).splitlines() if line]


def lacks_pictures(said: list[str]) -> bool:
    """Whether MuPDF went on without a picture that it could not load, by what it ``said`` of the page."""
    return any(_NOT_LOADED.search(message) for message in said)


def unread_pictures(sheet: Any, said: list[str]) -> tuple[DocumentWarning, ...]:
    """Return a warning for each picture on MuPDF's page that it did not show, or not whole.

    ``said``: ``messages`` of rendering it.
    """
    pymupdf.TOOLS.store_shrink(100)  # a picture that is decoded already would be silent
    messages()
    device = _Pictures(decode=bool(said))
    failure = _run(sheet, device)
    rest = [message for picture in device.seen for message in picture.before] + messages() + failure
    found = [
        f"picture {n} ({_description(picture)}) could not be read, or not whole: {picture.reason}; {_REMEDY}"
        for n, picture in enumerate(device.seen, 1)
        if picture.reason
    ]
    lost = [message for message in rest if _NOT_LOADED.search(message)]
    if lost:
        named = [f"the picture {name} could not be read: {reason}; {_REMEDY}" for name, reason in _not_loaded(sheet)]
        found += named or [f"a picture could not be read: {_first_reason(lost)}; {_REMEDY}"]
    if len(found) > MAX_NAMED:
        found[MAX_NAMED:] = [f"{len(found) - MAX_NAMED} more pictures could not be read"]
    page = sheet.number + 1
    return tuple(DocumentWarning("picture_not_read", text, page) for text in found)


class _Pictures(_mupdf.FzDevice2):  # type: ignore[misc, name-defined]
    """A device of MuPDF that paints nothing and notes the pictures that a page shows."""

    def __init__(self, *, decode: bool) -> None:
        """``decode``: decode each picture by itself, to hear what MuPDF says of it."""
        super().__init__()
        self.seen: list[_Picture] = []
        self._known: set[int] = set()
        self._decode = decode
        self.use_virtual_fill_image()
        self.use_virtual_fill_image_mask()
        self.use_virtual_clip_image_mask()

    def fill_image(self, _context: Any, image: Any, *_: Any) -> None:
        """Note a picture."""
        self._see(image)

    def fill_image_mask(self, _context: Any, image: Any, *_: Any) -> None:
        """Note a picture of one colour."""
        self._see(image)

    def clip_image_mask(self, _context: Any, image: Any, *_: Any) -> None:
        """Note a picture through which others are seen."""
        self._see(image)

    def _see(self, raw: Any) -> None:
        if int(raw.this) in self._known:
            return
        self._known.add(int(raw.this))
        image = _mupdf.FzImage(_mupdf.ll_fz_keep_image(raw))
        picture = _Picture(image.w(), image.h(), image.fz_compressed_image_type(), messages())
        self.seen.append(picture)
        if self._decode:
            picture.reason = _why_not_decoded(image, raw, picture)
        picture.reason = picture.reason or _damage(image, picture)


def _run(sheet: Any, device: _Pictures) -> list[str]:
    """Run the page; return why it ended early, if it did."""
    try:
        sheet.this.fz_run_page(device, _mupdf.FzMatrix(), _mupdf.FzCookie())
        device.fz_close_device()
    except (RuntimeError, _mupdf.FzErrorBase) as e:
        return [str(e)]
    return []


def _why_not_decoded(image: Any, raw: Any, picture: _Picture) -> str:
    """Decode a picture; return why that failed, or lacked something, empty where it did not."""
    try:
        pixmap, *_ = _mupdf.ll_fz_get_pixmap_from_image(raw, None, None)
        _mupdf.ll_fz_drop_pixmap(pixmap)
    except (RuntimeError, _mupdf.FzErrorBase) as e:
        return _first_reason([*messages(), str(e)])
    said = [message for message in messages() if not _HARMLESS.match(message)]
    if said == [_JPEG_END_MISSING] and not _damage(image, picture):
        return ""
    unknown = [message for message in picture.before if "filter" in message] if said else []
    return _first_reason(unknown + said)


def _first_reason(said: list[str]) -> str:
    """Return the message that tells most; empty where there is none."""
    reason = next((message for message in said if not _NO_USE.match(message)), said[0] if said else "")
    return ENDS_EARLY if _TOO_SHORT.match(reason) else reason


def _damage(image: Any, picture: _Picture) -> str:
    """Why a picture's packed data are not whole; empty where nothing speaks against them."""
    if picture.packing not in _WITH_EVIDENCE:
        return ""
    packed = _mupdf.ll_fz_compressed_image_buffer(image.m_internal)
    data = bytes(_mupdf.ll_fz_buffer_extract_copy(packed.buffer))
    pixels = picture.width * picture.height
    if picture.packing == _mupdf.FZ_IMAGE_JPEG:
        return jpeg_damage(data, pixels)
    if picture.packing == _mupdf.FZ_IMAGE_FLATE:
        return deflate_damage(data, MAX_PIXEL_BYTES * pixels)
    return jpx_damage(data) if picture.packing == _mupdf.FZ_IMAGE_JPX else jbig2_damage(data)


def _description(picture: _Picture) -> str:
    packing = _PACKINGS.get(picture.packing)
    return f"{picture.width} x {picture.height} pixels" + (f", {packing}" if packing else "")


def _not_loaded(sheet: Any) -> Iterator[tuple[str, str]]:
    """Yield name and reason of each picture that the page's content asks for and that MuPDF cannot load."""
    page = _mupdf.pdf_page_from_fz_page(sheet.this)
    resources = _mupdf.pdf_page_resources(page)
    yield from _not_loaded_from(sheet.parent, sheet.read_contents(), resources, set(), 0)


def _not_loaded_from(
    pdf: Any, content: bytes, resources: Any, known: set[tuple[bytes, int]], depth: int
) -> Iterator[tuple[str, str]]:
    objects = _mupdf.pdf_dict_gets(resources, "XObject")
    for name in dict.fromkeys(_DO.findall(content)):
        text = re.sub(r"#([0-9A-Fa-f]{2})", lambda code: chr(int(code[1], 16)), name.decode("latin-1"))
        found = _mupdf.pdf_dict_gets(objects, text)
        key = (name, _mupdf.pdf_to_num(found))
        if key in known:
            continue
        known.add(key)
        kind = _mupdf.pdf_to_name(_mupdf.pdf_dict_gets(found, "Subtype"))
        if not _mupdf.pdf_is_stream(found):
            yield text, "it is missing from the file"
        elif kind == "Image":
            messages()
            try:
                _mupdf.pdf_load_image(pymupdf._as_pdf_document(pdf), found)  # noqa: SLF001
            except (RuntimeError, _mupdf.FzErrorBase) as e:
                size = " x ".join(str(_mupdf.pdf_dict_get_int(found, _mupdf.pdf_new_name(n))) for n in _SIZE)
                yield text, f"{size} pixels: " + _first_reason([*messages(), str(e)])
        elif kind == "Form" and depth < MAX_FORM_DEPTH:
            inner = _mupdf.pdf_dict_gets(found, "Resources")
            data = _mupdf.pdf_load_stream(found)
            inner = inner if _mupdf.pdf_is_dict(inner) else resources
            yield from _not_loaded_from(pdf, _mupdf.fz_buffer_extract_copy(data), inner, known, depth + 1)
        elif kind not in {"Form", "PS"}:
            yield text, f"it is of unknown kind {kind!r}"
