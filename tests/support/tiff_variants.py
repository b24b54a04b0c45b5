"""One page as a TIFF in every way: pixel types, orders, planes, strips, alpha; each is to look the same."""

from dataclasses import replace
from functools import cache

import numpy as np
from PIL import Image, ImageCms

from tiff_writer import Picture

DPI = {282: (5, [200]), 283: (5, [200]), 296: (3, [2])}


def variants(page: Image.Image) -> dict[str, tuple[Picture, str]]:
    """Return pictures of the grey page and the byte order to write them in, by name.

    Each kind comes in both orders of bytes, packed in one of them: which it is takes turns. One whose order of bits is
    defined comes with the low bit first, too, in the order of bytes in which it is packed otherwise.
    """
    return _variants(page.mode, page.size, page.tobytes())


@cache
def _variants(mode: str, size: tuple[int, int], pixels: bytes) -> dict[str, tuple[Picture, str]]:
    page = Image.frombytes(mode, size, pixels)
    found = {}
    plain, packed = _pixel_types(page, {}), _pixel_types(page, {"compression": 8})
    foldable = dict(_foldable(plain))
    for n, kind in enumerate(plain):
        one, other = ("little", "<"), ("big", ">")
        if n % 2:
            one, other = other, one
        found[f"{kind}, {one[0]}"] = (plain[kind], one[1])
        found[f"{kind}, {other[0]}, packed"] = (packed[kind], other[1])
        if kind in foldable:
            found[f"{kind}, low bit first, {other[0]}"] = (_low_bit_first(plain[kind]), other[1])
    return found


def _pixel_types(page: Image.Image, packing: dict) -> dict[str, Picture]:
    how = {"tags": DPI, **packing}
    share = np.asarray(page, np.float64) / 255
    eight = np.asarray(page)
    kinds = {}
    for bits in (1, 4, 8, 12, 16, 24, 32):
        levels = _levels(page, bits)
        kinds[f"grey {bits}"] = Picture(levels, bits, **how)
        kinds[f"white is zero {bits}"] = Picture(2**bits - 1 - levels, bits, photometric=0, **how)
    for bits in (1, 4, 8):
        most = 2**bits - 1
        falling = [round(65535 * (most - n) / most) for n in range(most + 1)]
        kinds[f"palette {bits}"] = Picture(most - _levels(page, bits), bits, photometric=3, colours=falling * 3, **how)
    for bits in (16, 32, 64):
        kinds[f"float {bits}"] = Picture(share, bits, "f", **how)
        kinds[f"float, white is zero {bits}"] = Picture(1 - share, bits, "f", photometric=0, **how)
    kinds["float to 255"] = Picture(share * 255, 32, "f", **how)
    kinds["float with overshoot"] = Picture(np.where(share > 0.99, 1.03, share), 32, "f", **how)
    for bits in (8, 16, 32):
        kinds[f"signed {bits}"] = Picture(_levels(page, bits) - 2 ** (bits - 1), bits, "i", **how)
        kinds[f"signed, none below zero {bits}"] = Picture(np.rint(share * (2 ** (bits - 1) - 1)), bits, "i", **how)
    for planar in (1, 2):
        for bits in (8, 16, 32):
            levels, most = _levels(page, bits), 2**bits - 1
            whole, none, where = np.full_like(levels, most), np.zeros_like(levels), f"{bits}, plane {planar}"
            rgb = [levels] * 3
            kinds[f"rgb {where}"] = Picture(np.dstack(rgb), bits, photometric=2, planar=planar, **how)
            kinds[f"cmyk {where}"] = Picture(
                np.dstack([none] * 3 + [most - levels]), bits, photometric=5, planar=planar, **how
            )
            for extra in (0, 1, 2):
                kinds[f"rgb and {extra} {where}"] = Picture(
                    np.dstack([*rgb, whole]), bits, photometric=2, planar=planar, extra=(extra,), **how
                )
                kinds[f"grey and {extra} {where}"] = Picture(
                    np.dstack([levels, whole]), bits, planar=planar, extra=(extra,), **how
                )
        kinds[f"rgb float, plane {planar}"] = Picture(
            np.dstack([share] * 3), 32, "f", photometric=2, planar=planar, **how
        )
        kinds[f"lab, plane {planar}"] = Picture(_lab(page), photometric=8, planar=planar, **how)
    # Ink on nothing: black everywhere, as opaque as it is dark. Both ways of storing colours come to the same.
    black = np.zeros_like(eight)
    kinds["ink, alpha apart"] = Picture(np.dstack([black] * 3 + [255 - eight]), photometric=2, extra=(2,), **how)
    kinds["ink, alpha in colours"] = Picture(np.dstack([black, 255 - eight]), extra=(1,), **how)
    yellowless = np.dstack([eight, np.full_like(eight, 128), np.full_like(eight, 128)])
    for blocks in ((1, 1), (2, 1), (2, 2)):
        kinds[f"ycbcr {blocks}"] = Picture(yellowless, photometric=6, subsampling=blocks, **how)
    kinds["strips"] = Picture(eight, rows=7, **how)
    kinds["strips 16"] = Picture(_levels(page, 16), 16, rows=7, **how)
    kinds["strips in planes"] = Picture(np.dstack([eight] * 3), photometric=2, planar=2, rows=7, **how)
    kinds["tiles"] = Picture(eight, tile=(64, 48), **how)
    kinds["tiles 1"] = Picture(_levels(page, 1), 1, tile=(64, 48), **how)
    kinds["tiles of floats"] = Picture(share, 32, "f", tile=(64, 48), **how)
    kinds["tiles in planes"] = Picture(np.dstack([eight] * 3), photometric=2, planar=2, tile=(64, 48), **how)
    return kinds


def _foldable(kinds: dict[str, Picture]):
    """Those for which the order of bits is defined: samples of at most 8 bits."""
    return [(n, p) for n, p in kinds.items() if p.bits <= 8 and "ycbcr" not in n and "planes" not in n and "," not in n]


def _low_bit_first(picture: Picture) -> Picture:

    return replace(picture, fill_order=2)


def _levels(page: Image.Image, bits: int) -> np.ndarray:
    if bits == 1:
        return (np.asarray(page) > 127).astype(np.float64)
    return np.rint(np.asarray(page, np.float64) / 255 * (2**bits - 1))


def _lab(page: Image.Image) -> np.ndarray:
    """Lightness alone, as no colour is in a grey page."""
    profiles = (ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"))
    made = ImageCms.profileToProfile(page.convert("RGB"), *profiles, outputMode="LAB")
    light = np.asarray(made.getchannel("L"))
    return np.dstack([light, np.zeros_like(light), np.zeros_like(light)])
