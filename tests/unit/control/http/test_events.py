"""scanmend.control.http.events: each open page hears of each change, once, whichever it has heard of before."""

import asyncio
import json
import threading

import pytest
from starlette.requests import Request

from scanmend.control.http import events
from scanmend.control.http.api.problems import Problem
from scanmend.service.status_file import LatestStatus


class Changing:
    """Stands for the controls: something changes when the test says so."""

    def __init__(self):
        self.latest = LatestStatus()
        self.asked = []

    def change(self):
        self.latest.note_change()

    def wait_for_change(self, after, limit_s):
        self.asked.append(threading.current_thread().name)
        return self.latest.wait(after, limit_s)


def request(**headers):
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": given})


async def heard(stream, count):
    """Return the numbers of the next so many changes."""
    numbers = []
    async for chunk in stream:
        if chunk.startswith(b"id: "):
            fields = dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines())
            assert fields["event"] == "change"
            assert json.loads(fields["data"]) == {"change": int(fields["id"])}
            numbers.append(int(fields["id"]))
            if len(numbers) == count:
                break
    return numbers


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(events, "MIN_GAP_S", 0.01)
    monkeypatch.setattr(events, "LOOK_S", 0.05)


def run(play):
    async def whole():
        controls = Changing()
        feed = events.ChangeFeed(controls)
        try:
            await asyncio.wait_for(play(controls, feed), 20)
        finally:
            feed.close()
            await asyncio.sleep(0.1)
        return controls

    return asyncio.run(whole())


def test_the_number_of_now_comes_first_and_then_each_change(quick):
    """To every stream; the daemon is asked once for all of them, on one thread."""

    async def play(controls, feed):
        streams = [(await feed.respond(request())).body_iterator for _ in range(5)]
        assert [await heard(stream, 1) for stream in streams] == [[0]] * 5
        controls.change()
        assert [await heard(stream, 1) for stream in streams] == [[1]] * 5

    controls = run(play)
    assert len({name for name in controls.asked if name.startswith("changes")}) == 1


def test_who_comes_again_hears_only_what_is_new(quick):
    """A browser says what it has heard last."""

    async def play(controls, feed):
        controls.change()
        controls.change()
        stream = (await feed.respond(request(last_event_id="2"))).body_iterator
        later = asyncio.get_running_loop().call_later(0.1, controls.change)
        assert await heard(stream, 1) == [3]
        later.cancel()

    run(play)


def test_a_quiet_stream_says_that_it_is_there(quick, monkeypatch):
    """Else proxies would close it."""
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)

    async def play(_controls, feed):
        stream = (await feed.respond(request(last_event_id="0"))).body_iterator
        chunks = [await anext(stream) for _ in range(3)]
        assert chunks == [b"retry: 2000\n\n", b": still here\n\n", b": still here\n\n"]

    run(play)


def test_there_is_a_limit(quick, monkeypatch):
    """Nobody takes all memory with open streams."""
    monkeypatch.setattr(events, "MAX_STREAMS", 2)

    async def play(_controls, feed):
        streams = [(await feed.respond(request())).body_iterator for _ in range(2)]
        for stream in streams:
            await heard(stream, 1)
        with pytest.raises(Problem, match="2 event streams are open"):
            await feed.respond(request())

    run(play)
