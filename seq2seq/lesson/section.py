"""What a section of the lesson is, and where its measurements are kept."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from seq2seq.checkpoint import write_text

Results = dict[str, Any]
"""What a section measured: what JSON can hold, and all numbers that its text quotes."""


@dataclass(frozen=True)
class Keep:
    """A folder of measurements; one that is there is not made again, so that a lesson that broke off goes on."""

    folder: Path
    full: bool
    """Whether the lesson runs whole, for hours, or in small."""

    def get(self, key: str, measure: Callable[[], Any]) -> Any:
        """The measurement of that name, made now if it is not there; `key` names a file."""
        path = self.folder / ("full" if self.full else "small") / f"{key}.json"
        try:
            return json.loads(path.read_bytes())
        except (FileNotFoundError, ValueError):
            found = measure()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(found, indent=1) + "\n")
        # As it will be read the next time: keys are strings, tuples are lists.
        return json.loads(path.read_bytes())


class Section(Protocol):
    """A module of this package."""

    NAME: str
    """Of its JSON and its pictures."""

    def measure(self, keep: Keep) -> Results:
        """Train and measure, the same figures each time; everything that takes long by way of `keep`."""

    def draw(self, results: Mapping[str, Any], folder: Path) -> None:
        """Make the section's pictures, NAME-….png, in `folder`."""

    def tell(self, results: Mapping[str, Any]) -> str:
        """The section as Markdown, from its heading on: claim, equation, command, figures, pictures, limits."""
