"""scanmend.pageworkers.pool with real workers, which are killed, stopped and ended while they work."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from pathlib import Path

import psutil
import pytest

import render_scans
from scanmend.errors import ChildDied, DocumentError, OcrError, Stopping
from scanmend.pageworkers.pool import LONG_DOCUMENT_PAGES, PagePool
from scanmend.process.child import Child
from scanmend.source.settings import ReadSettings, SourceLimits
from waiting import until

LIMITS = SourceLimits(max_pages=10, max_megapixels=50, render_dpi=150)


@pytest.fixture(scope="module")
def slow(tmp_path_factory) -> Path:
    """Return a PDF of four pages, each of which keeps Tesseract busy for a quarter of a second or so."""
    path = tmp_path_factory.mktemp("slow") / "slow.pdf"
    page = render_scans.minutes().pages[0]
    top = page.crop((0, 0, page.width, page.height // 4))
    top.info = page.info
    render_scans.save_pdf([top] * 4, path)
    return path


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> Path:
    """Return a PDF of three pages, each of which says its number."""
    path = tmp_path_factory.mktemp("three") / "three.pdf"
    render_scans.save_pdf([render_scans.line(f"Page {n} of three", height_px=50) for n in (1, 2, 3)], path)
    return path


@pytest.fixture
def pool(tmp_path) -> Iterator[PagePool]:
    """Return a pool of two workers."""
    pool = PagePool(2, tmp_path / "work", grace_s=0.5)
    yield pool
    pool.close()


def reading(pool: PagePool) -> list[int]:
    """Name the workers that have Tesseract at work."""
    busy = []
    for pid in pool.pids:
        try:
            tasks = [*Path(f"/proc/{pid}/task").iterdir()]
            children = [child for task in tasks for child in (task / "children").read_text().split()]
            if any(Path(f"/proc/{child}/comm").read_text() == "tesseract\n" for child in children):
                busy.append(pid)
        except OSError:  # it ended meanwhile
            continue
    return busy


def submit(pool: PagePool, path: Path, number: int = 1, limit_s: float = 60.0) -> "Future":
    return pool.submit(path, number, ReadSettings(("eng",), LIMITS, limit_s, prepare="off"))


def left_in(folder: Path) -> list[Path]:
    """What lies in the pool's work folder."""
    return list((folder / "work").glob("*"))


class TestWork:
    def test_pages_are_read(self, pool, tmp_path, three):
        """Inspected, read in parallel and in any order, by processes that start when they are needed."""
        assert pool.pids == ()
        found = pool.inspect(three, LIMITS, 60)
        assert (found.kind, found.pages) == ("pdf", 3)
        futures = {n: submit(pool, three, n) for n in (3, 1, 2)}
        for number, future in futures.items():
            page = future.result(60)
            assert page.number == number
            assert f"Page {number} of three" in page.raw
        assert 1 <= len(pool.pids) <= 2
        assert left_in(tmp_path) == []

    def test_errors_keep_their_kind(self, pool, tmp_path, three):
        """The document's fault and the engine's come back as such, and cost no worker."""
        (tmp_path / "no.pdf").write_text("%PDF-1.4 nonsense")
        with pytest.raises(DocumentError):
            pool.inspect(tmp_path / "no.pdf", LIMITS, 60)
        before = pool.pids
        with pytest.raises(DocumentError, match="page 9"):
            submit(pool, three, 9).result(60)
        with pytest.raises(OcrError, match="the source is gone"):
            pool.inspect(tmp_path / "gone.pdf", LIMITS, 60)
        assert pool.pids == before
        assert left_in(tmp_path) == []

    @pytest.mark.thorough
    def test_workers_that_start_ahead(self, pool, three):
        """As many as pages are coming, idle ones counted, none beyond the pool's size; they read the pages."""
        pool.start_ahead(1)
        (first,) = pool.pids
        pool.start_ahead(1)
        assert pool.pids == (first,)
        pool.start_ahead(300)
        ahead = pool.pids
        assert len(ahead) == 2
        assert first in ahead
        for future in [submit(pool, three, n) for n in (1, 2, 3)]:
            future.result(60)
        assert set(pool.pids) == set(ahead)

    def test_a_worker_that_cannot_start_ahead(self, tmp_path, three):
        """Starting ahead does not fail; the page that comes does."""

        tried = []

        def start():
            tried.append(1)
            raise ChildDied("no memory for a process")

        pool = PagePool(2, tmp_path / "work", start)
        pool.start_ahead(2)
        assert pool.pids == ()
        with pytest.raises(OcrError, match="no memory for a process"):
            submit(pool, three).result(10)
        assert len(tried) == 2
        pool.close()
        pool.start_ahead(2)
        assert len(tried) == 2

    def test_workers_at_work_are_not_waited_for(self, pool, slow):
        """While one reads, another starts for the page that comes, and no third."""
        future = submit(pool, slow)
        assert until(lambda: reading(pool))
        pool.start_ahead(1)
        assert len(pool.pids) == 2
        pool.start_ahead(5)
        assert len(pool.pids) == 2
        future.result(60)

    def test_another_executor(self, tmp_path, scans):
        """Pages may run on any Executor."""

        class AtOnce(Executor):
            def submit(self, fn, /, *args, **kwargs):
                future = Future()
                future.set_result(fn(*args, **kwargs))
                return future

        pool = PagePool(1, tmp_path / "work", executor=AtOnce())
        try:
            assert submit(pool, scans / "line.png").result(0).number == 1
        finally:
            pool.close()


