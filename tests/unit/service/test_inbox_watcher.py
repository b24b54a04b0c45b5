"""scanmend.service.inbox_watcher on real folders, with the clock in the test's hand."""

import errno
import fcntl
import os
import shutil
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from daemon_process import until
from ledger_entries import BLANK
from scanmend.config.schema import Folder
from scanmend.document import Fingerprint
from scanmend.errors import StorageError
from scanmend.intake.fs_events import FsEvents
from scanmend.intake.inbox import UNSURE_REST_S, Inbox
from scanmend.ledger.ledger import Ledger
from scanmend.service.inbox_watcher import (
    BUSY_RELIST_S,
    FAILED_RELIST_S,
    MAX_FAILURES,
    MAX_LISTING_SHARE,
    MISSING_CHECK_S,
    WATCH_CHECK_S,
    InboxWatcher,
)

GIF = b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
A = Path("a.gif")


class Unlistable(Inbox):
    """Is there, but lists nothing."""

    def listing(self):
        raise StorageError("stale file handle")


class Post:
    """A watcher, and everything it looks at."""

    def __init__(self, root: Path, **settings) -> None:
        places = {name: root / name for name in ("inbox", "outbox", "archive", "quarantine")}
        defaults = {"settle_s": 2, "incomplete_s": 60, "rescan_s": 300, "watch": "poll", "poll_s": 300}
        self.folder = Folder(name="t", **places, **(defaults | settings))
        self.inbox = self.folder.inbox
        self.inbox.mkdir()
        self.ledger = Ledger(root / "ledger.sqlite")
        self.events = []
        self.returns = []
        self.fs_events = FsEvents(lambda: self.events.append(1))
        # Listings take no time here: after one that took long the next one waits.
        self.watcher = InboxWatcher(self.folder, self.ledger, self.fs_events, self.returns.append, clock=lambda: 0.0)

    def drop(self, name="a.gif", data=GIF):
        path = self.inbox / name
        path.write_bytes(data)
        return path

    def at(self, now, *, changed=False):
        """Update at that time and take everything."""
        self.watcher.update(now, changed=changed)
        taken = []
        while (one := self.watcher.next_ready(now)) is not None:
            taken.append(one[0].name)
        return taken

    def remember(self, relative=A, **changes):
        """Put a finished ``original: keep`` document into the ledger."""
        fingerprint = Fingerprint.of((self.inbox / relative).stat())
        entry = replace(
            BLANK,
            id=f"id-{time.monotonic_ns()}",
            folder="t",
            inbox=self.inbox,
            relative=relative,
            outbox=self.folder.outbox,
            fingerprint=fingerprint,
            state="done",
            original="keep",
            pages=1,
            claimed=time.time(),
            changed=time.time(),
        )
        self.ledger.add(replace(entry, **changes))


@pytest.fixture
def make(tmp_path):
    posts = []

    def build(**settings):
        posts.append(Post(tmp_path, **settings))
        return posts[-1]

    yield build
    for post in posts:
        post.fs_events.close()
        post.ledger.close()


