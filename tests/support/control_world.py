"""The HTTP application over a service in the test's own process, with a document done and one in quarantine."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from starlette.testclient import TestClient

from ledger_entries import BLANK
from scanmend.control.daemon_controls import DaemonControls
from scanmend.control.http.app import create_app
from service_world import House

DONE, FAILED = "20261128-100000-aaaaaa-bbbbbb", "20261128-100001-aaaaaa-bbbbbb"
"""Ids of the document that is done, and of the one in quarantine."""


@contextmanager
def controlled(root: Path):
    """Run a service on folders below ``root`` and yield it with its controls."""
    house = House(root)
    with house.open() as service:
        controls = DaemonControls(service)
        try:
            yield service, controls
        finally:
            controls.close()


def add_documents(service, house_root: Path) -> None:
    """Put a finished document with its outputs into the ledger, and a quarantined one."""
    inbox, outbox = house_root / "a" / "in", house_root / "a" / "out"
    kept = outbox / "originals" / "letter.gif"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(b"GIF89a letter")
    (outbox / "letter.txt").write_text("Dear <b>Sir</b>")
    (outbox / "letter.json").write_text('{\n  "schema": 1,\n  "id": "x",\n  "pages": [\n  ]\n}\n')
    shared = {"folder": "a", "inbox": inbox, "outbox": outbox, "pages": 2}
    service.ledger.add(
        replace(BLANK, id=DONE, state="done", relative=Path("letter.gif"), stem=Path("letter"), put_away=kept, **shared)
    )
    bad = outbox / "quarantine" / "bad.gif"
    bad.parent.mkdir(exist_ok=True)
    bad.write_bytes(b"no scan")
    service.ledger.add(
        replace(
            BLANK,
            id=FAILED,
            state="quarantined",
            relative=Path("bad.gif"),
            stem=Path("bad"),
            put_away=bad,
            error="no scan",
            **shared,
        )
    )


@contextmanager
def api(root: Path, rules=None, **more):
    """Yield a client of the application over such a service, and the service."""
    with controlled(root) as (service, controls):
        add_documents(service, root)
        app = create_app(controls, rules, **more)
        with TestClient(app, base_url="http://localhost") as client:
            yield client, service
