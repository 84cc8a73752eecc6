"""Cleaning: one spelling of every text, and which training pairs are not worth learning from.

Normalisation is for all text, whatever it is used for; dropping is for training pairs only.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from data_prep.settings import Cleaning

RESERVED = "".join(map(chr, range(0x10FFF0, 0x10FFF8)))
"""Letters of Unicode's private use that no text may have, so that they can stand for something."""
EXAMPLES = 5
EXAMPLE_CHARACTERS = 200
# The longer side may exceed the ratio by this many characters: "Go." against "Va-t'en tout de suite !" is
# sound.
RATIO_GRACE = 20

# Letters and signs that are in NFC whatever stands beside them and that need no other care.  Text made only
# of these and of single spaces, most text in fact, is returned at once.
_PLAIN = (
    "!-~\xa1-\xac\xae-\u024f\u0400-\u0482\u0621-\u064a\u2013\u2014\u2018\u2019\u201c-\u201e\u2026\u20ac"
    "\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"
)
_NORMAL = re.compile(rf"[{_PLAIN}]+(?: [{_PLAIN}]+)*")
# Unicode's Cc and Cf less white space, the two joiners (below) and Arabic number signs, which are visible;
# surrogates, which are halves of characters; and what is reserved.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    f"\U000e0001\U000e0020-\U000e007f{RESERVED}]"
)
# Zero-width joiner and non-joiner are spelling between letters of Persian or Hindi and inside emoji, and
# noise elsewhere: they stay between two visible characters that are neither Latin nor Latin's combining
# marks.
_STRAY_JOINER = re.compile(
    "(?<![^\x00-\u036f\\s\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\u036f\\s\u200c\u200d])"
)
# SentencePiece writes a space as this character and could not give it back.
_SPACE_MARK = "\u2581"


def normalise(text: str) -> str:
    """The one spelling of `text` that is stored, trained on and translated; idempotent.

    Unicode NFC; invisible characters and halves of characters removed; every run of white space one plain
    space, none at the ends.  No-break and thin spaces become plain too: French puts them before ! ? ; : »,
    but corpora mix them with plain ones at random, and a model should not spend its capacity on that.
    """
    if _NORMAL.fullmatch(text):
        return text
    text = _INVISIBLE.sub("", text).replace(_SPACE_MARK, "_")
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if "\u200c" in text or "\u200d" in text:
        text = " ".join(unicodedata.normalize("NFC", _STRAY_JOINER.sub("", text)).split())
    return text


# Script → its letters, as the inside of a character class.
_LETTERS = {
    "latin": "A-Za-z\xaa\xba\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u1e00-\u1eff"
    "\u2071\u207f\u2090-\u209c\u2c60-\u2c7f\ua720-\ua7ff\ufb00-\ufb06\uff21-\uff3a\uff41-\uff5a",
    "cyrillic": "\u0400-\u052f\u1c80-\u1c8a\ua640-\ua69f",
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "arabic": "\u0620-\u06ff\u0750-\u077f\u0870-\u08ff\ufb50-\ufdff\ufe70-\ufefc",
    "hebrew": "\u05d0-\u05f2\ufb1d-\ufb4f",
    "devanagari": "\u0904-\u097f\ua8e0-\ua8ff",
    "bengali": "\u0980-\u09ff",
    "gurmukhi": "\u0a01-\u0a76",
    "gujarati": "\u0a81-\u0aff",
    "tamil": "\u0b82-\u0bfa",
    "telugu": "\u0c00-\u0c7f",
    "kannada": "\u0c80-\u0cf2",
    "malayalam": "\u0d00-\u0d7f",
    "sinhala": "\u0d81-\u0df4",
    "thai": "\u0e01-\u0e5b",
    "lao": "\u0e81-\u0edf",
    "khmer": "\u1780-\u17f9",
    "burmese": "\u1000-\u109f",
    "georgian": "\u10a0-\u10ff\u1c90-\u1cbf\u2d00-\u2d2d",
    "armenian": "\u0531-\u058f",
    "ethiopic": "\u1200-\u139f",
    "han": "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af",
    "kana": "\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9d",
    "hangul": "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3",
}
# Script → the languages written in it, some in two.  A language that is not here is not checked.
_LANGUAGES = {
    "latin": "af br ca co cs cy da de en eo es et eu fi fo fr fy ga gd gl hr ht hu id is it jv la lb lt lv mg "
    "mi ms mt nb nl nn no oc pl pt ro sk sl so sq su sv sw tl tr vi wa xh yo zu az bs sr tk uz",
    "cyrillic": "ba be bg ce cv kk ky mk mn os ru tg tt uk az bs sr tk uz",
    "greek": "el",
    "arabic": "ar ckb dv fa ps sd ug ur pa",
    "hebrew": "he yi",
    "devanagari": "hi mr ne sa",
    "bengali": "as bn",
    "gurmukhi": "pa",
    "gujarati": "gu",
    "tamil": "ta",
    "telugu": "te",
    "kannada": "kn",
    "malayalam": "ml",
    "sinhala": "si",
    "thai": "th",
    "lao": "lo",
    "khmer": "km",
    "burmese": "my",
    "georgian": "ka",
    "armenian": "hy",
    "ethiopic": "am ti",
    "han": "zh yue ja ko",
    "kana": "ja",
    "hangul": "ko",
}
_SIGNS = r" -@\[-`{-~\xab\xb0\xbb\u2010-\u205e"
_LETTER = re.compile(r"[^\W\d_]")


