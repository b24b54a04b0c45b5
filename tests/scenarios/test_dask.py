"""A daemon whose pages are read by a Dask cluster: real scheduler, real workers, real TLS; killed under load."""

import json

import pytest

import render_scans
from daemon_process import Daemon, drop
from dask_machines import Machines
from waiting import until

COUNT = 4


def outputs(daemon: Daemon) -> dict[str, bytes]:
    """All outputs by name, records without what differs from run to run."""
    found = {}
    for file in sorted(daemon.outbox.iterdir()):
        data = file.read_bytes()
        if file.suffix == ".json":
            record = json.loads(data)
            assert record["pages"], file
            data = json.dumps(_timeless(record)).encode()
        found[file.name] = data
    return found


def _timeless(value: object) -> object:
    if isinstance(value, dict):
        gone = ("id", "daemon", "started", "finished", "modified_ns", "seconds", "archived_as")
        return {k: _timeless(v) for k, v in value.items() if k not in gone and not k.endswith("_s")}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


@pytest.mark.timeout(300)
def test_workers_and_scheduler_are_killed_under_load(tmp_path):
    """Nothing is lost, nothing doubled, the outputs are those of a daemon alone; a stop waits for nobody."""
    settings = {"outputs": ["txt", "pdf", "json"]}
    made = tmp_path / "made"
    made.mkdir()
    for n in range(COUNT):
        pages = [render_scans.line(f"Document {n} page {page}", height_px=50) for page in (1, 2, 3)]
        render_scans.save_pdf(pages, made / f"{n}.pdf")
    machines = Machines(tmp_path / "machines")
    daemon = Daemon(tmp_path / "many", **settings, top={"executor": machines.executor})
    alone = Daemon(tmp_path / "alone", **settings)
    try:
        machines.start_scheduler()
        for name in ("a", "b"):
            machines.start_worker(name)
        daemon.start()
        for scan in sorted(made.iterdir()):
            drop(scan, daemon.inbox)
        daemon.wait("dask.worker_joined")
        until(lambda: daemon.status()["dask"]["in_flight"], "pages to be with a worker")
        machines.kill_worker("a")
        daemon.wait("document.done", 1, limit_s=120)
        machines.kill_scheduler()
        daemon.wait("dask.away")
        until(lambda: machines.address in " ".join(daemon.status()["troubles"]), "status to say so")
        until(lambda: not daemon.status()["working"], "documents to wait")
        assert not daemon.said("document.retry")
        machines.start_scheduler()
        machines.start_worker("c", 2)
        daemon.wait("dask.back")
        said = daemon.command("check").stdout
        assert "scans leave this machine, encrypted" in said
        assert f"executor: {machines.address}: 1 worker(s), which read 2 page(s) at once" in said
        until(lambda: len(daemon.said("document.done")) == COUNT, "all documents", 120)
        drop(made / "0.pdf", daemon.inbox, "last.pdf")
        until(lambda: daemon.status()["dask"]["in_flight"], "the last document's pages to be with a worker")
        assert daemon.stop(limit_s=60) == 0
        with_dask = outputs(daemon)
        assert not daemon.said("document.quarantined")
        alone.start()
        for scan in sorted(made.iterdir()):
            drop(scan, alone.inbox)
        alone.wait("document.done", COUNT, limit_s=120)
        assert alone.stop(limit_s=60) == 0
    finally:
        for one in (daemon, alone):
            one.end()
        machines.close()
    expected = outputs(alone)
    assert {name: data for name, data in with_dask.items() if not name.startswith("last")} == expected
    assert len(expected) == 3 * COUNT
