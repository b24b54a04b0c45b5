"""Downloads, by the real client from a hub on this machine that misbehaves as told."""

import fcntl
import hashlib
import json
import os
import threading
from pathlib import Path

import pytest

from hub_server import Hub, Repo
from scanmend.errors import ModelError, ModelMissing, StorageError
from scanmend.llm.store.hub import Download, HubAccess, Request, download
from scanmend.llm.store.hub_errors import MAX_ASKED_PAUSE_S, RETRIES
from tiny_gguf import tiny_gguf

DATA = tiny_gguf(filler=b"scan", pad=300_000)
DIGEST = hashlib.sha256(DATA).hexdigest()
FILE = "tiny-q8_0.gguf"
LISTED = f"tiny-q4_k_m.gguf, {FILE}"
COMMIT = "c0ffee" + "0" * 34


class Setup:
    """A hub with one repository, and a folder to download into."""

    def __init__(self, hub: Hub, models_dir: Path) -> None:
        self.hub = hub
        self.models_dir = models_dir
        self.folder = models_dir / "acme--tiny-GGUF"
        self.part = self.folder / f"{FILE}.{DIGEST[:12]}.part"
        self.slept: list[float] = []
        self.seen: list[tuple[int, int]] = []

    @property
    def repo(self) -> Repo:
        return self.hub.repos["acme/tiny-GGUF"]

    def get(self, repo_id="acme/tiny-GGUF", *, file=None, quantization="int8", revision=None, **link) -> Download:
        request = Request(repo_id, str(self.models_dir), file, None if file else quantization, revision)
        link = {"endpoint": self.hub.url, "sleep": self.slept.append, **link}
        return download(request, lambda done, total: self.seen.append((done, total)), HubAccess(**link))

    def error(self, kind: type[Exception], *args, **kwargs) -> str:
        with pytest.raises(kind) as e:
            self.get(*args, **kwargs)
        assert type(e.value) is kind
        assert not list(self.models_dir.rglob("*.gguf"))
        return str(e.value)

    @property
    def ranges(self) -> list[str | None]:
        return [asked.range for asked in self.hub.transfers]


@pytest.fixture
def at(tmp_path, monkeypatch):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with Hub({"acme/tiny-GGUF": Repo({"README.md": b"hi", FILE: DATA, "tiny-q4_k_m.gguf": b"GGUF"})}) as hub:
        yield Setup(hub, tmp_path / "models")


def test_a_quantization_is_found_fetched_and_recorded(at):
    """The file lies in its repository's folder, with the commit and the digest beside it."""
    fetched = at.get()
    assert fetched == Download(at.folder / FILE, COMMIT)
    assert fetched.path.read_bytes() == DATA
    record = json.loads((at.folder / f"{FILE}.json").read_text())
    assert record == {
        "repo": "acme/tiny-GGUF", "revision": COMMIT, "requested": None, "file": FILE, "sha256": DIGEST,
        "size": len(DATA), "mtime_ns": fetched.path.stat().st_mtime_ns,
    }  # fmt: skip
    assert sorted(p.name for p in at.folder.iterdir()) == [FILE, f"{FILE}.json"]
    assert at.slept == []


def test_progress_is_bytes_and_ends_complete(at):
    """What is reported never falls and ends at the size."""
    at.get()
    assert at.seen == sorted(at.seen)
    assert at.seen[0] == (0, len(DATA))
    assert at.seen[-1] == (len(DATA), len(DATA))


def test_what_is_here_is_not_fetched_again(at):
    """The content is compared, not the name: a damaged file is replaced."""
    path = at.get().path
    at.get()
    assert len(at.hub.transfers) == 1
    path.write_bytes(b"x" * len(DATA))
    at.get()
    assert path.read_bytes() == DATA


def test_a_transfer_goes_on_where_an_earlier_process_left_it(at):
    """Only the missing bytes are asked for."""
    at.folder.mkdir(parents=True)
    at.part.write_bytes(DATA[:1000])
    assert at.get().path.read_bytes() == DATA
    assert at.ranges == ["bytes=1000-"]
    assert at.seen[1][0] == 1000


