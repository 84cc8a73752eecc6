"""How typical a text is of the source side of the training text: bits per character, by the frequencies of subwords.

    bits(text) = sum over its subwords of -log2(frequency in training) / characters

Text of another language, another domain, or no language at all is cut into more and rarer subwords, so it has more
bits per character than the training text.  The frequencies are those of the source side alone, so the target language
is another language too, even with a joint vocabulary.
"""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from data_prep.settings import Settings

KEY = "typicality"
STEPS = 8
"""Steps of a bit: each subword's bits are rounded to a byte of such steps."""
SMOOTHING = 0.5
"""Added to each count, so that subwords that training has not seen have a frequency."""


class Typicality(Settings):
    """What a manifest notes of the source side of its training split."""

    bits: float = Field(gt=0, le=1000)
    """Bits per character of the training text."""
    subwords: str = Field(max_length=1 << 22)
    """Bits of each subword, one byte for each id, in base64."""

    def costs(self) -> npt.NDArray[np.float64]:
        """Bits of each subword by its id.  Raises ValueError if they are damaged."""
        return np.frombuffer(base64.b64decode(self.subwords, validate=True), np.uint8) / STEPS


def measure(counts: npt.NDArray[np.integer[Any]], characters: int) -> dict[str, Any] | None:
    """The note of a training text from the number of times that it has each subword; none of an empty text."""
    if not characters:
        return None
    smoothed = counts + SMOOTHING
    costs = np.log2(smoothed.sum() / smoothed)
    steps = np.rint(costs * STEPS).clip(0, 255).astype(np.uint8)
    bits = float((steps / STEPS) @ counts) / characters
    return {"bits": round(bits, 4), "subwords": base64.b64encode(steps.tobytes()).decode()}


def read_typicality(manifest: dict[str, Any]) -> Typicality | None:
    """The note of a manifest; none in older ones.  Raises ValueError if it is damaged."""
    noted = manifest["splits"].get("train", {}).get(KEY)
    if noted is None:
        return None
    found = Typicality.model_validate(noted)
    found.costs()
    return found


class Typical:
    """Compares texts with the training text."""

    def __init__(self, noted: Typicality) -> None:
        self._bits, self._costs = noted.bits, noted.costs()

    def ratio(self, ids: Sequence[int], text: str) -> float:
        """Bits per character of `text`, which is not empty and has these subwords, divided by those of training."""
        rarest = self._costs.max(initial=0.0)
        bits = sum(self._costs[i] if i < len(self._costs) else rarest for i in ids)
        return float(bits / len(text) / self._bits)
