"""scanmend.pageworkers.archival: an archival copy is published where validators pass it, and only there."""

import stat

import pytest
from PIL import Image

import render_scans
from sample_page import TEXT, sample_page
from scanmend.document import ArchivalCheck
from scanmend.outputs.page_file import PageFile
from scanmend.pageworkers.archival import CONFORMANCE, check, make_archival, unproven, validator_of
from scanmend.pageworkers.compose import compose
from scanmend.pageworkers.pool import PagePool
from scanmend.source.settings import SourceLimits

pytest.importorskip("pikepdf", reason="the extra archive is not installed")

LIMITS = SourceLimits(max_pages=10, max_megapixels=50, render_dpi=150)


def ours(result):
    return ArchivalCheck("pikepdf", result, "" if result == "passed" else "why not")


def theirs(result):
    return ArchivalCheck("verapdf", result, "" if result == "passed" else "why not")


@pytest.mark.parametrize(
    ("checks", "why"),
    [
        ([ours("passed")], ""),
        ([ours("passed"), theirs("passed")], ""),
        ([ours("undecided"), theirs("passed")], ""),
        ([ours("failed")], "pikepdf says that it does not conform: why not"),
        ([ours("passed"), theirs("failed")], "verapdf says that it does not conform: why not"),
        ([ours("passed"), theirs("not_run")], "the validator could not tell: verapdf why not"),
        ([ours("undecided")], "pikepdf cannot tell whether it conforms, and no other validator is here: why not"),
    ],
)
def test_what_may_claim_to_be_archival(checks, why):
    """What one validator passed, and none failed; where an independent one is there, it has to have looked."""
    assert unproven(checks) == why


@pytest.mark.parametrize(
    ("code", "result", "said"),
    [(0, "passed", ""), (1, "failed", "FAIL it"), (7, "not_run", "exit code 7; it said: FAIL it")],
)
def test_an_independent_validator_says_it_by_its_exit_code(tmp_path, code, result, said):
    """And what it says, without where the file lay meanwhile."""
    program = tmp_path / "validator"
    program.write_text(f'#!/bin/sh\necho "FAIL $2"\nexit {code}\n')
    program.chmod(0o700)
    found = check(tmp_path / "a.pdf", [str(program), "-x"], 60, lambda: False)
    assert found == ArchivalCheck("validator", result, said)


def test_one_that_is_not_there():
    """It could not look, which is no verdict."""
    found = check(__file__, ["/no/such/verapdf"], 60, lambda: False)
    assert (found.validator, found.result) == ("verapdf", "not_run")


def test_verapdf_is_asked_where_it_is_installed(tmp_path, monkeypatch):
    """Unless another is configured; nobody is, where there is none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert validator_of(()) == ()
    (tmp_path / "verapdf").write_text("#!/bin/sh\n")
    (tmp_path / "verapdf").chmod(stat.S_IRWXU)
    assert validator_of(())[:3] == ("verapdf", "--flavour", "2b")
    assert validator_of(("mine",)) == ("mine",)


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """One worker, shared: nothing here breaks it."""
    pool = PagePool(1, tmp_path_factory.mktemp("work"))
    yield pool
    pool.close()


def output_of(sheet: Image.Image, folder, kind="PNG"):
    """The pdf output of a scan of the sample page."""
    sheet.save(folder / "scan", kind, dpi=(200, 200))
    pages = PageFile(folder / "pages")
    pages.append(sample_page())
    facts = {"title": "A title", "sha256": "ab" * 32, "source": "scan"}
    compose(folder / "scan", pages.path, {"pdf": folder / "out.pdf"}, facts, lambda: None)
    return folder / "out.pdf"


@pytest.mark.parametrize("validator", [(), ("/bin/true",)])
def test_a_copy_that_passes_takes_the_outputs_place(pool, tmp_path, validator):
    """And nothing else is left beside it."""
    pdf = output_of(render_scans.line(TEXT), tmp_path)
    archival, warnings = make_archival(pool, pdf, validator, 1, LIMITS, 60)
    assert (archival.conformance, warnings) == (CONFORMANCE, ())
    assert [one.result for one in archival.checks] == ["passed"] * (1 + len(validator))
    assert b"pdfaid:part" in pdf.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.pdf", "pages", "scan"]


@pytest.mark.parametrize(("mode", "kind", "validator"), [("L", "PNG", ("/bin/false",)), ("CMYK", "JPEG", ())])
def test_one_that_does_not_is_not_published(pool, tmp_path, mode, kind, validator):
    """The output is what it was, byte by byte, claims nothing, and the warning says why."""
    pdf = output_of(render_scans.line(TEXT).convert(mode), tmp_path, kind)
    before = pdf.read_bytes()
    archival, (warning,) = make_archival(pool, pdf, validator, 1, LIMITS, 60)
    assert archival.conformance is None
    assert [one.result for one in archival.checks][-1] == "failed"
    assert (warning.code, "does not conform" in warning.text) == ("pdf_not_archival", True)
    assert pdf.read_bytes() == before
    assert b"pdfaid" not in before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.pdf", "pages", "scan"]
