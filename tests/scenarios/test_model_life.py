"""The model's process comes, goes and is killed: nothing leaks, nothing is lost; the script does more of it."""

import resource
from dataclasses import replace

import pytest

from model_life import Sample, chaos, cycles, leaks

pytestmark = pytest.mark.timeout(300)  # a busy machine takes ten times as long


@pytest.fixture(autouse=True)
def no_core_files():
    """Processes that die of SIGSEGV here leave none."""
    limits = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, limits)


@pytest.mark.thorough
def test_four_cycles_leak_nothing(tmp_path, monkeypatch):
    """No process, file descriptor, thread, temporary file, nor 1 MiB of RAM, a quarter for each."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    samples = list(cycles(4, tmp_path / "models"))
    assert len(samples) == 4
    assert leaks(samples, mib=1.0) == []


def test_three_documents_with_kills(tmp_path):
    """SIGSEGV, SIGKILL and SIGSTOP at random moments: every document right in the end, none twice, none raw."""
    outcome = chaos(3, 3, 1, tmp_path, limit_s=200.0)
    assert sum(outcome.kills.values()) >= 2
    assert (outcome.wrong, outcome.left) == ([], [])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, []),
        ({"rss_mib": 104.0}, []),
        ({"rss_mib": 106.0}, ["RAM: 100.0 MiB after the first cycle, 106.0 after the last"]),
        ({"children": 1}, ["1 processes left"]),
        ({"descriptors": 11}, ["descriptors: 10 after the first cycle, 11 after the last"]),
        ({"threads": 3, "temporary": 1}, [
            "threads: 2 after the first cycle, 3 after the last",
            "temporary: 0 after the first cycle, 1 after the last",
        ]),
    ],
)  # fmt: skip
def test_a_leak_would_be_seen(change, says):
    """Of each kind."""
    sample = Sample(0, 10, 2, 0, 100.0, 0.5, 0.1)
    assert leaks([sample, replace(sample, **change)]) == says
