"""Config's ``executor``: who may be named, and with what; a scheduler out there is spoken to by TLS alone."""

import pytest

from scanmend.config.load import load
from scanmend.config.permissions import exposures
from scanmend.errors import ConfigError

TLS = "tls: {ca_file: ca, cert_file: cert, key_file: key}"


def loaded(folder, executor):
    path = folder / "c.yaml"
    path.write_text(f"executor: {{{executor}}}\nfolders: [{{name: a, inbox: in, outbox: out, strategy: 'off'}}]\n")
    return load(path).executor


def test_a_scheduler_out_there(tmp_path):
    """Paths are below the configuration's folder, and scans leave."""
    executor = loaded(tmp_path, f"dask: 'tls://s.example.org:8786', {TLS}")
    assert executor.dask == "tls://s.example.org:8786"
    assert executor.tls.key_file == tmp_path / "key"
    assert (executor.shared_paths, executor.in_flight, executor.leaves_machine) == (False, 2, True)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "tcp://localhost:8786", "tcp://[::1]:8786"])
def test_this_machine_may_do_without_tls(tmp_path, address):
    """Whoever is on it is trusted, as docs/SECURITY.md says."""
    assert not loaded(tmp_path, f"dask: '{address}'").leaves_machine


@pytest.mark.parametrize(
    ("executor", "says"),
    [
        ("dask: 'tcp://10.0.0.1:8786'", "anyone to read"),
        ("dask: 'tcp://scheduler:8786'", "use tls://"),
        ("dask: 'tls://scheduler:8786'", "needs tls: {ca_file"),
        (f"dask: 'tcp://127.0.0.1:8786', {TLS}", "begins with tls://"),
        ("dask: 'scheduler:8786'", "no address of a Dask scheduler"),
        (f"dask: 'tls://scheduler', {TLS}", "no address of a Dask scheduler"),
        (f"dask: 'tls://u:p@scheduler:8786', {TLS}", "no address of a Dask scheduler"),
        ("dask: 'tls://s:1', tls: {ca_file: ca}", "cert_file"),
        ("dask: 'tcp://127.0.0.1:1', in_flight: 0", "in_flight"),
        ("dask: 'tcp://127.0.0.1:1', ray: x", "ray"),
    ],
)
def test_what_is_refused_says_what_to_do(tmp_path, executor, says):
    """Above all: whatever would send scans in the open, or let anyone run programs here."""
    with pytest.raises(ConfigError, match=r"c\.yaml:1") as e:
        loaded(tmp_path, executor)
    assert says in str(e.value)


def test_a_key_that_others_may_read_keeps_the_daemon_from_starting(tmp_path):
    """With it one can run programs on every worker."""
    (tmp_path / "key").touch(mode=0o644)
    loaded(tmp_path, f"dask: 'tls://s.example.org:8786', {TLS}")
    found = [e for e in exposures(load(tmp_path / "c.yaml")) if e.refused]
    assert [e.what for e in found] == ["executor: key_file"]
    assert "chmod o=" in found[0].found