class Stub:
    """A worker that reads at once, but makes outputs only when ``gate`` opens."""

    def __init__(self, gate: threading.Event) -> None:
        self.gate, self.pid, self.alive = gate, 4_000_000, True

    def ask(self, request, limit_s, progress=None, *, in_all=False):
        """See Child."""
        if request["do"] == "compose":
            assert self.gate.wait(60)
            return {"result": []}
        return {"result": {"number": request["number"], "lines": []}}

    def end(self, grace_s=10.0):
        """See Child."""
        self.alive = False

    kill = end


class TestFairness:
    def test_a_letter_does_not_wait_for_a_book(self, tmp_path, slow, scans):
        """With one worker it is read after at most two pages of the book, however many wait."""
        pool = PagePool(1, tmp_path / "work")
        try:
            book = [submit(pool, slow, number) for number in (1, 2, 3, 4)]
            until(lambda: reading(pool))
            assert pool.inspect(scans / "line.png", LIMITS, 60).pages == 1
            assert submit(pool, scans / "line.png").result(60).lines
            assert sum(page.done() for page in book) <= 2
        finally:
            pool.close()

    def test_outputs_of_a_long_document_hold_up_no_page(self, tmp_path):
        """They are composed by an extra worker; those of short documents take turns. One worker is left over."""
        gate = threading.Event()
        started: list[Stub] = []
        pool = PagePool(1, tmp_path, lambda: started.append(Stub(gate)) or started[-1])
        try:
            long = pool.compose(tmp_path / "book", tmp_path, {}, {"pages": LONG_DOCUMENT_PAGES + 1}, LIMITS, 60)
            assert submit(pool, tmp_path / "letter").result(5).number == 1
            assert not long.done()
            short = pool.compose(tmp_path / "letter", tmp_path, {}, {"pages": LONG_DOCUMENT_PAGES}, LIMITS, 60)
            behind = submit(pool, tmp_path / "letter")
            assert not behind.done()
            gate.set()
            for future in (long, short, behind):
                future.result(5)
            assert (len(started), len(pool.pids)) == (2, 1)
        finally:
            gate.set()
            pool.close()

    def test_a_letter_that_is_read_does_not_wait_for_the_pages_of_others(self, tmp_path):
        """Its outputs are all that it lacks: ten letters that come at once leave one after the other."""
        gate, done = threading.Event(), []
        pool = PagePool(1, tmp_path, lambda: Stub(gate))
        try:
            first = pool.compose(tmp_path / "a letter", tmp_path, {}, {"pages": 1}, LIMITS, 60)
            futures = {name: submit(pool, tmp_path / name) for name in ("second", "third")}
            futures["outputs"] = pool.compose(tmp_path / "another", tmp_path, {}, {"pages": 1}, LIMITS, 60)
            for name, future in futures.items():
                future.add_done_callback(lambda _, name=name: done.append(name))
            gate.set()
            for future in (first, *futures.values()):
                future.result(5)
            assert done == ["outputs", "second", "third"]
        finally:
            gate.set()
            pool.close()


class TestDeaths:
    def test_a_killed_worker_costs_one_page(self, pool, tmp_path, slow):
        """Its page fails, the others go on, and its page image and its Tesseract are gone."""
        futures = [submit(pool, slow, n) for n in (1, 2, 3, 4)]
        victim = until(lambda: reading(pool))[0]
        engines = psutil.Process(victim).children()
        os.kill(victim, signal.SIGKILL)
        errors = [future.exception(60) for future in futures]
        (error,) = [e for e in errors if e is not None]
        assert isinstance(error, OcrError)
        assert "ended its worker: scanmend.pageworkers.worker died of SIGKILL" in str(error)
        assert left_in(tmp_path) == []
        _, alive = psutil.wait_procs(engines, 2)
        assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]
        assert victim not in pool.pids

    def test_a_worker_that_died_idle_costs_nothing(self, tmp_path, scans):
        """It is replaced before the next page."""
        started: list[Child] = []

        def start() -> Child:
            started.append(Child("scanmend.pageworkers.worker"))
            return started[-1]

        pool = PagePool(1, tmp_path / "work", start)
        try:
            submit(pool, scans / "line.png").result(60)
            (pid,) = pool.pids
            os.kill(pid, signal.SIGKILL)
            until(lambda: not started[0].alive)  # its first thread may be a zombie while another still ends
            assert submit(pool, scans / "line.png").result(60).lines
            assert pid not in pool.pids
            assert not psutil.pid_exists(pid)
        finally:
            pool.close()

    def test_a_hanging_worker_is_killed_at_its_limit(self, pool, tmp_path, scans):
        """The page fails when its time is over, and the next page gets a fresh worker."""
        pool.inspect(scans / "line.png", LIMITS, 60)
        (pid,) = pool.pids
        os.kill(pid, signal.SIGSTOP)
        started = time.monotonic()
        said = r"page 1 ended its worker: .* gave no sign of life for 0\.7 s.*; page_limit_s: 0\.2 s is over"
        with pytest.raises(OcrError, match=said):
            submit(pool, scans / "line.png", limit_s=0.2).result(60)
        assert 0.7 <= time.monotonic() - started < 20
        assert not psutil.pid_exists(pid)
        assert left_in(tmp_path) == []
        assert submit(pool, scans / "line.png").result(60).lines

    def test_a_hanging_inspection(self, pool, scans):
        """An inspection that hangs fails when its time is over."""
        pool.inspect(scans / "line.png", LIMITS, 60)
        os.kill(pool.pids[0], signal.SIGSTOP)
        with pytest.raises(OcrError, match=r"looking at the file ended its worker: .* gave no sign of life"):
            pool.inspect(scans / "line.png", LIMITS, 0.3)

    def test_workers_that_do_not_start(self, tmp_path, scans):
        """A missing interpreter is an OcrError: the document is tried again."""

        def fail() -> Child:
            raise ChildDied("cannot start scanmend.pageworkers.worker: no such file")

        pool = PagePool(1, tmp_path / "work", fail)
        try:
            with pytest.raises(OcrError, match="cannot start"):
                submit(pool, scans / "line.png").result(60)
        finally:
            pool.close()


