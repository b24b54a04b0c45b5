"""scanmend.intake.presence: who else works with an inbox, as the share alone tells it."""

import json
import os
import time
from pathlib import Path

import pytest

from scanmend.config.schema import Folder
from scanmend.intake.presence import (
    BEAT_S,
    KEPT_S,
    SILENT_S,
    Presence,
    note_taken_over,
    others,
    sentence,
    taken_over_by,
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in/.scanmend").mkdir(parents=True)
    return Folder(name="f", inbox=tmp_path / "in", outbox=tmp_path, archive=tmp_path, quarantine=tmp_path)


def claim(folder, id_):
    """A file that was taken under this id."""
    path = folder.inbox / ".scanmend" / id_ / "a.pdf"
    path.parent.mkdir()
    path.touch()


def shift(folder, mark, seconds):
    """Have the file server's clock have been ahead when the daemon of this mark renewed its file."""
    file = folder.inbox / f".scanmend/daemon-{mark}.json"
    os.utime(file, (0, file.stat().st_mtime + seconds))


def states(folder):
    return {one.mark: (one.name, one.state, [c.id for c in one.claims]) for one in others(folder, "own", time.time())}


def test_whoever_renews_its_file_lives_and_who_ends_says_so(folder):
    """The file goes with a daemon that has no claims; one without a file is known by its claims alone."""
    a, b = Presence("aaaaaa"), Presence("bbbbbb")
    claim(folder, "1-aaaaaa"), claim(folder, "1-own"), claim(folder, "1-cccccc")
    a.renew("A", [folder], 0.0), b.renew("B", [folder], 0.0)
    c = (None, "unknown", ["1-cccccc"])
    assert states(folder) == {"aaaaaa": ("A", "works", ["1-aaaaaa"]), "bbbbbb": ("B", "works", []), "cccccc": c}
    a.end("A", [folder]), b.end("B", [folder])
    assert states(folder) == {"aaaaaa": ("A", "stopped", ["1-aaaaaa"]), "cccccc": c}


def test_a_file_is_renewed_when_it_is_time_and_never_where_the_share_is_gone(folder):
    """Beneath a share that is not mounted lies an empty folder, in which nothing is to be made."""
    file, one = folder.inbox / ".scanmend/daemon-aaaaaa.json", Presence("aaaaaa")
    one.renew("A", [folder], 0.0)
    file.unlink()
    one.renew("A", [folder], BEAT_S - 1)
    assert not file.exists()
    one.renew("A", [folder], BEAT_S)
    assert file.exists()
    file.unlink(), file.parent.rmdir()
    one.renew("A", [folder], 3 * BEAT_S)
    assert list(folder.inbox.iterdir()) == []


@pytest.mark.parametrize("ahead", [0.0, 7200.0, -7200.0])
def test_clocks_may_differ(folder, ahead):
    """How long one is silent is told by the times of two files that the same server stamped."""
    for mark in ("own", "aaaaaa", "bbbbbb"):
        Presence(mark).renew(mark, [folder], 0.0)
        shift(folder, mark, ahead)
    shift(folder, "bbbbbb", -SILENT_S)
    assert {mark: state for mark, (_, state, _) in states(folder).items()} == {"aaaaaa": "works", "bbbbbb": "silent"}


def test_a_claim_that_was_taken_over_is_the_new_owners(folder):
    """Who had it hears of that; who has it does not take its own word for another's."""
    claim(folder, "1-aaaaaa")
    note_taken_over(folder.inbox, "1-aaaaaa", "bbbbbb", "B")
    assert states(folder) == {"bbbbbb": (None, "unknown", ["1-aaaaaa"])}
    assert taken_over_by(folder.inbox, "1-aaaaaa", "aaaaaa") == "B"
    assert taken_over_by(folder.inbox, "1-aaaaaa", "bbbbbb") is None
    assert taken_over_by(folder.inbox, "2-aaaaaa", "aaaaaa") is None


@pytest.mark.parametrize("content", [b"", b"[1]", b"[" * 4096, b'{"daemon": 5, "stopped": "x", "at": "y"}', b"\xff"])
def test_what_others_wrote_there_is_not_trusted(folder, content):
    """Nor is a link followed, or a pipe waited for."""
    claims = folder.inbox / ".scanmend"
    (claims / "daemon-aaaaaa.json").write_bytes(content)
    (claims / "daemon-own.json").write_bytes(content)
    (claims / "daemon-bbbbbb.json").symlink_to("/etc/passwd")
    os.mkfifo(claims / "daemon-cccccc.json")
    assert states(folder) == {"aaaaaa": (None, "works", [])}


def test_names_of_others_do_not_break_lines(folder):
    """What a terminal shows is one line, whatever another calls itself."""
    (folder.inbox / ".scanmend/daemon-aaaaaa.json").write_text(json.dumps({"daemon": "x\n\x1b[2J", "stopped": True}))
    claim(folder, "1-aaaaaa")
    (other,) = others(folder, "own", time.time())
    assert sentence(other, "f").isprintable()


def test_what_daemons_left_that_are_gone_for_good_goes_in_the_end(folder):
    """Also notes of claims that were taken over; by the server's clock."""
    note_taken_over(folder.inbox, "1-aaaaaa", "own", "O")
    Presence("aaaaaa").renew("A", [folder], 0.0)
    shift(folder, "aaaaaa", -KEPT_S - 60)
    note = folder.inbox / ".scanmend/taken-1-aaaaaa.json"
    os.utime(note, (0, note.stat().st_mtime - KEPT_S - 60))
    Presence("own").renew("O", [folder], 0.0)
    assert [p.name for p in Path(note.parent).iterdir()] == ["daemon-own.json"]
