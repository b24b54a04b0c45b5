"""scanmend.control.documents: a cursor continues where its document was, and nothing else is one."""

from dataclasses import replace

import pytest

from ledger_entries import BLANK
from scanmend.control.documents import cursor_of, document_row, position_of


@pytest.mark.parametrize("changed", [0.0, 1.0, 1795884439.8536563, 0.1 + 0.2])
def test_a_cursor_tells_the_very_moment(changed):
    """To the last bit: else a document would come twice, or never."""
    assert position_of(cursor_of(replace(BLANK, changed=changed, id="20261128-a.b"))) == (changed, "20261128-a.b")


@pytest.mark.parametrize("text", ["", "x", "1", "~", "1~", "nan~a", "inf~a", "1e9~a", "1.0~a b", "1.0~a\n", "٣.0~a"])
def test_what_is_no_cursor(text):
    """Says what to do instead."""
    with pytest.raises(ValueError, match="leave it out"):
        position_of(text)


def test_a_document_waits_for_a_time_only_while_it_waits():
    """A time in the past of one that is done would be read as its next attempt."""
    assert document_row(replace(BLANK, due=5.0, state="done")).due is None
    assert document_row(replace(BLANK, due=5.0, state="waiting")).due is not None
