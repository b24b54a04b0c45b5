"""The scene that the tests of a model's life share."""

import pytest

from fake_hosts import Blocks, Scene


@pytest.fixture
def scene(tmp_path):
    """Closed when the test is over, whatever became of it."""
    made = Scene(tmp_path)
    yield made
    if made.slot is not None:
        for host in made.hosts:
            if isinstance(host, Blocks):
                host.released.set()
        made.slot.stop()
