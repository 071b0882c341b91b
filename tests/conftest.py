"""What holds for every test."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """As in a worker; two threads on such small products wait for each other more than they work."""
    torch.set_num_threads(1)
