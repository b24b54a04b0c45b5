"""Page images as scanmend reads and corrects them without a language model; what was read is kept for the next run."""

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter

from scanmend.correct.confusions import Confusions
from scanmend.correct.corrector import Corrector
from scanmend.correct.lexicon.wordlists import lexicon
from scanmend.correct.settings import CorrectionSettings
from scanmend.document import CorrectedPage, Page, without_glyphs
from scanmend.language.installed import installed_languages
from scanmend.pageworkers.pool import PagePool
from scanmend.source.settings import ReadSettings, SourceLimits
from scored_pages import language_of_page

LIMITS = SourceLimits(2000, 250.0, 300)
"""No page of a benchmark is refused."""
LIMIT_S = 600.0
"""Seconds for a page: only the result matters."""
FALLBACK = "eng"
"""Language in which pages are read whose own is not installed."""
_page = TypeAdapter(Page)


def read_pages(images: Iterable[Path], kept: Path) -> dict[Path, CorrectedPage]:
    """Return each image as both readers and correction have it; ``kept``: folder of the readings of earlier runs."""
    kept.mkdir(parents=True, exist_ok=True)
    files = {image: kept / f"{image.stem}-{_digest(image)}.json" for image in images}
    missing = [image for image, file in files.items() if not file.exists()]
    if missing:
        with tempfile.TemporaryDirectory() as work:
            pool = PagePool(1, Path(work))
            try:
                for image in missing:
                    page = pool.submit(image, 1, ReadSettings((_language(image),), LIMITS, LIMIT_S, second="auto"))
                    files[image].write_bytes(_page.dump_json(page.result()))
            finally:
                pool.close()
    return {image: _corrected(_page.validate_json(file.read_bytes())) for image, file in files.items()}


def _digest(image: Path) -> str:
    return hashlib.sha256(image.read_bytes()).hexdigest()[:12]


def _language(image: Path) -> str:
    own = language_of_page(image)
    return own if own in installed_languages() else FALLBACK


def _corrected(page: Page) -> CorrectedPage:
    task = CorrectionSettings("auto", "", page.languages)
    return without_glyphs(Corrector(None, lexicon(page.languages), Confusions.load()).correct(page, task))
