"""Sentence frames: what can be said.  Each is a small function from a `Draw` to a `Sentence`.

A new frame is a function in one of these modules with the decorator `frame`; nothing else has to know of it.
"""

from data_prep.phrasebook.frames import (
    actions,
    complex_sentences,
    descriptions,
    orders,
    people,
    questions,
    situations,
    time_and_weather,
)
from data_prep.phrasebook.frames.frame import FRAMES, Frame

__all__ = [
    "FRAMES",
    "Frame",
    "actions",
    "complex_sentences",
    "descriptions",
    "orders",
    "people",
    "questions",
    "situations",
    "time_and_weather",
]
