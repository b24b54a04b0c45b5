"""scanmend.llm.remote.host: pages are corrected by a model that a server runs, with the judge at home."""

from dataclasses import asdict, replace

import pytest
from pydantic import TypeAdapter

from model_server import KEY, ModelServer, code
from scanmend.correct.settings import CorrectionSettings
from scanmend.document import CorrectedPage, Page, page_from_text
from scanmend.llm.remote.host import RemoteHost
from scripted_models import REWRITE, RIGHT, TEXT, mended


def words(text):
    """Tokens of one word each; right words are likely, misread ones are not."""
    pieces = text.split(" ")
    tokens = [pieces[0], *(f" {piece}" for piece in pieces[1:])]
    if text.endswith("!"):
        tokens = [*tokens[:-1], tokens[-1][:-1], "!"]
    return [(t, -20.0 if t.strip() in RIGHT else -1.0) for t in tokens]


def shifted(text):
    """Off by one token, as some servers are."""
    scored = words(text)
    return [(t, -3.0 * i) for i, (t, _) in enumerate(scored)]


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def connected(key_file):
    """Return a function that connects a host to a server; all are closed in the end."""
    hosts = []

    def connect(server):
        hosts.append(host := RemoteHost())
        request = {
            "do": "connect",
            "endpoint": server.url,
            "model": "m",
            "ca_file": None,
            "connections": 2,
            "context": 2048,
        }
        return host, host.handle(
            request | {"api_key_file": bytes(key_file).hex(), "ca_file": None}, lambda _=None: None
        )

    yield connect
    for host in hosts:
        host.close()


def corrected(host, strategy):
    task: CorrectionSettings = replace(REWRITE, strategy=strategy)
    page = TypeAdapter(Page).dump_python(page_from_text(TEXT), mode="json")
    request = {"do": "correct", "page": page, "task": asdict(task), "call_limit_s": 20}
    return host.handle(request, lambda _=None: None)


def accepted(reply):
    done = TypeAdapter(CorrectedPage).validate_python(reply["result"])
    return {(e.raw, e.new) for e in done.edits if e.accepted}, done


def test_a_server_with_log_probabilities_is_scored_and_rewrites(connected):
    with ModelServer(mended, words) as server:
        host, reply = connected(server)
        assert (reply["scores"], reply["can"]) == (True, "rewrite and rescore")
        edits, done = accepted(corrected(host, "auto"))
    assert ("whieh", "which") in edits
    assert done.strategy == "both"


def test_a_server_without_them_rewrites_and_the_judge_still_decides(connected):
    """Inventions of the reply change nothing; asked to rescore, it is refused with the reason."""
    hostile = lambda text: mended(text).replace("1,250.00", "9,250.00").replace("hospital", "airport")  # noqa: E731
    with ModelServer(hostile) as server:
        host, reply = connected(server)
        assert reply["scores"] is False
        edits, done = accepted(corrected(host, "both"))
        refused = corrected(host, "rescore")
    assert ("whieh", "which") in edits
    assert done.strategy == "rewrite"
    assert "1,250.00" in done.corrected
    assert "airport" not in done.corrected
    assert refused["failed"]
    assert "rescore cannot be had" in refused["error"]


def test_log_probabilities_of_the_wrong_tokens_are_noticed(connected):
    with ModelServer(mended, shifted) as server:
        server.score = lambda text: shifted(text)[::-1] if text.endswith("!") else shifted(text)
        _, reply = connected(server)
    assert reply["scores"] is False


def test_a_failing_server_is_reported_as_such_with_the_time_that_it_asks_for(connected):
    with ModelServer(mended) as server:
        host, _ = connected(server)
        server.faults = [code(429, Retry_After="70")]
        reply = corrected(host, "rewrite")
    assert (reply["failed"], reply["rest_s"]) == (True, 70)


def test_the_server_is_told_to_give_memory_back(connected):
    with ModelServer(mended) as server:
        host, _ = connected(server)
        assert host.handle({"do": "unload", "kind": "ollama"}, lambda _=None: None) == {}
        path, body, _ = server.asked[-1]
    assert (path, body["keep_alive"]) == ("/api/generate", 0)


def test_a_key_that_others_may_read_is_not_used(key_file, connected):
    key_file.chmod(0o644)
    with ModelServer(mended) as server:
        _, reply = connected(server)
        assert "may be read by anyone" in reply["error"]
        assert KEY not in reply["error"]
        assert server.asked == []
