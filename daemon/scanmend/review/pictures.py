"""Page images of documents in review, and crops of their places: made by page workers when asked for, and cached."""

import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from scanmend.document import Box
from scanmend.errors import StorageError
from scanmend.jobs.pipeline import limits_of
from scanmend.pageworkers.pool import PagePool
from scanmend.review.bundle import Bundle
from scanmend.review.doubt.places import Place
from scanmend.review.opened import MachinePage
from scanmend.source.settings import PageLook

MAX_CACHE_BYTES = 512 << 20
"""Size from which the images used longest ago are removed: some 200 pages at 300 DPI."""
MAX_PIXELS = 40_000_000
"""Pixels from which an image is made smaller: A3 at 400 DPI has 30 million."""
MARGIN_HEIGHTS = 1.0
"""What a crop shows around its place, in heights of the place's words."""
MIN_MARGIN_PX = 12
"""Least margin of a crop, in pixels."""
SHOW_LIMIT_S = 60.0
"""Longest time for one image, in seconds."""


class Pictures:
    """Makes and caches images below the bundles; for any thread."""

    def __init__(self, root: Path, pool: PagePool) -> None:
        """``root``: the folder of the bundles."""
        self._root = root
        self._pool = pool
        self._lock = threading.Lock()

    def page(self, bundle: Bundle, page: MachinePage, source: Callable[[], Path]) -> Path:
        """Return a PNG of a page, upright and in colour, ``MachinePage.width`` pixels across unless it is very large.

        ``source`` finds the scan, where the image is not there yet.

        StorageError, DocumentError, OcrError, Stopping.
        """
        target = bundle.images / f"page-{page.number}.png"
        if not _used(target):
            self._make(bundle, source(), page, target, None)
        return target

    def crop(self, bundle: Bundle, page: MachinePage, place: Place, source: Callable[[], Path]) -> Path:
        """Return a PNG of a place with a margin around it; of a whole page where the place has no box. As ``page``."""
        if place.box is None or not place.takes_text:
            return self.page(bundle, page, source)
        target = bundle.images / f"place-{place.id}.png"
        if not _used(target):
            self._make(bundle, source(), page, target, _with_margin(place.box, place.boxes, page))
        return target

    def _make(self, bundle: Bundle, source: Path, page: MachinePage, target: Path, box: Box | None) -> None:
        look = PageLook(page.number, (page.width, page.height), _size(page), page.turned, box)
        try:
            bundle.images.mkdir(exist_ok=True)
        except OSError as e:
            raise StorageError(f"{bundle.images} cannot be made: {e.strerror}") from e
        self._pool.show(source, look, target, limits_of(bundle.settings), SHOW_LIMIT_S).result()
        with self._lock:
            _prune(self._root.glob("*/images/*.png"), but=target)


def _size(page: MachinePage) -> tuple[int, int]:
    pixels = page.width * page.height
    shrink = min(1.0, (MAX_PIXELS / pixels) ** 0.5) if pixels else 1.0
    return round(page.width * shrink), round(page.height * shrink)


def _with_margin(box: Box, boxes: Iterable[Box], page: MachinePage) -> Box:
    """Return the box with a margin around it, within the page."""
    heights = sorted(b[3] - b[1] for b in boxes) or [box[3] - box[1]]
    margin = max(MIN_MARGIN_PX, round(MARGIN_HEIGHTS * heights[len(heights) // 2]))
    return (
        max(0, box[0] - 2 * margin),
        max(0, box[1] - margin),
        min(page.width, box[2] + 2 * margin),
        min(page.height, box[3] + margin),
    )


def _used(target: Path) -> bool:
    """Whether the image is there; if so, it counts as used just now."""
    with suppress(OSError):
        os.utime(target)
        return True
    return False


def _prune(images: Iterable[Path], *, but: Path) -> None:
    """Remove images used longest ago until the others fit into the cache."""
    known: list[tuple[float, int, Path]] = []
    for image in images:
        with suppress(OSError):  # removed with its bundle meanwhile
            found = image.stat()
            known.append((found.st_mtime, found.st_size, image))
    size = sum(bytes_ for _, bytes_, _ in known)
    for _, bytes_, image in sorted(known):
        if size <= MAX_CACHE_BYTES:
            break
        if image != but:
            image.unlink(missing_ok=True)
            size -= bytes_
