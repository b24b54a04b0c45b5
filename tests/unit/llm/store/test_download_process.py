"""The child process that downloads, for real, and how it ends."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from daemon_process import until
from hub_server import Hub, Repo
from proxy_server import Proxy
from scanmend.config.schema import Config, ModelSpec
from scanmend.errors import ModelError, ModelMissing, Stopping, StorageError
from scanmend.llm.store.download_process import fetch
from scanmend.llm.store.hub import Request
from tiny_gguf import tiny_gguf

DATA = tiny_gguf(pad=200_000)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture
def hub(monkeypatch):
    for key in (*PROXIES, *map(str.lower, PROXIES), "HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(key, raising=False)
    with Hub({"acme/tiny-GGUF": Repo({"tiny-q8_0.gguf": DATA})}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def children():
    """Return the children that this process has now, but for those that it had before the test."""
    before = set(psutil.Process().children())
    return lambda: [child for child in psutil.Process().children() if child not in before]


@pytest.fixture
def request_(tmp_path):
    return Request("acme/tiny-GGUF", str(tmp_path / "models"), quantization="int8")


def test_a_child_downloads_and_reports(hub, request_):
    """Progress and the answer come through the socket."""
    seen = []
    fetched = fetch(request_, lambda done, total: seen.append((done, total)))
    assert fetched.path.read_bytes() == DATA
    assert fetched.revision == hub.repos["acme/tiny-GGUF"].commit
    assert seen[-1] == (len(DATA), len(DATA))


def test_what_a_child_left_is_taken_up_by_the_next(hub, request_, children):
    """Stopped in the middle, started again: only the rest is sent."""
    hub.stalls = 1
    with pytest.raises(Stopping):
        fetch(request_, stopping=hub.stalled.is_set)
    assert children() == []
    assert fetch(request_).path.read_bytes() == DATA
    assert len(hub.transfers) == 2


def test_errors_keep_their_kind_and_words(hub, request_):
    """What the child raises is raised here."""
    with pytest.raises(ModelMissing, match="acme/none does not exist"):
        fetch(Request("acme/none", request_.models_dir, quantization="int8"))
    hub.wrong = 2
    with pytest.raises(ModelError, match="wrong content twice") as e:
        fetch(request_)
    assert type(e.value) is ModelError
    with pytest.raises(StorageError, match="cannot be stored"):
        fetch(Request("acme/tiny-GGUF", "/proc/none", quantization="int8"))


def test_offline_mode_is_obeyed(hub, request_, monkeypatch):
    """With HF_HUB_OFFLINE nothing is asked of the hub."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelMissing, match="unset HF_HUB_OFFLINE"):
        fetch(request_)
    assert hub.asked == []


def test_the_proxy_of_the_environment_is_used(hub, request_, monkeypatch):
    """A hub that only the proxy can reach is reached, for the list of files and for the bytes."""
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    with Proxy(hub.port) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert fetch(request_).path.read_bytes() == DATA
    assert proxy.asked == [("GET", "hub.invalid")] * 2


def test_a_hub_that_needs_no_proxy_is_asked_directly(hub, request_, monkeypatch):
    """NO_PROXY is heeded."""
    with Proxy(hub.port) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert fetch(request_).path.read_bytes() == DATA
    assert proxy.asked == []


