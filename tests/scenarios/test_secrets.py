"""Tokens for the hub and passwords of scans: not in logs, records, ledgers, messages or other processes."""

import json
import os
from collections import deque
from pathlib import Path

import pymupdf
import pytest

import render_scans
from daemon_process import drop, until
from hub_server import Hub, Repo
from sample_page import TEXT
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


def test_passwords_of_scans_are_written_nowhere(daemon, tmp_path):
    """Not where one opens a scan, nor where none does; what is archival, and what stays encrypted, the records say."""
    locked_pdfs = pytest.importorskip("locked_pdfs")
    right, wrong = "sesame-öffne-Dich-1", "sesame-of-another-2"
    (tmp_path / "passwords.txt").touch(0o600)
    (tmp_path / "passwords.txt").write_text(f"{wrong}\n{right}\n", "utf-8")
    drawn = tmp_path / "drawn"
    drawn.mkdir()
    locked_pdfs.locked_pdf(drawn / "open.pdf", "AES, 256 bits", user=right, owner="owner")
    locked_pdfs.locked_pdf(drawn / "shut.pdf", "AES, 128 bits", user="nobody-knows-this-3", owner="owner")
    render_scans.save_png(render_scans.line(TEXT), drawn / "page.png")
    settings = {"passwords": str(tmp_path / "passwords.txt"), "pdf": {"archival": True}, "outputs": ["pdf", "json"]}
    one = daemon(tmp_path / "d", strategy="off", second_reader="off", review="on", **settings)
    one.start()
    for path in drawn.iterdir():
        drop(path, one.inbox)
    one.wait("document.done", 2)
    (shut,) = one.wait("document.quarantined")
    said = one.command("status", "--json").stdout + one.command("check", "--report").stdout
    assert one.stop() == 0
    assert "(2 were tried)" in shut["reason"]
    records = {name: json.loads((one.outbox / f"{name}.json").read_bytes()) for name in ("open", "page")}
    assert records["page"]["archival"]["conformance"] == "PDF/A-2b"
    assert b"<pdfaid:part>2</pdfaid:part>" in (one.outbox / "page.pdf").read_bytes()
    assert records["open"]["archival"] == {"conformance": None, "checks": []}
    assert [w["code"] for w in records["open"]["warnings"]] == ["encrypted_source", "pdf_not_archival"]
    with pymupdf.open(one.outbox / "open.pdf") as pdf:
        assert pdf.needs_pass
        assert pdf.authenticate(right)
    kept = [path.read_bytes() for path in (tmp_path / "d").rglob("*") if path.is_file()] + [said.encode()]
    assert [secret for secret in (right, wrong) for data in kept if secret.encode() in data] == []
