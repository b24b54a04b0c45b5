"""scanmend.control.http.api.reviews: documents in review over HTTP, as programs and commands ask for them."""

from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from review_world import AMOUNT, WAIT_S, ReviewWorld
from scanmend.commands import review
from scanmend.commands.review import Step
from scanmend.control.http.app import create_app
from scanmend.control.review_link import ReviewLink
from scanmend.errors import ScanmendError
from scanmend.pageworkers.pool import PagePool
from scanmend.review.doubt.decisions import Decision
from two_readers_page import TEXT

API = "/api/v1/"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    pool = PagePool(1, tmp_path_factory.mktemp("work"))
    yield pool
    pool.close()


@pytest.fixture
def world(tmp_path, pool):
    world = ReviewWorld(tmp_path, pool, outputs=("txt", "json"))
    yield world
    world.close()


@pytest.fixture
def client(world):
    controls = SimpleNamespace(reviews=world.reviews, now=lambda: SimpleNamespace(folders=[world.folder]))
    with TestClient(create_app(controls), base_url="http://localhost", headers=SAME_SITE) as made:
        yield made


@pytest.fixture
def link(client):
    """What commands ask with, over the application instead of a socket."""

    def ask(method, path, body):
        answer = client.request(method, API + path, json=body)
        if answer.status_code != 200:
            raise ScanmendError(answer.json()["detail"])
        return answer.json()

    return ReviewLink(ask)


def test_commands_get_the_very_values(world, link):
    """The queue, a document, and what steps make of it."""
    id_ = world.publish()
    assert link.queue() == world.reviews.queue()
    assert link.counts() == {"open": 1}
    assert link.open(id_) == world.reviews.open(id_)
    decided = link.decide(id_, [Decision(AMOUNT, "take", source="tesseract")], "Ana")
    assert decided.item.decided == 1
    assert world.reviews.wait_written(id_, WAIT_S)
    assert (world.folder.outbox / "a.txt").read_text() == TEXT.replace("19.10", "49.10") + "\n"
    assert link.undo(id_, "Ana").item.decided == 0
    assert link.restore_machine(id_).steps == 3
    assert link.learned("scans") == ()


def test_the_command_decides_over_the_socket(world, link, capsys):
    """And returns once the outputs have the decision; what is wrong is told as without a daemon."""
    id_ = world.publish()
    config = SimpleNamespace(state_dir=world.root / "state", folders=[world.folder])
    review.run(config, None, None, None, None, link)
    assert f"{id_}  scans/a.png  5 of 5 open" in capsys.readouterr().out
    review.run(config, id_, Step("decide", Decision(AMOUNT, "type", "19.70")), "Ana", None, link)
    assert capsys.readouterr().out.endswith(f"{id_}: outputs written, 4 places open\n")
    assert (world.folder.outbox / "a.txt").read_text() == TEXT.replace("19.10", "19.70") + "\n"
    review.run(config, id_, None, None, None, link)
    assert "decided: type, by Ana" in capsys.readouterr().out
    with pytest.raises(ScanmendError, match="no place"):
        review.run(config, id_, Step("decide", Decision("p7", "accept")), "Ana", None, link)


def test_the_queue_goes_on_where_it_says(world, client):
    """To its end; a place that no answer has given is none."""
    ids = {world.publish(f"{n}.png") for n in range(3)}
    first = client.get(f"{API}reviews?limit=2").json()
    rest = client.get(f"{API}reviews", params={"limit": 2, "after": first["next"]}).json()
    assert {one["id"] for one in first["items"] + rest["items"]} == ids
    assert (len(first["items"]), rest["next"], rest["counts"]) == (2, None, {"open": 3})
    answer = client.get(f"{API}reviews?after=1..2 x")
    assert (answer.status_code, answer.json()["where"]) == (422, "query.after")


@pytest.mark.parametrize(
    ("does", "body", "status", "code"),
    [
        ("undo", {}, 409, "refused"),
        ("decide", {"decisions": [{"place": "p9", "choice": "accept"}]}, 409, "refused"),
        ("decide", {"decisions": [{"place": AMOUNT, "choice": "guess"}]}, 422, "invalid"),
        ("decide", {"decisions": []}, 422, "invalid"),
    ],
)
def test_what_cannot_be_decided(world, client, does, body, status, code):
    """Nothing is taken then."""
    id_ = world.publish()
    answer = client.post(f"{API}reviews/{id_}/{does}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert world.reviews.open(id_).steps == 0


def test_what_is_not_there(client):
    """A document that is not in review, and a folder by whose name another file would be read."""
    for answer in (client.get(f"{API}reviews/nobody"), client.post(f"{API}reviews/..%2Fx/undo", json={})):
        assert answer.status_code == 404
    assert client.get(f"{API}words?folder=../../secret").json()["code"] == "unknown-folder"
