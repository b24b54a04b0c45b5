"""scanmend.intake.sniff against files that real writers make, whole and cut."""

import io
import os
import random
import struct
from pathlib import Path

import pymupdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from odd_images import heic
from scanmend.intake import sniff as module
from scanmend.intake.sniff import ScanState, scan_state, sniff


def look(path: Path, data: bytes) -> ScanState:
    path.write_bytes(data)
    fd = os.open(path, os.O_RDONLY)
    try:
        return scan_state(fd, len(data))
    finally:
        os.close(fd)


def noise(width: int, height: int) -> Image.Image:
    pixels = random.Random(4711).randbytes(width * height)  # noqa: S311 -- the same picture each time
    return Image.frombytes("L", (width, height), pixels)


def picture(**how) -> bytes:
    image = noise(61, 47)
    out = io.BytesIO()
    if how.pop("bilevel", False):
        image = image.convert("1")
    image.save(out, **how)
    return out.getvalue()


def tiff_pages(**how) -> bytes:
    out = io.BytesIO()
    pages = [noise(40, 30 + n) for n in range(3)]
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], **how)
    return out.getvalue()


def thumbnailed() -> bytes:
    """A JPEG that carries a whole small JPEG in its header, as cameras make them."""
    small, large = picture(format="JPEG"), picture(format="JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", len(small) + 2) + small
    return large[:2] + segment + large[2:]


def pdf() -> bytes:
    with pymupdf.open() as document:
        document.new_page().insert_text((72, 72), "Invoice 4711 " * 20)
        document.new_page().insert_image((0, 0, 200, 200), stream=picture(format="PNG"))
        return document.tobytes()


WHOLE = {
    "png": ("png", picture(format="PNG")),
    "jpeg": ("jpeg", picture(format="JPEG")),
    "jpeg progressive": ("jpeg", picture(format="JPEG", progressive=True)),
    "jpeg thumbnail": ("jpeg", thumbnailed()),
    "gif": ("gif", picture(format="GIF")),
    "bmp": ("bmp", picture(format="BMP")),
    "bmp bilevel": ("bmp", picture(format="BMP", bilevel=True)),
    "webp": ("webp", picture(format="WEBP")),
    "webp lossless": ("webp", picture(format="WEBP", lossless=True)),
    "tiff": ("tiff", picture(format="TIFF")),
    "tiff g4": ("tiff", picture(format="TIFF", compression="group4", bilevel=True)),
    "tiff lzw strips": ("tiff", picture(format="TIFF", compression="tiff_lzw", strip_size=256)),
    "tiff pages": ("tiff", tiff_pages()),
    "bigtiff": ("tiff", tiff_pages(big_tiff=True)),
    "heic": ("heic", heic()),
    "heic container": ("heic", heic(b"mif1", b"mif1", b"heic")),
    "pdf": ("pdf", pdf()),
    "pdf behind mail headers": ("pdf", b"X-Scanner: yes\r\n" * 40 + pdf()),
}
names = pytest.mark.parametrize("name", WHOLE)


def big_endian() -> bytes:
    """A TIFF of one strip in Motorola order, its directory at the end as libtiff writes it."""
    pixels = bytes(range(100))
    fields = [(256, 10), (257, 10), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 10), (279, 100)]
    directory = b"".join(struct.pack(">HHII", tag, 4, 1, value) for tag, value in fields)
    return b"MM\0*" + struct.pack(">I", 108) + pixels + struct.pack(">H", len(fields)) + directory + bytes(4)


@names
def test_a_whole_file_is_ready(name, tmp_path):
    """What a real writer finished is ready, and known by its content."""
    kind, data = WHOLE[name]
    assert sniff(data[:1024]) == kind
    assert look(tmp_path / "scan", data) is ScanState.READY


