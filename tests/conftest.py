"""What holds for every test."""

import os
import tempfile
from pathlib import Path

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """As in a worker; two threads on such small products wait for each other more than they work."""
    torch.set_num_threads(1)


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
