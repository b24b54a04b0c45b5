"""Tokens for the hub: they go to the hub, and nowhere else; not into logs, records, ledgers or other processes."""

import os
from collections import deque
from pathlib import Path

import pytest

from daemon_process import drop, until
from hub_server import Hub, Repo
from scanmend.process.child import Child

IN_ENVIRONMENT, IN_FILE = "hf_environmentSecretAbCdEf0123456789", "hf_fileSecretGhIjKl0123456789"
REPO = "acme/private-GGUF"


@pytest.mark.parametrize("module", ["scanmend.pageworkers.worker", "scanmend.llm.inference.host"])
def test_processes_that_read_scans_or_run_models_have_no_token(monkeypatch, module):
    """Whoever takes one over through a scan or a model does not find it in its environment."""
    monkeypatch.setenv("HF_TOKEN", IN_ENVIRONMENT)
    monkeypatch.setenv("SCANMEND_OTHER", "kept")
    child = Child(module)
    try:
        environment = until(Path(f"/proc/{child.pid}/environ").read_bytes, "the program to be loaded")
    finally:
        child.end(0)
    assert b"SCANMEND_OTHER=kept" in environment
    assert IN_ENVIRONMENT.encode() not in environment


@pytest.mark.parametrize("where", [pytest.param("environment", marks=pytest.mark.thorough), "file"])
def test_a_token_reaches_the_hub_and_is_written_nowhere(daemon, scans, tmp_path, where):
    """Not though the hub refuses it and says it aloud, and the library is set to log everything."""
    token = IN_ENVIRONMENT if where == "environment" else IN_FILE
    home = tmp_path / "hf"
    home.mkdir()
    if where == "file":
        (home / "token").write_text(IN_FILE)
    environ = {"HF_HOME": str(home), "HF_DEBUG": "1", "HF_HUB_VERBOSITY": "debug", "NO_PROXY": "*"}
    environ |= {"HF_TOKEN": token if where == "environment" else ""}
    refusal = (403, {"X-Error-Message": f"Authorization: Bearer {token} is not allowed"})
    with Hub({REPO: Repo({"tiny-q8_0.gguf": b"GGUF"})}, answers=deque([refusal] * 20)) as hub:
        models = {"far": {"repo_id": REPO, "quantization": "q8_0", "gpu": "off"}}
        one = daemon(tmp_path / "d", strategy="rescore", model="far", top={"models": models})
        one.start(HF_ENDPOINT=hub.url, **environ)
        drop(scans / "line.png", one.inbox)
        until(lambda: "(403)" in one.log.read_text(), "the refusal to be logged")
        said = one.command("status", "--json").stdout
        assert one.stop() == 0
        assert {asked.token for asked in hub.asked} == {f"Bearer {token}"}
    kept = [p for p in (tmp_path / "d").rglob("*") if p.is_file()]
    assert one.log in kept
    assert any(p.name == "ledger.sqlite" for p in kept)
    assert token not in said
    assert [p for p in kept if token.encode() in p.read_bytes()] == []
    assert os.environ.get("HF_TOKEN") != token
