"""scanmend.second_reader.reader_process: a page never fails for the second reader, whatever becomes of its process."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
import structlog.testing

import render_scans
from scanmend.document import Line, Page, Word
from scanmend.errors import ChildDied, Stopping
from scanmend.process.child import Child
from scanmend.second_reader.lattice import greedy_text
from scanmend.second_reader.reader_process import CRASHES, MOST_MIB, REST_S, ReaderProcess, start_host
from waiting import until

PAGE = Page(3, (Line((Word("Doubtfu1", (40, 40, 200, 90), 60.0),)),), languages=("eng",))


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Path:
    """A page image with one line."""
    path = tmp_path_factory.mktemp("page") / "upright.pgm"
    render_scans.line("Doubtful").save(path, "PPM")
    return path


@pytest.fixture(scope="module")
def reader():
    """The real process, for all tests, as it takes its time to start; the last of them closes it."""
    reader = ReaderProcess()
    yield reader
    reader.close()


class Fake:
    """A process that answers what it is told to."""

    def __init__(self, answer) -> None:
        self.answer, self.pid, self.alive = answer, 4_000_000, True

    def ask(self, request, limit_s):
        """See Child."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def end(self, grace_s=10.0):
        """See Child."""
        self.alive = False

    kill = end


def test_the_daemon_loads_nothing_heavy_for_it():
    """What the pool and ``scanmend check`` need of it comes without its libraries."""
    modules = "scanmend.pageworkers.pool, scanmend.second_reader.symbols, scanmend.second_reader.weights"
    heavy = {"cv2", "numpy", "openvino", "rapidocr", "wordfreq"}
    code = f"import sys, {modules}; print(*sorted({heavy!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


def test_a_page_is_read(reader, image):
    """The process starts with the first page and stays for the next."""
    reader.end_idle(0.0)
    assert reader.pid is None
    reading = reader.read(PAGE, image, "auto", 60.0)
    assert (reading.problem, [greedy_text(line.steps) for line in reading.lines]) == ("", ["Doubtful"])
    pid = reader.pid
    assert reader.read(PAGE, image, "always", 60.0).lines
    assert reader.pid == pid


def test_it_ends_when_idle(reader, image):
    """Not while it was used lately; nothing of it is left, and ending it again is nothing."""
    reader.read(PAGE, image, "auto", 60.0)
    pid = reader.pid
    assert not reader.end_idle(60.0)
    assert reader.end_idle(0.0)
    assert (reader.pid, psutil.pid_exists(pid)) == (None, False)
    assert reader.end_idle(0.0)


def test_one_that_is_prepared(reader, image):
    """It starts again and loads its networks ahead of a page, which it then reads; preparing it again is nothing."""
    reader.end_idle(0.0)
    reader.prepare(("eng",))
    pid = reader.pid
    assert pid is not None
    reader.prepare(("deu",))
    reading = reader.read(PAGE, image, "auto", 60.0)
    assert (reading.problem, reader.pid, [greedy_text(line.steps) for line in reading.lines]) == ("", pid, ["Doubtful"])


@pytest.mark.thorough
def test_one_that_was_killed_is_replaced(image):
    """Between two pages, that costs nothing."""
    started: list[Child] = []

    def start() -> Child:
        started.append(start_host())
        return started[-1]

    reader = ReaderProcess(start)
    try:
        reader.read(PAGE, image, "auto", 60.0)
        os.kill(reader.pid, signal.SIGKILL)
        until(lambda: not started[0].alive, "its end")
        assert reader.read(PAGE, image, "auto", 60.0).problem == ""
        assert len(started) == 2
    finally:
        reader.close()


def test_a_crash_costs_the_second_reading_of_one_page(reader, image):
    """It is logged with page and signal; the next page gets a new process."""
    reader.read(PAGE, image, "auto", 60.0)
    pid = reader.pid
    os.kill(pid, signal.SIGSTOP)
    with structlog.testing.capture_logs() as logs:
        readings = []
        thread = threading.Thread(target=lambda: readings.append(reader.read(PAGE, image, "auto", 60.0)))
        thread.start()
        until(reader._turn.locked, "the request")
        os.kill(pid, signal.SIGSEGV)
        os.kill(pid, signal.SIGCONT)
        thread.join(20)
    assert (readings[0].lines, "scanmend.second_reader.host died of SIGSEGV" in readings[0].problem) == ((), True)
    assert [(line["event"], line["page"]) for line in logs] == [("second_reader.failed", 3)]
    assert reader.read(PAGE, image, "auto", 60.0).lines


