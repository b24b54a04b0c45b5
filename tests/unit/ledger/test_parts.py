"""scanmend.ledger.parts: what was chosen for a source stays, all of it or none; no number is given twice."""

from dataclasses import replace
from pathlib import Path

import pytest

from ledger_entries import BLANK
from scanmend.ledger.ledger import ACTIVE, Ledger
from scanmend.ledger.parts import PartRow

ROWS = [PartRow(n, f'{{"number": {n}}}', Path("/out"), Path(f"caf\udce9-{n}")) for n in (1, 2)]


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.add(replace(BLANK, state="working"))
    yield ledger
    ledger.close()


def test_what_was_chosen_is_there_after_a_restart(ledger, tmp_path):
    """Also with names that are not Unicode."""
    ledger.parts.choose(BLANK.id, ROWS)
    ledger.close()
    again = Ledger(tmp_path / "ledger.sqlite")
    assert again.parts.of(BLANK.id) == ROWS
    again.close()


def test_another_name_for_one_document(ledger):
    """The others keep theirs."""
    ledger.parts.choose(BLANK.id, ROWS)
    ledger.parts.rename(BLANK.id, 2, Path("/elsewhere"), Path("x (2)"))
    assert ledger.parts.of(BLANK.id) == [ROWS[0], PartRow(2, ROWS[1].plan, Path("/elsewhere"), Path("x (2)"))]


def test_a_name_is_held_while_its_source_is_in_work(ledger):
    """Afterwards the file in the outbox says so itself."""
    ledger.parts.choose(BLANK.id, ROWS)
    assert ledger.holds_name(Path("/out"), ROWS[1].stem)
    assert not ledger.parts.holds_name(Path("/other"), ROWS[1].stem, ACTIVE)
    ledger.move(BLANK.id, "done")
    assert not ledger.holds_name(Path("/out"), ROWS[1].stem)


def test_it_goes_with_the_source_and_with_its_pages(ledger):
    """A file that somebody changed in quarantine makes other documents."""
    ledger.parts.choose(BLANK.id, ROWS)
    ledger.forget_pages(BLANK.id)
    assert ledger.parts.of(BLANK.id) == []
    ledger.parts.choose(BLANK.id, ROWS)
    ledger.drop(BLANK.id)
    assert ledger.parts.of(BLANK.id) == []


def test_the_counter_goes_on_for_each_folder(ledger, tmp_path):
    """Over restarts."""
    assert list(ledger.parts.count("letters", 2)) == [1, 2]
    assert list(ledger.parts.count("invoices", 1)) == [1]
    ledger.close()
    again = Ledger(tmp_path / "ledger.sqlite")
    assert list(again.parts.count("letters", 1)) == [3]
    again.close()
