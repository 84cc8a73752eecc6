"""What a section of the lesson is, and where its measurements are kept."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from data_prep.files import write_text

Results = dict[str, Any]
"""What a section measured: what JSON can hold, and all numbers that its text quotes."""


@dataclass(frozen=True)
class Keep:
    """A folder of measurements; one that is there is not made again, so that a lesson that broke off goes on."""

    folder: Path
    full: bool
    """Whether the lesson runs whole, or in small."""

    @property
    def form(self) -> str:
        """`full` or `small`."""
        return "full" if self.full else "small"

    def get(self, key: str, measure: Callable[[], Any]) -> Any:
        """The measurement of that name, made now if it is not there; `key` names a file."""
        path = self.folder / self.form / f"{key}.json"
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


@runtime_checkable
class Divided(Section, Protocol):
    """A section of which parts can be measured side by side, before the whole."""

    def prepare(self, keep: Keep) -> None:
        """Make what all parts read."""

    def parts(self, keep: Keep) -> list[str]:
        """Their names."""

    def measure_part(self, keep: Keep, part: str) -> Results:
        """One of them, kept."""


def table(rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; the first row is its head."""
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]) + "\n"
