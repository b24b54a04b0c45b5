"""The installed Tesseract: its version, its languages, and which of them ``languages: auto`` chooses from.

Light enough for the daemon, as it runs ``tesseract`` itself: pytesseract and word lists are for page workers.
"""

import subprocess
from collections.abc import Iterable

from scanmend.document import Page
from scanmend.errors import OcrError
from scanmend.language.codes import CODES

AUTO = ("auto",)
"""A folder's ``languages`` when the language of each document is to be detected."""
FALLBACK = "eng"
"""The language in which pages are read whose language cannot be detected."""
MIN_DETECT_WORDS = 12
"""Words of three letters or more that a page must have for its document's language to be detected from it."""
MIN_DETECT_CONFIDENCE = 60.0
"""Mean confidence, 0 to 100, below which a page was read too badly to detect a language."""
_VARIANTS = {"deu_latf", "frk", "frm"}
"""Languages of old prints: their word lists are those of today's languages, so detection could not decide."""
_NO_LIST = {"est"}
"""Languages in CODES for which wordfreq has no small list."""

NOT_INSTALLED = "Tesseract is not installed; on Debian and Ubuntu: apt install tesseract-ocr"
"""Message where Tesseract is missing."""


def tesseract_version() -> str:
    """Return Tesseract's version, such as 5.3.0, or ``unknown``; OcrError without Tesseract."""
    said = _output_of("--version").split()
    return said[1].lstrip("v") if len(said) > 1 else "unknown"


def installed_languages() -> frozenset[str]:
    """Return the languages that Tesseract has data for, by its names; OcrError without Tesseract."""
    return frozenset(line.strip() for line in _output_of("--list-langs").splitlines()[1:] if line.strip())


def auto_languages(installed: Iterable[str]) -> tuple[str, ...]:
    """Return the installed languages that ``languages: auto`` chooses from: those with a word list, sorted."""
    return tuple(sorted(set(installed) & (CODES.keys() - _VARIANTS - _NO_LIST)))


def can_detect_language(page: Page) -> bool:
    """Whether a page has enough text, read well enough, to detect its document's language; numbers do not count."""
    confidence = page.mean_confidence
    if confidence is not None and confidence < MIN_DETECT_CONFIDENCE:
        return False
    words = (word.text for line in page.lines for word in line.words)
    return sum(sum(c.isalpha() for c in word) > 2 for word in words) >= MIN_DETECT_WORDS  # noqa: PLR2004 -- letters


def remedy(languages: Iterable[str]) -> str:
    """Return how to install these languages, for a message: packages of Debian and Ubuntu, or files to copy."""
    packages = [f"tesseract-ocr-{name.replace('_', '-').lower()}" for name in languages if "/" not in name]
    files = [f"{name}.traineddata" for name in languages if "/" in name]
    ways = [f"on Debian and Ubuntu: apt install {' '.join(packages)}"] if packages else []
    return "; ".join(ways + ([f"put {' and '.join(files)} into Tesseract's tessdata folder"] if files else []))


def _output_of(flag: str) -> str:
    try:
        done = subprocess.run(["tesseract", flag], capture_output=True, check=True, timeout=30)
    except FileNotFoundError as e:
        raise OcrError(NOT_INSTALLED) from e
    except subprocess.CalledProcessError as e:
        said = " ".join(e.stderr.decode("utf-8", "replace").split())
        raise OcrError(f"tesseract {flag} failed with exit code {e.returncode}: {said[-300:]}") from e
    except (OSError, subprocess.SubprocessError) as e:
        raise OcrError(f"tesseract {flag} failed: {e}") from e
    return done.stdout.decode("utf-8", "replace")
