"""The pages of ``docs``: every link and anchor leads somewhere, the index names every page, pictures are ours.

``scripts/docs`` says the same by Sphinx; this needs no generator and takes a second.
"""

import importlib.util
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise
from urllib.parse import unquote

import pytest
import yaml

from project import ROOT
from scanmend import __version__

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *PAGES]
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?\)")


def prose(document):
    """A document without its blocks of code, and without what stands in backticks outside of links' names."""
    return FENCED.sub("", document.read_text("utf-8"))


def anchors(document):
    """What GitHub and MyST make of the headings: small letters, no punctuation, blanks become dashes."""
    found = []
    for heading in re.findall(r"^#{1,4} (.+)$", prose(document), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        found.append(re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-"))
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_and_anchor_leads_somewhere(document):
    """Within the project; what is elsewhere is not asked, so that this works without a network."""
    for target in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = document.parent / path if path else document
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), target


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.stem)
def test_a_page_links_to_nothing_outside_of_its_folder(document):
    """The site is made of that folder alone; a link to the rest of the checkout would lead nowhere there."""
    assert [target for target in LINK.findall(prose(document)) if target.startswith(("..", "/"))] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_headings_are_one_title_and_no_level_left_out(document):
    """As the outline beside the page is made of them."""
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose(document), re.MULTILINE)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))


def site():
    """The configuration of the site's generator, which it needs for itself alone."""
    spec = importlib.util.spec_from_file_location("docs_conf", ROOT / "scripts" / "docs_lib" / "conf.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_index_names_every_page_once():
    """The order of the site is that of its lists."""
    named = re.findall(r"<([\w-]+)>$", site().contents((DOCS / "index.md").read_text("utf-8")), re.MULTILINE)
    assert sorted(named) == sorted(page.stem for page in PAGES if page.stem != "index")


def test_the_site_bears_the_version_of_the_project():
    """As the reference of another version would mislead; citation and changelog bear it, too, with the same day."""
    assert site().release == __version__
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == __version__
    assert f"\n## [{__version__}] - {citation['date-released']}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_picture_needs_nothing_from_elsewhere_and_knows_light_and_dark():
    """It is read as an image, so it has its own style, and says in words what it shows."""
    text = (DOCS / "pictures" / "how-it-works.svg").read_text("utf-8")
    root = ET.fromstring(text)  # noqa: S314 -- our own file
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert {"title", "desc", "style"} <= names
    assert not names & {"script", "image", "foreignObject", "use"}
    assert "prefers-color-scheme: dark" in text
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text) == []


def test_pictures_are_shown_somewhere():
    """One that no page shows any more is a download for nothing."""
    shown = {(document.parent / target).resolve() for document in DOCUMENTS for target in LINK.findall(prose(document))}
    unused = [path.name for path in (DOCS / "pictures").iterdir() if path.resolve() not in shown]
    assert unused == []


def test_issue_templates_are_forms_that_the_host_takes():
    """Each has a name, a description and at least one question, and ids are unique."""
    forms = [p for p in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if p.stem != "config"]
    assert len(forms) > 1
    for path in forms:
        form = yaml.safe_load(path.read_text("utf-8"))
        assert form["name"]
        assert form["description"]
        asked = [part["id"] for part in form["body"] if part["type"] != "markdown"]
        assert asked
        assert len(set(asked)) == len(asked)
        assert all(part["attributes"]["label"] for part in form["body"] if part["type"] != "markdown")


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ('<script src="assets/search.js"></script><a href="https://example.org">there</a>', 0),
        ('<script src="https://example.org/x.js"></script>', 1),
        ('<link rel="stylesheet" href="//example.org/x.css">', 1),
        ("<style>@import url('https://example.org/x.css')</style>", 1),
    ],
)
def test_a_site_that_would_load_something_from_elsewhere_is_refused(tmp_path, page, code):
    """Links may lead away; scripts, styles, fonts and pictures may not come from there."""
    program = tmp_path / "sphinx-build"
    program.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\nout = pathlib.Path(sys.argv[-1])\nout.mkdir()\n"
        f"(out / 'index.html').write_text({page!r})\n"
    )
    program.chmod(0o755)
    environ = {"PATH": "/usr/bin:/bin", "SPHINX": str(program)}
    done = subprocess.run([ROOT / "scripts/docs", tmp_path / "site"], env=environ, capture_output=True, check=False)
    assert done.returncode == code, done.stderr
