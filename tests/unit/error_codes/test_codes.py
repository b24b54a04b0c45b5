"""Each message has one stable code, and the page of troubleshooting explains it."""

import re
from collections import Counter

import pytest

from project import ROOT
from scanmend import errors
from scanmend.commands import check
from scanmend.error_codes.codes import code_of, messages, with_code
from scanmend.llm.scheduler.model_process import ENGINE_MISSING
from scanmend.notify import host
from scanmend.pageworkers import archival

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")


def test_codes_are_words_and_stand_for_one_message_each():
    """As programs compare them, and people search for them."""
    counted = Counter(code for code, _ in messages())
    assert len(counted) > 50
    assert [code for code, times in counted.items() if times > 1] == []
    assert [code for code in counted if not re.fullmatch(r"[a-z]+(-[a-z]+)*", code)] == []


def test_the_page_explains_every_code_by_its_message():
    """And no other."""
    assert re.findall(r"^\| `([^`]+)` \[([a-z-]+)\] \|", PAGE, re.MULTILINE) == [(m, c) for c, m in messages()]


def test_the_page_explains_every_kind():
    """And no other; they are those of the error classes, and of what is no exception."""
    section = PAGE.split("\n## Codes of a kind\n", 1)[1].split("\n## ", 1)[0]
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.ScanmendError)]
    kinds = {c.kind for c in classes} | {"usage", check.KIND}
    assert set(re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)) == kinds
    assert kinds & {code for code, _ in messages()} == set()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("the PDF is encrypted; save it without a password and drop it again", "pdf-encrypted"),
        ("page 3 has 900.0 megapixels (30000 x 30000), more than max_megapixels: 200 allows", "too-many-megapixels"),
        ("/etc/scanmend/config.yaml:7: folders[0].outbox: missing; add it", "config-key-missing"),
        ("config.yaml:2: settle_s: needs to be a number (it is 'soon')", "config-value"),
        ("Tesseract does not have it; on Debian and Ubuntu: apt install tesseract-ocr-fra", "language-missing"),
        (f"{ENGINE_MISSING}; until then, no model is asked", "engine-missing"),
        (host.MISSING, "notify-missing"),
        (archival.MISSING, "archive-missing"),
        ("something that nobody foresaw", "document"),
    ],
)
def test_a_message_is_known_by_what_does_not_change(message, code):
    """Whatever file, number or line it names; one without a code of its own has that of its kind."""
    assert code_of(message, "document") == code


def test_a_code_stands_behind_its_message():
    """In brackets, so that the message can be read without it."""
    assert with_code("the document has no pages", "document") == "the document has no pages [no-pages]"


def test_an_error_knows_its_code():
    """For scripts that use the Python API."""
    assert errors.ModelMissing("fetch it with: scanmend models pull qwen").code == "model-not-here"
    assert errors.LedgerDamaged("no message that is known").code == "storage"


def test_no_code_is_taken_for_another():
    """Each message, as it is told, is found under its own code."""
    assert [(code, code_of(message, "")) for code, message in messages() if code_of(message, "") != code] == []
