"""Transforms a page image before OCR: turns, inverts, evens out the light, straightens, scales. The part with Pillow.

Without a transform nothing is written: Tesseract then reads the image as it was rendered.
"""

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from scanmend.ocr.geometry import PageMapping
from scanmend.ocr.page_analysis import ANALYSIS_SIDE_PX, Grey
from scanmend.source.page_image import PageImage

_TRANSPOSITIONS = MappingProxyType(
    {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
)
"""Pillow's transposition, which counts anticlockwise, by degrees clockwise."""
_BRIGHTNESS_MAP_PX = 400
"""Length of the longer side of the map of the paper's brightness, in pixels."""
_PAPER_LEVEL = 240
"""Grey level (of 255) that paper gets where the light is evened out."""
_STRIP_ROWS = 256
"""Rows of the image in which the light is evened out at a time, which bounds the memory that it takes."""


@dataclass(frozen=True, slots=True)
class PageTransform:
    """What is done to a page image, in the order of the fields."""

    turned: int = 0
    """Degrees clockwise, a multiple of 90."""
    inverted: bool = False
    """Whether black and white are exchanged."""
    evened: bool = False
    """Whether the paper is made equally bright everywhere."""
    slope: float = 0.0
    """Degrees by which lines fall to the right on the page once it is turned, which are taken back."""
    scale: float = 1.0
    """Factor by which width and height grow; below 1 the image is reduced."""

    @property
    def steps(self) -> tuple[str, ...]:
        """What is done, in the words of the record's ``steps``."""
        words = [f"turned {self.turned}°"] if self.turned else []
        words += ["inverted"] if self.inverted else []
        words += ["light evened out"] if self.evened else []
        words += [f"straightened {abs(self.slope):g}°"] if self.slope else []
        words += [f"enlarged {self.scale:g}×"] if self.scale > 1 else []
        return (*words, *([f"reduced to {self.scale:.0%}"] if self.scale < 1 else []))

    def mapping(self, image: PageImage) -> PageMapping:
        """Return how the transformed image maps back to its page."""
        across, down = (image.height, image.width) if self.turned in (90, 270) else (image.width, image.height)
        return PageMapping(across, down, self.slope, self.scale)


def small_copy(image: PageImage) -> Grey:
    """Return a grey copy (rows by columns, 8 bits) for ``analyse``, its longer side about ANALYSIS_SIDE_PX."""
    with _open(image) as picture:
        shrink = max(1, round(max(picture.size) / ANALYSIS_SIDE_PX))
        grey = picture.convert("L")
        return np.asarray(grey.reduce(shrink) if shrink > 1 else grey)


def full_copy(image: PageImage) -> Grey:
    """Return all pixels of the image as grey levels (rows by columns, 8 bits)."""
    with _open(image) as picture:
        return np.asarray(picture.convert("L"))


def transformed(image: PageImage, transform: PageTransform) -> PageImage:
    """Return the transformed image, written beside the original; the original itself where nothing is to be done.

    OSError when it cannot be written.
    """
    if transform == PageTransform():
        return image
    with _open(image) as opened:
        picture = opened.transpose(_TRANSPOSITIONS[transform.turned]) if transform.turned else opened
        if transform.inverted:
            picture = ImageOps.invert(picture.convert("L"))
        if transform.evened:
            picture = _with_even_light(picture.convert("L"))
        mapping = transform.mapping(image)
        if (mapping.slope, mapping.scale) != (0.0, 1.0):
            picture = _straightened_and_scaled(picture.convert("L"), mapping)
        name = "-".join(f"{n:g}" for n in (transform.turned, transform.slope, transform.scale))
        target = image.path.with_name(f"{image.path.stem}-{name}.pnm")
        picture.save(target, "PPM")
    return replace(
        image, path=target, width=picture.width, height=picture.height, dpi=round(image.dpi * transform.scale)
    )


def upright(image: PageImage, turned: int) -> PageImage:
    """Return the page image in grey, turned by these degrees clockwise: the image that boxes of a page belong to.

    The original itself where it is that already. OSError when it cannot be written.
    """
    with _open(image) as opened:
        if not turned and opened.mode == "L":
            return image
        picture = opened.transpose(_TRANSPOSITIONS[turned]) if turned else opened
        target = image.path.with_name(f"{image.path.stem}-upright.pgm")
        picture.convert("L").save(target, "PPM")
        return replace(image, path=target, width=picture.width, height=picture.height)


def _open(image: PageImage) -> Image.Image:
    return Image.open(image.path, formats=("PPM",))


def _straightened_and_scaled(picture: Image.Image, mapping: PageMapping) -> Image.Image:
    """Straighten and scale in one interpolation, which blurs letters only once; new corners are as bright as paper."""
    if mapping.scale < 1:
        shrunk = picture.resize(replace(mapping, slope=0.0).size, Image.Resampling.BOX)
        whole = PageMapping(shrunk.width, shrunk.height, mapping.slope)
        return _straightened_and_scaled(shrunk, whole) if mapping.slope else shrunk
    return picture.transform(
        mapping.size,
        Image.Transform.AFFINE,
        mapping.affine,
        resample=Image.Resampling.BICUBIC,
        fillcolor=_paper_level(picture),
    )


def _paper_level(picture: Image.Image) -> int:
    counts = picture.reduce(max(1, min(picture.size) // 200)).histogram()
    return max(range(128, 256), key=counts.__getitem__)


def _with_even_light(picture: Image.Image) -> Image.Image:
    """Divide by the brightness of the paper, estimated from the brightest pixels around each point."""
    shrink = max(1, round(max(picture.size) / _BRIGHTNESS_MAP_PX))
    paper = picture.reduce(shrink)
    for _ in range(2):
        paper = paper.filter(ImageFilter.MaxFilter(5))
    paper = paper.filter(ImageFilter.GaussianBlur(5)).resize(picture.size, Image.Resampling.BILINEAR)
    out = Image.new("L", picture.size)
    for top in range(0, picture.height, _STRIP_ROWS):
        strip = (0, top, picture.width, min(top + _STRIP_ROWS, picture.height))
        seen = np.asarray(picture.crop(strip), np.uint16) * np.uint16(_PAPER_LEVEL)
        even = seen // np.maximum(np.asarray(paper.crop(strip), np.uint16), 16)
        out.paste(Image.fromarray(np.minimum(even, 255).astype(np.uint8)), strip)
    return out
