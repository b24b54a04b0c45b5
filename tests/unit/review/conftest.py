"""One pool of page workers for all tests of a module: they take a second to start."""

import pytest

from scanmend.pageworkers.pool import PagePool


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    pool = PagePool(1, tmp_path_factory.mktemp("work"))
    yield pool
    pool.close()
