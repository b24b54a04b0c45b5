"""Files of a few KiB that would fill the memory are refused before it is taken: measured on a real page worker."""

import io
import os
import resource
import struct
import zlib
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest
from PIL import Image

import render_scans
from scanmend.process.child import Child
from scanmend.process.rlimits import allowance, bounded
from scanmend.source.settings import ReadSettings, SourceLimits

LIMITS = SourceLimits(max_pages=10, max_megapixels=5, render_dpi=100)
SIDE = 60_000
LITTLE_MIB = 64
"""What looking at such a file may take, where its size stands at its beginning."""


def packed_zeros(mib: int) -> bytes:
    """What unpacks to so many MiB, made of one that is repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    one = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = ((mib << 20) % 65521) << 16 | 1
    return b"\x78\x9c" + one * mib + packer.flush() + struct.pack(">I", checksum)


def png() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed_zeros(64)) + chunk(b"IEND", b"")


def saved(kind: str, at: int, layout: str, *, after: bytes = b"", **options: object) -> bytes:
    """A small image whose header says that it is SIDE pixels wide and high."""
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, kind, **options)
    data = bytearray(out.getvalue())
    place = (data.index(after) if after else 0) + at
    struct.pack_into(layout, data, place, SIDE, SIDE)
    return bytes(data)


def tiff() -> bytes:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "TIFF", compression="group4")
    return out.getvalue()


def webp() -> bytes:
    small = io.BytesIO()
    Image.new("L", (16, 16)).save(small, "WEBP", lossless=True)
    frame = bytes(6) + (15).to_bytes(3, "little") * 2 + b"\x10\0\0\0" + small.getvalue()[12:]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + (16_383).to_bytes(3, "little") * 2
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6) + b"ANMF" + struct.pack("<I", len(frame)) + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pdf(*objects: bytes, box: int = 600) -> bytes:
    """One page of ``box`` points that shows object 5, the first given, as an XObject and sets type in it as a font."""
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {box} {box}]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>"
    page += "/Font<</F 5 0 R>>>>>>"
    tree = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page.encode()]
    content = stream("", b"q 500 0 0 500 50 50 cm /I Do Q BT /F 12 Tf 50 50 Td (AAAA) Tj ET")
    out, places = b"%PDF-1.7\n", []
    for number, text in enumerate([*tree, content, *objects], 1):
        places.append(len(out))
        out += b"%d 0 obj " % number + text + b" endobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(places) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer <</Size {size}/Root 1 0 R>>\nstartxref\n{len(out)}\n"
    return out + end.encode() + b"%%EOF\n"


def stream(about: str, data: bytes) -> bytes:
    return b"<<" + about.encode() + b"/Length %d>>\nstream\n" % len(data) + data + b"\nendstream"


def picture(about: str, data: bytes, side: int = SIDE) -> bytes:
    shape = f"/Type/XObject/Subtype/Image/Width {side}/Height {side}"
    return stream(f"{shape}/BitsPerComponent 8/ColorSpace/DeviceGray{about}", data)


def jpx() -> bytes:
    """A JPEG 2000 picture of which the PDF says that it is small."""
    out = io.BytesIO()
    Image.new("L", (64, 64)).save(out, "JPEG2000", no_jp2=True)
    data = bytearray(out.getvalue())
    at = data.index(b"\xff\x51")
    struct.pack_into(">II", data, at + 6, SIDE, SIDE)
    struct.pack_into(">II", data, at + 22, SIDE, SIDE)
    return stream("/Type/XObject/Subtype/Image/Width 64/Height 64/Filter/JPXDecode", bytes(data))


FORM = stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</J 6 0 R>>>>", b"q 9 0 0 9 0 0 cm /J Do Q")
BOMBS = {
    "png": png,
    "tiff": tiff,
    "webp": webp,
    "gif": lambda: saved("GIF", 6, "<HH"),
    "gif frame": lambda: saved("GIF", 5, "<HH", after=b","),
    "jpeg": lambda: saved("JPEG", 5, ">HH", after=b"\xff\xc0"),
    "bmp": lambda: saved("BMP", 18, "<ii"),
    "pdf box": lambda: pdf(box=14_400_000),
    "pdf image": lambda: pdf(picture("/Filter/FlateDecode", packed_zeros(64))),
    "pdf image in a form": lambda: pdf(FORM, picture("/Filter/FlateDecode", packed_zeros(64))),
    "pdf JPEG 2000": lambda: pdf(jpx()),
}
"""Files that say, somewhere at their beginning, that they are too large."""


@pytest.fixture(scope="module")
def worker():
    child = Child("scanmend.pageworkers.worker")
    yield child
    child.end()


def asked(worker: Child, path: Path, limits: SourceLimits = LIMITS) -> tuple[str, str, float]:
    """What the worker answers to the page, and by how many MiB its peak went up."""
    process = psutil.Process(worker.pid)
    Path(f"/proc/{worker.pid}/clear_refs").write_text("5")  # from here on, the peak is this page's
    before = process.memory_info().rss
    request = {"do": "read", "path": os.fsencode(path).hex(), "number": 1, "work": str(path) + "-work"}
    reply = worker.ask({**request, "settings": asdict(ReadSettings(("eng",), limits, 60.0))}, 60)
    status = Path(f"/proc/{worker.pid}/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) << 10
    return reply.get("error", ""), reply.get("message", ""), (peak - before) / 2**20


def test_bombs_are_refused_before_they_are_unpacked(worker, tmp_path):
    """A document's fault, with its size and the setting's name, for next to no memory; the worker goes on."""
    asked(worker, _sound(tmp_path))
    for name, make in BOMBS.items():
        path = tmp_path / name.replace(" ", "-")
        path.write_bytes(make())
        assert path.stat().st_size < 2**20, name
        error, said, mib = asked(worker, path)
        assert (error, "max_megapixels" in said) == ("document", True), (name, said)
        assert mib < LITTLE_MIB, (name, mib)
    assert asked(worker, _sound(tmp_path))[0] == ""


def _sound(folder: Path) -> Path:
    render_scans.save_png(render_scans.line("Sound", height_px=50), folder / "sound.png")
    return folder / "sound.png"


@pytest.mark.thorough
def test_what_grows_only_while_it_is_decoded(worker, tmp_path):
    """A font of 3 GiB: its page fails, or shows without it, within the allowance."""
    font = b"<</Type/Font/Subtype/TrueType/BaseFont/A/FirstChar 65/LastChar 65/Widths[500]/FontDescriptor 6 0 R>>"
    about = b"<</FontName/A/Flags 32/FontFile2 7 0 R>>"
    data = packed_zeros(3072)
    (tmp_path / "font.pdf").write_bytes(pdf(font, about, stream("/Filter/FlateDecode", data)))
    _, _, mib = asked(worker, tmp_path / "font.pdf")
    assert mib < allowance(LIMITS.max_megapixels) / 2**20


def test_memory_beyond_the_allowance_cannot_be_had():
    """Allocations fail within, and only there."""
    limits = SourceLimits(max_pages=1, max_megapixels=1, render_dpi=100)
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with bounded(limits.max_megapixels), pytest.raises(MemoryError):
        bytearray(allowance(limits.max_megapixels) + 1)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_the_allowance():
    """It grows with the pages that are allowed, but not beyond the machine."""
    small, large = (allowance(megapixels) for megapixels in (5, 50))
    assert large - small == 45_000_000 * 12
    assert allowance(10_000_000) < psutil.virtual_memory().total


@pytest.mark.thorough
def test_the_largest_page_allowed_is_read(worker, tmp_path):
    """Colour with transparency, 16 bits, and black and white: the allowance is enough, for Tesseract as well."""
    limits = SourceLimits(max_pages=1, max_megapixels=9, render_dpi=100)
    line = render_scans.line("Large enough", height_px=50)
    for mode in ("RGBA", "I;16", "1"):
        page = Image.new("L", (3000, 3000), 255)
        page.paste(line, (100, 100))
        path = tmp_path / f"{mode[0]}.png"
        (page.convert("I").point(lambda v: v * 257).convert("I;16") if mode == "I;16" else page.convert(mode)).save(
            path
        )
        assert asked(worker, path, limits)[:2] == ("", "")