def test_a_hang_ends_at_its_limit(image):
    """A process that is silent for too long is killed."""
    child = start_host()
    reader = ReaderProcess(lambda: child, silence_s=0.3)
    os.kill(child.pid, signal.SIGSTOP)
    assert "gave no sign of life for 0.3 s" in reader.read(PAGE, image, "auto", 60.0).problem
    assert not psutil.pid_exists(child.pid)


def test_an_image_that_is_gone(reader, tmp_path):
    """Its own errors are told, too."""
    assert "No such file" in reader.read(PAGE, tmp_path / "gone.pgm", "auto", 60.0).problem


def test_one_that_does_not_start(image):
    """As where there is no memory for a process."""

    def start():
        raise ChildDied("cannot start scanmend.second_reader.host: no memory")

    assert "no memory" in ReaderProcess(start).read(PAGE, image, "auto", 60.0).problem


@pytest.mark.parametrize(("death", "reads"), [(signal.SIGILL, True), (signal.SIGKILL, False), (None, False)])
def test_a_processor_that_breaks_its_promises(image, death, reads):
    """Where it dies of its first page as on such a processor, it is started without AMX, at once and from then on."""
    exact = []

    def start_exact():
        exact.append(Fake({"result": {"seconds": 1.0}}))
        return exact[-1]

    reader = ReaderProcess(lambda: Fake(ChildDied("it died", signal=death)), start_exact=start_exact)
    assert reader.read(PAGE, image, "auto", 60.0).problem == ("" if reads else "it died")
    if reads:
        assert reader.end_idle(0.0)
        assert reader.read(PAGE, image, "auto", 60.0).problem == ""
        assert len(exact) == 2


def test_it_rests_after_failures_in_a_row(image):
    """It is not started again and again; after a while it is tried once more, and then it may fail as often."""
    now, started = [0.0], []
    answers = [{"error": "not installed"}] * CRASHES + [{"result": {"lines": [], "seconds": 1.0}}]

    def start():
        started.append(Fake(answers[len(started)]))
        return started[-1]

    reader = ReaderProcess(start, lambda: now[0])
    with structlog.testing.capture_logs() as logs:
        problems = [reader.read(PAGE, image, "auto", 60.0).problem for _ in range(CRASHES + 2)]
    assert problems == ["not installed"] * CRASHES + [f"the second reader rests after {CRASHES} failures"] * 2
    assert len(started) == CRASHES
    assert [line["event"] for line in logs] == ["second_reader.failed"] * CRASHES + ["second_reader.rests"]
    now[0] = REST_S
    assert reader.read(PAGE, image, "auto", 60.0).problem == ""
    assert len(started) == CRASHES + 1


def test_a_large_process_ends_after_its_page(image):
    """The page has its reading all the same, and the next one a new process."""
    started = []

    def start():
        started.append(Fake({"result": {"seconds": 1.0}}))
        return started[-1]

    taken = iter([MOST_MIB, MOST_MIB + 1, 100.0])
    reader = ReaderProcess(start, memory_mib=lambda _: next(taken))
    assert [reader.read(PAGE, image, "auto", 60.0).problem for _ in range(3)] == ["", "", ""]
    assert [one.alive for one in started] == [False, True]
    reader.close()


def test_one_that_cannot_be_prepared(image):
    """That is logged, and costs nothing; the page that comes says why it was not read twice."""
    answers = iter([ChildDied("no memory"), {"error": "no weights"}, {"error": "no weights"}])

    def start() -> Fake:
        return Fake(next(answers))

    reader = ReaderProcess(start)
    with structlog.testing.capture_logs() as logs:
        reader.prepare(("eng",))
        reader.prepare(("eng",))
    assert [(line["event"], line["error"]) for line in logs] == [
        ("second_reader.not_prepared", "no memory"),
        ("second_reader.not_prepared", "no weights"),
    ]
    assert reader.pid is None
    assert reader.read(PAGE, image, "auto", 60.0).problem == "no weights"
    reader.close()
    reader.prepare(("eng",))
    assert reader.pid is None


def test_after_the_end(reader, image):
    """Pages that are being read, and those that come later, raise Stopping; the process is gone at once."""
    reader.read(PAGE, image, "auto", 60.0)
    pid = reader.pid
    os.kill(pid, signal.SIGSTOP)
    ended = []

    def read() -> None:
        try:
            reader.read(PAGE, image, "auto", 60.0)
        except Stopping as e:
            ended.append(e)

    thread = threading.Thread(target=read)
    thread.start()
    until(lambda: not reader.end_idle(0.0), "the request")
    reader.close()
    thread.join(10)
    assert (len(ended), psutil.pid_exists(pid)) == (1, False)
    with pytest.raises(Stopping):
        reader.read(PAGE, image, "auto", 60.0)
