"""scanmend.source.image: what Pillow does not open is opened all the same, or said to be what it is."""

import importlib.util
import io
import struct

import numpy as np
import pytest

import render_scans
from exif_photos import stored_as
from odd_images import heic, jpeg_of, masked_bmp, png_with
from pdf_words import difference
from scanmend.errors import DocumentError
from scanmend.source.image.image_file import open_image_file
from scanmend.source.render import inspect, render
from scanmend.source.settings import SourceLimits
from tiff_writer import Picture, tiff

LIMITS = SourceLimits(max_pages=10, max_megapixels=5, render_dpi=150)
PAGE = render_scans.line("Sound, whoever may refuse it")


@pytest.fixture
def put(tmp_path):
    """Write data to a file."""

    def put(data):
        (tmp_path / "file").write_bytes(data)
        return tmp_path / "file"

    return put


def seen(path):
    with open_image_file(path, lambda *_: None) as image:
        return image.page(1).picture


def refusal(path):
    with pytest.raises(DocumentError) as e:
        render(path, inspect(path, LIMITS).pages, path.parent, LIMITS)
    return str(e.value)


@pytest.mark.parametrize("upwards", [True, False])
@pytest.mark.parametrize(
    ("bits", "masks", "close"),
    [
        (16, (0x7C00, 0x03E0, 0x001F, 0), 6),
        (16, (0xF800, 0x07E0, 0x001F, 0), 6),
        (16, (0x0F00, 0x00F0, 0x000F, 0xF000), 12),
        (16, (0x001F, 0x03E0, 0x7C00, 0x8000), 6),
        (32, (0x00FF0000, 0x0000FF00, 0x000000FF, 0), 1),
        (32, (0x0000FF00, 0x00FF0000, 0xFF000000, 0), 1),
        (32, (0x3FF00000, 0x000FFC00, 0x000003FF, 0), 1),
        (32, (0xFF000000, 0x00FF0000, 0x0000FF00, 0x000000FF), 1),
    ],
)
def test_bitmaps_with_any_masks(put, bits, masks, close, upwards):
    """Whoever can shift bits can read them."""
    picture = seen(put(masked_bmp(PAGE, bits, masks, upwards=upwards)))
    assert difference(picture.convert("L"), PAGE) < close


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (b"iCCP", b"profile\0\7" + b"no profile"),
        (b"tEXt", b"no separator"),
        (b"zTXt", b"note\0\0" + b"not packed"),
        (b"iTXt", b"\0\0\0"),
        (b"pHYs", b"\0\0"),
        (b"eXIf", b"no TIFF"),
        (b"gAMA", b""),
        (b"sRGB", b""),
        (b"cHRM", b"short"),
    ],
)
def test_pngs_with_something_odd_beside_their_picture(put, kind, content):
    """What it needs of the picture is there, so it is shown."""
    assert difference(seen(put(png_with(PAGE, kind, content))).convert("L"), PAGE) < 1


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0" + b"\xff" * 16,
        b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12",
        b"Exif\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
    ],
)
def test_a_broken_exif_block_is_no_orientation(put, exif):
    """The picture is as it is stored, with the resolution of its header."""
    with open_image_file(put(jpeg_of(PAGE, exif=exif)), lambda *_: None) as image:
        page = image.page(1)
        assert (page.orientation, page.resolution) == (1, (200.0, 200.0))
        assert difference(page.picture, PAGE) < 3


class TestResolution:
    @pytest.mark.parametrize("dpi", [(72, 72), (96, 96), (99, 99), (1, 1), (5000, 5000), (0, 300.5e6)])
    def test_that_no_scanner_has(self, put, dpi):
        """Phones and programs write 72 or 96 and mean nothing by it."""
        data = io.BytesIO()
        PAGE.save(data, "TIFF", dpi=dpi)
        with open_image_file(put(data.getvalue()), lambda *_: None) as image:
            assert image.page(1).resolution is None

    @pytest.mark.parametrize(
        ("dpi", "found"), [((204, 98), (204.0, 98.0)), ((100, 100), (100.0, 100.0)), ((1200, 1200), (1200.0, 1200.0))]
    )
    def test_that_is_meant(self, put, dpi, found):
        """Faxes are coarse in one direction."""
        data = io.BytesIO()
        PAGE.save(data, "TIFF", dpi=dpi)
        with open_image_file(put(data.getvalue()), lambda *_: None) as image:
            assert image.page(1).resolution == pytest.approx(found)


