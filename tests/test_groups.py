"""What the tests of a module share is made in one process, by a pytest that xdist can tell groups to."""

import pytest


@pytest.fixture(scope="module")
def shared():
    return object()


def test_tests_that_share_something_are_one_group(request, shared):
    """pytest 9.2 takes no node ids from pytest-xdist 3.8, and each process made everything anew."""
    config = request.config
    if not (hasattr(config, "workerinput") and config.getoption("loadgroup", False)):
        pytest.skip("one process makes everything once anyway: run pytest -n 2 --dist loadgroup")
    assert request.node.nodeid.endswith("@test_groups")
