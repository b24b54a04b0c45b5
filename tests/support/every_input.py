"""One small file of every kind that scanmend reads, by name: pictures, scans as PDF, born-digital and odd PDFs."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pymupdf
from PIL import Image, ImageOps

import draw_layouts
import render_scans
from exif_photos import stored_as
from layered_pdf import ANNOTATIONS, HIDDEN, PAGE, PICTURE, STAMP, layered_pdf, old_text
from odd_images import jpeg_of, masked_bmp, png_with
from raw_pdf import raw_pdf
from sample_page import TEXT
from tiff_variants import variants
from tiff_writer import tiff

Draw = Callable[[Path], object]
"""Writes one file to a path."""
SHEET = render_scans.line(TEXT)


def _pictures() -> dict[str, Draw]:
    fax = SHEET.convert("1")
    pages = [render_scans.line(f"Page {n}", height_px=40) for n in range(3)]
    found: dict[str, Draw] = {
        "png": lambda path: SHEET.save(path, "PNG", dpi=(200, 200)),
        "png of 16 bits": lambda path: SHEET.convert("I;16").point(lambda v: v * 257).save(path, "PNG", dpi=(200, 200)),
        "png with a palette": lambda path: SHEET.quantize(8).save(path, "PNG", dpi=(200, 200)),
        "png in colours": lambda path: ImageOps.colorize(SHEET, "navy", "ivory").save(path, "PNG", dpi=(200, 200)),
        "png with a broken note": lambda path: path.write_bytes(png_with(SHEET, b"iCCP", b"profile\0\x07none")),
        "png, black on nothing": lambda path: _on_nothing(SHEET, 0).save(path, "PNG", dpi=(200, 200)),
        "png, white on nothing": lambda path: _on_nothing(SHEET, 255).save(path, "PNG", dpi=(200, 200)),
        "jpeg": lambda path: path.write_bytes(jpeg_of(SHEET)),
        "jpeg, EXIF broken": lambda path: path.write_bytes(jpeg_of(SHEET, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x05")),
        "jpeg, data behind": lambda path: path.write_bytes(jpeg_of(SHEET) + bytes(9000)),
        "jpeg, CMYK": lambda path: SHEET.convert("CMYK").save(path, "JPEG", dpi=(200, 200), quality=95),
        "bmp": lambda path: SHEET.save(path, "BMP", dpi=(200, 200)),
        "bmp, masks of 16 bits": lambda path: path.write_bytes(masked_bmp(SHEET, 16, (0xF00, 0xF0, 0xF, 0xF000))),
        "webp": lambda path: SHEET.save(path, "WEBP", quality=90),
        "gif": lambda path: SHEET.save(path, "GIF"),
        "tiff of pages": lambda path: render_scans.save_tiff(pages, path),
    }
    for packing in ("group3", "group4", "tiff_lzw"):
        for order in (1, 2):
            found[f"fax, {packing}, fill order {order}"] = lambda path, p=packing, o=order: fax.save(
                path, "TIFF", compression=p, tiffinfo={266: o}, dpi=(204, 196)
            )
    for orientation in range(2, 9):
        stored, exif = stored_as(SHEET, orientation)
        found[f"jpeg, orientation {orientation}"] = lambda path, i=stored, e=exif: i.save(path, "JPEG", exif=e)
        found[f"tiff, orientation {orientation}"] = lambda path, i=stored, o=orientation: i.save(
            path, "TIFF", compression="tiff_lzw", tiffinfo={274: o}, dpi=(200, 200)
        )
    for name, (picture, order) in variants(SHEET).items():
        if name.endswith(", big"):  # the rest are other ways to write the same
            found[f"tiff, {name}"] = lambda path, p=picture, o=order: path.write_bytes(tiff([p], o))
    return found


def _on_nothing(sheet: Image.Image, level: int) -> Image.Image:
    """The sheet's ink in this grey level, on a transparent ground."""
    picture = Image.new("LA", sheet.size, (0, 0))
    picture.paste((level, 255), mask=ImageOps.invert(sheet))
    return picture


