"""scanmend.commands.retry: which documents are meant; the command itself is tested in test_cli and test_daemon."""

from dataclasses import replace

import pytest

from ledger_entries import BLANK
from scanmend.commands.retry import quarantined
from scanmend.errors import StorageError
from scanmend.ledger.ledger import Ledger


def test_quarantined_documents_by_id(tmp_path):
    """Named ones in the order named, each once; all of them; and a message for ids of other documents, or of none."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for id_, state in (("a", "quarantined"), ("b", "quarantined"), ("c", "done")):
        ledger.add(replace(BLANK, id=id_, state=state))
    assert [e.id for e in quarantined(ledger, ["b", "a", "b"], every=False)] == ["b", "a"]
    assert [e.id for e in quarantined(ledger, [], every=True)] == ["a", "b"]
    with pytest.raises(StorageError, match=r"id c, x; scanmend status lists them"):
        quarantined(ledger, ["a", "c", "x"], every=False)
    ledger.close()