class TestEndIdle:
    def test_workers_end_when_there_is_nothing_to_do(self, pool, scans):
        """After a while without pages no process is left; the next page starts one."""
        assert pool.end_idle()
        submit(pool, scans / "line.png").result(60)
        pids = pool.pids
        assert not pool.end_idle(after_s=60)
        assert pool.pids == pids
        assert pool.end_idle()
        assert pool.pids == ()
        assert not any(psutil.pid_exists(pid) for pid in pids)
        assert submit(pool, scans / "line.png").result(60).lines

    def test_not_while_one_works(self, pool, slow):
        """A page in work is never interrupted."""
        future = submit(pool, slow)
        until(lambda: reading(pool))
        assert not pool.end_idle()
        assert future.result(60).lines


class TestClose:
    def test_all_pages_raise_stopping(self, tmp_path, slow):
        """Those in work, those that wait for a worker and those that come later; nothing is left of them."""
        pool = PagePool(1, tmp_path / "work")
        futures = [submit(pool, slow, n) for n in (1, 2, 3)]
        until(lambda: reading(pool))
        pids = pool.pids
        started = time.monotonic()
        pool.close()
        assert time.monotonic() - started < 30
        for future in futures:
            assert isinstance(future.exception(0), Stopping)
        with pytest.raises(Stopping):
            submit(pool, slow)
        with pytest.raises(Stopping):
            pool.inspect(slow, LIMITS, 60)
        assert not any(psutil.pid_exists(pid) for pid in pids)
        assert list((tmp_path / "work").iterdir()) == []
        pool.close()

    def test_one_who_waits_for_a_file(self, tmp_path, slow):
        """``inspect`` in another thread ends with Stopping."""
        pool = PagePool(1, tmp_path / "work")
        pool.inspect(slow, LIMITS, 60)
        os.kill(pool.pids[0], signal.SIGSTOP)
        ended: list[BaseException] = []

        def look() -> None:
            try:
                pool.inspect(slow, LIMITS, 60)
            except Stopping as e:
                ended.append(e)

        thread = threading.Thread(target=look)
        thread.start()
        until(lambda: pool.busy_workers)
        pool.close()
        thread.join(5)
        assert len(ended) == 1

    def test_nothing_is_left_open(self, tmp_path, scans):
        """The pool of a one-shot command leaves neither descriptors nor threads nor processes."""

        def held() -> tuple[int, int]:
            return sum(1 for _ in Path("/proc/self/fd").iterdir()), threading.active_count()

        before = held()
        pool = PagePool(2, tmp_path / "work")
        for future in [submit(pool, scans / "line.png"), submit(pool, scans / "line.pdf")]:
            future.result(60)
        pool.close()
        assert held() == before


class TestWorkFolder:
    def test_what_a_crash_left_is_removed(self, tmp_path):
        """Page images of a daemon that was killed are gone when the next one starts; other things stay."""
        work = tmp_path / "work"
        (work / "page-deadbeef").mkdir(parents=True)
        (work / "page-deadbeef" / "page-1.pnm").write_bytes(bytes(1000))
        (work / "notes.txt").write_text("mine")
        PagePool(1, work).close()
        assert [p.name for p in work.iterdir()] == ["notes.txt"]

    @pytest.mark.thorough
    def test_it_is_made_when_needed(self, pool, scans, tmp_path):
        """The work folder need not exist, and may be removed while no page is read."""
        assert not (tmp_path / "work").exists()
        submit(pool, scans / "line.png").result(60)
        (tmp_path / "work").rmdir()
        assert submit(pool, scans / "line.png").result(60).lines
