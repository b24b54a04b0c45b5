"""inotify that has no more watches or instances, or more events than it keeps: every file is found all the same."""

import os
import shutil
import subprocess
import sys

import pytest

from scanmend.config.schema import Folder
from scanmend.intake.fs_events import FsEvents
from scanmend.ledger.ledger import Ledger
from scanmend.service.inbox_watcher import InboxWatcher
from waiting import until

BURST = 25_000
IN_NAMESPACE = """
import sys, time
from pathlib import Path
from scanmend.config.schema import Folder
from scanmend.intake.fs_events import FsEvents
from scanmend.ledger.ledger import Ledger
from scanmend.service.inbox_watcher import BUSY_RELIST_S, InboxWatcher
from scanmend.service.watch_mode import EVENTS_RETRY_S

knob, root = Path("/proc/sys/user/max_inotify_" + sys.argv[1]), Path(sys.argv[2])
inbox = root / "in"
places = {name: root / name for name in ("outbox", "archive", "quarantine")}
folder = Folder(name="t", inbox=inbox, **places, settle_s=0, incomplete_s=0, recursive=True, poll_s=5, rescan_s=3000)
for n in range(3):
    (inbox / f"early {n}").mkdir(parents=True)
events = FsEvents(lambda: None)
watcher = InboxWatcher(folder, Ledger(root / "ledger.sqlite"), events)

def at(now, changed=False):
    watcher.update(now, changed=changed)
    print(now, watcher.mode.name, watcher.waiting, watcher.mode.reason)

knob.write_text(sys.argv[3])
at(0)
at(BUSY_RELIST_S)
for n in range(20):
    (inbox / f"late {n}").mkdir()
    (inbox / f"late {n}" / "a.gif").touch()
time.sleep(0.3)
at(10, changed=True)
at(20)
(inbox / "late 19" / "b.gif").touch()
at(30)
knob.write_text("1000")
at(20 + EVENTS_RETRY_S)
(inbox / "late 19" / "c.gif").touch()
at(40 + EVENTS_RETRY_S, changed=True)
events.close()
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
@pytest.mark.parametrize(("limit", "left"), [("instances", "0"), ("watches", "2"), ("watches", "8")])
def test_where_inotify_has_no_more_the_inbox_is_polled(memory, limit, left):
    """At once, or when folders come for which there is no watch; it says so, and takes events again once it can."""
    probe = ["unshare", "--user", "--map-root-user", "sh", "-c", f"echo 0 > /proc/sys/user/max_inotify_{limit}"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("this system does not let a test make a user namespace")
    ran = subprocess.run(
        ["unshare", "--user", "--map-root-user", sys.executable, "-c", IN_NAMESPACE, limit, str(memory), left],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    rows = [
        line.split(" ", 3)
        for line in ran.stdout.splitlines()
        if line[:1].isdigit() and line.split(" ", 2)[1] in ("poll", "events")
    ]
    modes = [line[1] for line in rows]
    assert modes[3:] == ["poll", "poll", "events", "events"], ran.stdout
    assert modes[1] == ("events" if left == "8" else "poll")
    assert [line[2] for line in rows][3:] == ["20", "21", "21", "22"]
    assert f"sysctl fs.inotify.max_user_{limit}=" in rows[3][3]
    assert ran.stdout.count("inbox.events_unavailable") == 1


def test_a_burst_that_overflows_the_queue(memory, capsys):
    """25,000 files at once, while nobody takes events: each is found within moments, and the log tells."""
    places = {name: memory / name for name in ("outbox", "archive", "quarantine")}
    folder = Folder(name="t", inbox=memory / "in", **places, settle_s=0, incomplete_s=0, rescan_s=3000)
    folder.inbox.mkdir()
    rings = []
    doorbell = FsEvents(lambda: rings.append(1))
    ledger = Ledger(memory / "ledger.sqlite")
    watcher = InboxWatcher(folder, ledger, doorbell)
    try:
        watcher.update(0, changed=False)
        make = (
            "import os, sys\nos.chdir(sys.argv[1])\nfor n in range(int(sys.argv[2])): os.close(os.open(f'{n}.gif', 65))"
        )
        subprocess.run([sys.executable, "-c", make, str(folder.inbox), str(BURST)], check=True)
        now = 1.0
        while watcher.waiting < BURST and now < 50:
            until(lambda: rings, "a ring")
            rings.clear()
            watcher.update(now, changed=True)
            now += 1
        assert watcher.waiting == BURST
        until(lambda: doorbell.overflow_count, "the overflow")
        watcher.update(60, changed=True)
        assert "inbox.events_lost" in capsys.readouterr().out
        assert watcher.trouble is None
        assert watcher.seconds_until_update(60) > 1
    finally:
        doorbell.close()
        ledger.close()