@pytest.mark.parametrize("left", [len(DATA), len(DATA) + 5])
def test_a_part_that_is_whole_or_too_long_does_no_harm(at, left):
    """A crash before renaming, or a foreign file of that name: the result is right all the same."""
    at.folder.mkdir(parents=True)
    at.part.write_bytes((DATA + b"extra")[:left])
    assert at.get().path.read_bytes() == DATA
    assert at.ranges == ([] if left == len(DATA) else [None])


def test_what_is_left_of_another_revision_is_dropped(at):
    """It would never be completed."""
    at.folder.mkdir(parents=True)
    stale = at.folder / f"{FILE}.0123456789ab.part"
    stale.write_bytes(b"old")
    at.get()
    assert not stale.exists()


def test_cut_connections_are_resumed(at):
    """Each attempt asks for the rest, after a growing pause."""
    at.hub.cuts.extend([10_000, 50_000])
    assert at.get().path.read_bytes() == DATA
    assert at.ranges == [None, "bytes=10000-", "bytes=60000-"]
    assert at.slept == [1.0, 2.0]


@pytest.mark.parametrize("quarter", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("bytes_before", [0, 1])
def test_a_cut_at_any_quarter_costs_only_what_is_missing(at, quarter, bytes_before):
    """Before the first byte, at each quarter, and one byte before the end; what came is not sent again."""
    at.repo.files[FILE] = data = DATA[: len(DATA) // 4 * 4]
    came = max(0, len(data) * quarter // 4 - bytes_before)
    at.hub.cuts.append(came)
    assert at.get().path.read_bytes() == data
    assert at.ranges == ([None] if came == len(data) else [None, f"bytes={came}-" if came else None])


def test_a_server_that_always_cuts_is_given_up_and_what_came_is_kept(at):
    """After the last retry the error says so, and the part stays."""
    at.hub.always_cut = 100
    assert f"cannot be fetched from {at.hub.url}, however often tried" in at.error(ModelMissing)
    assert len(at.hub.transfers) == RETRIES + 1
    assert at.slept == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert at.part.read_bytes() == DATA[: 100 * (RETRIES + 1)]


def test_much_progress_between_cuts_is_no_row_of_failures(at):
    """A large file over a poor line arrives, however often the line breaks."""
    at.repo.files[FILE] = data = DATA * 30
    at.hub.always_cut = 1_100_000
    assert at.get().path.read_bytes() == data
    assert len(at.hub.transfers) > RETRIES + 1
    assert set(at.slept) == {1.0}


def test_a_server_that_ignores_ranges_costs_time_but_not_the_file(at):
    """The whole file comes again and is taken from its beginning."""
    at.hub.cuts.append(10_000)
    at.hub.ranges = False
    assert at.get().path.read_bytes() == DATA
    assert at.ranges == [None, "bytes=10000-"]


def test_a_stalled_transfer_is_broken_off_and_resumed(at):
    """No byte for the stall limit counts as a cut."""
    at.hub.stalls = 1
    assert at.get(stall_s=0.3).path.read_bytes() == DATA
    assert at.slept == [1.0]
    assert at.ranges[1].startswith("bytes=")


def test_busy_servers_are_asked_again(at):
    """5xx and 429 are waited out; Retry-After is obeyed."""
    at.hub.answers.extend([(503, {}), (500, {}), (429, {"Retry-After": "7"})])
    assert at.get().path.read_bytes() == DATA
    assert at.slept == [1.0, 2.0, 7.0]


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"RateLimit": '"api";r=0;t=55'}, 55.0),
        ({"RateLimit": '"api";r=20;t=55'}, 1.0),
        ({"Retry-After": "100000"}, MAX_ASKED_PAUSE_S),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 1.0),
        ({"Retry-After": "Wed, 21 Oct 9999 07:28:00 GMT"}, MAX_ASKED_PAUSE_S),
        ({"Retry-After": "soon"}, 1.0),
    ],
)
def test_a_server_says_in_many_ways_how_long_to_wait(at, headers, pause):
    """Seconds, a date, or the hub's own header for a window that is used up; none makes it wait for hours."""
    at.hub.answers.append((429, headers))
    at.get()
    assert at.slept == [pause]


def test_a_slow_server_is_waited_for(at):
    """As long as bytes come, the stall limit is for the pauses between them, not for the whole."""
    at.hub.pause_s = 0.06
    assert at.get(stall_s=0.4).path.read_bytes() == DATA
    assert at.slept == []