class Cleaner:
    """Tells which normalised training pairs to drop, and why."""

    def __init__(self, settings: Cleaning, source_language: str, target_language: str) -> None:
        self._settings = settings
        self._source = _Script.of(source_language)
        self._target = _Script.of(target_language)

    def why_dropped(self, source: str, target: str) -> str | None:
        """The reason to drop a pair of normalised texts, or None to keep it."""
        settings = self._settings
        if not source or not target:
            return "empty"
        shorter, longer = len(source), len(target)
        if shorter > longer:
            shorter, longer = longer, shorter
        if longer > settings.max_characters or (
            longer >= 2 * settings.max_words  # shorter text cannot have so many words
            and max(source.count(" "), target.count(" ")) >= settings.max_words
        ):
            return "too long"
        if longer > settings.max_ratio * shorter + RATIO_GRACE:
            return "length ratio"
        if (
            settings.drop_copies
            and len(source) == len(target)
            and " " in source
            and source.casefold() == target.casefold()
        ):
            return "copy"
        for text, script in ((source, self._source), (target, self._target)):
            if not script.plain.fullmatch(text) and script.share(text) < settings.min_script_share:
                return "wrong script"
        return None


@dataclass(frozen=True)
class _Script:
    """The letters of one language."""

    plain: re.Pattern[str]
    """Text that has no other letters, so far as can be told quickly."""
    foreign: re.Pattern[str]
    """One letter of any other script."""

    @classmethod
    def of(cls, language: str) -> "_Script":
        language = language.lower().split("_")[0]
        own = "".join(_LETTERS[script] for script, there in _LANGUAGES.items() if language in there.split())
        if not own:
            return cls(re.compile(r"(?s:.*)"), re.compile(r"(?!)"))
        return cls(re.compile(rf"[{_SIGNS}{own}]*"), re.compile(rf"[^\W\d_{own}]"))

    def share(self, text: str) -> float:
        """Share of the letters of `text` that are this language's; 1 without letters."""
        letters = len(_LETTER.findall(text))
        return 1 - len(self.foreign.findall(text)) / max(1, letters)


@dataclass
class Dropped:
    """Dropped pairs, counted by reason, the first few of each kept as examples."""

    pairs: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, reason: str, source: str, target: str) -> None:
        """Count one pair."""
        self.merge(Dropped({reason: 1}, {reason: [(source[:EXAMPLE_CHARACTERS], target[:EXAMPLE_CHARACTERS])]}))

    def merge(self, later: "Dropped") -> None:
        """Take in the pairs of a later part of the same split."""
        for reason, pairs in later.pairs.items():
            self.pairs[reason] = self.pairs.get(reason, 0) + pairs
            examples = self.examples.setdefault(reason, [])
            examples += later.examples[reason][: EXAMPLES - len(examples)]

    def __str__(self) -> str:
        """Each reason and its number of pairs, in one line."""
        return ", ".join(f"{reason} {pairs:,}" for reason, pairs in sorted(self.pairs.items())) or "none"

    def as_json(self) -> dict[str, Any]:
        """Reason → number of pairs and examples, as the manifest has it."""
        return {
            reason: {"pairs": pairs, "examples": [list(pair) for pair in self.examples[reason]]}
            for reason, pairs in sorted(self.pairs.items())
        }
