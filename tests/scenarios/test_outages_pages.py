"""Tesseract and page processes that crash, hang, eat memory or write nonsense: one document fails, the day goes on."""

import os
import resource
import signal
import sys
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

import fuzz_seeds
from daemon_process import Daemon, drop, until
from outages import fake_tesseract
from scanmend.pageworkers import worker
from scanmend.process import rlimits
from scanmend.source.settings import SourceLimits

LIMIT_S = 1.5
DEEDS = {
    "crashes": ("kill -SEGV $$", "ended Tesseract, which died of SIGSEGV"),
    "hangs": ("sleep 1000 & sleep 1000 & trap '' TERM; wait", "took Tesseract longer than page_limit_s: 1.5 s"),
}
"""What Tesseract does to a page, and what the report says then."""
HUNGRY = """
import os
try:
    a = []
    while True:
        a.append(bytearray(1 << 25))
except MemoryError:
    os.abort()
"""


@pytest.fixture
def start(daemon, tmp_path):
    """Start a daemon that reads with a Tesseract that does what ``deed``, a script, says, while there is one."""
    with fake_tesseract(tmp_path / "bin") as deed:

        def make(**settings) -> Daemon:
            one = daemon(**{"retry_delay_s": 0.05, "max_megapixels": 5, "top": {"workers": 1}} | settings)
            one.start(PATH=f"{deed.parent}:{os.environ['PATH']}")
            one.deed = deed
            return one

        yield make


def workers(one: Daemon) -> list[psutil.Process]:
    """The page processes."""
    return [p for p in one.family() if "scanmend.pageworkers.worker" in " ".join(p.cmdline())]


def report(one: Daemon, name: str, limit_s: float = 30) -> str:
    """What is said of a file in quarantine, once it is there."""
    path = one.quarantine / f"{name}.error.txt"
    until(path.exists, f"the report on {name}", limit_s)
    return path.read_text()


def test_each_disaster_costs_its_page_and_no_more(start, scans):
    """The same page twice is the document's fault, said with the limit by name; what comes next is read as ever."""
    one = start(page_limit_s=LIMIT_S)
    for name, (deed, said) in DEEDS.items():
        one.deed.write_text(deed)
        drop(scans / "line.png", one.inbox, f"{name}.png")
        told = report(one, f"{name}.png")
        assert f"page 1 {said}" in told, name
        assert "(for the second time)" in told
    one.deed.unlink()
    assert len(one.said("document.retry")) == len(DEEDS)
    assert {p.name() for p in one.family()} & {"sleep", "cat"} == set()
    one.configure(page_limit_s=60, top={"workers": 1})
    one.process.send_signal(signal.SIGHUP)
    one.wait("config.reloaded")
    drop(scans / "line.png", one.inbox, "after.png")
    one.wait_for("after.json")


def test_memory_and_endless_talk_stay_within_their_bounds(start, scans):
    """One that takes all it gets is refused more; it and its worker are what the kernel ends first."""
    one = start(page_limit_s=60, retries=0)
    one.deed.write_text(f"exec {sys.executable} -c '{HUNGRY}'")
    peaks = [0]
    drop(scans / "line.png", one.inbox, "hungry.png")
    until(lambda: (one.quarantine / "hungry.png").exists() or peaks.append(_taken(one)), "it to end")
    assert 0.5 * 2**30 < max(peaks) < 1.6 * 2**30  # the daemon's family; 1 GiB, and 12 bytes for 5 million pixels
    assert "page 1 ended Tesseract, which died of SIGABRT" in report(one, "hungry.png")
    one.deed.write_text("exec cat /dev/zero >&2")
    drop(scans / "line.png", one.inbox, "talks.png")
    assert "page 1 needs more memory than max_megapixels allows for" in report(one, "talks.png")
    one.deed.write_text("exec sleep 1000")
    drop(scans / "line.png", one.inbox, "waits.png")
    engine = until(lambda: next((p for p in one.family() if p.name() == "sleep"), None), "Tesseract")
    for process in (engine, *workers(one)):
        assert Path(f"/proc/{process.pid}/oom_score_adj").read_text().strip() == "500"


def _taken(one: Daemon) -> int:
    """Bytes of memory of all that descends from the daemon."""
    taken = 0
    for process in one.family():
        try:
            taken += process.memory_info().rss
        except psutil.Error:
            continue
    return taken


def test_what_tesseract_leaves_behind_ends_with_its_worker(start, scans):
    """A child that survives it neither holds up the page nor outlives the page process, but for one that flees."""
    one = start(page_limit_s=60)
    one.deed.write_text("setsid sleep 1000 >/dev/null 2>&1 </dev/null & sleep 1001 >/dev/null 2>&1 </dev/null &")
    drop(scans / "line.png", one.inbox)
    one.wait_for("line.json")
    assert one.stop() == 0
    left = [p.cmdline() for p in one.family()]
    for process in one.family():
        process.kill()
    assert [command for command in left if command != ["sleep", "1000"]] == []


@pytest.mark.thorough
def test_a_page_that_hangs_mupdf_is_given_up_over_a_restart(daemon):
    """A bomb holds a worker for twice its limit, not for every retry; a restart does not forget the first."""
    one = daemon(page_limit_s=0.5, retry_delay_s=1.0, top={"workers": 1})
    hasty = "import sys; from scanmend import cli; from scanmend.pageworkers.pool import PagePool; "
    hasty += "cli.PagePool = lambda *a: PagePool(*a, grace_s=0.5); sys.argv[0] = 'scanmend'; cli.main()"
    one.program = [sys.executable, "-c", hasty]
    one.start()
    (one.inbox / "bomb.part").write_bytes(dict(fuzz_seeds.bombs("pdf"))["forms of forms"])
    (one.inbox / "bomb.part").rename(one.inbox / "bomb.pdf")
    (said,) = one.wait("document.retry")
    assert "page 1 ended its worker" in said["reason"]
    assert "page_limit_s: 0.5 s is over" in said["reason"]
    one.stop()
    one.start()
    assert "(for the second time)" in report(one, "bomb.pdf")


def test_outputs_are_made_within_the_same_bounds(tmp_path, scans, monkeypatch):
    """The process that shows the pages has the limit of those that read them; beyond it, the document is at fault."""
    limits = SourceLimits(1, 5, 150)
    (tmp_path / "pages").write_bytes(b"")
    request = {"do": "compose", "path": os.fsencode(scans / "line.png").hex(), "pages": str(tmp_path / "pages")}
    request |= {"targets": {}, "facts": {}, "limits": asdict(limits)}
    seen = []
    monkeypatch.setattr(
        worker, "compose", lambda *_: seen.append(resource.getrlimit(resource.RLIMIT_DATA)[0]) or bytes(4 << 30)
    )
    told = worker.handle(request, lambda: None)
    assert seen == [rlimits.allowance(limits.max_megapixels)]
    assert told["error"] == "document"
    assert told["message"].startswith("making the outputs that show its pages needs more memory than max_megapixels")