def test_a_renamed_repository_is_followed(at):
    """The hub sends on to its new name, for the list of files and for each of them."""
    at.hub.moved["acme/old-GGUF"] = "acme/tiny-GGUF"
    assert at.get("acme/old-GGUF").path.read_bytes() == DATA


def test_a_redirect_in_a_circle_is_given_up(at):
    """Nothing hangs, and the message has the address."""
    at.hub.moved["acme/tiny-GGUF"] = "acme/tiny-GGUF"
    assert f"cannot be fetched from {at.hub.url}" in at.error(ModelMissing)


def test_a_server_that_stays_busy_is_given_up(at):
    """The message has the status."""
    at.hub.answers.extend([(503, {})] * (RETRIES + 1))
    assert "the hub answers 503, however often asked" in at.error(ModelMissing)


def test_wrong_content_is_fetched_once_more(at):
    """One bad transfer is set aside; the good one gets the name."""
    at.hub.wrong = 1
    assert at.get().path.read_bytes() == DATA
    assert (at.folder / f"{FILE}.wrong").stat().st_size == len(DATA)


def test_wrong_content_twice_is_an_error_with_both_digests(at):
    """Nothing gets the final name."""
    at.hub.wrong = 2
    said = at.error(ModelError)
    assert DIGEST in said
    assert hashlib.sha256(bytes(b ^ 255 for b in DATA)).hexdigest() in said


@pytest.mark.parametrize(
    ("change", "kwargs", "said"),
    [
        ({}, {"repo_id": "acme/none"}, "acme/none does not exist, or is private; correct repo_id, or set HF_TOKEN"),
        ({}, {"repo_id": "acme/a--b"}, "can be no repository"),
        ({"gated": True}, {}, "is gated; accept its terms"),
        ({}, {"revision": "v9"}, "has no revision v9"),
        ({}, {"file": "big.gguf"}, f"no file big.gguf; set file to one of those that are there: {LISTED}"),
        ({}, {"quantization": "q6_k"}, f"no GGUF in q6_k; set quantization or file after what is there: {LISTED}"),
        ({"files": {"model.safetensors": b""}}, {}, "no GGUF file at all"),
        ({"files": {"a-1b-q8_0.gguf": b"", "a-3b-q8_0.gguf": b""}}, {}, "one of them: a-1b-q8_0.gguf, a-3b-q8_0.gguf"),
        ({"files": {"m-q8_0-00001-of-00002.gguf": b"GGUF"}}, {}, "m-q8_0-00002-of-00002.gguf is not there"),
    ],
)  # fmt: skip
def test_what_the_hub_does_not_have_is_told_with_the_remedy(at, change, kwargs, said):
    """The message names the repository, the reason, and what to change."""
    for key, value in change.items():
        setattr(at.repo, key, value)
    assert said in at.error(ModelMissing, **kwargs)
    assert at.slept == []


def test_a_refused_token_is_told(at):
    """401 for another reason than a missing repository."""
    at.hub.answers.append((401, {"X-Error-Message": "Invalid credentials in Authorization header"}))
    assert "is refused by the hub (401); set HF_TOKEN" in at.error(ModelMissing)


class VanishingFiles(dict):
    """Lists its files and denies having them."""

    def __contains__(self, name: object) -> bool:
        return False


def test_a_file_that_vanished_is_told(at):
    """Listed but not there: the hub's word for it is passed on."""
    at.repo.files = VanishingFiles(at.repo.files)
    assert "lists the file but does not have it" in at.error(ModelMissing)


def test_an_unreachable_hub_is_told(at):
    """The address that does not answer is in the message."""
    assert "cannot be fetched from http://127.0.0.1:9, however" in at.error(ModelMissing, endpoint="http://127.0.0.1:9")
    assert len(at.slept) == RETRIES


def test_a_service_without_network_is_told_what_gives_it_one(at, monkeypatch):
    """The unit has none as it is shipped."""
    monkeypatch.setenv("INVOCATION_ID", "set by systemd")
    said = at.error(ModelMissing, endpoint="http://127.0.0.1:9")
    assert "a service has a network only with downloads.conf" in said


def test_a_login_page_in_the_way_is_told(at):
    """A proxy that answers everything with a page is not taken for the hub."""
    at.hub.not_the_hub = b"<html>Welcome to our network"
    assert "is not the hub" in at.error(ModelMissing)


