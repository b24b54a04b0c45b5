"""scanmend.review.telling: a folder's command hears of outputs that have decisions, once for each time they change."""

import pytest

from review_world import AMOUNT, WAIT_S, ReviewWorld
from scanmend.review.doubt.decisions import Decision
from scanmend.review.telling import Telling
from waiting import until


class Notes:
    """Stands for the command: notes what it hears, and may be cut short."""

    def __init__(self, path):
        self.path = path
        self.command = ("/bin/sh", "-c", f'echo "$SCANMEND_STATUS $SCANMEND_REVIEW_OPEN $#" >> {path}', "sh")

    def lines(self):
        return self.path.read_text().splitlines() if self.path.exists() else []


@pytest.fixture
def notes(tmp_path):
    return Notes(tmp_path / "notes")


def world_of(tmp_path, pool, notes, stopping=lambda: False):
    """Daemons whose folder has the command, and find it by its inbox."""
    world = ReviewWorld(tmp_path / "w", pool, outputs=("txt", "json"), on_review=notes.command)
    world.telling = Telling(lambda inbox: world.folder if inbox == world.folder.inbox else None, stopping)
    world.boot()
    return world


def test_the_command_runs_once_for_outputs_that_changed(tmp_path, pool, notes):
    """After decisions, and after they were taken back; not for the publication, nor again at the next start."""
    world = world_of(tmp_path, pool, notes)
    id_ = world.publish()
    places = len(world.reviews.open(id_).places)
    assert notes.lines() == []
    world.decide(id_, Decision(AMOUNT, "take"))
    assert notes.lines() == [f"review {places - 1} 2"]
    world.boot()
    world.reviews.undo(id_, "")
    assert world.reviews.wait_written(id_, WAIT_S)
    assert notes.lines() == [f"review {places - 1} 2", f"review {places} 2"]
    world.close()


def test_one_that_the_end_of_the_daemon_cut_short_runs_again(tmp_path, pool, notes):
    """Outputs are written by then; the next daemon begins with the command."""
    stopping = [True]
    slow = Notes(tmp_path / "slow")
    slow.command = ("/bin/sh", "-c", "sleep 60")
    world = world_of(tmp_path, pool, slow, lambda: stopping[0])
    id_ = world.publish()
    world.reviews.decide(id_, [Decision(AMOUNT, "take")], "")
    until(lambda: world.reviews.open(id_).is_written, "the outputs")
    world.close()
    assert world.reviews.shelf.bundle(id_).written.told == 0
    stopping[0] = False
    world.folder = world.folder.model_copy(update={"on_review": notes.command})
    world.boot()
    until(notes.lines, "the command")
    assert world.reviews.wait_written(id_, WAIT_S)
    assert len(notes.lines()) == 1
    world.close()
