"""What the training text shows about text: words, styles, character forms, and what is copied.

`fit` counts all of it in one pass; `text.json` beside the subword model keeps it.
"""

import json
from collections.abc import Iterable
from itertools import islice
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from data_prep.copyable import EvidenceCounter
from data_prep.normalization import CharacterForms, FormCounter
from data_prep.numbers import NumberFormat
from data_prep.truecasing import StyleCounter, StyleCounts
from data_prep.untrusted import parse_json
from data_prep.words import Vocabulary, WordCounter

FORMAT = 1
PROFILE_FILE = "text.json"
BATCH_PAIRS = 1000
"""Pairs that are counted together, which takes less time than one by one."""
PROFILE_LIMIT = 1 << 28
"""Bytes of a profile, at most."""


class TextProfile(BaseModel):
    """What the training text shows; what it does not show has its default."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    format: int = FORMAT
    vocabulary: Vocabulary | None = None
    """Words of the source text."""
    copied: dict[str, bool] = {}
    """Whether the target copies each kind of item (`copyable`)."""
    numbers: NumberFormat = NumberFormat()
    """How the target writes numbers."""
    source_style: StyleCounts | None = None
    """How the sources are written."""
    source_characters: CharacterForms = CharacterForms()
    target_characters: CharacterForms = CharacterForms()

    def to_json(self) -> bytes:
        """The bytes of PROFILE_FILE."""
        return (json.dumps(self.model_dump(), indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes) -> "TextProfile":
        """Read what `to_json` wrote.  Raises ValueError if it is something else."""
        values: Any = parse_json(data)
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise ValueError(f"not of format {FORMAT}")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ValueError(f"{error.errors()[0]['loc']}: {error.errors()[0]['msg']}") from error


def fit(pairs: Iterable[tuple[str, str]]) -> TextProfile:
    """The profile of training pairs."""
    words, evidence, style = WordCounter(), EvidenceCounter(), StyleCounter()
    source_forms, target_forms = FormCounter(), FormCounter()
    pairs = iter(pairs)
    while batch := list(islice(pairs, BATCH_PAIRS)):
        sources, targets = ([pair[side] for pair in batch] for side in (0, 1))
        words.add(sources, targets)
        for source, target in batch:
            evidence.add(source, target)
            style.add(source)
        source_forms.add("\n".join(sources))
        target_forms.add("\n".join(targets))
    copied, numbers = evidence.result()
    return TextProfile(
        vocabulary=words.result(),
        copied=copied,
        numbers=numbers,
        source_style=style.result(),
        source_characters=source_forms.result(),
        target_characters=target_forms.result(),
    )
