"""What several test modules share: small scans, and daemons that run."""

import gc
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

import render_scans
from daemon_process import Daemon
from service_world import House, Reader

# An example's time depends on what else runs. The same examples each time; others with SCANMEND_EXPLORE=1.
settings.register_profile("scanmend", deadline=None, max_examples=20, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=500)
settings.load_profile("explore" if os.environ.get("SCANMEND_EXPLORE") else "scanmend")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a job in the background; children would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


gc.disable()  # what collecting tests leaves is kept to the end; looking for garbage in it would take a second


def pytest_collection_finish() -> None:
    """Look for garbage again, but not in what is there now."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """What was kept ends as it would have."""
    gc.unfreeze()


os.environ.setdefault("SCANMEND_READER_F32", "1")  # the same floats on every machine


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """What a command did to the log of this process ends with its test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def scans(tmp_path_factory) -> Path:
    """A folder of small scans, each named for what it is; see the source for what they say."""
    folder = tmp_path_factory.mktemp("scans")
    line = render_scans.line("The committee will meet again on Thursday")
    render_scans.save_png(line, folder / "line.png")
    render_scans.save_pdf([line], folder / "line.pdf")
    render_scans.save_png(render_scans.line("The comrnittee will meet again, total $100.00"), folder / "broken.png")
    three = [render_scans.line(f"Page {n} of three, the comrnittee will meet") for n in (1, 2, 3)]
    render_scans.save_tiff(three, folder / "three.tiff")
    render_scans.save_pdf([line] * 8, folder / "eight.pdf")
    render_scans.encrypted_pdf(folder / "encrypted.pdf")
    render_scans.truncated(folder / "line.pdf", folder / "truncated.pdf", 0.6)
    (folder / "empty.pdf").touch()
    (folder / "text.txt").write_text("no scan at all\n")
    render_scans.save_png(render_scans.blank((3000, 2000)), folder / "large.png")
    return folder


@pytest.fixture
def memory(tmp_path) -> Iterator[Path]:
    """A folder that takes no time to sync, where there is one, for tests that do so thousands of times."""
    shared = Path("/dev/shm")  # noqa: S108 -- what is made there has a name of its own
    if not os.access(shared, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="scanmend-test-", dir=shared) as folder:
        yield Path(folder)


@pytest.fixture
def daemon(tmp_path) -> Iterator[Callable[..., Daemon]]:
    """Make daemons, each with one folder ``scans`` of these settings; all of them are ended afterwards."""
    made: list[Daemon] = []

    def make(root: Path = tmp_path, **settings) -> Daemon:
        made.append(Daemon(root, **settings))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def house(memory) -> Iterator[House]:
    """A service's folders and configuration; nothing of an earlier test is left."""
    Reader.read.clear()
    Reader.order.clear()
    Reader.gate.clear()
    yield House(memory)
    Reader.gate.set()
