"""scanmend.ledger.listing: documents filtered, newest first, page by page; from the index alone."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from ledger_entries import BLANK
from scanmend.ledger.entry import to_row
from scanmend.ledger.ledger import Ledger
from scanmend.ledger.listing import Wanted, count, counts_by_folder, newest, pages_finished

NAMES = (
    "Rechnung 1.pdf",
    "RECHNUNG_2.pdf",
    "M\u00fcller.pdf",
    "M\u0075\u0308ller 2.pdf",
    "100 %.pdf",
    "sub/letter.pdf",
)


def add(ledger, entries):
    """Put entries into the ledger as they are, with the moment of their change."""
    with ledger.db.transaction() as db:
        for row in map(to_row, entries):
            marks = ", ".join(f":{name}" for name in row)
            db.execute(f"INSERT INTO document ({', '.join(row)}) VALUES ({marks})", row)  # noqa: S608 -- names are ours


@pytest.fixture
def ledger(memory):
    made = Ledger(memory / "ledger.sqlite")
    yield made
    made.close()


@pytest.fixture
def named(ledger):
    entries = [
        replace(BLANK, id=str(i), relative=Path(name), state="done", changed=float(i), folder="ab"[i % 2], pages=i)
        for i, name in enumerate(NAMES)
    ]
    add(ledger, entries)
    return ledger.db


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Wanted(), "543210"),
        (Wanted(folder="a"), "420"),
        (Wanted(states=("done", "waiting")), "543210"),
        (Wanted(states=("waiting",)), ""),
        (Wanted(name="rechnung"), "10"),
        (Wanted(name="rechnung_"), "1"),
        (Wanted(name="%"), "4"),
        (Wanted(name="\\"), ""),
        (Wanted(name="m\u00fcller"), "32"),
        (Wanted(name="M\u00dcLLER"), "32"),
        (Wanted(name="sub/"), "5"),
        (Wanted(since=2.0, until=4.0), "32"),
        (Wanted(folder="b", name="pdf", since=1.0), "531"),
    ],
)
def test_filters(named, wanted, ids):
    """Each narrows the choice; signs of patterns stand for themselves; the count is that of all pages."""
    assert "".join(entry.id for entry in newest(named, wanted, 10)) == ids
    assert count(named, wanted) == len(ids)


def test_page_by_page(named):
    """Every document once, also where several changed at the same moment."""
    named.run("UPDATE document SET changed = 3.0 WHERE id IN ('1', '2', '3', '4')", ())
    seen, before = [], None
    while found := newest(named, Wanted(), 2, before):
        seen += [entry.id for entry in found]
        before = (found[-1].changed, found[-1].id)
    assert seen == ["5", "4", "3", "2", "1", "0"]


def test_counts_and_pages(named):
    """By folder and state; and by interval."""
    assert counts_by_folder(named) == {("a", "done"): 3, ("b", "done"): 3}
    assert pages_finished(named, 2.0, 2.0) == {1: 5, 2: 9}


@pytest.mark.thorough
def test_fifty_thousand_documents_are_listed_in_no_time(ledger):
    """Any page of them, by any filter, from the index: no view takes a tenth of a second, but on a busy machine."""
    old = 1_000_000.0
    add(
        ledger,
        (
            replace(
                BLANK, id=f"{i:06}", relative=Path(f"scan {i:06}.pdf"), state="done" if i % 50 else "quarantined",
                folder=f"folder {i % 5}", changed=old + i,
            )
            for i in range(50_000)
        ),
    )  # fmt: skip
    queries = [Wanted(), Wanted(folder="folder 1"), Wanted(states=("quarantined",)), Wanted(name="SCAN 0499")]
    for wanted in queries:
        best_s = 9.0
        for _ in range(5):
            began = time.process_time()
            assert len(newest(ledger.db, wanted, 51, (old + 30_000.0, "x") if wanted == Wanted() else None)) == 51
            count(ledger.db, wanted)
            best_s = min(best_s, time.process_time() - began)
        assert best_s < 0.2, wanted
    plans = ledger.db.query(
        "EXPLAIN QUERY PLAN SELECT count(*) FROM document INDEXED BY document_listing WHERE changed > -1"
    )
    assert "COVERING INDEX document_listing" in str(tuple(plans[0]))
