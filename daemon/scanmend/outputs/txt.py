"""The ``.txt`` output: the corrected text and nothing else."""

from collections.abc import Iterator

from scanmend.outputs.page_file import Pages


def render(pages: Pages) -> Iterator[bytes]:
    r"""Yield UTF-8 text page by page: one newline at the end of each, a form feed (``\f``) between two."""
    for i, page in enumerate(pages):
        text = ("\f" if i else "") + page.corrected.rstrip("\n") + "\n"
        yield text.encode("utf-8", "replace")
