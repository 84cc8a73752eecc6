"""What a network looked at while it translated, as a picture that the command draws."""

from collections.abc import Sequence
from pathlib import Path

from data_prep.errors import UserError
from data_prep.normalization import normalize
from seq2seq.plots import attention_maps
from seq2seq.translator import Translator

MOST = 6
"""Lines whose attention is drawn side by side, at most."""


def check(path: Path, lines: Sequence[str]) -> None:
    """Raise UserError, before any work is done, if a picture of these lines cannot be made."""
    if path.suffix.lower() != ".png" or (path.exists() and not path.is_file()) or not path.parent.is_dir():
        raise UserError(f"{path}: --attention names a file to write, in a folder that is there, such as map.png")
    if not 0 < (count := sum(bool(normalize(line)) for line in lines)) <= MOST:
        raise UserError(f"--attention draws 1 to {MOST} lines of text, not {count}")


def draw(path: Path, translator: Translator, translated: Sequence[tuple[str, str]]) -> None:
    """Draw lines and their translations, those that are not blank.  Raises UserError."""
    alignments = translator.align([(line, text) for line, text in translated if text])
    try:
        attention_maps(alignments, path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error
