"""A real daemon, whose inbox is deleted while it reads a scan: outputs and source are saved from the open file."""

import json
import shutil

from daemon_process import until


def reading(one):
    """Whether the daemon says that it reads a page."""
    return any("page" in document["stage"] for document in one.status()["working"])


def test_all_outputs_and_the_source(daemon, scans, tmp_path):
    """Also those outputs that a page process makes of the source, after the inbox is gone."""
    one = daemon(original="delete", outputs=["txt", "pdf", "html", "json"]).start()
    scan = (scans / "three.tiff").read_bytes()
    (one.inbox / ".dropped").write_bytes(scan)
    (one.inbox / ".dropped").rename(one.inbox / "three.tiff")
    until(lambda: reading(one), "a page to be read")
    shutil.rmtree(one.inbox)
    one.wait_for("three.json")
    record = json.loads((one.outbox / "three.json").read_bytes())
    assert [page["number"] for page in record["pages"]] == [1, 2, 3]
    assert [warning["code"] for warning in record["warnings"]] == ["inbox_gone"]
    assert (one.outbox / "three.pdf").read_bytes().startswith(b"%PDF-")
    until((one.archive / "three.tiff").exists, "the archive")
    assert (one.archive / "three.tiff").read_bytes() == scan
    assert one.wait("document.source_saved")[0]["where"] == str(one.archive / "three.tiff")
    until(lambda: one.status()["documents"]["done"], "the end")
    assert [w["code"] for e in one.status()["warnings"] for w in e["warnings"]] == ["inbox_gone"]
    assert not one.quarantine.exists()
    one.inbox.mkdir()
    (one.inbox / ".next").write_bytes((scans / "line.png").read_bytes())
    (one.inbox / ".next").rename(one.inbox / "next.png")
    one.wait_for("next.json")
