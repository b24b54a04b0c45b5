"""What a daemon may say to the page: one folder, one model, one document; tests change what they are about."""

from dataclasses import replace

from scanmend.control.values import (
    Document,
    DocumentRow,
    FolderNow,
    ModelNow,
    Now,
    OutputFile,
    PageCount,
    Sample,
    Warned,
)
from scanmend.document import NumberCounts

AT = "2026-11-28T12:00:00+00:00"
"""The moment that all this is about."""

FOLDER = FolderNow(
    gathering=(),
    name="invoices",
    inbox="/srv/in",
    outbox="/srv/out",
    watched_by="events",
    polled_because="",
    in_inbox=0,
    arriving=(),
    incomplete=(),
    working=(),
    waiting=(),
    done=3,
    quarantined=0,
    paused_since=None,
    trouble=None,
)
MODEL = ModelNow("bundled", "loaded", 4711, "small.gguf", "CPU", 0, 30, 120.0, 312.0, None)
NOW = Now(
    change=1,
    at=AT,
    pid=42,
    version="0.1.0",
    started="2026-11-27T12:00:00+00:00",
    folders=(FOLDER,),
    model_state="loaded",
    models=(MODEL,),
    downloads=(),
    page_workers=0,
    troubles=(),
    samples=(Sample("2026-11-28T11:30:00+00:00", 90.0, None), Sample("2026-11-28T11:59:30+00:00", 300.0, None)),
    ram_total_mib=8000.0,
    gpu_total_mib=None,
    pages=(PageCount("2026-11-28T11:55:00+00:00", 7),),
    pages_last_hour=7,
)
ROW = DocumentRow(
    id="d1",
    folder="invoices",
    file="a.pdf",
    state="done",
    pages=2,
    attempts=0,
    error=None,
    numbers=NumberCounts(10, 2, 1),
    warnings=0,
    claimed=AT,
    changed=AT,
    due=None,
)
DOCUMENT = Document(
    row=ROW,
    warnings=(),
    outputs=(OutputFile("a.txt", 120, "text/plain"), OutputFile("a.json", 900, "application/json")),
    outbox="/srv/out",
    source="/srv/kept/a.pdf",
    stage=None,
    record={"edits": {"accepted": 4, "rejected": 1}, "timings": {"ocr_s": 1.0, "total_s": 2.5}},
    can_retry=False,
)


def hostile_row(name):
    """A failed document whose names and reason are all this."""
    return replace(ROW, folder=name, file=name, state="quarantined", error=f"page 3: {name}")


def hostile_document(name):
    """A document that has this text wherever a text may come from outside."""
    return replace(
        DOCUMENT,
        row=hostile_row(name),
        warnings=(Warned("picture_not_read", name, 1),),
        outputs=(OutputFile(f"{name}.txt", 1, "text/plain"),),
        outbox=name,
        source=name,
    )
