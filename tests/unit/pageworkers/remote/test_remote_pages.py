"""scanmend.pageworkers.remote: pages go to workers and come back, whatever becomes of workers and scheduler."""

import json
import threading
from concurrent.futures import Future
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest
import structlog
from distributed import LocalCluster

import render_scans
from scanmend.document import Page
from scanmend.errors import DocumentError, OcrError, PageFailed, Stopping, WorkersAway
from scanmend.pageworkers.pool import PagePool
from scanmend.pageworkers.remote import crew, probe, remote_pages, tasks
from scanmend.pageworkers.remote.cluster import ClusterSettings, Seat
from scanmend.pageworkers.remote.remote_pages import RemotePages
from scanmend.pageworkers.remote.versions import own
from scanmend.source.settings import ReadSettings, SourceLimits
from waiting import LIMIT_S, until

SETTINGS = ReadSettings(("eng",), SourceLimits(10, 50, 150), 60.0)
NOWHERE = ClusterSettings("tcp://127.0.0.1:1")


@pytest.fixture(scope="module")
def scheduler():
    """The address of a real scheduler, whose worker is in this process and has real page processes."""
    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address
        if tasks._bench.cache_info().currsize:
            tasks._bench()._pool.close()


class TestARealCluster:
    @pytest.mark.timeout(240)
    def test_pages_are_those_of_this_machine(self, scheduler, tmp_path):
        """With both readers; a source that is not sent along is asked for. Damage and limits are told as here."""
        path, torn = tmp_path / "three.pdf", tmp_path / "torn.png"
        render_scans.save_pdf([render_scans.line(f"Page {n} of three", height_px=50) for n in (1, 2, 3)], path)
        path.write_bytes(path.read_bytes() + b"%" * 2**20)
        torn.write_bytes(b"\x89PNG\r\n\x1a\n torn")
        twice = replace(SETTINGS, second="always")
        here = PagePool(2, tmp_path / "here")
        there = PagePool(2, tmp_path / "there", remote=RemotePages(ClusterSettings(scheduler)))

        def timeless(page):
            return replace(page, seconds=0.0, second=replace(page.second, seconds=0.0))

        try:
            pages = [timeless(f.result(2 * LIMIT_S)) for f in [there.submit(path, n, twice) for n in (2, 3, 1)]]
            assert there.workers == 4
            tasks._bench()._pool.end_idle()
            assert pages == [timeless(here.submit(path, n, twice).result(LIMIT_S)) for n in (2, 3, 1)]
            assert [page.raw for page in pages] == [f"Page {n} of three" for n in (2, 3, 1)]
            assert all(page.second.lines for page in pages)
            messages = []
            for pool in (here, there):
                with pytest.raises(DocumentError) as e:
                    pool.submit(torn, 1, SETTINGS).result(LIMIT_S)
                messages.append(str(e.value))
            assert messages[0] == messages[1]
            until(there.end_idle, "the connection to be given up")
            assert there.idle
        finally:
            there.close()
            here.close()
        with pytest.raises(Stopping):
            there.submit(path, 1, SETTINGS).result(0)

    def test_paths_that_are_shared(self, scheduler, scans, tmp_path):
        """Nothing is sent but the path; where that leads to another file, the bytes are asked for."""
        remote = RemotePages(ClusterSettings(scheduler, shared_paths=True))
        try:
            assert "committee" in remote.submit(scans / "line.png", 1, SETTINGS).result(LIMIT_S).raw
            copies = list(tasks._bench()._folder.rglob("line.png"))
            source = replace(remote._sources.find(scans / "line.png"), mtime_ns=1)
            remote._sources.find = lambda _path: source
            assert "committee" in remote.submit(scans / "line.png", 1, SETTINGS).result(LIMIT_S).raw
            assert (copies, len(list(tasks._bench()._folder.rglob("line.png")))) == ([], 1)
        finally:
            remote.close()

    def test_a_look_at_the_cluster(self, scheduler):
        """Its workers, and what they read with, which here is what this machine has."""
        (found,) = probe.look(ClusterSettings(scheduler))
        assert (found.versions, found.unfit, found.seat.threads) == (own(), "", 2)

    def test_no_scheduler(self):
        """The error names address and remedy."""
        with pytest.raises(WorkersAway, match=r"tcp://127\.0\.0\.1:1 cannot be reached"):
            probe.look(NOWHERE, connect_s=0.2)


