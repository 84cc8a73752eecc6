"""What the preparation tells about itself; `cli.py` shows it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Report(Protocol):
    """Receives progress and notes."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Callable[[int], None]]:
        """Begin a stage, ended by leaving the context, which gives a function to call with pairs done."""

    def note(self, message: str) -> None:
        """Tell one line that the user should know."""


class Silent:
    """Tells nobody."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Callable[[int], None]]:
        """Do nothing."""
        return nullcontext(lambda done: None)

    def note(self, message: str) -> None:
        """Do nothing."""
