"""Writes TIFFs of every kind that the format allows, bit by bit; other programs write the usual ones."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

_REVERSED = bytes(int(f"{n:08b}"[::-1], 2) for n in range(256))
_CODES = {1: "B", 3: "H", 4: "I", 5: "I", 16: "Q"}
_ROUND = 1000
"""Denominator of the fractions that are written."""


@dataclass(frozen=True)
class Picture:
    """One picture of a TIFF: samples of rows, columns and channels, and how they are written."""

    samples: np.ndarray
    bits: int = 8
    kind: str = "u"
    """``u``, ``i`` or ``f``, as in NumPy."""
    photometric: int = 1
    extra: Sequence[int] = ()
    planar: int = 1
    fill_order: int = 1
    compression: int = 1
    """1 for none, 8 for Deflate."""
    rows: int = 0
    """Of a strip; 0 for all."""
    tile: tuple[int, int] | None = None
    subsampling: tuple[int, int] | None = None
    colours: Sequence[int] = ()
    tags: Mapping[int, tuple[int, Sequence[float]]] = field(default_factory=dict)
    """Further fields, by tag: type and values."""


def tiff(pictures: Sequence[Picture], order: str = "<", *, big: bool = False, below: Sequence[Picture] = ()) -> bytes:
    """Return a file with these pictures in a chain; the first refers to those ``below`` it as its SubIFDs."""
    head = struct.pack(order + "HHHQ", 43, 8, 0, 0) if big else struct.pack(order + "HI", 42, 0)
    out = bytearray((b"II" if order == "<" else b"MM") + head)
    subs = []
    for picture in below:
        at, _ = _put(out, picture, order, {}, big=big)
        subs.append(at)
    link = 8 if big else 4
    for n, picture in enumerate(pictures):
        at, after = _put(out, picture, order, {330: (4, subs)} if subs and n == 0 else {}, big=big)
        struct.pack_into(order + ("Q" if big else "I"), out, link, at)
        link = after
    return bytes(out)


def _put(out: bytearray, picture: Picture, order: str, more: dict, *, big: bool) -> tuple[int, int]:
    """Append data and directory; return where the directory is, and where the next one's offset has to be."""
    places = []
    chunks = list(_chunks(picture, order))
    for chunk in chunks:
        out += bytes(len(out) % 2)
        places.append(len(out))
        out += chunk
    height, width, channels = _shaped(picture).shape
    fields = {
        256: (4, [width]), 257: (4, [height]), 258: (3, [picture.bits] * channels), 259: (3, [picture.compression]),
        262: (3, [picture.photometric]), 277: (3, [channels]), 284: (3, [picture.planar]),
        (324 if picture.tile else 273): (4, places), (325 if picture.tile else 279): (4, [len(c) for c in chunks]),
    }  # fmt: skip
    if picture.tile:
        fields |= {322: (3, [picture.tile[0]]), 323: (3, [picture.tile[1]])}
    else:
        fields[278] = (4, [picture.rows or height])
    fields |= {266: (3, [picture.fill_order])} if picture.fill_order > 1 else {}
    fields |= {339: (3, [{"i": 2, "f": 3}[picture.kind]] * channels)} if picture.kind != "u" else {}
    fields |= {338: (3, picture.extra)} if picture.extra else {}
    fields |= {320: (3, picture.colours)} if picture.colours else {}
    fields |= {530: (3, picture.subsampling)} if picture.subsampling else {}
    fields |= {**picture.tags, **more}
    entries = b""
    for tag, (kind, values) in sorted(fields.items()):
        numbers = [m for v in values for m in (round(v * _ROUND), _ROUND)] if kind == 5 else values
        data = struct.pack(f"{order}{len(numbers)}{_CODES[kind]}", *numbers)
        if len(data) > (8 if big else 4):
            out += bytes(len(out) % 2)
            at = len(out)
            out += data
            data = struct.pack(order + ("Q" if big else "I"), at)
        entries += struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, len(values))
        entries += data.ljust(8 if big else 4, b"\0")
    out += bytes(len(out) % 2)
    start = len(out)
    out += struct.pack(order + ("Q" if big else "H"), len(fields)) + entries
    out += bytes(8 if big else 4)
    return start, len(out) - (8 if big else 4)


def _shaped(picture: Picture) -> np.ndarray:
    return picture.samples if picture.samples.ndim == 3 else picture.samples[:, :, None]


def _chunks(picture: Picture, order: str):
    samples = _shaped(picture)
    planes = [samples] if picture.planar == 1 else [samples[:, :, n : n + 1] for n in range(samples.shape[2])]
    for plane in planes:
        for part in _parts(plane, picture):
            data = _subsampled(part, *picture.subsampling) if picture.subsampling else _packed(part, picture, order)
            data = data.translate(_REVERSED) if picture.fill_order == 2 else data
            yield zlib.compress(data) if picture.compression == 8 else data


def _parts(plane: np.ndarray, picture: Picture):
    height, width, channels = plane.shape
    if not picture.tile:
        rows = picture.rows or height
        yield from (plane[top : top + rows] for top in range(0, height, rows))
        return
    across, down = picture.tile
    for top in range(0, height, down):
        for left in range(0, width, across):
            part = np.zeros((down, across, channels), plane.dtype)
            piece = plane[top : top + down, left : left + across]
            part[: piece.shape[0], : piece.shape[1]] = piece
            yield part


def _packed(part: np.ndarray, picture: Picture, order: str) -> bytes:
    rows = part.reshape(len(part), -1)
    bits = picture.bits
    if bits in (8, 16, 32, 64):
        return rows.astype(f"{order}{picture.kind}{bits // 8}").tobytes()
    if bits == 24 and order == "<":
        return rows.astype("<u4")[:, :, None].view(np.uint8)[:, :, :3].tobytes()
    ones = (rows.astype(np.uint32)[:, :, None] >> np.arange(bits - 1, -1, -1, dtype=np.uint32)) & 1
    return np.packbits(ones.reshape(len(rows), -1).astype(np.uint8), axis=1).tobytes()


def _subsampled(part: np.ndarray, across: int, down: int) -> bytes:
    """Brightness of each block of pixels, and then its two colours, as YCbCr is stored."""
    height, width, _ = part.shape
    whole = np.pad(part, ((0, -height % down), (0, -width % across), (0, 0)), "edge").astype(np.uint8)
    blocks = whole.reshape(whole.shape[0] // down, down, whole.shape[1] // across, across, 3).swapaxes(1, 2)
    light = blocks[..., 0].reshape(*blocks.shape[:2], -1)
    return np.concatenate([light, blocks[:, :, 0, 0, 1:]], axis=2).tobytes()
