"""What holds for every test."""

import os
import signal
import tempfile
from pathlib import Path

import pytest
import torch


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config, items):
    """Where tests run in several processes: what they share is made once, and what takes long begins early."""
    for item in items:
        if _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    if hasattr(config, "workerinput"):  # one of those processes
        items.sort(key=lambda item: not item.get_closest_marker("slow"))


def _shares(item):
    """Whether a test asks for something that is made once a module; what every test of a module has is cheap."""
    made = item._fixtureinfo.name2fixturedefs
    return any(definition.scope == "module" for name in made if not name.startswith("_") for definition in made[name])


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """As in a worker; two threads on such small products wait for each other more than they work."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _interruptible():
    """A shell has what it starts in the background ignore Ctrl-C, and all that these tests start would with it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def read_only():
    """A folder that may be read and not written, and someone who is bound by that, as the superuser is not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        yield Path(folder)
        os.seteuid(user)
