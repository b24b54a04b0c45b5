"""scanmend.commands.report.state: counts and reasons, alike ones together, and no name of a scan."""

from scanmend.commands.report import state

NAMES = ["Dear Ada.pdf", "sub/Dear Ada.pdf", "Dear Ada"]


def failure(error, kind="quarantined"):
    return {"state": kind, "error": error, "file": "Dear Ada.pdf"}


def test_alike_reasons_are_told_once_with_their_number():
    current = {
        "failures": [
            failure("Dear Ada.pdf is encrypted"),
            failure("/srv/in/Dear Ada.pdf is encrypted"),
            failure(None),
        ],
        "waiting_retry": [failure("Dear Ada.pdf is encrypted", "waiting")],
        "warnings": [
            {"warnings": [{"code": "form_not_read", "text": "of Ada"}, {"code": "form_not_read", "text": ""}]}
        ],
    }
    assert list(state.errors(current, NAMES)) == [
        "1 × quarantined: <file> is encrypted",
        "1 × quarantined: <path> is encrypted",
        "1 × quarantined: unknown",
        "1 × waiting: <file> is encrypted",
        "2 × warning form_not_read",
    ]


def test_nothing_wrong_is_said_too():
    assert list(state.errors({"failures": [], "waiting_retry": [], "warnings": []}, NAMES)) == ["none"]


def test_a_daemon_tells_what_it_does_without_names():
    current = {
        "running": True, "pid": 1, "started": 0.0, "version": "1", "page_workers": 2, "model": {"state": "idle"},
        "troubles": ["Dear Ada.pdf cannot be claimed"], "downloads": [],
        "working": [{"folder": "a", "file": "Dear Ada.pdf", "stage": "reading page 2 of 3"}],
    }  # fmt: skip
    said = "\n".join(state.daemon(current, NAMES))
    assert "Ada" not in said
    assert "trouble: <file> cannot be claimed" in said
    assert "in work: a: reading page 2 of 3" in said
