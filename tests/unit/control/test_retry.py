"""scanmend.control.retry: which documents are meant; the command itself is tested in test_cli and test_daemon."""

from dataclasses import replace

import pytest

from ledger_entries import BLANK
from scanmend.control.retry import quarantined
from scanmend.control.values import Unknown
from scanmend.ledger.ledger import Ledger


def test_quarantined_documents_by_id(tmp_path):
    """Named ones in the order named, each once; all of them; and a message for ids of other documents, or of none."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for id_, state in (("a", "quarantined"), ("b", "quarantined"), ("c", "done")):
        ledger.add(replace(BLANK, id=id_, state=state))
    assert [e.id for e in quarantined(ledger, ["b", "a", "b"])] == ["b", "a"]
    assert [e.id for e in quarantined(ledger, None)] == ["a", "b"]
    with pytest.raises(Unknown, match=r"id c, x; scanmend status lists them"):
        quarantined(ledger, ["a", "c", "x"])
    ledger.close()
