"""Real programs deliver into the folder of a real daemon, all at once: every scan comes out once, and whole.

The ordinary suite has those that every machine has; ``scripts/check_writers`` installs the others and runs all.
"""

import contextlib
import hashlib
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

import render_scans
from daemon_process import Daemon, until
from deliveries import LIMIT_S, PAUSE_S, SCANNED, WRITERS, Endpoints, Writer, from_test_device, parts
from file_servers import left_behind, mounted, pause, proftpd, program, smbd, sshd

ALL = "SCANMEND_ALL_WRITERS"
"""Set by scripts/check_writers: run all of them, and fail where a program is missing."""
SETTLE_S = 0.5


def wanted(*programs: str) -> bool:
    """Whether what needs these programs is to be run; what needs none always is."""
    return not programs or bool(os.environ.get(ALL))


def need(*programs: str) -> None:
    """Skip what only scripts/check_writers runs; there, fail when a program is missing."""
    if not wanted(*programs):
        pytest.skip(f"needs {', '.join(programs)}; scripts/check_writers runs it")
    missing = [name for name in programs if program(name) is None]
    assert not missing, f"not installed: {', '.join(missing)}"


class Witness(threading.Thread):
    """Looks into a folder many times a second, and remembers which names it had and how small they were."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.smallest: dict[str, int] = {}
        self._folder = folder
        self._over = threading.Event()

    def run(self):
        while not self._over.wait(0.004):
            for entry in os.scandir(self._folder):
                with contextlib.suppress(FileNotFoundError):
                    size = entry.stat(follow_symlinks=False).st_size
                    self.smallest[entry.name] = min(size, self.smallest.get(entry.name, size))

    def close(self):
        self._over.set()
        self.join()


class Deliveries:
    """A daemon, the scans to send, and what became of sending them."""

    def __init__(self, daemon: Daemon, scans: Path, witness: Witness) -> None:
        self.daemon = daemon
        self.scans = scans
        self.witness = witness
        self.sent: dict[str, Future[None]] = {}

    def sources(self, writer: Writer) -> dict[str, Path]:
        """What each name in the inbox is made from."""
        return {f"{writer.name}-{source}": self.scans / source for source in writer.sources}

    def deliver(self, writers: list[Writer], endpoints: Endpoints, pool: ThreadPoolExecutor) -> None:
        """Send all but the last file of each writer at full speed, then the last slowly, to a daemon that has time."""
        fast = [pool.submit(self._send, writer, endpoints, slowly=False) for writer in writers]
        for writer, before in zip(writers, fast, strict=True):
            self.sent[writer.name] = pool.submit(self._send_last, writer, endpoints, fast, before)

    def _send(self, writer: Writer, endpoints: Endpoints, *, slowly: bool) -> None:
        files = list(self.sources(writer).items())
        for name, source in files[-1:] if slowly else files[:-1]:
            writer.send(endpoints, source, name, slowly)

    def _send_last(self, writer: Writer, endpoints: Endpoints, fast: list[Future[None]], before: Future[None]) -> None:
        futures.wait(fast)
        before.result()
        with contextlib.suppress(AssertionError):  # the test of that writer will say so
            until(self._fast_are_done, "the daemon to have time", LIMIT_S)
        self._send(writer, endpoints, slowly=True)

    def _fast_are_done(self) -> bool:
        writers = [writer for writer in WRITERS if writer.name in self.sent]
        return all(
            (self.daemon.archive / name).exists() for writer in writers for name in list(self.sources(writer))[:-1]
        )


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory) -> Iterator[Deliveries]:
    """Send everything with every writer, all at the same time."""
    root = tmp_path_factory.mktemp("writers")
    scans = make_scans(root / "scans")
    daemon = Daemon(root, settle_s=SETTLE_S, incomplete_s=30)
    daemon.inbox.mkdir()
    witness = Witness(daemon.inbox)
    one = Deliveries(daemon, scans, witness)
    writers = [writer for writer in WRITERS if wanted(*writer.programs)]
    able = {name for writer in writers for name in writer.programs if program(name)}
    memory = Path("/dev/shm")  # noqa: S108 -- what is made there has a name of its own
    with contextlib.ExitStack() as stack:
        aside = root / "aside"
        aside.mkdir()
        other = memory if os.access(memory, os.W_OK) else root
        elsewhere = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scanmend-test-", dir=other)))
        endpoints = Endpoints(
            daemon.inbox,
            aside,
            elsewhere,
            stack.enter_context(sshd(root / "sshd")) if "sshd" in able else None,
            tuple(stack.enter_context(smbd(root / "smbd", daemon.inbox))) if "smbd" in able else (),
            stack.enter_context(proftpd(root / "ftp", daemon.inbox)) if "proftpd" in able else "",
            stack.enter_context(proftpd(root / "hidden", daemon.inbox, "HiddenStores on")) if "proftpd" in able else "",
        )
        stack.callback(daemon.end)
        daemon.start()
        witness.start()
        stack.callback(witness.close)
        one.deliver(writers, endpoints, stack.enter_context(ThreadPoolExecutor(len(writers))))
        yield one
    assert left_behind(root) == []


def make_scans(folder: Path) -> Path:
    """A small scan, one of several MB, and one to be sent slowly."""
    folder.mkdir()
    line = render_scans.line("The committee will meet again on Thursday")
    render_scans.save_png(line, folder / "small.png")
    render_scans.save_pdf([line], folder / "slow.pdf")
    for name, size in (("large.bmp", (1600, 2500)), ("slow.bmp", (1000, 900))):
        sheet = render_scans.blank(size)
        sheet.paste(line, (60, 200))
        render_scans.save_bmp(sheet, folder / name)
    if wanted("scanimage"):
        for name in SCANNED:
            kind = Path(name).suffix.lstrip(".")
            with (folder / name).open("wb") as file:
                command = ["scanimage", *from_test_device(kind, slow=False)]
                subprocess.run(command, stdout=file, check=True, timeout=LIMIT_S)
    return folder


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_a_writer(deliveries, writer):
    """Each scan is claimed once, its outputs are of the whole file, and that is what lies in the archive."""
    need(*writer.programs)
    deliveries.sent[writer.name].result(2 * LIMIT_S)
    daemon = deliveries.daemon
    for name, source in deliveries.sources(writer).items():
        until((daemon.archive / name).exists, f"{name} in the archive", LIMIT_S)
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        assert hashlib.sha256((daemon.archive / name).read_bytes()).hexdigest() == digest
        stem = name.rpartition(".")[0]
        assert json.loads((daemon.outbox / f"{stem}.json").read_bytes())["sha256"] == digest
        if writer.sources is not SCANNED:
            assert (daemon.outbox / f"{stem}.txt").read_text() == "The committee will meet again on Thursday\n"
        assert sorted(p.name for p in daemon.outbox.glob(f"{stem}*")) == [f"{stem}.json", f"{stem}.txt"]
        assert [line["file"] for line in daemon.said("document.claimed")].count(name) == 1
        assert not (daemon.inbox / name).exists()
        assert [p.name for p in daemon.quarantine.glob(f"{name}*")] == []


@pytest.mark.parametrize(
    "writer", [writer for writer in WRITERS if writer.in_place is not None], ids=lambda writer: writer.name
)
def test_what_the_folder_sees(deliveries, writer):
    """A writer shows the file's own name before it is whole, or a temporary one first, as docs/scanners.md says."""
    need(*writer.programs)
    deliveries.sent[writer.name].result(2 * LIMIT_S)
    *_, (name, source) = deliveries.sources(writer).items()
    seen = deliveries.witness.smallest
    assert (seen.get(name, source.stat().st_size) < source.stat().st_size) is writer.in_place
    if writer.temporary:
        assert [other for other in seen if name in other and other != name and writer.temporary in other]


def test_a_mounted_inbox(tmp_path, daemon):
    """An inbox that is a network mount is polled, unasked; what another machine writes there is found, whole."""
    need("sshd", "sshfs", "fusermount3")
    source = make_scans(tmp_path / "scans") / "slow.pdf"
    (tmp_path / "there").mkdir()
    one = daemon(tmp_path / "here", inbox=str(tmp_path / "mount"), settle_s=SETTLE_S, incomplete_s=30, poll_s=0.5)
    one.inbox = tmp_path / "mount"
    with sshd(tmp_path / "sshd") as client, mounted(client, tmp_path / "there", one.inbox):
        try:
            one.start()
            assert [line["mode"] for line in one.wait("inbox.watching")] == ["poll"]
            with (tmp_path / "there" / "far.pdf").open("wb") as file:
                for part in parts(source):
                    file.write(part)
                    file.flush()
                    pause(PAUSE_S)
            one.wait_for("far.json", limit_s=LIMIT_S)
            until((one.archive / "far.pdf").exists, "the archive")
            assert (one.archive / "far.pdf").read_bytes() == source.read_bytes()
            assert [line["file"] for line in one.said("document.claimed")] == ["far.pdf"]
        finally:
            one.end()
    assert left_behind(tmp_path) == []