class FakeCluster:
    """A cluster whose workers do as they are told; stands for ``Cluster``."""

    def __init__(self, *versions, threads: int = 1) -> None:
        self.alive = True
        self.versions = {f"tcp://w{n}": one for n, one in enumerate(versions)}
        self.threads = threads
        self.sent: list[SimpleNamespace] = []
        self.cancelled: list[object] = []

    def seats(self):
        return {a: Seat(a, a, self.threads) for a in self.versions}

    def submit(self, task, *arguments, workers=(), only=True):
        future: Future[bytes] = Future()
        if task is tasks.describe:
            future.set_result(json.dumps(asdict(self.versions[workers[0]])).encode())
        else:
            request, source = json.loads(arguments[0]), arguments[1]
            self.sent.append(SimpleNamespace(future=future, source=source, workers=workers, only=only, **request))
        return future

    def close(self):
        self.alive = False


@pytest.fixture
def world(tmp_path):
    """Return a function that makes remote pages over fake clusters, one after the other, and a source."""
    made = []

    def make(*clusters, **options):
        left = iter(clusters)

        def connect(_settings):
            found = next(left, None)
            if found is None:
                raise WorkersAway("the Dask scheduler is gone")
            return found

        remote = RemotePages(options.pop("settings", NOWHERE), connect, **options)
        made.append(remote)
        (tmp_path / "scan").write_bytes(b"scan")
        return remote, tmp_path / "scan"

    yield make
    for remote in made:
        remote.close()


def page_of(sent, worker="tcp://w0"):
    page = Page(sent.number, (), 10, 10)
    return json.dumps({"worker": worker, "page": json.loads(json.dumps(asdict(page)))}).encode()


def reply(sent, **answer):
    sent.future.set_result(json.dumps({"worker": "tcp://w0", **answer}).encode())


def sends(cluster, count):
    until(lambda: len(cluster.sent) >= count, f"{count} pages to be sent")
    return cluster.sent[count - 1]


def test_a_worker_has_a_bounded_number_of_pages(world):
    """The rest waits here, where documents take turns, and goes out as pages come back."""
    cluster = FakeCluster(own(), own(), threads=2)
    remote, path = world(cluster)
    futures = [remote.submit(path, n, SETTINGS) for n in range(1, 21)]
    sends(cluster, 8)
    assert (len(cluster.sent), remote.slots) == (8, 8)
    assert {key: remote.status()[key] for key in ("state", "workers", "threads", "in_flight", "queued")} == {
        "state": "connected", "workers": 2, "threads": 4, "in_flight": 8, "queued": 12,
    }  # fmt: skip
    for n in range(20):
        sent = sends(cluster, n + 1)
        assert len(cluster.sent) <= n + 8
        sent.future.set_result(page_of(sent))
    assert sorted(f.result(10).number for f in futures) == [*range(1, 21)]


def test_a_source_that_a_worker_lacks_is_sent_there(world):
    """Once; what it does not keep then is an error."""
    cluster = FakeCluster(own(), own())
    remote, path = world(cluster, settings=replace(NOWHERE, shared_paths=True))
    future = remote.submit(path, 2, SETTINGS)
    assert sends(cluster, 1).source is None
    reply(cluster.sent[0], worker="tcp://w1", missing=True)
    again = sends(cluster, 2)
    assert (again.source, again.workers, again.only) == (b"scan", ["tcp://w1"], False)
    reply(again, missing=True)
    with pytest.raises(OcrError, match="did not keep"):
        future.result(10)


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ({"error": "page", "what": "page 1", "message": "ended its worker"}, PageFailed, "page 1 ended its worker"),
        ({"error": "document", "message": "damaged"}, DocumentError, "damaged"),
        ({"error": "ocr", "message": "on w: no Tesseract"}, OcrError, "on w: no Tesseract"),
    ],
)
def test_errors_are_those_of_a_page_here(world, answer, error, says):
    """So that the same follows: quarantine, or another attempt."""
    cluster = FakeCluster(own())
    remote, path = world(cluster)
    future = remote.submit(path, 1, SETTINGS)
    reply(sends(cluster, 1), **answer)
    with pytest.raises(error, match=says):
        future.result(10)


