"""scanmend.ledger.sqlite under the ledger, on real files: other processes, crashes, damage, full disks."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ledger_entries import BLANK
from scanmend.document import NO_NUMBERS, DocumentWarning, Line, NumberCounts, Page, Word
from scanmend.errors import StorageError
from scanmend.ledger import listing
from scanmend.ledger.ledger import Ledger

NEW_INDEXES = ("open", "source", "file", "kept", "old", "content", "name", "warned", "list")
"""Indexes of documents that older versions had not, or had otherwise."""
PAGE = Page(1, (), 400, 300, 200, 1.25)


@pytest.fixture
def ledger(tmp_path):
    """Return an open ledger in a folder that did not exist."""
    ledger = Ledger(tmp_path / "state" / "ledger.sqlite")
    yield ledger
    ledger.close()


def child(code: str, *args: object) -> subprocess.Popen[str]:
    """Start Python on some code that has this module's names."""
    header = "import os, sys\nfrom dataclasses import replace\nfrom pathlib import Path\n"
    header += "from ledger_entries import BLANK\nfrom scanmend.ledger.ledger import Ledger\n"
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.Popen(
        [sys.executable, "-c", header + code, *map(str, args)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


class TestProcesses:
    def test_two_write_at_once(self, ledger):
        """Processes that write at the same time wait for one another; nothing is lost."""
        code = "ledger = Ledger(Path(sys.argv[1]))\n"
        code += "for i in range(60): ledger.add(replace(BLANK, id=sys.argv[2] + str(i)))"
        rivals = [child(code, ledger.path, name) for name in "ab"]
        for i in range(60):
            ledger.add(replace(BLANK, id=f"c{i}"))
        assert [rival.wait(60) for rival in rivals] == [0, 0]
        assert ledger.counts() == {"claiming": 180}
        for rival in rivals:
            rival.stdout.close()

    def test_many_create_it_at_once(self, tmp_path):
        """Whoever comes first makes the tables; nobody fails."""
        path = tmp_path / "ledger.sqlite"
        failed: list[Exception] = []
        barrier = threading.Barrier(8)

        def create() -> None:
            barrier.wait()
            try:
                Ledger(path).close()
            except StorageError as e:
                failed.append(e)

        threads = [threading.Thread(target=create) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []

    def test_threads_share_it(self, ledger):
        """Readers never see half of a change that another thread is making."""
        ledger.add(BLANK)
        seen = set()

        def change() -> None:
            for i in range(200):
                ledger.move("1", f"s{i}", error=f"e{i}")

        thread = threading.Thread(target=change)
        thread.start()
        while thread.is_alive():
            entry = ledger.get("1")
            seen.add((entry.state[1:], (entry.error or "")[1:]))
        thread.join()
        seen.discard(("laiming", ""))
        assert all(state == error for state, error in seen)

    def test_read_only_beside_a_writer(self, ledger):
        """``scanmend status`` reads while the daemon has it open and writes; it can change nothing."""
        ledger.add(BLANK)
        reader = Ledger(ledger.path, read_only=True)
        try:
            ledger.move("1", "waiting")
            assert reader.get("1").state == "waiting"
            with pytest.raises(StorageError, match="cannot be written"):
                reader.move("1", "done")
            ledger.move("1", "working")
            assert reader.counts() == {"working": 1}
        finally:
            reader.close()

    def test_read_only_without_a_writer(self, tmp_path):
        """It can be read when no daemon runs, and is not made when it is not there."""
        path = tmp_path / "ledger.sqlite"
        with pytest.raises(StorageError, match="cannot be opened"):
            Ledger(path, read_only=True)
        assert not path.exists()
        ledger = Ledger(path)
        ledger.add(BLANK)
        ledger.close()
        reader = Ledger(path, read_only=True)
        assert reader.get("1").id == "1"
        reader.close()

    def test_crash_in_a_transaction(self, ledger):
        """A process that ends in the middle of a change leaves no trace of it, and no lock."""
        code = (
            "ledger = Ledger(Path(sys.argv[1]))\n"
            "ledger.add(BLANK)\n"
            "with ledger.db.transaction() as db:\n"
            "    db.execute(\"UPDATE document SET state = 'half'\")\n"
            "    os._exit(9)\n"
        )
        dying = child(code, ledger.path)
        assert dying.wait(60) == 9
        dying.stdout.close()
        assert ledger.get("1").state == "claiming"
        ledger.move("1", "waiting")

    def test_killed_while_writing(self, ledger):
        """What was acknowledged before SIGKILL is there, and the file is sound."""
        code = "ledger = Ledger(Path(sys.argv[1]))\nfor i in range(10**6):\n"
        code += "    ledger.add(replace(BLANK, id=str(i)))\n    print(i, flush=True)"
        dying = child(code, ledger.path)
        last = [int(dying.stdout.readline()) for _ in range(40)][-1]
        dying.send_signal(signal.SIGKILL)
        dying.wait(60)
        last = max([last, *(int(row) for row in dying.stdout.read().split("\n")[:-1])])
        dying.stdout.close()
        assert all(ledger.get(str(i)) for i in range(last + 1))
        assert ledger.db.query("PRAGMA integrity_check")[0][0] == "ok"


class TestTrouble:
    @pytest.mark.parametrize("read_only", [False, True])
    @pytest.mark.parametrize("content", [b"this is no database at all\n" * 400, b"SQLite format 3\0" + b"\xff" * 5000])
    def test_damaged_from_the_start(self, tmp_path, content, read_only):
        """It says which file, and what to do."""
        path = tmp_path / "ledger.sqlite"
        path.write_bytes(content)
        with pytest.raises(StorageError, match=r"ledger\.sqlite is damaged: file is not a database; the daemon sets"):
            Ledger(path, read_only=read_only)
        assert path.read_bytes() == content

    def test_damaged_within(self, tmp_path):
        """Damage that shows only when rows are read is told as such."""
        path = tmp_path / "ledger.sqlite"
        ledger = Ledger(path)
        for i in range(300):
            ledger.add(replace(BLANK, id=str(i)))
        ledger.close()
        data = path.read_bytes()
        path.write_bytes(data[:4096] + b"\xa5" * (8 * 4096) + data[9 * 4096 :])  # not what tables there are
        ledger = Ledger(path)
        try:
            with pytest.raises(StorageError, match="cannot be used"):
                ledger.in_state("claiming")
            with pytest.raises(StorageError, match="cannot be written"):
                ledger.move("5", "waiting")
        finally:
            ledger.close()

    @pytest.mark.parametrize("read_only", [False, True])
    def test_from_a_newer_scanmend(self, tmp_path, read_only):
        """It is not touched."""
        path = tmp_path / "ledger.sqlite"
        Ledger(path).close()
        db = sqlite3.connect(path)
        db.execute("PRAGMA user_version = 99")
        db.close()
        with pytest.raises(StorageError, match="has version 99, this scanmend knows 7; upgrade scanmend"):
            Ledger(path, read_only=read_only)

    def test_from_an_older_scanmend(self, tmp_path):
        """The daemon brings it up to date, with all that is in it; before that, status says so."""
        path = tmp_path / "ledger.sqlite"
        ledger = Ledger(path)
        ledger.add(BLANK)
        ledger.close()
        db = sqlite3.connect(path)
        db.executescript(
            "DROP TABLE part; DROP TABLE counter; "
            "DROP TABLE review; DROP TABLE confirmed; DROP TABLE tally; "
            + "".join(f"DROP TRIGGER document_{name}; " for name in ("added", "removed", "changed"))
            + "".join(f"DROP INDEX document_{name}; " for name in NEW_INDEXES)
            + "CREATE INDEX document_state ON document(state); "
            "ALTER TABLE document DROP COLUMN warnings; ALTER TABLE document DROP COLUMN numbers; "
            "PRAGMA user_version = 1"
        )
        db.close()
        with pytest.raises(StorageError, match="start the daemon, which brings it up to date"):
            Ledger(path, read_only=True)
        ledger = Ledger(path)
        assert ledger.get(BLANK.id).warnings == ()
        warning = DocumentWarning("output_not_made", "no pdf \udcff", 3)
        ledger.move(BLANK.id, "done", warnings=(warning,))
        (found,) = ledger.warned()
        assert found.warnings == (replace(warning, text="no pdf \\udcff"),)
        assert found.numbers == NO_NUMBERS
        ledger.move(BLANK.id, "done", numbers=NumberCounts(7, 2, 1))
        assert ledger.get(BLANK.id).numbers == NumberCounts(7, 2, 1)
        assert listing.count(ledger.db, listing.Wanted()) == 1
        ledger.close()

    def test_folder_cannot_be_made(self, tmp_path):
        """A file where the state folder should be."""
        (tmp_path / "state").write_text("")
        with pytest.raises(StorageError, match="cannot be opened"):
            Ledger(tmp_path / "state" / "ledger.sqlite")

    def test_full_disk(self, ledger):
        """A change that does not fit is told and undone; when there is room again, all goes on."""
        ledger.add(BLANK)
        pages = ledger.db.query("PRAGMA page_count")[0][0]
        ledger.db.query(f"PRAGMA max_page_count = {pages + 2}")
        big = replace(PAGE, lines=(Line((Word("x" * 100_000),)),))
        with pytest.raises(StorageError, match="cannot be written: database or disk is full"):
            ledger.save_page("1", big)
        assert ledger.finished_pages("1") == {}
        ledger.move("1", "waiting")
        ledger.db.query(f"PRAGMA max_page_count = {pages + 1000}")
        ledger.save_page("1", big)
        assert ledger.read_page("1", 1) == big

    def test_an_error_within_a_transaction(self, ledger):
        """All of it is undone, whatever went wrong, and the next one works."""
        ledger.add(BLANK)

        def fail() -> None:
            with ledger.db.transaction() as db:
                db.execute("UPDATE document SET state = 'half'")
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        ledger.move("1", "waiting")
        assert ledger.get("1").state == "waiting"

    def test_after_close(self, ledger):
        """A late thread gets an error that it knows how to handle."""
        ledger.close()
        with pytest.raises(StorageError):
            ledger.get("1")
        with pytest.raises(StorageError):
            ledger.move("1", "waiting")
        ledger.close()

    def test_odd_paths(self, tmp_path):
        """Characters that mean something in a URI mean nothing in the name of the state folder."""
        for name in (b"a?mode=memory", b"b#c%41", b"\xff\xfe", "ünï".encode()):
            path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)) / "ledger.sqlite"
            Ledger(path).close()
            assert path.stat().st_size > 0
