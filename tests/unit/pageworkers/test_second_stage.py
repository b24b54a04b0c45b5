"""scanmend.pageworkers.second_stage: pages in the pool are read twice, by real processes and by fakes."""

import os
import signal
import threading
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from pydantic import TypeAdapter

import render_scans
from scanmend.document import Page, SecondReading
from scanmend.errors import OcrError, Stopping
from scanmend.pageworkers.pool import PagePool
from scanmend.pageworkers.protocol import UPRIGHT_IMAGE
from scanmend.pageworkers.second_stage import FirstReading, SecondStage
from scanmend.second_reader.lattice import greedy_text
from scanmend.second_reader.reader_process import MOST_THREADS, ReaderProcess
from scanmend.source.settings import PageLook, ReadSettings, SourceLimits
from waiting import until

LIMITS = SourceLimits(max_pages=10, max_megapixels=50, render_dpi=150)
SETTINGS = ReadSettings(("eng",), LIMITS, 60.0, second="always")


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Where the pools work."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="class")
def pool(work):
    """A pool of two workers, for all tests of a class: the second reader takes seconds to start."""
    pool = PagePool(2, work)
    yield pool
    pool.close()


class TestInThePool:
    def test_pages_are_read_twice(self, pool, work, tmp_path):
        """Side by side or not, each page gets its own second reading; nothing is left on the disk."""
        path = tmp_path / "three.pdf"
        render_scans.save_pdf([render_scans.line(f"Page {n} of three", height_px=50) for n in (1, 2, 3)], path)
        for number, future in enumerate([pool.submit(path, n, SETTINGS) for n in (1, 2, 3)], start=1):
            page = future.result(60)
            assert [greedy_text(line.steps) for line in page.second.lines] == [page.raw] == [f"Page {number} of three"]
        assert list(work.iterdir()) == []
        assert pool.reader_pid not in (None, *pool.pids)

    @pytest.mark.thorough
    def test_boxes_of_both_readings_are_those_of_the_upright_page(self, pool, tmp_path):
        """On a page that was scanned sideways, too."""
        page = render_scans.report().pages[0]
        page = page.crop((0, 0, page.width, page.height // 2)).rotate(90, expand=True)
        page.save(tmp_path / "turned.png", dpi=(200, 200))
        read = pool.submit(tmp_path / "turned.png", 1, SETTINGS).result(60)
        assert read.turned == 90
        words = [word.box for line in read.lines for word in line.words]
        middles = [((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in words]
        boxes = [line.box for line in read.second.lines]
        on_a_line = sum(any(b[0] < x < b[2] and b[1] < y < b[3] for b in boxes) for x, y in middles)
        assert on_a_line > 0.95 * len(words)

    def test_it_ends_with_the_workers(self, pool, scans):
        """When there is nothing to do: it may still load the word lists of the page that it read."""
        assert pool.submit(scans / "line.png", 1, SETTINGS).result(60).second.lines
        pid = pool.reader_pid
        assert not pool.end_idle(after_s=60)
        until(pool.end_idle, "the second reader to be idle")
        assert (pool.reader_pid, psutil.pid_exists(pid)) == (None, False)

    @pytest.mark.thorough
    def test_a_killed_reader_costs_no_page(self, pool, work, scans):
        """The page comes, and says what happened to its second reading."""
        pool.submit(scans / "line.png", 1, SETTINGS).result(60)
        os.kill(pool.reader_pid, signal.SIGSTOP)
        future = pool.submit(scans / "line.png", 1, SETTINGS)
        until(lambda: list(work.glob(f"*/{UPRIGHT_IMAGE}")) and not pool.busy_workers, "the first reading")
        os.kill(pool.reader_pid, signal.SIGKILL)
        page = future.result(60)
        assert page.raw == "The committee will meet again on Thursday"
        assert page.second.lines == () or page.second.problem == ""
        assert list(work.iterdir()) == []


class TestReadOnce:
    @pytest.mark.parametrize(
        ("text", "settings"),
        [("Off", {"second": "off"}), ("Hebrew", {"languages": ("heb",)}), ("", {}), ("Text", {"pdf_text": "force"})],
    )
    def test_pages_that_are_read_once(self, pool, tmp_path, text, settings):
        """Where it is off, cannot read the language, or OCR read nothing: blank pages, and text of the PDF itself."""
        image = render_scans.line(text, height_px=50) if text else render_scans.blank()
        render_scans.save_pdf([image], tmp_path / "page.pdf")
        if "pdf_text" in settings:
            with render_scans.pymupdf.open(tmp_path / "page.pdf") as pdf:
                pdf[0].insert_text((20, 20), "Born digital")
                pdf.saveIncr()
        page = pool.submit(tmp_path / "page.pdf", 1, ReadSettings(**{**fields(SETTINGS), **settings})).result(60)
        assert page.second is None
        assert pool.reader_pid is None


def fields(settings: ReadSettings) -> dict:
    return {name: getattr(settings, name) for name in ReadSettings.__dataclass_fields__}


class Noting(ReaderProcess):
    """A reader that notes what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def prepare(self, languages):
        self.asked.append(f"prepare {languages[0]}")

    def look(self, image):
        self.asked.append(f"look at {image.name}")

    def read(self, page, image, which, limit_s):
        self.asked.append(f"read page {page.number}")
        return SecondReading()


def test_it_is_prepared_while_tesseract_reads(tmp_path, scans):
    """Of pages that it will not be asked about, it does not hear: blank ones, and where it is off."""
    render_scans.blank().save(tmp_path / "blank.png")
    reader = Noting()
    pool = PagePool(1, tmp_path / "work", reader=reader)
    try:
        pool.submit(tmp_path / "blank.png", 1, SETTINGS).result(60)
        pool.submit(scans / "line.png", 1, replace(SETTINGS, second="off")).result(60)
        assert reader.asked == []
        pool.submit(scans / "line.png", 1, SETTINGS).result(60)
        assert reader.asked == ["prepare eng", f"look at {UPRIGHT_IMAGE}", "read page 1"]
    finally:
        pool.close()


class Slow(ReaderProcess):
    """A reader that takes until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.asked = threading.Event(), 0

    def read(self, page, image, which, limit_s):
        self.asked += 1
        assert self.gate.wait(60)
        if self._closed:
            raise Stopping
        return SecondReading(seconds=float(page.number))


@pytest.fixture
def slow():
    reader = Slow()
    stage = SecondStage(reader)
    yield reader, stage
    reader.gate.set()
    stage.close()


def first(tmp_path, number=1, *, image=True) -> FirstReading:
    work = tmp_path / f"page-{number}"
    work.mkdir()
    (work / UPRIGHT_IMAGE).touch()
    return FirstReading(Page(number, ()), work if image else None)


class TestFutures:
    def test_pages_that_need_no_second_reading_wait_for_none(self, slow, tmp_path):
        """They are there as soon as the worker has read them."""
        reader, stage = slow
        one, two = Future(), Future()
        pages = stage.after(one, SETTINGS), stage.after(two, SETTINGS)
        one.set_result(first(tmp_path))
        two.set_result(first(tmp_path, 2, image=False))
        assert pages[1].result(5).second is None
        assert not pages[0].done()
        reader.gate.set()
        assert pages[0].result(5).second == SecondReading(seconds=1.0)
        until(lambda: not (tmp_path / "page-1").exists(), "the folder to be gone")

    def test_what_the_first_reading_raises(self, slow):
        """The page raises it, too."""
        _, stage = slow
        one = Future()
        page = stage.after(one, SETTINGS)
        one.set_exception(OcrError("no"))
        with pytest.raises(OcrError):
            page.result(5)

    def test_a_page_that_is_not_wanted_any_more(self, slow, tmp_path):
        """Cancelled before it is read, it is not read; while it is read, its image is forgotten."""
        reader, stage = slow
        waiting, running = Future(), Future()
        running.set_running_or_notify_cancel()
        pages = stage.after(waiting, SETTINGS), stage.after(running, SETTINGS)
        assert all(page.cancel() for page in pages)
        assert waiting.cancelled()
        running.set_result(first(tmp_path))
        assert not (tmp_path / "page-1").exists()
        assert reader.asked == 0
        for page in pages:
            with pytest.raises(CancelledError):
                page.result(5)


class TestWhetherTheSecondReaderIsAtWork:
    def test_from_the_first_page_on_until_it_is_read_twice(self, slow, tmp_path):
        """Pages that come meanwhile do not keep it busy; the pool hears when it rests."""
        reader, rests = slow[0], []
        stage = SecondStage(reader, lambda: rests.append(stage.cores))
        one, two = Future(), Future()
        works = tmp_path / "page-1", tmp_path / "page-2"
        stage.expect(works[0], SETTINGS)
        assert stage.cores == 1
        stage.expect(works[1], SETTINGS)
        pages = [stage.after(future, SETTINGS, work) for future, work in zip((one, two), works, strict=True)]
        one.set_result(first(tmp_path))
        assert stage.cores == MOST_THREADS
        assert rests == []
        reader.gate.set()
        assert pages[0].result(5).second
        until(lambda: not stage.cores, "its rest")
        until(lambda: rests, "the pool to be told")
        two.set_result(first(tmp_path, 2, image=False))
        assert pages[1].result(5).second is None
        assert not any(rests)
        stage.close()

    @pytest.mark.parametrize("end", ["blank", "failed", "cancelled", "forgotten"])
    def test_a_page_that_never_gets_to_it(self, slow, tmp_path, end):
        """It does not wait for it."""
        _, stage = slow
        stage.expect(tmp_path, SETTINGS)
        one = Future()
        page = stage.after(one, SETTINGS, tmp_path)
        match end:
            case "blank":
                one.set_result(first(tmp_path, image=False))
            case "failed":
                one.set_exception(OcrError("no"))
            case "cancelled":
                page.cancel()
            case _:
                stage.forget(tmp_path)
        assert not stage.cores

    def test_pages_that_it_does_not_read(self, slow, tmp_path):
        """Where it is off, or cannot read the language."""
        _, stage = slow
        stage.expect(tmp_path, replace(SETTINGS, second="off"))
        stage.expect(tmp_path, replace(SETTINGS, languages=("heb",)))
        assert not stage.cores


class Worker:
    """A page worker that reads a page when it is let go, and leaves its image."""

    pid, alive = 4_000_000, True

    def __init__(self, begun: list[str], go: threading.Event) -> None:
        self._begun, self._go = begun, go

    def ask(self, request, limit_s, progress=None, *, in_all=False):
        """See Child."""
        if request["do"] == "show":
            return {"result": None}
        self._begun.append(os.fsdecode(bytes.fromhex(request["path"])))
        progress({"do": "ocr", "image": False})
        assert self._go.wait(60)
        work = Path(request["work"])
        work.mkdir(parents=True)
        (work / UPRIGHT_IMAGE).touch()
        return {"result": TypeAdapter(Page).dump_python(Page(1, ()), mode="json")}

    def end(self, grace_s=10.0):
        """See Child."""

    kill = end


def test_pages_leave_a_core_to_the_second_reader(tmp_path):
    """While it is at work, one page fewer is begun than there are workers; all are begun in the end, in their turn."""
    reader, begun, go, workers = Slow(), [], threading.Event(), max(2, len(os.sched_getaffinity(0)))
    pool = PagePool(workers, tmp_path, start=lambda: Worker(begun, go), reader=reader)
    paths = [tmp_path / f"{n}.png" for n in range(2 * workers)]
    try:
        pages = [pool.submit(path, 1, SETTINGS) for path in paths]
        until(lambda: len(begun) == workers - 1, "pages to be begun")
        pool.show(paths[0], PageLook(1, (9, 9), (9, 9)), tmp_path / "shown.png", LIMITS, 60.0).result(60)
        assert len(begun) == workers - 1
        go.set()
        until(lambda: reader.asked, "the first page to be read again")
        reader.gate.set()
        assert [page.result(60).number for page in pages] == [1] * len(paths)
        assert sorted(begun) == sorted(map(str, paths))
    finally:
        go.set()
        reader.gate.set()
        pool.close()
