"""How Sphinx makes a site of ``docs``: MyST reads the Markdown, furo dresses it, ``docs/index.md`` gives the order."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

project = "scanmend"
PACKAGE = (ROOT / "daemon" / "scanmend" / "__init__.py").read_text("utf-8")
(release,) = re.findall(r'^__version__ = "(.*)"$', PACKAGE, re.MULTILINE)
html_title = f"scanmend {release}"
extensions = ["myst_parser"]
exclude_patterns = ["monitoring"]
myst_heading_anchors = 4  # headings get the anchors that GitHub gives them
highlight_language = "none"  # indented lines are commands, whatever they look like
html_theme = "furo"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False


def contents(index: str) -> str:
    """Return the tables of contents for Sphinx: for each section of the index the pages that its list names."""
    tables = []
    for section in index.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        pages = re.findall(r"^- \[([^\]]*)\]\(([\w-]+)\.md\)", text, re.MULTILINE)
        if pages:
            tables.append(
                "\n".join(
                    [
                        "```{toctree}",
                        ":hidden:",
                        f":caption: {title}",
                        "",
                        *(f"{name} <{page}>" for name, page in pages),
                        "```",
                    ]
                )
            )
    return "\n\n".join(tables)


def _add_contents(_app: Any, page: str, source: list[str]) -> None:
    if page == "index":
        source[0] += f"\n\n{contents(source[0])}\n"


def setup(app: Any) -> None:
    """Have Sphinx read the index with its tables of contents, which GitHub need not see."""
    app.connect("source-read", _add_contents)
