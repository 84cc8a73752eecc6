"""The check whether a translator's input is like the text that its run was trained on, in any language."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from data_prep.errors import UserError
from data_prep.typicality import Typical, read_typicality
from seq2seq.language import InputCheck
from seq2seq.run_files import read_corpus_note
from seq2seq.translator import Translator

FIRST_LINES = 300
"""Lines with a letter that are looked at."""
UNLIKE = 1.4
"""Bits per character, divided by those of the training text, from which on a line is unlike it."""
LEAST_WORDS = 20
"""Words that the check wants before it says anything; six characters count as one word at least."""
WORD_CHARACTERS = 6
MOST_CHARACTERS = 2000
"""Characters of a line that are looked at."""
_LETTER = re.compile(r"[^\W\d_]")


class DomainCheck:
    """Looks at the first lines of an input and says, once, if most of them are unlike the training text."""

    def __init__(
        self, typical: Typical | None, read: Callable[[str], tuple[str, list[int]]], say: Callable[[str], None]
    ) -> None:
        """`read` gives a line as the network reads it, and its ids; `say` gets the warning.

        Without what is typical, as in runs of older versions, nothing is said.
        """
        self._typical, self._read, self._say = typical, read, say
        self._lines = self._unlike = 0
        self._words = self._unlike_words = 0.0

    @classmethod
    def of_run(cls, run: Path, translator: Translator, say: Callable[[str], None]) -> "DomainCheck":
        """The check for a run; none if the run does not note what is typical of its training text."""

        def read(line: str) -> tuple[str, list[int]]:
            segments = [segment for part in translator.pipeline.read(line).parts for segment in part.segments]
            return " ".join(one.masked for one in segments), [id_ for one in segments for id_ in one.ids]

        try:
            noted = read_typicality(read_corpus_note(run)["manifest"])
        except (UserError, ValueError, KeyError):
            noted = None
        return cls(Typical(noted) if noted else None, read, say)

    def __call__(self, lines: Sequence[str]) -> None:
        """Take the next lines of the input into account."""
        if self._typical is None:
            return
        for line in lines:
            text, ids = self._read(line[:MOST_CHARACTERS])
            # Lines of numbers and marks are in every language.
            if not _LETTER.search(text):
                continue
            words = max(len(text.split()), len(text) / WORD_CHARACTERS)
            unlike = self._typical.ratio(ids, text) > UNLIKE
            self._lines, self._words = self._lines + 1, self._words + words
            self._unlike, self._unlike_words = self._unlike + unlike, self._unlike_words + words * unlike
            if self._lines == FIRST_LINES:
                break
        if self._words >= LEAST_WORDS and 2 * self._unlike > self._lines and 2 * self._unlike_words > self._words:
            which = f"{self._unlike} of the first {self._lines} lines look" if self._lines > 1 else "this line looks"
            self._typical = None
            self._say(
                f"warning: {which} unlike the text that this run was trained on (another language, topic or style); "
                f"translations may be poor; silence this with --no-language-check"
            )
        elif self._lines >= FIRST_LINES:
            self._typical = None


def input_check(run: Path, translator: Translator, say: Callable[[str], None]) -> Callable[[Sequence[str]], None]:
    """The check of an input to a run, by its language where that is known and by its likeness: one warning in all."""
    warned = False

    def warn(warning: str) -> None:
        nonlocal warned
        warned = True
        say(warning)

    checks = InputCheck.of_run(run, warn), DomainCheck.of_run(run, translator, warn)

    def check(lines: Sequence[str]) -> None:
        for one in checks:
            if not warned:
                one(lines)

    return check
