"""Metrics of a real daemon: what its documents, failures and stops leave in the textfile."""

import stat

import httpx
from prometheus_client.parser import text_string_to_metric_families

from daemon_process import drop, until
from scanmend.metrics.exposition import CONTENT_TYPE


def read(path):
    """Values by name and labels, of the file as it is now."""
    return parsed(path.read_text()) if path.exists() else {}


def parsed(text):
    """Values by name and labels."""
    families = text_string_to_metric_families(text)
    return {(s.name, *(v for _, v in sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def ask_daemon(socket, path):
    """Return what the daemon answers over its socket."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket))) as client:
        answer = client.get(f"http://localhost{path}")
    assert answer.headers["content-type"] == CONTENT_TYPE
    return answer.text


def test_documents_failures_and_the_end_are_in_the_textfile(daemon, scans, tmp_path):
    """Counted by folder and outcome; after an ordinary stop the file says so, and has no old values."""
    file = tmp_path / "scanmend.prom"
    one = daemon(tmp_path, top={"metrics": {"textfile": "scanmend.prom"}, "workers": 1})
    drop(scans / "line.png", one.inbox)
    drop(scans / "encrypted.pdf", one.inbox)
    drop(scans / "three.tiff", one.inbox)
    one.start()
    one.wait("document.done", 2)
    one.wait("document.quarantined")
    one.config.write_text(one.config.read_text() + "\nodd: 1\n")
    one.process.send_signal(1)
    one.wait("config.rejected")
    values = until(lambda: (v := read(file)).get(("scanmend_config_rejections_total",)) and v, "the next write", 40)
    assert values["scanmend_documents_total", "scans", "done"] == 2
    assert values["scanmend_documents_total", "scans", "quarantined"] == 1
    assert values["scanmend_pages_total", "scans"] == 4
    assert values["scanmend_document_stage_seconds_count", "scans", "writing"] == 2
    assert values["scanmend_document_stage_seconds_sum", "scans", "ocr"] > 0
    assert values["scanmend_quarantined_documents", "scans"] == 1
    assert values["scanmend_config_last_reload_successful",] == 0
    assert values["scanmend_running",] == 1
    assert values["scanmend_troubles",] == 1
    assert values["scanmend_last_success_timestamp_seconds", "scans"] <= values["scanmend_scrape_timestamp_seconds",]
    assert 20e6 < values["scanmend_resident_memory_bytes",] < 200e6
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    served = ask_daemon(one.state / "control.sock", "/metrics")
    assert {m for m, *_ in parsed(served)} == {m for m, *_ in values}
    text = file.read_text() + served
    assert not [name for name in ("line.", "encrypted", "three.") if name in text]
    assert one.stop() == 0
    assert {name for name, *_ in read(file)} == {
        "scanmend_running", "scanmend_build_info", "scanmend_scrape_timestamp_seconds"
    }  # fmt: skip
    assert read(file)["scanmend_running",] == 0
