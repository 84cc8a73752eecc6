"""The built-in corpus, English and French: phrases written by hand and sentences from one grammar.

words/*.txt → lexicon → draw → frames → structure → english, french → generator.  To add a word, add a line to
a table; to add a sentence frame, add a function to a module of `frames`.
"""

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from data_prep.errors import UserError
from data_prep.rows import Chunk, sha256

SIZE, MOST = 60_000, 1_000_000
FOLDER = Path(__file__).parent
NAME = re.compile(r"phrasebook(?::(\d+))?(?::(\d+))?")


def is_phrasebook(name: str) -> bool:
    """Whether this names the built-in corpus: `phrasebook`, `phrasebook:SIZE` or `phrasebook:SIZE:SEED`."""
    return NAME.fullmatch(name) is not None


class Phrasebook:
    """The built-in corpus as a source; its sentences are made when they are first read."""

    splits = ("train", "validation", "test", "long", "agreement")

    def __init__(self, name: str, languages: tuple[str, str]) -> None:
        if set(languages) != {"en", "fr"}:
            raise UserError(
                f"the built-in corpus has English and French, not {'-'.join(languages)}: set LANGS=en-fr or "
                "LANGS=fr-en, or name another corpus with CORPUS="
            )
        match = NAME.fullmatch(name)
        assert match is not None
        self.size, self.seed = int(match[1] or SIZE), int(match[2] or 1)
        if self.size > MOST:
            raise UserError(f"{name}: the built-in corpus has at most {MOST:,} pairs")
        self.notes = [f"the built-in corpus: {self.size:,} pairs, seed {self.seed}"]
        self.origin: dict[str, object] = {
            "built in": "phrasebook",
            "licence": "MIT",
            "size": self.size,
            "seed": self.seed,
            # Which has the forms of all words.
            "pyrealb": version("pyrealb"),
        }
        self._reverse = languages == ("fr", "en")
        self._pairs: dict[str, list[tuple[str, str]]] = {}

    def chunks(self, split: str, size: int) -> Iterator[Chunk]:
        """Yield the pairs of a split in order."""
        if not self._pairs:
            from data_prep.phrasebook.generator import generate

            self._pairs = generate(self.size, self.seed)
        pairs = self._pairs[split]
        for first in range(0, len(pairs), size):
            sides = zip(*pairs[first : first + size], strict=True)
            english, french = (list(side) for side in sides)
            yield Chunk(french, english) if self._reverse else Chunk(english, french)

    def inputs(self) -> dict[str, str]:
        """Return the SHA-256 of each table and module that the sentences come from."""
        return {path.relative_to(FOLDER).as_posix(): sha256(path) for path in self.files()}

    @staticmethod
    def files() -> list[Path]:
        """Return each table and module that the sentences come from."""
        return sorted(path for pattern in ("*.py", "*.tsv", "*.txt") for path in FOLDER.rglob(pattern))
