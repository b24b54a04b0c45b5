"""scanmend.outputs.error_report: what the person who scanned it reads."""

from scanmend.outputs.error_report import render

WHEN = "2024-05-01T10:11:12+02:00"


def test_it_says_what_where_and_what_next():
    """The report has file, reason, time, place and both remedies."""
    text = render("scan.pdf", "the PDF is encrypted; remove its password", WHEN, "id-1").decode()
    for part in (
        "scan.pdf",
        "the PDF is encrypted; remove its password",
        WHEN,
        "beside this report",
        "into the inbox again",
        "scanmend retry --config FILE id-1",
    ):
        assert part in text


def test_any_name_and_reason():
    """A name cannot add lines to the report, and half a surrogate pair does not stop it."""
    text = render("a\nReason:  none\udce9.pdf", "half \ud83d pair", WHEN, "id-1").decode()
    assert "File:    a\\nReason:  none\\xe9.pdf\n" in text
    assert "Reason:  half ? pair\n" in text


def test_a_reason_is_always_given():
    """An empty reason does not leave a blank."""
    assert b"Reason:  unknown\n" in render("a.pdf", " ", WHEN, "id-1")
