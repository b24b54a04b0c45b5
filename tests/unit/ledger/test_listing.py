"""scanmend.ledger.listing: documents filtered, newest first, page by page; from the index alone."""

import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ledger_entries import BLANK
from scanmend.ledger import listing
from scanmend.ledger.entry import to_row
from scanmend.ledger.ledger import ACTIVE, Ledger
from scanmend.ledger.listing import Wanted, counts_by_folder, find, newest, pages_finished
from scanmend.ledger.names import NameIndex

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
    add_to(ledger.db, entries)


def add_to(database, entries):
    """See ``add``."""
    with database.transaction() as db:
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
    found = find(named, wanted, 10)
    assert ("".join(entry.id for entry in found.entries), found.total, found.is_exact) == (ids, len(ids), True)


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


def test_the_counts_are_kept_whatever_becomes_of_documents(ledger):
    """States, folders and errors change, documents go: what triggers keep is what counting gives."""
    rng = random.Random(3)  # noqa: S311 -- to be repeated
    for n in range(300):
        id_ = str(rng.randrange(60))
        if ledger.get(id_) is None:
            ledger.add(replace(BLANK, id=id_, folder=rng.choice("ab"), error=rng.choice([None, "x"])))
        elif n % 5:
            changes = {"error": rng.choice([None, "y"]), "folder": rng.choice("ab")}
            ledger.move(id_, rng.choice(["waiting", "done", "quarantined"]), **changes)
        else:
            ledger.drop(id_)
    query = "SELECT folder, state, count(*), count(error) FROM document GROUP BY 1, 2 ORDER BY 1, 2"
    kept = ledger.db.query("SELECT * FROM tally WHERE documents != 0 OR failed != 0 ORDER BY 1, 2")
    assert [tuple(row) for row in kept] == [tuple(row) for row in ledger.db.query(query)] != []


def test_by_hash(named):
    """From eight digits on, in upper or lower case; a name that looks like one is found, too."""
    named.run("UPDATE document SET sha256 = ? WHERE id = '3'", ("0123abcd" * 8,))
    named.run("UPDATE document SET relative = CAST('0123ABCD.pdf' AS BLOB) WHERE id = '1'", ())
    for name, ids in (("0123abcd", "31"), ("0123ABCD" * 8, "3"), ("0123abc", "1"), ("0123abce", "")):
        assert "".join(entry.id for entry in find(named, Wanted(name=name), 9).entries) == ids
    assert find(named, Wanted(name="0123abcd" * 8, folder="a"), 9).entries == []


@pytest.fixture
def many(ledger, monkeypatch):
    """More documents than are looked at one by one; ``changed`` in another order than they were claimed."""
    monkeypatch.setattr(listing, "FEW", 10)
    monkeypatch.setattr(listing, "MAX_COUNTED", 20)
    names = (f"{'Straße' if n % 8 else 'Müller & Söhne'} {n:03}.pdf" for n in range(160))
    add(
        ledger,
        (
            replace(BLANK, id=f"{n:03}", relative=Path(name), state="done", changed=float(n ^ 1), folder="ab"[n % 2])
            for n, name in enumerate(names)
        ),
    )
    index = NameIndex(ledger.db)
    yield ledger.db, index
    index.close()


def test_many_names_through_the_index(many):
    """Few that match come by their change; very many by their claim, uncounted; all of them, each once."""
    db, index = many
    found = find(db, Wanted(name="MU\u0308LLER &"), 99, None, index)
    assert [e.id for e in found.entries] == [f"{n:03}" for n in range(152, -1, -8)]
    assert (found.total, found.is_exact) == (20, True)
    assert [e.id for e in find(db, Wanted(name="ler & Söhne 15"), 9, None, index).entries] == ["152"]
    assert find(db, Wanted(name="ler & Söhne 15", folder="b"), 9, None, index).entries == []
    seen, before = [], None
    while page := find(db, Wanted(name="strasse", folder="b"), 7, before, index).entries:
        seen += [entry.id for entry in page]
        before = (page[-1].changed, page[-1].id)
        if len(seen) == 14:  # the last of a page is forgotten before the next is asked for
            db.run("DELETE FROM document WHERE id = ?", (seen[-1],))
    assert seen == [f"{n:03}" for n in range(159, 0, -2)]
    assert not find(db, Wanted(name="strasse"), 7, None, index).is_exact


def test_an_index_follows_the_ledger(many, monkeypatch):
    """New names, rows that others had, another ledger, a damaged file, and a text that is too short for it."""
    db, index = many
    wanted = Wanted(name="later")
    assert find(db, wanted, 9, None, index).entries == []
    db.run("DELETE FROM document WHERE id = '159'", ())
    add_one = (
        "INSERT INTO document SELECT '900' AS id, folder, inbox, CAST('x later.pdf' AS BLOB), stem, outbox, inode, "
    )
    add_one += "size, mtime_ns, state, attempts, due, original, put_away, sha256, pages, error, claimed, 5000.0, "
    db.run(add_one + "warnings, numbers FROM document WHERE id = '001'", ())
    assert [e.id for e in find(db, wanted, 9, None, index).entries] == ["900"]
    monkeypatch.setattr(listing, "LATEST", 1)
    short = find(db, Wanted(name="x "), 9, None, index)
    assert ([e.id for e in short.entries], short.is_exact) == (["900"], False)
    index.close()
    file = db.path.with_name("names.sqlite")
    file.write_bytes(b"\xa5" * 5000)
    assert find(db, wanted, 9, None, index).is_exact  # made again
    index.close()
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("UPDATE made SET ledger = 'x'")
    find(db, wanted, 9, None, index)
    assert [e.id for e in find(db, wanted, 9, None, index).entries] == ["900"]


@pytest.mark.parametrize(
    "query",
    [
        lambda ledger: ledger.counts(),
        lambda ledger: ledger.counts_by_folder(),
        lambda ledger: ledger.uncorrected(),
        lambda ledger: ledger.last_done(),
        lambda ledger: ledger.recent(),
        lambda ledger: ledger.warned(),
        lambda ledger: ledger.counts_since(1e9),
        lambda ledger: ledger.in_state(*ACTIVE, limit=9),
        lambda ledger: ledger.put_off(9),
        lambda ledger: ledger.left_behind([]),
        lambda ledger: ledger.due(5.0, 9, [Path("/in")], 5),
        lambda ledger: ledger.kept(Path("/in"), Path("a"), BLANK.fingerprint),
        lambda ledger: ledger.old_kept(Path("/in")),
        lambda ledger: ledger.same_content("ab", "x"),
        lambda ledger: ledger.holds_name(Path("/out"), Path("a")),
        lambda ledger: newest(ledger.db, Wanted(since=5.0), 9, (7.0, "x")),
        lambda ledger: pages_finished(ledger.db, 1.0, 5.0),
        lambda ledger: find(ledger.db, Wanted(name="0123abcd"), 9),
    ],
)
def test_nothing_that_is_asked_often_reads_all_documents(ledger, monkeypatch, query):
    """SQLite says how it will go about each query: by an index that leads to the few rows, never through the table."""
    add(ledger, [replace(BLANK, state="done")])
    asked, real = [], ledger.db.query

    def noting(text, values=()):
        asked.append((text, values))
        return real(text, values)

    monkeypatch.setattr(ledger.db, "query", noting)
    query(ledger)
    plans = [row["detail"] for text, values in asked for row in real(f"EXPLAIN QUERY PLAN {text}", values)]
    assert [plan for plan in plans if plan.startswith("SCAN") and not plan.endswith(("tally", "document_warned"))] == []
    assert plans