def test_a_full_disk_is_told_before_anything_is_fetched(at):
    """Needed and free bytes are in the message."""
    said = at.error(StorageError, free=lambda _: 1000)
    assert f"{len(DATA):,} bytes are to come and only 1,000 are free" in said
    assert at.hub.transfers == []


def test_a_folder_that_cannot_be_made_is_a_storage_error(at):
    """The disk's fault is not the hub's."""
    at.models_dir.write_text("a file")
    assert "cannot be stored" in at.error(StorageError)


def test_a_name_that_leads_elsewhere_is_refused(at):
    """No repository writes outside its folder."""
    at.repo.files = {"../../x-q8_0.gguf": DATA}
    assert "leads elsewhere" in at.error(ModelError)


def test_what_lies_in_the_place_is_set_aside_and_not_lost(at):
    """A file that is cut short, or not of this content, makes room for the right one and can still be looked at."""
    path = at.folder / FILE
    at.folder.mkdir(parents=True)
    path.write_bytes(DATA[:-9])
    assert at.get().path.read_bytes() == DATA
    assert path.with_name(f"{FILE}.wrong").read_bytes() == DATA[:-9]


def test_only_the_damaged_shard_is_fetched_again(at):
    """The others are compared and stay."""
    at.repo.files = {f"m-Q8_0-0000{n}-of-00002.gguf": DATA + bytes(n) for n in (1, 2)}
    second = at.get().path.with_name("m-Q8_0-00002-of-00002.gguf")
    second.write_bytes(b"short")
    at.get()
    assert second.read_bytes() == DATA + bytes(2)
    assert [asked.path.rpartition("/")[2] for asked in at.hub.transfers[2:]] == [second.name]


def test_whoever_waits_for_another_process_sees_how_far_it_is(at):
    """While the folder is locked, what has come is reported, and nothing is fetched twice."""
    at.folder.mkdir(parents=True)
    at.part.write_bytes(DATA[:1000])

    def other_process_goes_on(seconds):
        at.part.write_bytes(DATA[:5000])
        if len(at.seen) > 1:
            os.close(handle)

    handle = os.open(at.folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    at.get(sleep=other_process_goes_on)
    assert at.seen[:2] == [(1000, len(DATA)), (5000, len(DATA))]
    assert at.ranges == ["bytes=5000-"]


def test_all_shards_come_in_one_progress(at):
    """The first is the one to load; folders of the repository are kept."""
    shards = {f"Q8_0/m-Q8_0-0000{n}-of-00003.gguf": DATA + bytes(n) for n in (1, 2, 3)}
    at.repo.files = shards
    fetched = at.get()
    assert fetched.path == at.folder / "Q8_0" / "m-Q8_0-00001-of-00003.gguf"
    assert {p.relative_to(at.folder).as_posix(): p.read_bytes() for p in at.folder.rglob("*.gguf")} == shards
    total = sum(map(len, shards.values()))
    assert at.seen == sorted(at.seen)
    assert at.seen[-1] == (total, total)


def test_a_pinned_revision_has_its_own_folder(at):
    """Two revisions of a file do not take turns in overwriting each other."""
    at.repo.refs = ("main", "v1")
    assert at.get(revision="v1").path.parent.name == "acme--tiny-GGUF@v1"
    assert at.get(revision=COMMIT).path.parent.name == f"acme--tiny-GGUF@{COMMIT}"


def test_the_token_goes_to_the_hub_and_not_to_its_content_network(at, monkeypatch):
    """A redirect to another host is followed without the token."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    at.hub.cdn = "localhost"
    assert at.get().path.read_bytes() == DATA
    tokens = {asked.path.split("/")[1]: asked.token for asked in at.hub.asked}
    assert tokens == {"api": "Bearer hf_secret", "acme": "Bearer hf_secret", "cdn": None}


def test_a_file_without_a_digest_is_taken_as_it_comes(at):
    """Small files are not in LFS; their digest is recorded, there is none to compare."""
    at.repo.lfs = False
    at.get()
    assert json.loads((at.folder / f"{FILE}.json").read_text())["sha256"] == DIGEST


def test_two_that_want_the_same_fetch_it_once(at):
    """The second waits for the first and finds it done."""
    threads = [threading.Thread(target=at.get) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(at.hub.transfers) == 1
    assert (at.folder / FILE).read_bytes() == DATA
