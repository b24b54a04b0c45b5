"""Decodes the TIFFs that Pillow does not, or wrongly: samples of any size, format and order, in planes or together.

Pillow (libtiff) unpacks the bytes, as an image of one byte a sample; what they mean is decided here. Pillow 13 does
not invert MinIsWhite of 16 bits, mixes up the byte order of packed big-endian samples, and clips signed ones.
"""

import io
import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scanmend.source.image import tiff_directories as tiff
from scanmend.source.image.seen import scaled
from scanmend.source.image.tiff_directories import Directory
from scanmend.source.image.tiff_layout import (
    COLOURS,
    FLOAT,
    ICC_LAB,
    LAB,
    PALETTE,
    SIGNED,
    WHITE_IS_ZERO,
    Bytes,
    Layout,
)

_ASSOCIATED, _UNASSOCIATED, _COREL = 1, 2, 999
"""What ExtraSamples says of an alpha channel: colours are multiplied by it, or not (999: as Corel Draw 10 writes)."""


def decode(directory: Directory) -> Image.Image:
    """Return the picture as stored, its samples scaled to 8 bits: L, RGB, CMYK or LAB, or with alpha LA or RGBA.

    What Pillow raises on damage.
    """
    layout = Layout(directory)
    if layout.planar:
        pixels = np.dstack([_plane(directory, layout, plane, layout.samples) for plane in range(layout.samples)])
    else:
        pixels = _plane(directory, layout, 0, 1)
    made = _picture(directory, layout, pixels)
    profile = directory.content(tiff.ICC_PROFILE)
    if profile:
        made.info["icc_profile"] = profile
    return made


def _plane(directory: Directory, layout: Layout, plane: int, planes: int) -> NDArray[Any]:
    """Return the numbers of one plane: height, width, samples."""
    width, height = directory.size
    tiled = tiff.TILE_OFFSETS in directory.fields
    offsets = directory.values(tiff.TILE_OFFSETS if tiled else tiff.STRIP_OFFSETS)
    sizes = directory.values(tiff.TILE_SIZES if tiled else tiff.STRIP_SIZES)
    if tiled:
        across, down = directory.value(tiff.TILE_WIDTH), directory.value(tiff.TILE_HEIGHT)
        if not 0 < across * down <= 4 * max(width * height, 1 << 20):
            raise ValueError(f"tiles of {across} x {down} pixels")
    else:
        across, down = width, min(directory.value(tiff.ROWS_PER_STRIP, height) or height, height)
    columns, rows = math.ceil(width / across), math.ceil(height / down)
    count = columns * rows
    if len(offsets) < count * planes:
        raise EOFError("the TIFF lacks strips")
    sizes = sizes if len(sizes) == len(offsets) else _uncompressed(directory, layout, len(offsets), across, down)
    made = np.empty((height, width, layout.per_plane), layout.dtype)
    for n in range(count):
        left, top = n % columns * across, n // columns * down
        high = down if tiled else min(down, height - top)
        at = plane * count + n
        packed = directory.file, int(offsets[at]), int(sizes[at])
        unpacked = _unpacked(directory, packed, layout.row_bytes(across), high)
        part = layout.values(unpacked, across)
        made[top : top + high, left : left + across] = part[: height - top, : width - left]
    return made


def _uncompressed(directory: Directory, layout: Layout, count: int, across: int, down: int) -> tuple[float, ...]:
    if directory.value(tiff.COMPRESSION, 1) != 1:
        raise EOFError("the TIFF does not tell how long its strips are")
    return (float(layout.row_bytes(across) * down),) * count


def _unpacked(directory: Directory, packed: tuple[Any, int, int], row_bytes: int, rows: int) -> Bytes:
    """Return the bytes of a strip or tile: rows, bytes. Pillow sees a grey picture of one byte a sample."""
    file, at, size = packed
    if size > file.seek(0, io.SEEK_END) - at:
        raise EOFError("the TIFF is cut short")
    file.seek(at)
    data = file.read(size)
    reverse = directory.value(tiff.FILL_ORDER, 1) == 2  # noqa: PLR2004 -- lowest bit first
    if directory.value(tiff.COMPRESSION, 1) == 1:
        if len(data) < row_bytes * rows:
            raise EOFError("the TIFF is cut short")
        made = np.frombuffer(data[: row_bytes * rows], np.uint8).reshape(rows, row_bytes)
        if not reverse:
            return made
        return np.packbits(np.unpackbits(made, axis=1, bitorder="little"), axis=1)
    fields = {
        tiff.WIDTH: row_bytes,
        tiff.HEIGHT: rows,
        tiff.BITS: 8,
        tiff.COMPRESSION: directory.value(tiff.COMPRESSION),
        tiff.PHOTOMETRIC: 1,
        tiff.FILL_ORDER: 1 + reverse,
        tiff.STRIP_OFFSETS: 8,
        tiff.SAMPLES: 1,
        tiff.ROWS_PER_STRIP: rows,
        tiff.STRIP_SIZES: size,
    }
    start = 8 + size + size % 2
    body = b"II*\0" + struct.pack("<I", start) + data + bytes(size % 2) + struct.pack("<H", len(fields))
    body += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields.items()) + bytes(4)
    with Image.open(io.BytesIO(body), formats=("TIFF",)) as image:
        return np.asarray(image)