class Answering(FakeCluster):
    """One whose workers read every page at once."""

    def submit(self, task, *arguments, **where):
        future = super().submit(task, *arguments, **where)
        if not future.done():
            future.set_result(page_of(self.sent[-1]))
        return future


def test_a_lost_scheduler_makes_pages_wait_and_comes_back(world):
    """Pages that were sent fail with WorkersAway, others, too, unless they go out to the next; nothing hangs."""
    first, second = FakeCluster(own()), Answering(own())
    remote, path = world(first, second)
    told = threading.Event()
    remote.on_change(told.set)
    with structlog.testing.capture_logs() as logs:
        sent = [remote.submit(path, n, SETTINGS) for n in (1, 2)]
        sends(first, 2)
        queued = [remote.submit(path, n, SETTINGS) for n in (3, 4, 5)]
        first.alive = False
        first.sent[0].future.cancel()
        first.sent[0].future.set_running_or_notify_cancel()
        for future in sent:
            with pytest.raises(WorkersAway, match="connection to the Dask scheduler was lost"):
                future.result(10)
        for future in queued:
            assert isinstance(future.exception(10), WorkersAway | None)
        until(lambda: told.is_set() and not remote.trouble, "the second scheduler")
        assert remote.submit(path, 1, SETTINGS).result(10).number == 1
    assert [line["event"] for line in logs if line["event"] in ("dask.away", "dask.back")] == ["dask.away", "dask.back"]


def test_no_worker_at_all(world):
    """Pages wait for a moment, then their documents do."""
    remote, path = world(FakeCluster(), no_workers_s=0.0)
    future = remote.submit(path, 1, SETTINGS)
    with pytest.raises(WorkersAway, match="has no workers; start some"):
        future.result(10)
    assert remote.status()["state"] == "away"
    assert not remote.end_idle(0)


def test_another_scanmend_gets_no_page(world):
    """It is told apart from one that reads with another Tesseract, whose pages say so."""
    other = replace(own(), host="b", scanmend="0.0.1")
    differs = replace(own(), host="a", tesseract="3.0")
    cluster = FakeCluster(differs, other)
    remote, path = world(cluster)
    future = remote.submit(path, 1, SETTINGS)
    sent = sends(cluster, 1)
    assert sent.workers == ["tcp://w0"]
    sent.future.set_result(page_of(sent))
    (warning,) = future.result(10).warnings
    assert (warning.code, warning.page) == ("read_with_others", 1)
    assert f"Tesseract 3.0 (here {own().tesseract}) on a" in warning.text
    status = remote.status()
    assert "b has scanmend 0.0.1" in status["unfit"][0]
    assert status["differ"] == [f"a: Tesseract 3.0 (here {own().tesseract})"]


def test_a_worker_that_does_not_say_what_it_is_holds_nobody_up(world, monkeypatch):
    """Pages wait for it for a moment, and then go to the others."""
    monkeypatch.setattr(crew, "PATIENCE_S", 0.05)
    monkeypatch.setattr(remote_pages, "LOOK_S", 0.02)
    cluster = FakeCluster(own(), own())
    say = cluster.submit
    cluster.submit = lambda task, *a, workers=(), **k: (
        Future() if task is tasks.describe and workers == ["tcp://w1"] else say(task, *a, workers=workers, **k)
    )
    remote, path = world(cluster)
    future = remote.submit(path, 1, SETTINGS)
    sent = sends(cluster, 1)
    assert sent.workers == ["tcp://w0"]
    sent.future.set_result(page_of(sent))
    assert future.result(LIMIT_S).number == 1


def test_a_language_goes_where_it_is(world):
    """And waits where it is nowhere."""
    lacking = replace(own(), languages={})
    cluster = FakeCluster(lacking, own())
    remote, path = world(cluster)
    remote.submit(path, 1, SETTINGS)
    assert sends(cluster, 1).workers == ["tcp://w1"]
    with pytest.raises(WorkersAway, match="no Dask worker has Tesseract's language xyz"):
        remote.submit(path, 1, replace(SETTINGS, languages=("xyz",))).result(10)


def test_a_stop_waits_for_nobody(world):
    """Pages that are far away raise Stopping at once."""
    cluster = FakeCluster(own())
    remote, path = world(cluster)
    futures = [remote.submit(path, n, SETTINGS) for n in (1, 2, 3)]
    sends(cluster, 2)
    remote.close()
    for future in futures:
        with pytest.raises(Stopping):
            future.result(0)
