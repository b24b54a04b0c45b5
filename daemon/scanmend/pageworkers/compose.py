"""Composes the hOCR, PDF and HTML outputs of a document in a page worker, one page in memory at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from scanmend.document import CorrectedPage, DocumentWarning
from scanmend.errors import DocumentError
from scanmend.outputs.hocr import Hocr
from scanmend.outputs.html import ProofSheet
from scanmend.outputs.page_file import saved_pages
from scanmend.outputs.pdf.from_images import FromImages
from scanmend.source.damage import damage_as_document_error
from scanmend.source.preview import Preview, open_preview


class Composer(Protocol):
    """Writes one output page by page."""

    def add(self, page: CorrectedPage) -> None:
        """Add the next page; pages come in order."""

    def finish(self) -> None:
        """Write the rest of the file, and close it."""


def compose(
    source: Path, pages: Path, targets: Mapping[str, Path], facts: Mapping[str, Any], progress: Callable[[], None]
) -> tuple[DocumentWarning, ...]:
    """Write the outputs named by the keys of ``targets`` (``hocr``, ``pdf``, ``html``) to its paths.

    An output that cannot be made, as the source is damaged where the pages could do without, is removed and returned
    as a warning; so is what an output could not keep.

    ``pages``: path of the document's ``PageFile``. ``facts``: ``source`` (name of the scan), ``title``,
    ``sha256`` of the source, ``languages``, number of ``pages``, and of the whole document the number of ``accepted``
    and ``rejected`` edits, its ``numbers`` by state (a dict of NumberCounts), the ``model``'s name or None, and
    ``warnings`` (a list of texts). ``progress`` is called after each page and each output. OSError; MemoryError and
    OcrError as ``damage_as_document_error``.
    """
    with ExitStack() as stack:
        outputs = _Outputs(source, pages, targets, facts, stack)
        for name in targets:
            with outputs.surviving_damage(name):
                outputs.begin(name)
        for page in saved_pages(pages):
            for name in outputs.names:
                with outputs.surviving_damage(name):
                    outputs.composers[name].add(page)
            progress()
        for name in outputs.names:
            with outputs.surviving_damage(name):
                outputs.finish(name)
            progress()
    return tuple(outputs.warnings)


class _Outputs:
    """The outputs of one document that are being made, and warnings of those that could not be."""

    def __init__(
        self,
        source: Path,
        pages: Path,
        targets: Mapping[str, Path],
        facts: Mapping[str, Any],
        stack: ExitStack,
    ) -> None:
        """``pages``: path of the document's ``PageFile``; ``stack`` closes what is opened."""
        self._source, self._pages, self._targets, self._facts, self._stack = source, pages, targets, facts, stack
        self.composers: dict[str, Composer] = {}
        self.warnings: list[DocumentWarning] = []
        self._warnings_of_pdf: Sequence[DocumentWarning] = ()
        """What the pdf output could not keep, complete when it is finished."""

    @property
    def names(self) -> list[str]:
        """Those that are being made."""
        return list(self.composers)

    def begin(self, name: str) -> None:
        """Open an output."""
        self.composers[name] = self._composer(name, self._targets[name])

    def finish(self, name: str) -> None:
        """Complete an output."""
        self.composers[name].finish()
        if name == "pdf":
            self.warnings += self._warnings_of_pdf

    @contextmanager
    def surviving_damage(self, name: str) -> Iterator[None]:
        """Go on without an output where damage of the source forbids a step of it."""
        what = f"the {name} output cannot be made"
        try:
            with damage_as_document_error(what):
                yield
        except DocumentError as e:
            self.composers.pop(name, None)
            self._targets[name].unlink(missing_ok=True)
            why = str(e).removeprefix(f"{what}: ")
            self.warnings.append(DocumentWarning("output_not_made", f"{what}: {why}"))

    def _composer(self, name: str, target: Path) -> Composer:
        if name == "hocr":
            return Hocr(target, self._facts["source"], self._facts["languages"])
        if name == "html":
            return ProofSheet(target, self._preview.jpeg, self._facts)
        if self._preview.image is None:
            from scanmend.outputs.pdf.from_pdf import FromPdf  # noqa: PLC0415 -- loads MuPDF, which only PDFs need

            numbers = [page.page.number for page in saved_pages(self._pages)]
            selected = None if numbers == list(range(1, self._preview.pages + 1)) else numbers
            pdf = FromPdf(self._source, target, self._facts["title"], selected)
            self._warnings_of_pdf = pdf.warnings
            return pdf
        id_ = bytes.fromhex(self._facts["sha256"])[:16]
        return FromImages(self._source, self._preview.image, target, self._facts["title"], id_)

    @cached_property
    def _preview(self) -> Preview:
        """The open source, shared so that each image is decoded once."""
        return self._stack.enter_context(open_preview(self._source))
