"""What holds for all tests."""

import signal
from collections.abc import Iterator

import pytest
import torch
from hypothesis import settings

# A busy machine is no error.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Sums of several threads differ in the last bit, and threads that wait for each other are slow."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _signals_are_heard() -> None:
    """Also where the tests run in the background, in which a shell has these signals ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def same_threads_after() -> Iterator[None]:
    """Leave later tests as many threads as there were."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the learning curve: it takes longer than the training of a toy."""
    monkeypatch.setattr("seq2seq.reporting.learning_curve", lambda metrics, path: None)
