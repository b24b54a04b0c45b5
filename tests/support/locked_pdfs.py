"""PDFs that ask for a password, drawn by pikepdf: every way to encrypt that PDF knows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import render_scans
from sample_page import TEXT

pikepdf = pytest.importorskip("pikepdf", reason="the extra archive is not installed")

ENCRYPTIONS: Mapping[str, Mapping[str, Any]] = {
    "RC4, 40 bits": {"R": 2, "aes": False, "metadata": False},
    "RC4, 128 bits": {"R": 3, "aes": False, "metadata": False},
    "AES, 128 bits": {"R": 4, "aes": True},
    "AES, 256 bits": {"R": 6, "aes": True},
}
"""What pikepdf wants to be told, by name."""


def locked_pdf(path: Path, encryption: str, *, user: str = "", owner: str = "") -> Path:
    """Write a scan of the sample page, encrypted with these passwords; without ``user`` it opens without any."""
    plain = path.with_suffix(".plain")
    render_scans.save_pdf([render_scans.line(TEXT)], plain)
    with pikepdf.open(plain) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(user=user, owner=owner, **ENCRYPTIONS[encryption]))
    plain.unlink()
    return path