class TestSettling:
    def test_a_file_is_taken_once_when_it_stood_still(self, make):
        """Not before settle_s, and not a second time."""
        post = make()
        post.drop()
        assert post.at(0) == []
        assert post.watcher.seconds_until_update(0) == 2
        assert post.at(1.9, changed=True) == []
        assert post.at(2) == ["a.gif"]
        assert post.at(2.1, changed=True) == []

    def test_files_present_at_the_start_settle_like_all_others(self, make):
        """The first update lists; several files come in the order in which they were seen to be still."""
        post = make()
        first = post.drop("b.gif")
        os.utime(first, ns=(1, 1))
        post.drop("a.gif")
        assert post.at(0) == []
        assert post.at(2) == ["b.gif", "a.gif"]

    def test_a_truncated_file_waits_beyond_settle(self, make):
        """A slow writer that pauses longer than settle_s gets one document, when the file is whole."""
        post = make()
        path = post.drop(data=GIF[:20])
        assert post.at(0) == []
        assert post.at(3) == []
        path.write_bytes(GIF)
        assert post.at(30, changed=True) == []
        assert post.watcher.seconds_until_update(30) == 2
        assert post.at(32) == ["a.gif"]

    def test_a_file_that_stays_truncated_is_taken_in_the_end(self, make):
        """After incomplete_s it goes its way, to fail with a reason; the loop sleeps until then."""
        post = make()
        post.drop(data=GIF[:20])
        assert [post.at(t) for t in (0, 2, 2.1, 30, 55)] == [[], [], [], [], []]
        assert post.watcher.seconds_until_update(55) == 5
        assert post.at(60) == ["a.gif"]

    def test_a_file_that_is_not_taken_for_lack_of_room_does_not_keep_the_loop_awake(self, make):
        """It stays ready, and the wait is until the next listing."""
        post = make()
        post.drop()
        post.watcher.update(0, changed=False)
        post.watcher.update(2, changed=False)
        assert post.watcher.seconds_until_update(2) == WATCH_CHECK_S - 2
        assert post.watcher.waiting == 1
        assert post.watcher.next_ready(14) == (A, Fingerprint.of((post.inbox / A).stat()))

    def test_a_listing_that_takes_long_is_not_made_for_every_event(self, make):
        """With very many files it would take all the time there is; the event counts, but later."""
        post = make()
        hours = iter([0.0, 5 * MAX_LISTING_SHARE, 10.0, 10.0, 20.0, 20.0, 30.0, 30.0])
        post.watcher._clock = lambda: next(hours)
        post.drop()
        assert post.at(0) == []
        post.drop("b.gif")
        assert post.at(1, changed=True) == []
        assert post.watcher.waiting == 1
        assert post.watcher.seconds_until_update(1) == 4
        assert post.at(5) == ["a.gif"]
        assert post.watcher.seconds_until_update(5) == 2
        assert post.at(7) == ["b.gif"]

    def test_whether_files_came(self, make):
        """Told once for each listing that has new ones, so that page workers start while they settle."""
        post = make()
        post.drop("a.gif")
        post.at(0)
        assert post.watcher.pop_arrived()
        assert not post.watcher.pop_arrived()
        post.at(1, changed=True)
        assert not post.watcher.pop_arrived()
        post.drop("b.gif")
        post.at(2, changed=True)
        assert post.watcher.pop_arrived()

    def test_whether_pictures_came(self, make):
        """Told once, and by their names: for them the second reader starts, and for PDFs only where OCR begins."""
        post = make()
        post.drop("a.pdf")
        post.at(0)
        assert not post.watcher.pop_pictures_arrived()
        post.drop("b.TIFF")
        post.at(1, changed=True)
        assert post.watcher.pop_pictures_arrived()
        assert not post.watcher.pop_pictures_arrived()

    def test_a_vanished_file_is_forgotten(self, make):
        """A file that its owner took away while it settled is not taken, and not waited for."""
        post = make()
        post.drop().unlink()
        post.drop("b.gif")
        post.watcher.update(0, changed=False)
        (post.inbox / "b.gif").unlink()
        assert post.at(2) == []
        assert post.watcher.waiting == 0


class TestKept:
    def test_is_left_alone(self, make):
        """A source that was processed and kept settles once after a start, and then keeps nothing awake."""
        post = make()
        post.drop()
        post.remember()
        assert post.at(0) == []
        assert post.at(2) == []
        assert post.at(4, changed=True) == []
        assert post.watcher.seconds_until_update(4) <= WATCH_CHECK_S
        assert post.watcher.seconds_until_update(4) > 2
        assert post.watcher.waiting == 0

    def test_an_event_does_not_make_it_settle_again(self, make):
        """However many events come, no timer starts for it: it would never end."""
        post = make()
        post.drop()
        post.remember()
        for now in (0, 2, 4, 6, 8):
            assert post.at(now, changed=True) == []
        assert post.watcher.seconds_until_update(8) == WATCH_CHECK_S

    def test_a_new_revision_is_taken(self, make):
        """Any change of size or time makes it a new document."""
        post = make()
        path = post.drop()
        post.remember()
        for now in (0, 2, 4):
            assert post.at(now, changed=True) == []
        os.utime(path, ns=(1, 1))
        assert post.at(10, changed=True) == []
        assert post.at(12) == ["a.gif"]

    def test_under_another_name(self, make):
        """One that went back as ``a (2).gif``, or was renamed, is known by its inode, size and time."""
        post = make()
        path = post.drop()
        post.remember()
        path.rename(post.inbox / "a (2).gif")
        post.drop("a.gif", GIF + b"\0")
        assert post.at(0) == []
        assert post.at(2) == ["a.gif"]

    def test_only_finished_documents_of_this_inbox_count(self, make, tmp_path):
        """A quarantined one, an archived one, or one of another inbox does not keep a file from being taken."""
        post = make()
        post.drop()
        post.remember(state="quarantined")
        post.remember(original="archive")
        post.remember(inbox=tmp_path / "elsewhere")
        assert post.at(0) == []
        assert post.at(2) == ["a.gif"]