@names
def test_a_cut_file_is_not_ready(name, tmp_path):
    """Cut at ten places, and by its last two bytes, no file is ready; nor is it foreign once its header is there."""
    _, data = WHOLE[name]
    shorter = data.rstrip(b"\r\n\0")  # without the line break or the padding at its end a file is whole
    for length in [*(len(data) * tenth // 10 for tenth in range(10)), len(shorter) - 2, len(shorter) - 1]:
        state = look(tmp_path / "scan", data[:length])
        assert state is not ScanState.READY, length
        assert state is ScanState.INCOMPLETE or name == "pdf behind mail headers", length


@names
def test_the_first_bytes_alone_are_incomplete(name, tmp_path):
    """A file of which only the beginning of the signature has arrived is waited for."""
    _, data = WHOLE[name]
    if name != "pdf behind mail headers":
        assert {look(tmp_path / "scan", data[:n]) for n in range(13)} == {ScanState.INCOMPLETE}


@pytest.mark.parametrize("name", [n for n in WHOLE if n.startswith(("png", "jpeg", "pdf"))])
def test_a_preallocated_file_is_incomplete(name, tmp_path):
    """Half of the data followed by zeros up to the full length is not ready where the format has an end mark."""
    _, data = WHOLE[name]
    half = len(data) // 2
    assert look(tmp_path / "scan", data[:half] + bytes(max(len(data) - half, 5000))) is ScanState.INCOMPLETE


def test_zeros_are_incomplete(tmp_path):
    """An empty file, and one of nothing but zeros, may still become a scan."""
    assert look(tmp_path / "scan", b"") is ScanState.INCOMPLETE
    assert look(tmp_path / "scan", bytes(9000)) is ScanState.INCOMPLETE


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        heic(b"avif", b"mif1"),
        heic(b"isom", b"mp42"),
        b"BM is not always a bitmap, it seems",
        b"RIFF....WAVEfmt ",
        b"\x7fELF" * 99,
    ],
)
def test_other_files_are_foreign(data, tmp_path):
    """What is no scan format is not waited for."""
    assert look(tmp_path / "scan", data) is ScanState.FOREIGN


def test_big_endian_tiff(tmp_path):
    """Motorola order is read as well as Intel order."""
    data = big_endian()
    with Image.open(io.BytesIO(data)) as image:
        image.load()  # the hand-made file is a real one
    assert look(tmp_path / "scan", data) is ScanState.READY
    assert look(tmp_path / "scan", data[:-30]) is ScanState.INCOMPLETE


def test_a_tiff_without_directory_is_incomplete(tmp_path):
    """Writers fill in the place of the first directory last."""
    assert look(tmp_path / "scan", b"II*\0" + bytes(4) + b"pixels" * 50) is ScanState.INCOMPLETE


def test_a_tiff_that_loops_ends(tmp_path):
    """A directory that names itself as the next is looked at once."""
    data = bytearray(big_endian())
    data[-4:] = struct.pack(">I", 108)
    assert look(tmp_path / "scan", bytes(data)) is ScanState.READY
    fd = os.open(tmp_path / "scan", os.O_RDONLY)
    try:
        source = module._Source(fd, len(data))
        assert module._tiff(source)
        assert source.spent < 1000
    finally:
        os.close(fd)


def test_a_tiff_that_lacks_a_long_field_is_incomplete(tmp_path):
    """Any field's values may be what a writer puts last, here a description that lies behind the directory."""
    head, directory = big_endian()[:108], big_endian()[108:]
    (count,) = struct.unpack_from(">H", directory)
    fields = directory[2:-4] + struct.pack(">HHII", 270, 2, 50, 108 + len(directory) + 12)
    data = head + struct.pack(">H", count + 1) + fields + bytes(4) + b"d" * 50
    assert look(tmp_path / "scan", data) is ScanState.READY
    assert look(tmp_path / "scan", data[:-1]) is ScanState.INCOMPLETE


def test_a_linearized_pdf_needs_its_whole_length(tmp_path):
    """The first page of a linearized PDF ends with %%EOF; the length it declares counts."""
    head = b"%PDF-1.4\n1 0 obj\n<</Linearized 1/L 3000/H[1 2]/O 3/E 4/N 5/T 6>>\nendobj\nstartxref\n0\n%%EOF\n"
    whole = head + b"%" * (3000 - len(head) - 6) + b"\n%%EOF"
    assert look(tmp_path / "scan", whole) is ScanState.READY
    assert look(tmp_path / "scan", head + b"%" * 100) is ScanState.INCOMPLETE