def test_an_encrypted_hub_is_reached_through_a_tunnel(request_, monkeypatch, tmp_path):
    """HTTPS_PROXY sees the name of the hub and nothing else; the certificate is checked against SSL_CERT_FILE."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=hub.invalid", "-addext", "subjectAltName=DNS:hub.invalid",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    for variable in (*PROXIES, *map(str.lower, PROXIES)):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.invalid")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with (
        Hub({"acme/tiny-GGUF": Repo({"tiny-q8_0.gguf": DATA})}, tls=context) as hub,
        Proxy(hub.port) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert fetch(request_).path.read_bytes() == DATA
    assert set(proxy.asked) == {("CONNECT", "hub.invalid:443")}


def test_the_token_may_lie_in_the_hubs_own_file(hub, request_, monkeypatch, tmp_path):
    """Where ``hf auth login`` puts it; the environment comes first."""
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "token").write_text("hf_file\n")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_TOKEN_PATH", raising=False)
    fetch(request_)
    assert {asked.token for asked in hub.asked} == {"Bearer hf_file"}
    hub.asked.clear()
    monkeypatch.setenv("HF_TOKEN", "hf_environment")
    fetch(request_)
    assert {asked.token for asked in hub.asked} == {"Bearer hf_environment"}


def test_the_configuration_takes_no_token():
    """It would lie in a file that others read."""
    assert not [key for key in (*ModelSpec.model_fields, *Config.model_fields) if "token" in key]
    with pytest.raises(ValueError, match="token"):
        ModelSpec(repo_id="acme/tiny-GGUF", quantization="int8", token="hf_secret")  # noqa: S106 -- it is none


def test_a_killed_child_is_an_error_that_names_the_signal(hub, request_, children):
    """The model is missing for now, the daemon lives."""
    hub.stalls = 1

    def kill() -> bool:
        if hub.stalled.is_set():
            for child in children():
                child.kill()
        return False

    with pytest.raises(ModelError, match=r"the download process failed: .* died of SIGKILL"):
        fetch(request_, stopping=kill)


def test_a_child_that_crashes_tells_what_it_complained_about(request_, monkeypatch, tmp_path):
    """Its last words are in the message."""
    broken = tmp_path / "huggingface_hub"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise RuntimeError('half installed')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *os.environ.get("PYTHONPATH", "").split(":")]))
    with pytest.raises(ModelError, match=r"ended with exit code 1(.|\n)*half installed"):
        fetch(request_)


def test_a_child_that_does_not_run_is_an_error(hub, request_, children, monkeypatch):
    """It reports even while the hub stalls, so silence is its own."""
    monkeypatch.setattr("scanmend.llm.store.download_process.SILENT_S", 1.5)
    hub.stalls = 1

    def stop() -> bool:
        if hub.stalled.is_set():
            for child in children():
                child.suspend()
        return False

    with pytest.raises(ModelError, match=r"the download process failed: .* gave no sign of life for 1\.5 s"):
        fetch(request_, stopping=stop)
    assert children() == []


def test_a_stalled_hub_is_not_silence(hub, request_, monkeypatch):
    """However long it stalls, how it ends is for the child to say."""
    monkeypatch.setattr("scanmend.llm.store.download_process.SILENT_S", 1.5)
    hub.stalls = 1
    seen = []

    def go_on_after_20_reports(done: int, _total: int) -> None:
        seen.append(done)
        if seen.count(done) > 20:
            hub.go_on.set()

    assert fetch(request_, go_on_after_20_reports).path.read_bytes() == DATA
    assert len(hub.transfers) == 1


def test_only_this_child_has_the_token(hub, request_, children, monkeypatch):
    """Other children inherit none of it; see tests/scenarios/test_secrets.py."""
    monkeypatch.setenv("HF_TOKEN", "hf_environment")
    monkeypatch.setenv("SCANMEND_OTHER", "kept")
    hub.stalls = 1
    environments = []

    def look() -> bool:
        if hub.stalled.is_set():
            environments.extend(child.environ() for child in children())
        return bool(environments)

    with pytest.raises(Stopping):
        fetch(request_, stopping=look)
    assert [(e["HF_TOKEN"], e["SCANMEND_OTHER"]) for e in environments] == [("hf_environment", "kept")]


def test_the_child_ends_with_its_parent(hub, request_):
    """A parent killed outright leaves no download behind, and the next one takes up what there is."""
    hub.stalls = 1
    code = (
        "import json, sys\nfrom scanmend.llm.store import download_process, hub\n"
        "download_process.fetch(hub.Request(**json.loads(sys.argv[1])))"
    )
    wanted = {"repo_id": request_.repo_id, "models_dir": request_.models_dir, "quantization": "int8"}
    with subprocess.Popen([sys.executable, "-c", code, json.dumps(wanted)]) as parent:
        until(lambda: [p for p in Path(request_.models_dir).rglob("*.part") if p.stat().st_size], "bytes on the disk")
        (child,) = psutil.Process(parent.pid).children()
        parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs([child], timeout=10)
    assert alive == []
    assert fetch(request_).path.read_bytes() == DATA
    assert [asked.range is None for asked in hub.transfers] == [True, False]
