"""What a machine reads pages with, as workers tell it, and what of that differs from another machine's."""

import hashlib
import re
import socket
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from scanmend import __version__
from scanmend.errors import OcrError
from scanmend.language.installed import AUTO, tesseract_version
from scanmend.second_reader.weights import missing as weights_missing

DIGEST_DIGITS = 12
"""Hexadecimal digits of a language file's SHA-256 that are compared."""


@dataclass(frozen=True, slots=True)
class Versions:
    """What one machine reads pages with."""

    host: str
    scanmend: str
    tesseract: str
    """Its version; empty where there is none."""
    reader: str
    """Version of what runs the second reader; empty where it cannot run."""
    languages: Mapping[str, str]
    """Tesseract's languages, each with the beginning of the SHA-256 of its file."""


@cache
def own() -> Versions:
    """Return what this machine has; it does not change while the process lives."""
    try:
        tesseract, languages = tesseract_version(), dict(_languages())
    except OcrError:
        tesseract, languages = "", {}
    return Versions(socket.gethostname(), __version__, tesseract, _reader(), languages)


def unfit(worker: Versions) -> str:
    """Return why a worker can read no page for this daemon; empty where it can."""
    if worker.scanmend != __version__:
        return f"has scanmend {worker.scanmend}, and this daemon is {__version__}; install the same on both"
    if not worker.tesseract:
        return "has no Tesseract; install it there"
    return ""


def lacks(worker: Versions, languages: Iterable[str]) -> list[str]:
    """Return the languages that a worker cannot read, of those that a page is to be read in."""
    return [language for language in languages if language not in worker.languages and (language,) != AUTO]


def differences(worker: Versions, here: Versions, languages: Iterable[str] | None = None) -> list[str]:
    """Return what a worker reads with that is another than here, so that its pages may come out otherwise.

    ``languages``: those that matter; all that both have when None.
    """
    found = []
    if here.tesseract and worker.tesseract != here.tesseract:
        found.append(f"Tesseract {worker.tesseract} (here {here.tesseract})")
    if worker.reader != here.reader:
        found.append(f"the second reader on {worker.reader or 'nothing'} (here {here.reader or 'nothing'})")
    both = worker.languages.keys() & here.languages.keys()
    wanted = both if languages is None or tuple(languages) == AUTO else both.intersection(languages)
    if other := sorted(name for name in wanted if worker.languages[name] != here.languages[name]):
        found.append(f"another file for {', '.join(other)}")
    return found


def _reader() -> str:
    try:
        return "" if weights_missing() else f"OpenVINO {version('openvino').partition('-')[0]}"
    except PackageNotFoundError:
        return ""


def _languages() -> Iterator[tuple[str, str]]:
    """Yield each language of Tesseract with the digest of its file. OcrError."""
    try:
        said = subprocess.run(["tesseract", "--list-langs"], capture_output=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError) as e:
        raise OcrError(f"tesseract --list-langs failed: {e}") from e
    head, *names = said.decode("utf-8", "replace").splitlines()
    folder = re.search(r'"([^"]+)"', head)
    for name in filter(None, map(str.strip, names)):
        yield name, _digest(Path(folder[1]) / f"{name}.traineddata") if folder else ""


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()[:DIGEST_DIGITS]
    except OSError:
        return ""