class TestMessages:
    """They are true: damaged is what is damaged, and what it is that is not supported is told."""

    @pytest.mark.parametrize(
        ("tags", "said"),
        [
            ({258: (3, [3])}, "1 x 3 bits"),
            ({262: (3, [32803])}, "photometric interpretation 32803"),
            ({259: (3, [34712])}, "compression 34712"),
            ({339: (3, [6])}, "sample format 6"),
        ],
    )
    def test_of_a_tiff_of_a_rare_kind(self, put, tags, said):
        """With its page, and what to do."""
        message = refusal(put(tiff([Picture(np.asarray(PAGE)), Picture(np.asarray(PAGE), tags=tags)])))
        assert "page 2" in message
        assert "not supported" in message
        assert said in message
        assert "PNG" in message
        assert "damaged" not in message

    @pytest.mark.parametrize(
        ("how", "said"),
        [({"precision": 12}, "12 bits"), ({"frame": 0xC3}, "lossless")],
    )
    def test_of_a_jpeg_of_a_rare_kind(self, put, how, said):
        """Neither damaged nor unknown."""
        message = refusal(put(jpeg_of(PAGE, **how)))
        assert "not supported" in message
        assert said in message

    def test_of_a_bitmap_of_a_rare_kind(self, put):
        """One that wraps a JPEG, for printers."""
        data = bytearray(masked_bmp(PAGE, 32, (0xFF0000, 0xFF00, 0xFF, 0)))
        struct.pack_into("<I", data, 30, 4)
        message = refusal(put(bytes(data)))
        assert "BMP" in message
        assert "not supported" in message

    @pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "JPEG", "TIFF", "WEBP"])
    def test_of_a_cut_file(self, put, kind):
        """No second decoder shows half of it."""
        data = io.BytesIO()
        PAGE.save(data, kind, **({"lossless": True} if kind == "WEBP" else {}))
        assert "not supported" not in refusal(put(data.getvalue()[: len(data.getvalue()) * 2 // 3]))

    def test_of_a_lost_palette(self, put):
        """Its pixels are numbers of colours that nobody knows."""
        data = io.BytesIO()
        PAGE.convert("P").save(data, "PNG")
        assert "palette" in refusal(put(data.getvalue().replace(b"PLTE", b"pLTE")))

    def test_of_cut_samples(self, put):
        """Of more than 8 bits, as well."""
        for bits, packing in ((16, 1), (16, 8), (32, 1)):
            data = tiff([Picture(np.asarray(PAGE) * 257.0, bits, compression=packing, rows=20)])
            start = data.index(struct.pack("<HHI", 273, 4, 6)) + 8
            at = struct.unpack_from("<I", data, start)[0] + 4 * 5
            cut = bytearray(data)
            struct.pack_into("<I", cut, at, len(data) - 10)
            message = refusal(put(bytes(cut)))
            assert "damaged" in message


class TestHeic:
    @pytest.mark.parametrize(
        "data",
        [
            heic(),
            heic(b"heix"),
            heic(b"mif1", b"mif1", b"heic"),
            heic(b"msf1", b"hevc"),
            heic(b"hevc", b"hevc", b"heic"),
        ],
    )
    def test_without_the_extra(self, put, data, monkeypatch):
        """The message says what it is, what to install, and what to set in the phone."""
        monkeypatch.setitem(__import__("sys").modules, "pi_heif", None)
        message = refusal(put(data))
        for part in ("HEIC", "the extra heic", "pip install pi-heif", "Most Compatible"):
            assert part in message

    @pytest.mark.parametrize("data", [heic(b"avif", b"mif1", b"avif"), heic(b"mp42", b"isom"), heic(b"mif1", b"avif")])
    def test_other_files_of_this_container(self, put, data):
        """Films and AVIF are no HEIC."""
        assert "is no scan" in refusal(put(data))

    @pytest.mark.skipif(importlib.util.find_spec("pi_heif") is None, reason="the extra heic is not installed")
    def test_a_damaged_one_with_the_extra(self, put):
        """It is the document's fault."""
        assert "damaged" in refusal(put(heic()))

    @pytest.mark.skipif(
        importlib.util.find_spec("pillow_heif") is None, reason="pillow-heif writes them; not installed"
    )
    @pytest.mark.skipif(importlib.util.find_spec("pi_heif") is None, reason="the extra heic is not installed")
    @pytest.mark.parametrize("orientation", [1, 3, 6, 8])
    def test_with_the_extra(self, put, orientation):
        """It is read, upright."""
        from pillow_heif import from_pillow  # noqa: PLC0415 -- optional

        stored, exif = stored_as(PAGE.convert("RGB"), orientation)
        data = io.BytesIO()
        from_pillow(stored).save(data, quality=95, exif=exif.tobytes())
        path = put(data.getvalue())
        assert inspect(path, LIMITS).kind == "heic"
        assert difference(seen(path).convert("L"), PAGE) < 4
