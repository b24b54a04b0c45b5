"""The ``.txt`` output: the corrected text, nothing else."""

from collections.abc import Sequence

from scanmend.document import CorrectedPage


def render(pages: Sequence[CorrectedPage]) -> bytes:
    r"""Return UTF-8 text: one newline at the end of each page, a form feed (``\f``) between two pages."""
    text = "\f".join(page.corrected.rstrip("\n") + "\n" for page in pages)
    return text.encode("utf-8", "replace")
