"""The view of failures: every reason that documents get has a page, where it names one, and a remedy."""

from dataclasses import replace

import pytest

from page_values import ROW
from scanmend.web.failed import address, failure, remedy


@pytest.mark.parametrize(
    ("reason", "page", "part"),
    [
        ("the PDF is encrypted; save it without a password and drop it again", None, "save it without one"),
        ("the document has 6000 pages, more than max_pages: 5000 allows", None, "max_pages"),
        ("page 3 has 900 megapixels (30000 x 30000), more than max_megapixels: 250 allows", 3, "max_megapixels"),
        ("page 7 took Tesseract longer than page_limit_s: 180 s (for the second time)", 7, "limit"),
        ("page 7 ended Tesseract, which died of SIGSEGV: x (for the second time)", 7, "broke its reader twice"),
        ("the PDF is cut short: its end is missing; what is left of it may lack pages", None, "send it again"),
        ("the file is empty (0 bytes)", None, "send it again"),
        ("the file is no scan: neither PDF, TIFF, PNG, JPEG, BMP, WebP, GIF nor HEIC", None, "Only PDF"),
        (
            "the file is a JPEG of a kind that is not supported (lossless); save it as PNG or TIFF",
            None,
            "another program",
        ),
        ("page 2 is damaged: no such object", 2, "Scan it again"),
        ("the file vanished from the claim folder; someone removed it", None, "removed"),
        ("Tesseract cannot load a language of xyz; install tesseract-ocr-xyz (tried 5 times)", None, "Install"),
        ("/srv/out/a.txt cannot be written: Is a directory (tried 5 times)", None, "outside of the file"),
        ("something new", None, "report it"),
    ],
)
def test_a_reason_has_a_page_and_a_remedy(reason, page, part):
    told = failure(replace(ROW, state="quarantined", error=reason))
    assert (told.page, told.reason) == (page, reason)
    assert part in told.remedy


def test_a_document_without_a_reason_is_shown_all_the_same():
    assert failure(replace(ROW, error=None)).reason == "no reason was recorded"
    assert remedy("")


def test_the_address_of_older_failures_is_quoted():
    assert address("a&b", "c d") == "/failed?folder=a%26b&after=c+d"
