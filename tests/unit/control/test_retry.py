"""scanmend.control.retry: which documents are meant; the command itself is tested in test_cli and test_daemon."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ledger_entries import BLANK
from scanmend.config.schema import Config, Folder
from scanmend.control.retry import quarantined, retry
from scanmend.control.values import Unknown
from scanmend.intake.presence import Presence, taken_over_by
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


def test_claims_of_a_daemon_that_works_stay_with_it(tmp_path):
    """Once it has ended they are taken over, and its name for the document is kept, as the record may have it."""
    (tmp_path / "in/.scanmend/1-aaaaaa").mkdir(parents=True)
    (tmp_path / "in/.scanmend/1-aaaaaa/a.pdf").touch()
    folder = Folder(name="f", inbox=tmp_path / "in", outbox=tmp_path, archive=tmp_path, quarantine=tmp_path / "q")
    config = Config(source=tmp_path / "c.yaml", state_dir=tmp_path / "state", folders=(folder,), daemon_name="me")
    other = Presence("aaaaaa")
    other.renew("A", [folder], 0.0)
    with closing(Ledger(config.state_dir / "ledger.sqlite")) as ledger:
        refused = retry(config, ledger, ["1-aaaaaa"])
        assert list(refused.refused) == ["1-aaaaaa"]
        assert "stays with the daemon A" in refused.refused["1-aaaaaa"]
        assert (refused.taken_over, ledger.get("1-aaaaaa")) == ((), None)
        other.end("A", [folder])
        assert retry(config, ledger, ["1-aaaaaa"]).taken_over == ("1-aaaaaa",)
        taken = ledger.get("1-aaaaaa")
        assert taken is not None
        assert (taken.state, taken.relative) == ("waiting", Path("a.pdf"))
    assert taken_over_by(folder.inbox, "1-aaaaaa", "aaaaaa") == "me"
