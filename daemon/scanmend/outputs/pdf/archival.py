"""A PDF made archival, PDF/A-2b, as far as that goes without painting or packing a picture anew; by pikepdf.

The ``pdf`` output is taken as it is, and written anew with what PDF/A asks for: an output intent with an sRGB profile,
metadata that name the part and level, annotations that print, no interpolation. What could not be kept (JavaScript,
hidden annotations), or what no such change mends (fonts that are not embedded, CMYK), is a reason to leave it.
"""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import pdfa

from scanmend.document import ArchivalCheck, ArchivalCopy
from scanmend.errors import DocumentError

logging.getLogger("fontTools").setLevel(logging.CRITICAL)  # it wonders about odd fonts; the validator judges them

_FLAVOUR = "2b"
_DATE = re.compile(rb"\s*<xmp:MetadataDate>[^<]*</xmp:MetadataDate>")
"""When the metadata were written: left out, as the same document is to give the same bytes."""
_SIGNATURES_EXIST = 1
"""Bit of ``SigFlags`` that says that a document is signed. ISO 32000-1, table 219."""
_MOST_FINDINGS = 2
"""Findings of the validator that a reason repeats: the first tell what to look for."""


def make_archival(pdf: Path, target: Path) -> ArchivalCopy:
    """Write a copy of ``pdf`` to ``target`` that claims to be PDF/A-2b; whether it may, its check says.

    DocumentError where pikepdf cannot read the PDF or write the copy; OSError.
    """
    try:
        # inherited attributes of pages stay where they are, or the validator would not see them as readers do
        with pikepdf.open(pdf, inherit_page_attributes=False) as document:
            if why := _forbidden(document):
                return ArchivalCopy(why)
            _spell_out_defaults(document)
            prepared = pdfa.prepare(document, _FLAVOUR)
            if lost := list(_lost(prepared)):
                return ArchivalCopy(f"it has {' and '.join(lost)}, which would be lost")
            _take_out_date(document)
            document.save(target, **pdfa.resolve_save_kwargs(_FLAVOUR, deterministic_id=True))
        report = pdfa.validate_written(target, _FLAVOUR)
    except pikepdf.PasswordError:
        return ArchivalCopy("it is encrypted, and stays so")
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError, AttributeError, KeyError) as e:
        target.unlink(missing_ok=True)  # what pikepdf raises on odd structures, of which there is no end
        raise DocumentError(f"it cannot be taken apart: {' '.join(str(e).split())}") from e
    return ArchivalCopy("", _check(report), _changes(prepared))


def _forbidden(document: Any) -> str:
    """Why the PDF is to be left as it is, whatever could be done to it; empty where nothing forbids it."""
    if document.is_encrypted:
        return "it is encrypted, and stays so"
    if _is_signed(document):
        return "it is signed, and its signatures would not survive that it is written anew"
    return ""


def _is_signed(document: Any) -> bool:
    form = document.Root.get("/AcroForm")
    flags = form.get("/SigFlags", 0) if isinstance(form, pikepdf.Dictionary) else 0
    if "/Perms" in document.Root or (isinstance(flags, int) and flags & _SIGNATURES_EXIST):
        return True
    return any(isinstance(one, pikepdf.Dictionary) and "/ByteRange" in one for one in document.objects)


def _spell_out_defaults(document: Any) -> None:
    """Write down values that PDF assumes where there are none, and on which PDF/A insists."""
    for one in document.objects:
        if not isinstance(one, pikepdf.Dictionary):
            continue
        if one.get("/Subtype") == "/CIDFontType2" and one.get("/Type") == "/Font" and "/CIDToGIDMap" not in one:
            one["/CIDToGIDMap"] = pikepdf.Name.Identity
    layers = document.Root.get("/OCProperties")
    if isinstance(layers, pikepdf.Dictionary):
        for settings in _configurations(layers):
            if "/Name" not in settings:
                settings["/Name"] = pikepdf.String("Default")


def _configurations(layers: Any) -> Iterator[Any]:
    """Yield the configurations of a document's layers."""
    others = layers.get("/Configs")
    for one in (layers.get("/D"), *(others if isinstance(others, pikepdf.Array) else ())):
        if isinstance(one, pikepdf.Dictionary):
            yield one


def _lost(prepared: Any) -> Iterator[str]:
    """Name what pikepdf took out that somebody may miss."""
    if prepared.annotations_removed:
        yield "annotations that are not shown"
    if prepared.document_javascript_removed:
        yield "JavaScript"
    if prepared.alternate_presentations_removed:
        yield "slide shows"


def _changes(prepared: Any) -> tuple[str, ...]:
    """Say what pikepdf changed beside what every archival PDF has."""
    return tuple(
        text
        for wanted, text in (
            (
                prepared.xmp_dropped,
                f"metadata unknown to PDF/A are left out: {', '.join(prepared.xmp_dropped)}",
            ),
            (prepared.xmp_unreadable, "metadata that could not be read are left out"),
            (prepared.print_flags_set, f"{prepared.print_flags_set} annotation(s) are printed now, too"),
        )
        if wanted
    )


def _take_out_date(document: Any) -> None:
    metadata = document.Root.Metadata
    metadata.write(_DATE.sub(b"", metadata.read_bytes()))


def _check(report: Any) -> ArchivalCheck:
    name = f"pikepdf {pikepdf.__version__}"
    if report.passed:
        return ArchivalCheck(name, "passed")
    first = [f"{one.rule} ({one.message})" for one in (*report.violations, *report.unsupported)[:_MOST_FINDINGS]]
    more = len(report.findings) - len(first)
    said = "; ".join(first) + (f"; and {more} more" if more else "")
    return ArchivalCheck(name, "failed" if report.violations else "undecided", " ".join(said.split()))
