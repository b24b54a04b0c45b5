"""Which Tesseract is installed, with which languages; asked without loading pytesseract into the daemon."""

import subprocess

from scanmend.errors import OcrError

_MISSING = "Tesseract is not installed; on Debian and Ubuntu: apt install tesseract-ocr"


def version() -> str:
    """Tesseract's version, such as 5.3.0; OcrError without Tesseract."""
    return _said("--version").split()[1]


def installed_languages() -> frozenset[str]:
    """Languages that Tesseract has data for; OcrError without Tesseract."""
    return frozenset(line.strip() for line in _said("--list-langs").splitlines()[1:] if line.strip())


def _said(flag: str) -> str:
    try:
        return subprocess.run(["tesseract", flag], capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError) as e:
        raise OcrError(_MISSING) from e