class TestOutages:
    def test_an_inbox_that_goes_while_a_file_settles(self, make):
        """The loop does not spin on a file that can never settle, and says what is wrong, once."""
        post = make()
        post.drop()
        assert post.at(0) == []
        shutil.rmtree(post.inbox)
        for now in (2, 2.5, 3):
            assert post.at(now, changed=now == 2) == []
            assert 0 < post.watcher.seconds_until_update(now) <= MISSING_CHECK_S
        assert "is gone" in post.watcher.trouble
        assert post.returns == []

    def test_an_inbox_that_cannot_be_listed_while_a_file_settles(self, make):
        """Nor does it where the folder is still there, but its listing fails."""
        post = make()
        post.drop()
        assert post.at(0) == []
        sound, post.watcher.inbox = post.watcher.inbox, Unlistable(post.folder)
        assert post.at(2) == []
        assert post.watcher.trouble == "stale file handle"
        assert post.watcher.seconds_until_update(2) > 0
        post.watcher.inbox = sound
        assert post.at(2 + BUSY_RELIST_S) == []
        assert post.watcher.trouble is None
        assert post.at(4 + BUSY_RELIST_S) == ["a.gif"]

    def test_an_inbox_that_comes_back(self, make):
        """It is watched again within MISSING_CHECK_S, ``on_return`` is called, and what lies there settles."""
        post = make()
        assert post.at(0) == []
        post.inbox.rmdir()
        assert post.at(WATCH_CHECK_S) == []
        post.inbox.mkdir()
        post.drop()
        assert post.at(WATCH_CHECK_S + MISSING_CHECK_S) == []
        assert post.returns == [post.folder]
        assert post.watcher.trouble is None
        assert post.at(WATCH_CHECK_S + MISSING_CHECK_S + 2) == ["a.gif"]

    def test_another_folder_in_its_place(self, make):
        """A share mounted over the inbox is another folder: it is listed anew at the next check."""
        post = make()
        assert post.at(0) == []
        post.inbox.rename(post.inbox.with_name("aside"))
        post.inbox.mkdir()
        post.drop()
        assert post.at(WATCH_CHECK_S) == []
        assert post.returns == [post.folder]
        assert post.at(WATCH_CHECK_S + 2) == ["a.gif"]

    def test_a_recreated_inbox_is_watched_again(self, make):
        """After the event of its deletion, one update watches the new folder, and its events are heard."""
        post = make(watch="events", rescan_s=3000)
        assert post.at(0) == []
        assert post.watcher.mode.name == "events"
        post.inbox.rmdir()
        until(lambda: post.events, "the event of the deletion")
        post.inbox.mkdir()
        until(lambda: not post.fs_events.watching(post.inbox), "watchdog to notice")
        assert post.at(1, changed=True) == []
        assert post.fs_events.watching(post.inbox)
        post.events.clear()
        post.drop()
        until(lambda: post.events, "the event of the new file")
        assert post.at(2, changed=True) == []
        assert post.at(4) == ["a.gif"]

    def test_events_that_cannot_be_had_mean_polling(self, make, tmp_path):
        """Where inotify refuses, the inbox is listed every poll_s instead."""
        post = make(watch="events", poll_s=5)

        class Refusing(FsEvents):
            def watch(self, path, recursive):
                super().watch(tmp_path / "nowhere", recursive)

        post.watcher.mode._fs_events = Refusing(lambda: None)
        assert post.at(0) == []
        assert post.watcher.mode.name == "poll"
        assert post.watcher.seconds_until_update(0) == 5
        post.drop()
        assert post.at(5) == []
        assert post.at(7) == ["a.gif"]


