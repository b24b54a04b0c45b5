"""Joins the files of one document in a page worker, and says of each file what it is and where its pages are."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from scanmend.assembly.groups import page_order
from scanmend.document import DocumentWarning, Fingerprint, Member, printable
from scanmend.errors import DocumentError
from scanmend.fs.safe_open import open_source
from scanmend.outputs.pdf.joined import Joined
from scanmend.source.damage import damage_as_document_error
from scanmend.source.render import inspect
from scanmend.source.settings import SourceLimits


def join(
    files: Sequence[Path], target: Path, limits: SourceLimits, progress: Callable[[], None], *, collate: bool
) -> tuple[tuple[Member, ...], tuple[DocumentWarning, ...]]:
    """Write all pages of the files, in this order, to ``target`` as one PDF; return what is to be said of each file.

    And what of them could not be read, with the names of files and the pages of the PDF.

    ``collate``: they are fronts, and backs in reverse order. ``progress`` is called after each page. DocumentError that
    names the file, or the files that do not fit; OSError.
    """
    with damage_as_document_error("the files cannot be joined"):
        pdf, found, counts, states = Joined(target.parent, limits), [], [], []
        for path in files:
            with _named(path), open_source(path) as file:
                here = Path(f"/proc/self/fd/{file.fileno()}")  # the very file, whatever becomes of its name
                found.append(inspect(here, limits))
                counts.append(pdf.add(here, bytes.fromhex(found[-1].sha256)[:16], progress))
                states.append(Fingerprint.of(os.fstat(file.fileno())))
        order = page_order([printable(path.name) for path in files], counts, collate=collate)
        starts = [sum(counts[:i]) for i in range(len(counts))]
        pdf.save(target, [starts[i] + number - 1 for i, number in order])
    at = {page: number for number, page in enumerate(order, 1)}
    members = tuple(
        Member(
            path.name,
            found[i].sha256,
            states[i].size,
            states[i].mtime_ns,
            tuple(at[i, n + 1] for n in range(counts[i])),
        )
        for i, path in enumerate(files)
    )
    noted = [
        replace(one, text=f"{printable(path.name)}: {one.text}", page=at.get((i, one.page or 0)))
        for i, path in enumerate(files)
        for one in (*found[i].warnings, *pdf.damaged(i))
    ]
    return members, tuple(noted)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Have errors of one file among several say which one it is."""
    try:
        with damage_as_document_error("it is damaged"):
            yield
    except DocumentError as e:
        raise DocumentError(f"{printable(path.name)}: {e}; so its document was not joined") from e
