"""Archival PDFs of every kind of file that the tests draw, looked at by pikepdf and by another validator."""

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from every_input import PDFS, PICTURES
from scanmend.document import CorrectedPage, Line, Page, Word
from scanmend.outputs.page_file import PageFile
from scanmend.outputs.pdf.archival import make_archival
from scanmend.pageworkers.compose import compose
from scanmend.source.render import inspect
from scanmend.source.settings import SourceLimits

LIMITS = SourceLimits(max_pages=10, max_megapixels=20, render_dpi=72)


def composed(source: Path) -> Path:
    """Return the pdf output of a source, with a word on each page."""
    pages = PageFile(source.with_name("pages"))
    for number in range(1, inspect(source, LIMITS).pages + 1):
        word = Word("word", (10, 10, 60, 20), 90.0)
        pages.append(CorrectedPage(Page(number, (Line((word,)),), 400, 200, 100), "", ()))
    target = source.with_name("out.pdf")
    facts = {"title": "A title", "sha256": "00" * 32, "source": source.name}
    compose(source, pages.path, {"pdf": target}, facts, lambda: None)
    return target


def main(validator: str) -> int:
    """Print a line for each kind and the sums; exit code 1 where the other validator fails what pikepdf passed."""
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as work:
        made = {}
        for i, (name, draw) in enumerate({**PDFS, **PICTURES}.items()):
            folder = Path(work, f"{i:03}")
            folder.mkdir()
            draw(folder / "source")
            copy = folder / "copy.pdf"
            made[name] = make_archival(composed(folder / "source"), copy), copy
        copies = [str(copy) for one, copy in made.values() if one.check]
        command = [validator, "--flavour", "2b", "--format", "text", *copies]
        said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout
        verdicts = {line.split()[1]: line.split()[0] for line in said.splitlines() if not line.startswith(" ")}
        for name, (one, copy) in made.items():
            ours = one.check.result if one.check else f"left: {one.refused}"
            theirs = verdicts.get(str(copy), "")
            print(f"{name}: {ours} {theirs}")
            counts[f"{ours if one.check else 'left'} {theirs}".strip()] += 1
    print(f"{len(made)} kinds: " + ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    return 1 if any(what.startswith("passed") and what != "passed PASS" for what in counts) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