def _picture(directory: Directory, layout: Layout, pixels: NDArray[Any]) -> Image.Image:
    colours = COLOURS[layout.photometric]
    if layout.photometric == PALETTE:
        made = _looked_up(directory, layout, pixels[:, :, 0])
    elif layout.photometric in (LAB, ICC_LAB):
        made = Image.frombytes("LAB", pixels.shape[1::-1], _lab(layout, pixels[:, :, :3]).tobytes())
    else:
        inverted = layout.photometric == WHITE_IS_ZERO
        known = _of_full_scale if layout.bits < 8 and layout.format != FLOAT else None  # noqa: PLR2004 -- bits
        shown = pixels[:, :, :colours]
        levels = known(shown, layout.bits, inverted=inverted) if known else scaled(shown, inverted=inverted)
        made = Image.fromarray(levels[:, :, 0] if colours == 1 else levels, {1: "L", 3: "RGB", 4: "CMYK"}[colours])
    extra = directory.values(tiff.EXTRA_SAMPLES)
    meaning = int(extra[0]) if extra and layout.samples > colours else 0
    if meaning not in (_ASSOCIATED, _UNASSOCIATED, _COREL):
        return made
    return _with_alpha(made, _alpha(layout, pixels[:, :, colours]), associated=meaning == _ASSOCIATED)


def _of_full_scale(samples: NDArray[Any], bits: int, *, inverted: bool) -> Bytes:
    most = 2**bits - 1
    levels = samples.astype(np.uint16) * 255 // most
    return np.asarray(255 - levels if inverted else levels, np.uint8)


def _looked_up(directory: Directory, layout: Layout, indices: NDArray[Any]) -> Image.Image:
    size = 2**layout.bits
    table = np.asarray(directory.values(tiff.COLOUR_MAP), np.uint16)
    if table.size != 3 * size:
        raise ValueError("the TIFF's palette has the wrong size")
    colours = table.reshape(3, size).T
    eight = colours if colours.max() < 256 else colours >> 8  # noqa: PLR2004 -- some writers use 8 bits only
    return Image.fromarray(eight.astype(np.uint8)[indices])


def _lab(layout: Layout, pixels: NDArray[Any]) -> Bytes:
    """Return L, a and b in 8 bits as a TIFF has them: a and b are signed."""
    made = np.empty(pixels.shape, np.uint8)
    if layout.format == FLOAT:
        made[:, :, 0] = np.clip(pixels[:, :, 0] * 2.55, 0, 255)
        made[:, :, 1:] = np.clip(pixels[:, :, 1:], -128, 127).astype(np.int8).view(np.uint8)
    else:
        made[:] = pixels.view(f"u{pixels.dtype.itemsize}") >> (layout.bits - 8)
        made[:, :, 1:] ^= 128 if layout.photometric == ICC_LAB else 0
    return made


def _alpha(layout: Layout, samples: NDArray[Any]) -> Bytes:
    if layout.format == FLOAT:
        return scaled(np.clip(samples, 0, 1))
    most = 2 ** (layout.bits - (layout.format == SIGNED)) - 1
    share = np.clip(samples.astype(np.float64) / most, 0, 1)
    return np.asarray(np.rint(share * 255), np.uint8)


def _with_alpha(image: Image.Image, alpha: Bytes, *, associated: bool) -> Image.Image:
    """Return the image with its alpha channel; colours that were multiplied by it are divided by it."""
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    if associated:
        clear = np.maximum(alpha, 1).astype(np.float32)
        factor = 255 / (clear if image.mode == "L" else clear[:, :, None])
        image = Image.fromarray(np.clip(np.asarray(image) * factor, 0, 255).astype(np.uint8))
    image.putalpha(Image.fromarray(alpha))
    return image