class TestClaimsThatCameToNothing:
    def test_a_missed_file_is_looked_for_before_long(self, make):
        """A busy file gives no event; it is listed again after BUSY_RELIST_S, not after rescan_s."""
        post = make()
        post.drop()
        post.at(0)
        assert post.at(2) == ["a.gif"]
        post.watcher.claim_missed(2)
        assert post.watcher.seconds_until_update(2) == BUSY_RELIST_S
        assert post.at(2 + BUSY_RELIST_S) == []
        assert post.at(4 + BUSY_RELIST_S) == ["a.gif"]

    def test_one_file_that_cannot_be_claimed_does_not_hold_up_the_others(self, make):
        """The next in line is taken in the same pass; the failed one is tried again after FAILED_RELIST_S."""
        post = make()
        post.drop("a.gif")
        post.at(0)
        post.drop("b.gif")
        post.watcher.update(0.5, changed=True)
        post.watcher.update(3, changed=False)
        assert post.watcher.next_ready(3)[0] == A
        post.watcher.claim_failed("a.gif cannot be claimed", 3)
        assert post.watcher.trouble == "a.gif cannot be claimed"
        relative, _ = post.watcher.next_ready(3)
        post.watcher.claimed(relative)
        assert post.watcher.trouble is None
        assert 0 < post.watcher.seconds_until_update(3) <= FAILED_RELIST_S
        (post.inbox / "b.gif").unlink()
        times = (3 + WATCH_CHECK_S, 3 + FAILED_RELIST_S, 5 + FAILED_RELIST_S)
        assert [post.at(t) for t in times] == [[], [], ["a.gif"]]

    def test_when_all_fail_the_inbox_is_left_alone_for_a_while(self, make):
        """After MAX_FAILURES in a row the others are not even tried."""
        post = make()
        for n in range(9):
            post.drop(f"{n}.gif")
        post.watcher.update(0, changed=False)
        post.watcher.update(2, changed=False)
        tried = 0
        while post.watcher.next_ready(2) is not None:
            tried += 1
            post.watcher.claim_failed("read-only", 2)
        assert tried == MAX_FAILURES
        assert post.watcher.waiting == 9
        assert post.watcher.seconds_until_update(2) > 0


class TestIncomplete:
    def test_said_once_with_what_is_missing_and_since_when(self, tmp_path):
        """Until it is whole, grows, or is given up; status has it all the time."""
        post = Post(tmp_path)
        path = post.drop("a.pdf", b"%PDF-1.7\nhalf of it")
        with capture_logs() as logs:
            assert post.at(0) == post.at(2) == []
            (told,) = post.watcher.snapshot(None)["incomplete"]
            assert told["file"] == "a.pdf"
            assert "%%EOF" in told["missing"]
            since = datetime.fromisoformat(told["since"]).timestamp()
            assert time.time() - since == pytest.approx(2, abs=1.5)
            path.write_bytes(b"%PDF-1.7\nhalf of it and more")
            assert post.at(3, changed=True) == post.at(5) == []
        assert [(line["file"], line["log_level"]) for line in logs if line["event"] == "document.incomplete"] == [
            ("a.pdf", "warning")
        ]
        path.write_bytes(b"%PDF-1.7\nall of it\n%%EOF\n")
        assert post.at(6, changed=True) == []
        assert post.at(8) == ["a.pdf"]
        assert post.watcher.snapshot(None)["incomplete"] == []

    def test_one_that_vanishes_is_forgotten(self, tmp_path):
        """So that status does not name it for ever."""
        post = Post(tmp_path)
        path = post.drop(data=b"")
        assert post.at(0) == post.at(2) == []
        assert post.watcher.snapshot(None)["incomplete"]
        path.unlink()
        assert post.at(3, changed=True) == []
        assert post.watcher.snapshot(None)["incomplete"] == []


class TestGroups:
    @pytest.fixture
    def post(self, tmp_path):
        return Post(tmp_path, group={"within_s": 10, "pattern": r"(.+)_\d+"})

    def test_files_wait_for_each_other(self, post):
        """Status says which, since when, until when; files that stand alone do not wait."""
        post.drop("s_1.gif")
        post.drop("a.gif")
        assert post.at(0) == []
        post.drop("s_2.gif")
        assert post.at(3, changed=True) == ["a.gif"]
        assert post.watcher.next_group(3) is None
        (told,) = post.watcher.snapshot(None)["gathering"]
        assert (told["name"], told["files"], told["count"]) == ("s", ["s_1.gif", "s_2.gif"], 2)
        since, until = (datetime.fromisoformat(told[key]).timestamp() for key in ("since", "until"))
        assert until - since == pytest.approx(13, abs=1)
        assert time.time() - since == pytest.approx(3, abs=1.5)

    def test_complete_when_no_more_come(self, post):
        """The loop wakes by itself then, though nothing happens."""
        post.drop("s_1.gif")
        post.drop("s_2.gif")
        assert post.at(0) == post.at(2) == []
        assert post.watcher.seconds_until_update(2) == pytest.approx(8)
        assert post.at(10) == []
        gathering, prints = post.watcher.next_group(10)
        assert [file.name for file in gathering.files] == ["s_1.gif", "s_2.gif"]
        assert set(prints) == set(gathering.files)
        assert post.watcher.next_group(10) is None
        assert post.watcher.snapshot(None)["gathering"] == []

    def test_a_file_that_is_not_whole_holds_the_others_back(self, post):
        """Until it is given up; then the document is taken as it is, and fails with a reason."""
        post.drop("s_1.gif")
        post.drop("s_2.gif", b"")
        assert post.at(0) == post.at(10) == []
        assert post.watcher.next_group(10) is None
        assert [told["file"] for told in post.watcher.snapshot(None)["incomplete"]] == ["s_2.gif"]
        assert 0 < post.watcher.seconds_until_update(10) <= post.folder.incomplete_s
        assert post.at(post.folder.incomplete_s) == []
        assert post.watcher.next_group(post.folder.incomplete_s) is not None


