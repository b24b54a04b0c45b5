"""HEIC photos, as iPhones take them: opened with pi-heif, which is an optional extra."""

import sys
from typing import TYPE_CHECKING, BinaryIO

from scanmend.errors import DocumentError

if TYPE_CHECKING:
    from PIL import Image

HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
"""Brands of files whose pictures are compressed as HEVC."""
CONTAINER_BRANDS = (b"mif1", b"msf1")
"""Brands that name the container only, which AVIF has, too."""


def is_heic(head: bytes) -> bool:
    """Whether a file that begins so is a HEIC photo."""
    if head[4:8] != b"ftyp":
        return False
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))]
    return brands[0] in HEIC_BRANDS or (brands[0] in CONTAINER_BRANDS and any(b in HEIC_BRANDS for b in brands))


def open_heic(file: BinaryIO) -> "Image.Image":
    """Open a HEIC photo; its picture comes out upright. DocumentError without pi-heif, and what Pillow raises."""
    try:
        from pi_heif import register_heif_opener  # noqa: PLC0415 -- optional
    except ImportError as e:
        raise DocumentError(
            "it is a HEIC photo, as iPhones take them: install what reads them, the extra heic, with "
            f'"{sys.executable} -m pip install pi-heif", and drop it again; or let the phone take JPEGs '
            "(Settings, Camera, Formats: Most Compatible)"
        ) from e
    from PIL import Image  # noqa: PLC0415 -- the daemon imports this module for ``is_heic``

    register_heif_opener(thumbnails=False)
    file.seek(0)
    return Image.open(file, formats=("HEIF",))
