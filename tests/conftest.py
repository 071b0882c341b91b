"""What holds for every test."""

import os
import signal
import tempfile
from pathlib import Path

import pytest
import torch


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