class TestRenamed:
    @pytest.fixture
    def post(self, tmp_path):
        made = Post(tmp_path, watch="events")
        assert made.at(0) == []
        yield made
        made.fs_events.close()

    def renamed(self, post, source, data=GIF):
        """Let a file appear by a rename, and wait until that was heard, not only that it was made."""
        heard, mode = set(), post.watcher.mode
        pop = mode.pop_renamed
        source.write_bytes(data)
        source.rename(post.inbox / A)
        until(lambda: heard.update(pop()) or heard, "the event of the rename")
        mode.pop_renamed = lambda: heard | pop()

    @pytest.mark.parametrize("place", ["inbox/.hidden", "elsewhere"])
    def test_a_whole_file_is_ready_at_once(self, post, tmp_path, place):
        """Whether it had another name in the inbox, or came from another folder."""
        self.renamed(post, tmp_path / place)
        assert post.at(0.01, changed=True) == ["a.gif"]

    def test_the_event_may_come_after_the_listing(self, post, tmp_path):
        """Then the file settles, until the next look."""
        (tmp_path / "elsewhere").write_bytes(GIF)
        self.renamed(post, tmp_path / "elsewhere")
        before = post.watcher.mode.pop_renamed
        post.watcher.mode.pop_renamed = set
        assert post.at(0.01, changed=True) == []
        post.watcher.mode.pop_renamed = before
        assert post.at(5, changed=True) == ["a.gif"]

    def test_a_copy_settles(self, post):
        """Its name says nothing of its end."""
        post.drop()
        until(lambda: post.events, "the event")
        assert post.at(0.01, changed=True) == []
        assert post.at(2.02) == ["a.gif"]

    def test_an_incomplete_one_settles(self, post, tmp_path):
        """It was renamed too early, or is cut short."""
        self.renamed(post, tmp_path / "elsewhere", GIF[:-1])
        assert post.at(0.01, changed=True) == post.at(2.02) == []

    def test_one_that_somebody_writes_settles(self, post, tmp_path):
        """Who renames a file keeps it open, or may."""
        with (tmp_path / "elsewhere").open("wb") as writer:
            writer.write(GIF)
            writer.flush()
            (tmp_path / "elsewhere").rename(post.inbox / "a.gif")
            until(lambda: post.events, "the event")
            assert post.at(0.01, changed=True) == []
            assert post.at(1.9) == []
        assert post.at(2.02) == ["a.gif"]

    def test_where_nobody_can_tell_it_settles_for_a_moment(self, post, tmp_path, monkeypatch):
        """The kernel gives a lease on files of one's own alone."""

        def refused(*_):
            raise PermissionError(errno.EACCES, "not yours")

        monkeypatch.setattr(fcntl, "fcntl", refused)
        self.renamed(post, tmp_path / "elsewhere")
        assert post.at(0.01, changed=True) == []
        assert post.at(0.01 + UNSURE_REST_S) == ["a.gif"]

    def test_a_rename_elsewhere_or_below_is_not_for_this_inbox(self, post, tmp_path):
        """Hints of one folder do not help files of another that has the same names."""
        (post.inbox / "sub").mkdir()
        (tmp_path / "elsewhere").write_bytes(GIF)
        (tmp_path / "elsewhere").rename(post.inbox / "sub" / "a.gif")
        post.drop()
        until(lambda: post.events, "the event")
        assert post.at(0.01, changed=True) == []
