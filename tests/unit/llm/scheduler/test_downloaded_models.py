"""Models that the slot has to wait for, since they are being downloaded."""

import pytest

from fake_hosts import PAGE, TASK, Thread
from held_download import FAR, HeldDownload
from scanmend.errors import ModelMissing, Stopping
from scanmend.llm.scheduler.state import Policy
from scanmend.llm.store.store import Store


@pytest.fixture
def line(scene, monkeypatch):
    """A slot with the models a and b on disk, and one that has to come."""
    monkeypatch.setenv("HF_HOME", str(scene.folder / "hf"))
    line = HeldDownload()
    scene.open(models=("a", "b"), store=Store(scene.folder / "models", line))
    scene.slot.configure({"far": FAR, "a": scene.spec("a"), "b": scene.spec("b")}, Policy(300.0))
    return line


def test_documents_of_other_models_go_on_during_a_download(scene, line):
    """Those of the model that is coming wait, and are corrected when it is here."""
    far = [Thread(scene.correct, "far") for _ in range(2)]
    assert line.reached.wait(60)
    assert [scene.correct(name).corrected for name in ("a", "b", "a")] == ["a.gguf", "b.gguf", "a.gguf"]
    assert all(thread.is_alive() for thread in far)
    line.go.set()
    assert [thread.outcome().corrected for thread in far] == ["far-q8_0.gguf"] * 2
    assert len(line.asked) == 1


def test_a_loaded_model_is_not_looked_for(scene, line):
    """Its file may be gone by now, as it is in memory."""
    line.go.set()
    scene.correct("far")
    (scene.folder / "models" / "acme--far-GGUF" / "far-q8_0.gguf").unlink()
    assert not scene.slot.pending("far")
    scene.correct("far")
    assert len(line.asked) == 1


def test_a_file_that_is_damaged_before_it_is_loaded_is_fetched_again(scene, line):
    """The document that finds it so fails for now; the next one has the model downloaded."""
    line.go.set()
    with scene.slot.lease("far") as lease:
        (scene.folder / "models" / "acme--far-GGUF" / "far-q8_0.gguf").write_bytes(b"GGUF")
        with pytest.raises(ModelMissing, match="is cut short"):
            lease.correct(PAGE, TASK, 60.0)
    assert scene.correct("far").corrected == "far-q8_0.gguf"
    assert len(line.asked) == 2


def test_a_stop_ends_the_download(scene, line):
    """And the document that waited for it gets Stopping."""
    far = Thread(scene.correct, "far")
    assert line.reached.wait(60)
    scene.slot.stop()
    with pytest.raises(Stopping):
        far.outcome()
    assert line.stopped == 1
