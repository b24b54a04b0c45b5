"""One pool of page workers for all tests of a module: they take a second to start."""

import pytest

from review_world import ReviewWorld
from scanmend.pageworkers.pool import PagePool


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    pool = PagePool(1, tmp_path_factory.mktemp("work"))
    yield pool
    pool.close()


@pytest.fixture
def world(tmp_path, pool):
    world = ReviewWorld(tmp_path, pool)
    yield world
    world.close()
