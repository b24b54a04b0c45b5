"""Models on servers in the scheduler: a real process, a real server, and the breaker that both have in common."""

from dataclasses import replace

import pytest

from model_server import KEY, ModelServer, code
from scanmend.config.schema import ModelSpec
from scanmend.document import page_from_text
from scanmend.errors import EndpointFailed, ModelResting
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.llm.scheduler.state import Policy
from scanmend.llm.store.store import Store
from scripted_models import REWRITE, TEXT, mended


def test_a_page_is_corrected_the_server_told_to_unload_and_a_failing_one_rests(tmp_path):
    key = tmp_path / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    task = replace(REWRITE, strategy="auto")
    with ModelServer(mended) as server:
        spec = ModelSpec(endpoint=server.url, model="m", api_key_file=key, unload="ollama")
        slot = ModelSlot({"far": spec}, Store(tmp_path), Policy(idle_s=0.0))
        with slot.lease("far") as lease:
            done = lease.correct(page_from_text(TEXT), task, 30)
        assert ("whieh", "which") in {(e.raw, e.new) for e in done.edits if e.accepted}
        host = server.url.split("/")[2]
        assert slot.identity("far") == {
            "name": "far", "source": "endpoint", "endpoint": host, "model": "m", "ran_on": host,
        }  # fmt: skip
        slot.tick()
        assert slot.loaded() == []
        assert server.asked[-1][:2] == ("/api/generate", {"model": "m", "keep_alive": 0})

        server.faults = [code(429, Retry_After="300")]
        with slot.lease("far") as lease:
            with pytest.raises(EndpointFailed, match="429"):
                lease.correct(page_from_text(TEXT), task, 30)
            with pytest.raises(ModelResting, match="rests for 300 s"):
                lease.correct(page_from_text(TEXT), task, 30)
        slot.stop()