def _scans() -> dict[str, Draw]:
    found: dict[str, Draw] = {
        "scan": lambda path: render_scans.save_pdf([SHEET, SHEET.rotate(180)], path),
        "scan, black and white": lambda path: _pdf_of(SHEET.convert("1"), path),
    }
    for name, contents in HIDDEN.items():
        found[f"scan, old text {name}"] = lambda path, c=contents: layered_pdf(path, *c, STAMP, pages=2)
    for turn in (90, 180, 270):
        found[f"scan turned by {turn}"] = lambda path, t=turn: layered_pdf(
            path, PICTURE + old_text(), STAMP, page=f"/Rotate {t}"
        )
    found["scan cropped"] = lambda path: layered_pdf(
        path, PICTURE + old_text(), STAMP,
        page=f"/MediaBox [-50 -50 500 500] /CropBox [20 0 {PAGE[0]:.2f} {PAGE[1]:.2f}]",
    )  # fmt: skip
    found["scan with annotations"] = _annotated
    for name, method in (("RC4", pymupdf.PDF_ENCRYPT_RC4_128), ("AES", pymupdf.PDF_ENCRYPT_AES_256)):
        found[f"scan encrypted, {name}"] = lambda path, m=method: _saved(path, encryption=m, owner_pw="owner")
    found["scan, objects in streams"] = lambda path: _saved(path, use_objstms=1)
    found["scan padded behind"] = lambda path: _edited(path, lambda data: data + bytes(5000))
    found["scan with mail before"] = lambda path: _edited(path, lambda data: b"Received: by mail\r\n\r\n" * 30 + data)
    found["scan, index broken"] = lambda path: _edited(
        path, lambda data: data[: data.rfind(b"startxref")] + b"startxref\n7\n%%EOF\n"
    )
    found["scan, too many pages declared"] = lambda path: _edited(
        path, lambda data: data.replace(b"/Count 2", b"/Count 5")
    )
    return found


def _pdf_of(sheet: Image.Image, path: Path) -> None:
    sheet.save(path, "PDF", resolution=200)


def _annotated(path: Path) -> None:
    layered_pdf(
        path, PICTURE, old_text(), pages=2, page="/Annots [20 0 R 21 0 R 22 0 R 23 0 R 24 0 R]",
        catalog="/AcroForm << /Fields [23 0 R] >>",
        objects={20 + n: (mark, None) for n, mark in enumerate(ANNOTATIONS)},
    )  # fmt: skip


def _saved(path: Path, **options: object) -> None:
    plain = layered_pdf(path.with_name("plain.pdf"), PICTURE, old_text(), STAMP, pages=2)
    with pymupdf.open(plain) as document:
        document.save(path, **options)


def _edited(path: Path, edit: Callable[[bytes], bytes]) -> None:
    path.write_bytes(edit(layered_pdf(path, PICTURE, old_text(), STAMP, pages=2).read_bytes()))


def _born_digital() -> dict[str, Draw]:
    found: dict[str, Draw] = {
        f"born digital, {name}": lambda path, d=draw: d().save(str(path)) for name, draw in draw_layouts.ALL.items()
    }
    content = "<< /Length 41 >>\nstream\nBT /F1 20 Tf 40 700 Td (Only one page) Tj ET\nendstream"
    found["a page without a tree"] = lambda path: raw_pdf(
        path,
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Page /MediaBox [0 0 595 842] /Contents 3 0 R /Resources << /Font << /F1 4 0 R >> >> >>",
        content,
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    found["portfolio"] = _portfolio
    return found


def _portfolio(path: Path) -> None:
    with pymupdf.open() as document:
        document.new_page().insert_text((40, 60), "Open this portfolio in a newer reader")
        document.embfile_add("letter.txt", b"attached")
        document.xref_set_key(document.pdf_catalog(), "Collection", "<< /Type /Collection >>")
        document.save(path)


PICTURES: Mapping[str, Draw] = _pictures()
"""Image files."""
PDFS: Mapping[str, Draw] = _scans() | _born_digital()
"""PDFs."""
