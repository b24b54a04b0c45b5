"""scanmend.control.http.api.table: what each operation answers, over a service in this process."""

import os
from datetime import UTC, datetime

import pytest

from control_world import DONE, FAILED, api
from daemon_process import until

JSON = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def world(memory):
    with api(memory) as (client, service):
        yield client, service, memory


def test_now_and_status(world):
    """The folder, its documents, and the memory of this moment."""
    client, _, root = world
    now = client.get("/api/v1/now").json()
    (folder,) = now["folders"]
    assert (folder["name"], folder["inbox"]) == ("a", str(root / "a" / "in"))
    assert now["samples"][-1]["ram_mib"] > 10
    assert len(now["pages"]) == 12
    assert client.get("/api/v1/status").json()["failures"][0]["id"] == FAILED


def test_one_document_and_its_files(world):
    """Its outputs and its scan are downloads, whatever is in them."""
    client, *_ = world
    document = client.get(f"/api/v1/documents/{DONE}").json()
    assert [one["name"] for one in document["outputs"]] == ["letter.txt", "letter.json"]
    assert document["record"]["id"] == "x"
    answer = client.get(f"/api/v1/documents/{DONE}/outputs/letter.txt")
    assert answer.text == "Dear <b>Sir</b>"
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''letter.txt"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"
    answer = client.get(f"/api/v1/documents/{FAILED}/source")
    assert (answer.content, answer.headers["content-type"]) == (b"no scan", "application/octet-stream")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("documents/nonsense", "unknown-document"),
        (f"documents/{DONE}/outputs/other.txt", "unknown-output"),
        (f"documents/{DONE}/outputs/..%2f..%2fscanmend.yaml", "unknown-path"),
        (f"documents/{FAILED}/outputs/bad.txt", "unknown-output"),
        ("nonsense", "unknown-path"),
    ],
)
def test_what_there_is_not(world, path, code):
    """Has a code, and a remedy."""
    client, *_ = world
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert answer.json()["remedy"]


def test_a_link_in_the_outbox_leads_nowhere(world):
    """Whoever may write there does not get to read what only the daemon may."""
    client, _, root = world
    output = root / "a" / "out" / "letter.txt"
    output.unlink()
    output.symlink_to(root / "scanmend.yaml")
    assert client.get(f"/api/v1/documents/{DONE}/outputs/letter.txt").status_code == 404
    scan = root / "a" / "out" / "originals" / "letter.gif"
    scan.unlink()
    os.mkfifo(scan)
    assert client.get(f"/api/v1/documents/{DONE}/source").json()["code"] == "unknown-scan"
    scan.unlink()
    scan.symlink_to(root / "scanmend.yaml")
    assert client.get(f"/api/v1/documents/{DONE}/source").json()["code"] == "unknown-scan"


def test_retry(world):
    """One, then all; the loop takes them up, and they fail again."""
    client, service, _ = world
    done = client.post("/api/v1/retry", json={"ids": [FAILED]}, headers=SAME_SITE).json()
    assert done == {"returned": [FAILED], "taken_over": [], "refused": {}}
    until(lambda: service.ledger.get(FAILED).state != "waiting", "the work")
    answer = client.post("/api/v1/retry", json={"ids": ["nonsense"]}, headers=SAME_SITE)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-document")
    assert client.post("/api/v1/retry", json={"all": True}, headers=SAME_SITE).status_code == 200


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        (b'{"ids": ["a"], "more": 1}', "invalid", "body"),
        (b'{"all": false}', "invalid", "body"),
        (b'{"ids": []}', "invalid", "body"),
        (b"[", "invalid", "body"),
        (b"", "invalid", "body"),
        (b'{"ids": ["\\ud800"]}', "invalid", "body"),
    ],
)
def test_a_body_that_is_not_taken(world, body, code, where):
    """The place is told."""
    client, *_ = world
    answer = client.post("/api/v1/retry", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["where"].startswith(where)


def test_a_body_that_is_no_json(world):
    """Such as a form of another site could send."""
    client, *_ = world
    answer = client.post("/api/v1/retry", data={"all": "true"}, headers=SAME_SITE)
    assert (answer.status_code, answer.json()["code"]) == (415, "not-json")
    assert client.post("/api/v1/unload", json={"now": 1}, headers=SAME_SITE).json()["code"] == "invalid"
    assert client.post("/api/v1/unload", json={}, headers=SAME_SITE).status_code == 202


def test_pause_and_resume(world):
    """The file is there, and status says so, until it is gone again."""
    client, *_ = world
    assert client.post("/api/v1/pause", json={"folder": "a"}, headers=SAME_SITE).status_code == 204
    until(lambda: client.get("/api/v1/now").json()["folders"][0]["paused_since"], "the pause")
    assert client.post("/api/v1/pause", json={"folder": "b"}, headers=SAME_SITE).json()["code"] == "unknown-folder"
    assert client.post("/api/v1/resume", json={"folder": "a"}, headers=SAME_SITE).status_code == 204
    until(lambda: not client.get("/api/v1/status").json()["paused"], "the end of the pause")


def test_documents_are_filtered_and_come_page_by_page(world):
    """Newest first; the cursor of one answer continues in the next."""
    client, *_ = world
    first = client.get("/api/v1/documents", params={"limit": 1}).json()
    assert (first["documents"][0]["id"], first["total"]) == (FAILED, 2)
    second = client.get("/api/v1/documents", params={"limit": 1, "after": first["next"]}).json()
    assert (second["documents"][0]["id"], second["next"]) == (DONE, None)
    for params in ({"state": "done"}, {"name": "LETTER"}, {"state": ["done", "waiting"], "folder": "a"}):
        assert [d["id"] for d in client.get("/api/v1/documents", params=params).json()["documents"]] == [DONE]
    assert client.get("/api/v1/documents", params={"folder": "b"}).json()["total"] == 0
    today = datetime.now(UTC).isoformat()
    assert client.get("/api/v1/documents", params={"since": today}).json()["total"] == 0
    assert client.get("/api/v1/documents", params={"until": today}).json()["total"] == 2


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "state=asleep", "since=5", "after=x", "nonsense=1", "limit=1&limit=2"]
)
def test_a_query_that_is_not_taken(world, query):
    """The parameter is named."""
    client, *_ = world
    answer = client.get(f"/api/v1/documents?{query}")
    assert (answer.status_code, answer.json()["where"].split(".")[1]) == (422, query.partition("=")[0])


def test_ready_while_the_loop_comes_round(world):
    """And not when it hangs."""
    client, service, _ = world
    assert client.get("/readyz").json() == {"status": "ready"}
    service.latest._reported_at -= 200.0
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "not-ready")
    assert client.get("/livez").status_code == 200
