"""What holds for all unit tests."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Sums of several threads differ in the last bit, and threads that wait for each other are slow."""
    torch.set_num_threads(1)
