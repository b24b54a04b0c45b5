"""scanmend.commands.review: what is asked for, what is shown, and a decision without a daemon and with one."""

import fcntl
import os
import signal
from types import SimpleNamespace

import pytest
import typer

from review_world import AMOUNT, ReviewWorld
from scanmend.commands import review
from scanmend.commands.review import Step, step_of
from scanmend.errors import ScanmendError
from scanmend.pageworkers.pool import PagePool
from scanmend.review.doubt.decisions import Decision
from two_readers_page import TEXT

NOTHING = {"accept": False, "take": None, "text": None, "skip": False, "undo": False, "restore": False}


@pytest.mark.parametrize(
    ("place", "options", "step"),
    [
        (None, {}, None),
        ("p1", {"accept": True}, Step("decide", Decision("p1", "accept"))),
        ("p1", {"take": "other"}, Step("decide", Decision("p1", "take"))),
        ("p1", {"take": "model"}, Step("decide", Decision("p1", "take", source="model"))),
        ("p1", {"text": ""}, Step("decide", Decision("p1", "type", ""))),
        (None, {"restore": True}, Step("restore")),
        ("p1", {"undo": True}, "--undo and --restore are about the whole document"),
        ("p1", {}, "say what becomes of it: --accept, --take WHOSE, --text or --skip"),
        ("p1", {"take": "me"}, "say what becomes of it: --accept, --take WHOSE, --text or --skip"),
        (None, {"skip": True}, "name the --place"),
        ("p1", {"skip": True, "text": "x"}, "give one of --accept, --take, --text, --skip, --undo and --restore"),
    ],
)
def test_options(place, options, step):
    """Options that contradict each other are told before anything is opened."""
    assert step_of(place, **NOTHING | options) == step


@pytest.fixture
def world(tmp_path):
    pool = PagePool(1, tmp_path / "work")
    world = ReviewWorld(tmp_path, pool, outputs=("txt", "pdf", "json"))
    yield world
    world.close()
    pool.close()


def run(world, *arguments):
    config = SimpleNamespace(
        state_dir=world.root / "state", folder_of=lambda _inbox: world.folder, folders=[world.folder]
    )
    review.run(config, *arguments, lambda _config, work: PagePool(1, work))


def test_list_show_and_decide_without_a_daemon(world, capsys):
    """The command itself writes the outputs."""
    id_ = world.publish()
    run(world, None, None, None)
    assert f"{id_}  scans/a.png  5 of 5 open" in capsys.readouterr().out
    run(world, id_, None, None)
    shown = capsys.readouterr().out
    assert f"{AMOUNT}  page 1, line 3" in shown
    assert "Amount due [19.10] of 7" in shown
    assert "tesseract: 49.10" in shown
    run(world, id_, Step("decide", Decision(AMOUNT, "type", "19.70")), "Ana")
    assert "4 places open" in capsys.readouterr().out
    assert (world.folder.outbox / "a.txt").read_text() == TEXT.replace("19.10", "19.70") + "\n"
    with pytest.raises(ScanmendError, match="no place"):
        run(world, id_, Step("decide", Decision("p7", "accept")), "Ana")


def test_a_running_daemon_writes_the_outputs(world, capsys, monkeypatch):
    """It is woken; the journal and the ledger tell it what to do."""
    id_ = world.publish()
    lock = os.open(world.root / "state" / "lock", os.O_RDWR | os.O_CREAT)
    os.pwrite(lock, b"%d\n" % os.getpid(), 0)
    fcntl.flock(lock, fcntl.LOCK_EX)
    before = signal.signal(signal.SIGUSR1, lambda *_: world.reviews.look())
    try:
        run(world, id_, Step("decide", Decision(AMOUNT, "take")), "Ana")
        assert "outputs written" in capsys.readouterr().out
        assert (world.folder.outbox / "a.txt").read_text() == TEXT.replace("19.10", "49.10") + "\n"
        run(world, id_, Step("undo"), "Ana")  # while its thread rests
        assert (world.folder.outbox / "a.txt").read_text() == TEXT + "\n"
        run(world, id_, Step("decide", Decision(AMOUNT, "take")), "Ana")
        world.reviews.close()  # a daemon that does nothing more
        monkeypatch.setattr(review, "WAIT_S", 0.1)
        with pytest.raises(typer.Exit):
            run(world, id_, Step("undo"), "Ana")
        assert "the decision is kept" in capsys.readouterr().out
    finally:
        signal.signal(signal.SIGUSR1, before)
        os.close(lock)
