"""Which Tesseract is installed, with which languages; asked without loading pytesseract into the daemon."""

import subprocess
from collections.abc import Iterable

from scanmend.errors import OcrError

MISSING = "Tesseract is not installed; on Debian and Ubuntu: apt install tesseract-ocr"


def version() -> str:
    """Tesseract's version, such as 5.3.0; OcrError without Tesseract."""
    said = _said("--version").split()
    return said[1].lstrip("v") if len(said) > 1 else "unknown"


def installed_languages() -> frozenset[str]:
    """Languages that Tesseract has data for; OcrError without Tesseract."""
    return frozenset(line.strip() for line in _said("--list-langs").splitlines()[1:] if line.strip())


def remedy(languages: Iterable[str]) -> str:
    """How to install these."""
    packages = [f"tesseract-ocr-{name.replace('_', '-').lower()}" for name in languages if "/" not in name]
    files = [f"{name}.traineddata" for name in languages if "/" in name]
    ways = [f"on Debian and Ubuntu: apt install {' '.join(packages)}"] if packages else []
    return "; ".join(ways + ([f"put {' and '.join(files)} into Tesseract's tessdata folder"] if files else []))


def _said(flag: str) -> str:
    try:
        done = subprocess.run(["tesseract", flag], capture_output=True, check=True, timeout=30)
    except FileNotFoundError as e:
        raise OcrError(MISSING) from e
    except subprocess.CalledProcessError as e:
        said = " ".join(e.stderr.decode("utf-8", "replace").split())
        raise OcrError(f"tesseract {flag} failed with exit code {e.returncode}: {said[-300:]}") from e
    except (OSError, subprocess.SubprocessError) as e:
        raise OcrError(f"tesseract {flag} failed: {e}") from e
    return done.stdout.decode("utf-8", "replace")