def test_a_pdf_with_a_begun_update_is_incomplete(tmp_path):
    """Objects behind the last %%EOF belong to an update that is still being written."""
    assert look(tmp_path / "scan", pdf() + b"9 0 obj\n<</Type/Page") is ScanState.INCOMPLETE


def test_padding_behind_the_end_is_tolerated(tmp_path):
    """Devices that write whole blocks leave zeros behind the end."""
    for name in ("png", "jpeg", "gif", "tiff", "bmp", "webp", "pdf"):
        assert look(tmp_path / "scan", WHOLE[name][1] + bytes(512)) is ScanState.READY, name


JUNK = {
    "zeros": bytes(300_000),
    "blanks": b" " * 9000,
    "a web page": b"\n<html>" + b"<p>session ended; ask for the object again</p>" * 300 + b"</html>",
    "mail": b"\r\n--boundary--\r\n" * 500,
}


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("name", ["png", "jpeg", "gif", "tiff", "bmp", "webp", "pdf"])
def test_anything_behind_the_end_is_tolerated(name, junk, tmp_path):
    """A whole file is not waited for, whatever stands behind it, and however much."""
    assert look(tmp_path / "scan", WHOLE[name][1] + JUNK[junk]) is ScanState.READY


@pytest.mark.parametrize(
    "junk", [b"X-Scanner: yes\r\n" * 300, bytes(4096), b"<html>\n" * 500, b"\xef\xbb\xbf", b"--boundary\r\n\r\n"]
)
def test_anything_before_a_pdf_is_tolerated(junk, tmp_path):
    """As mail programs and web servers leave it."""
    assert sniff((junk + pdf())[:8192]) == "pdf"
    assert look(tmp_path / "scan", junk + pdf()) is ScanState.READY
    assert look(tmp_path / "scan", junk + pdf()[:-300]) is ScanState.INCOMPLETE


def test_an_image_that_mentions_a_pdf_is_an_image(tmp_path):
    """Editors note in a picture what it was made from."""
    data = picture(format="JPEG")
    comment = b"\xff\xfe" + struct.pack(">H", 2002) + b" " * 1980 + b"%PDF-1.7".ljust(20)
    data = data[:2] + comment + data[2:]
    assert sniff(data) == "jpeg"
    assert look(tmp_path / "scan", data) is ScanState.READY


def test_half_a_linearized_pdf_in_its_full_length(tmp_path):
    """Its first page ends with an end mark of its own; the rest is zeros yet."""
    whole = b"%PDF-1.5\n1 0 obj <</Linearized 1/L 20000/N 2>> endobj\nstartxref\n0\n%%EOF\n"
    assert look(tmp_path / "scan", whole + bytes(30000)) is ScanState.INCOMPLETE
    assert look(tmp_path / "scan", whole.ljust(19994, b" ") + b"%%EOF\n" + bytes(30000)) is ScanState.READY


def test_a_size_that_is_not_true_any_more(tmp_path):
    """A file that shrank since its size was taken is incomplete."""
    path = tmp_path / "scan"
    path.write_bytes(WHOLE["png"][1][:60])
    fd = os.open(path, os.O_RDONLY)
    try:
        assert scan_state(fd, 100_000) is ScanState.INCOMPLETE
    finally:
        os.close(fd)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from([b"", *(data[:n] for _, data in WHOLE.values() for n in (3, 8, 20, 200))]),
    rest=st.binary(max_size=400),
)
def test_hostile_bytes_never_raise(start, rest, tmp_path):
    """Whatever follows a true header, the answer is a state."""
    assert isinstance(look(tmp_path / "scan", start + rest), ScanState)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_never_raise(data, tmp_path):
    """Real files with bytes overwritten, then cut anywhere, get a state."""
    _, whole = WHOLE[data.draw(st.sampled_from(sorted(WHOLE)))]
    damaged = bytearray(whole)
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=6)):
        damaged[at % len(damaged)] = byte
    cut = data.draw(st.integers(0, len(damaged)))
    assert isinstance(look(tmp_path / "scan", bytes(damaged[:cut])), ScanState)
