"""scanmend.ledger.ledger on real files, with a lot of rows."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_entries import BLANK
from scanmend.document import CorrectedPage, Edit, Fingerprint, Line, NumberCounts, Page, Word, without_glyphs
from scanmend.errors import StorageError
from scanmend.ledger.ledger import ACTIVE, DayCount, FolderCount, Ledger
from two_readers_page import TEXT, two_readers_page

PAGE = Page(1, (Line((Word("whieh", (1, 2, 3, 4), 61.5, ((("w", 99.0), ("vv", 3.5)),)),), 2),), 400, 300, 200, 1.25)
DONE = CorrectedPage(
    replace(PAGE, number=2), "which", (Edit(0, 0, "whieh", "which", "rescore", gain=4.5, accepted=True),), "", 0.5
)


@pytest.fixture
def ledger(tmp_path):
    """Return an open ledger in a folder that did not exist."""
    ledger = Ledger(tmp_path / "state" / "ledger.sqlite")
    yield ledger
    ledger.close()


class TestDocuments:
    def test_all_that_is_added_comes_back(self, ledger):
        """Every field, empty or filled."""
        full = replace(
            BLANK, id="2", put_away=Path("/arc/b.pdf"), sha256="ab" * 32, pages=3, error="because", attempts=2, due=9.5
        )
        for entry in (BLANK, full):
            ledger.add(entry)
            got = ledger.get(entry.id)
            assert got == replace(entry, changed=got.changed)
            assert abs(got.changed - time.time()) < 60
        assert ledger.get("3") is None

    def test_the_same_id_twice(self, ledger):
        """A second claim of one id is refused, and the ledger goes on working."""
        ledger.add(BLANK)
        with pytest.raises(StorageError, match="cannot be written"):
            ledger.add(BLANK)
        ledger.move("1", "waiting")
        assert ledger.get("1").state == "waiting"

    def test_move(self, ledger):
        """The state changes together with what else is given, and nothing besides."""
        ledger.add(BLANK)
        ledger.move("1", "failing", error="torn", due=12.5, put_away=Path("/q/a.pdf"), attempts=3)
        got = ledger.get("1")
        wanted = {"state": "failing", "error": "torn", "due": 12.5, "put_away": Path("/q/a.pdf"), "attempts": 3}
        assert got == replace(BLANK, **wanted, changed=got.changed)
        ledger.move("1", "waiting", put_away=None, error=None)
        assert ledger.get("1").put_away is None

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.binary(min_size=1).filter(lambda b: b"\0" not in b and b"/" not in b and b not in (b".", b"..")))
    def test_names_of_any_bytes(self, ledger, name):
        """A file name need not be Unicode; it comes back byte for byte, and is found."""
        path = Path(os.fsdecode(name))
        id_ = name.hex()
        ledger.add(replace(BLANK, id=id_, relative=path, stem=path, original="keep", state="done", put_away=path))
        got = ledger.get(id_)
        assert os.fsencode(got.relative) == os.fsencode(got.stem) == os.fsencode(got.put_away) == name
        assert ledger.kept(BLANK.inbox, path).id == id_
        ledger.drop(id_)

    def test_messages_of_any_characters(self, ledger):
        """A reason that quotes an undecodable name is kept, escaped, rather than losing the change of state."""
        ledger.add(BLANK)
        ledger.move("1", "failing", error="cannot read scan\udcff.pdf")
        assert ledger.get("1").error == r"cannot read scan\udcff.pdf"

    def test_inodes_and_times_beyond_63_bits(self, ledger):
        """Network file systems number files with 64 bits, and clocks go wrong; such a file is still found again."""
        stat = os.stat_result((0, 2**64 - 5, 0, 0, 0, 0, 9, 0, 0, 0), {"st_mtime_ns": 2**70})
        odd = Fingerprint.of(stat)
        late = Fingerprint(2**63 - 1, 2**40, 2**63 - 1)
        for id_, fingerprint in (("1", odd), ("2", late)):
            ledger.add(replace(BLANK, id=id_, fingerprint=fingerprint, original="keep", state="done"))
            assert ledger.kept(BLANK.inbox, Path("elsewhere"), fingerprint).fingerprint == fingerprint

    def test_states(self, ledger):
        """Documents are listed by state, the oldest claim first, and counted."""
        for id_, state, claimed in (("a", "waiting", 3), ("b", "done", 1), ("c", "working", 2), ("d", "waiting", 1)):
            ledger.add(replace(BLANK, id=id_, state=state, claimed=float(claimed)))
        assert [e.id for e in ledger.in_state("waiting", "working")] == ["d", "c", "a"]
        assert ledger.in_state() == []
        assert ledger.counts() == {"waiting": 2, "done": 1, "working": 1}

    def test_due(self, ledger):
        """What waits or has still to be put away comes up when its time has come, the longest due first."""
        for id_, state, due in (
            ("late", "waiting", 5.0),
            ("early", "published", 1.0),
            ("future", "waiting", 99.0),
            ("busy", "working", 0.0),
            ("torn", "failing", 3.0),
            ("over", "quarantined", 0.0),
        ):
            ledger.add(replace(BLANK, id=id_, state=state, due=due))
        assert [e.id for e in ledger.due(10.0, 9)] == ["early", "torn", "late"]
        assert [e.id for e in ledger.due(10.0, 2)] == ["early", "torn"]
        assert [e.id for e in ledger.due(10.0, 9, [Path("/in"), Path("/other")])] == ["early", "torn", "late"]
        assert ledger.due(10.0, 9, [Path("/other")]) == ledger.due(10.0, 9, []) == []

    def test_due_but_for_long_ones(self, ledger):
        """Those that wait and are known to have too many pages are left out; what only has to be put away is not."""
        for id_, state, pages in (
            ("unknown", "waiting", None),
            ("letter", "waiting", 2),
            ("book", "waiting", 300),
            ("out", "published", 300),
        ):
            ledger.add(replace(BLANK, id=id_, state=state, pages=pages))
        assert sorted(e.id for e in ledger.due(10.0, 9, most_pages=2)) == ["letter", "out", "unknown"]
        assert sorted(e.id for e in ledger.due(10.0, 9, [Path("/in")], 1)) == ["out", "unknown"]
        assert len(ledger.due(10.0, 9)) == 4

    def test_names_in_use(self, ledger):
        """A name in the outbox is taken while a document in work will write it, and free afterwards."""
        for i, state in enumerate((*ACTIVE, "done", "quarantined")):
            ledger.add(replace(BLANK, id=str(i), stem=Path(state), state=state))
        taken = {s for s in (*ACTIVE, "done", "quarantined") if ledger.holds_name(Path("/out"), Path(s))}
        assert taken == set(ACTIVE)
        assert not ledger.holds_name(Path("/elsewhere"), Path("waiting"))

    def test_kept(self, ledger):
        """A source that stays in its inbox is known by its name, and under another name by its fingerprint."""
        old, new = Fingerprint(7, 100, 5), Fingerprint(8, 200, 6)
        ledger.add(replace(BLANK, id="old", original="keep", state="done", fingerprint=old, claimed=1.0))
        ledger.add(replace(BLANK, id="new", original="keep", state="published", fingerprint=new, claimed=2.0))
        ledger.add(replace(BLANK, id="arc", relative=Path("b.pdf"), state="done"))
        ledger.add(replace(BLANK, id="now", relative=Path("c.pdf"), original="keep", state="working"))
        assert ledger.kept(Path("/in"), Path("a.pdf")).id == "new"
        assert ledger.kept(Path("/in"), Path("a.pdf"), old).id == "old"
        assert ledger.kept(Path("/in"), Path("renamed.pdf"), new).id == "new"
        assert ledger.kept(Path("/in"), Path("renamed.pdf")) is None
        assert ledger.kept(Path("/in"), Path("b.pdf")) is None
        assert ledger.kept(Path("/in"), Path("c.pdf")) is None
        assert ledger.kept(Path("/elsewhere"), Path("a.pdf"), new) is None

    def test_same_content(self, ledger):
        """The earliest finished document with the same bytes is named, but never the document itself."""
        for id_, state, claimed in (("a", "quarantined", 1.0), ("b", "done", 3.0), ("c", "done", 2.0)):
            ledger.add(replace(BLANK, id=id_, state=state, claimed=claimed, sha256="ab"))
        assert ledger.same_content("ab", "x") == "c"
        assert ledger.same_content("ab", "c") == "b"
        assert ledger.same_content("cd", "x") is None

    def test_recent(self, ledger):
        """The documents finished last, latest first."""
        for id_ in "abc":
            ledger.add(replace(BLANK, id=id_))
        for id_ in "bca":
            ledger.finish(id_)
        assert [e.id for e in ledger.recent(2)] == ["a", "c"]


class TestPages:
    def test_pages_come_back(self, ledger):
        """A page read and a page corrected, to the last glyph; a corrected one is no longer kept as read."""
        ledger.add(BLANK)
        ledger.save_page("1", PAGE)
        ledger.save_page("1", replace(PAGE, number=2))
        ledger.save_corrected("1", DONE)
        assert ledger.finished_pages("1") == {1: "read", 2: "corrected"}
        assert ledger.read_page("1", 1) == PAGE
        assert ledger.read_page("1", 2) == DONE
        assert ledger.read_page("1", 3) is None
        assert [r[0] for r in ledger.db.query("SELECT read FROM page ORDER BY number")][1] is None

    def test_pages_that_two_readers_read_come_back(self, ledger):
        """With lattices before they are corrected; with edits and numbers, but without lattices, after that."""
        ledger.add(BLANK)
        page = two_readers_page()
        ledger.save_page("1", page.page)
        assert ledger.read_page("1", 1) == page.page
        ledger.save_corrected("1", without_glyphs(page))
        back = ledger.read_page("1", 1)
        assert back == without_glyphs(page)
        assert (back.edits, back.numbers, back.corrected) == (page.edits, page.numbers, TEXT)
        assert (back.page.second.found, back.page.second.read) == (3, 2)

    def test_a_page_read_again_changes_nothing(self, ledger):
        """What was kept first counts, also when the page was corrected meanwhile."""
        ledger.add(BLANK)
        ledger.save_corrected("1", DONE)
        ledger.save_page("1", replace(PAGE, number=2))
        assert ledger.read_page("1", 2) == DONE

    def test_finish_deletes_pages(self, ledger):
        """Once the record is written, pages are not kept twice; those of other documents stay."""
        for id_ in "12":
            ledger.add(replace(BLANK, id=id_, error="before"))
            ledger.save_page(id_, PAGE)
        ledger.finish("1")
        assert ledger.finished_pages("1") == {}
        assert ledger.finished_pages("2") == {1: "read"}
        assert (ledger.get("1").state, ledger.get("1").error) == ("done", None)

    def test_drop_deletes_pages(self, ledger):
        """A document that is forgotten leaves nothing behind."""
        ledger.add(BLANK)
        ledger.save_page("1", PAGE)
        ledger.drop("1")
        assert ledger.get("1") is None
        assert ledger.finished_pages("1") == {}

    def test_no_pages_without_a_document(self, ledger):
        """A page of an unknown document is refused."""
        with pytest.raises(StorageError):
            ledger.save_page("unknown", PAGE)


def test_ten_thousand_documents(tmp_path):
    """After years it opens and answers the loop's and the inbox's questions in no time."""
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    ledger.add(replace(BLANK, id="first"))
    with ledger.db.transaction() as db:
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
            "INSERT INTO document SELECT 'd' || i, folder, inbox, CAST(i || '.pdf' AS BLOB), CAST(i AS BLOB), outbox, "
            "i, size, mtime_ns, 'done', attempts, due, 'keep', put_away, 'sha' || i, pages, error, claimed, changed, "
            "warnings, numbers "
            "FROM n, document WHERE id = 'first'"
        )
    ledger.close()
    started = time.monotonic()
    ledger = Ledger(path)
    try:
        assert ledger.counts() == {"claiming": 1, "done": 10_000}
        assert ledger.in_state("waiting", "working") == []
        assert ledger.due(1.0, 10) == []
        assert len(ledger.recent(5)) == 5
        for i in range(1, 1001):
            assert ledger.kept(Path("/in"), Path("renamed"), Fingerprint(i, 100, 5_000_000_000)).id == f"d{i}"
            assert ledger.same_content(f"sha{i}", "x") == f"d{i}"
            assert not ledger.holds_name(Path("/out"), Path(str(i)))
        assert time.monotonic() - started < 20
    finally:
        ledger.close()


class TestCounts:
    """What operators are told: by folder, and of a day."""

    @pytest.fixture
    def filled(self, ledger):
        """Two folders with documents in several states."""
        for n, (folder, state) in enumerate(
            [("a", "done"), ("a", "done"), ("a", "quarantined"), ("b", "waiting"), ("b", "waiting"), ("b", "done")]
        ):
            ledger.add(replace(BLANK, id=str(n), folder=folder, relative=Path(f"{n}.pdf"), stem=Path(str(n))))
            ledger.move(str(n), state, pages=n + 1, numbers=NumberCounts(5, n, 0))
        ledger.finish("1", "the model failed")
        return ledger

    def test_by_folder_and_state_what_is_not_done(self, filled):
        assert set(filled.counts_by_folder()) == {FolderCount("a", "quarantined", 1), FolderCount("b", "waiting", 2)}

    def test_when_each_folder_was_last_done(self, filled):
        assert filled.last_done() == {"a": filled.get("1").changed, "b": filled.get("5").changed}

    def test_what_came_to_its_end_since(self, filled):
        """Pages and numbers of what is done, and how many failed; before that nothing."""
        assert sorted(filled.counts_since(time.time() - 60), key=lambda one: one.folder) == [
            DayCount("a", done=2, pages=3, uncorrected=1, disputed=1, quarantined=1),
            DayCount("b", done=1, pages=6, uncorrected=0, disputed=5, quarantined=0),
        ]
        assert filled.counts_since(time.time() + 60) == []
