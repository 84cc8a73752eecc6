"""Cleaning: which training pairs are not worth learning from."""

import re
from dataclasses import dataclass, field
from typing import Any

from data_prep.settings import Cleaning

EXAMPLES = 5
EXAMPLE_CHARACTERS = 200
# The longer side may exceed the ratio by this many characters: "Go." against "Va-t'en tout de suite !" is
# sound.
RATIO_GRACE = 20

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
    """Tells which normalized training pairs to drop, and why."""

    def __init__(self, settings: Cleaning, source_language: str, target_language: str) -> None:
        self._settings = settings
        self._source = _Script.of(source_language)
        self._target = _Script.of(target_language)

    def why_dropped(self, source: str, target: str) -> str | None:
        """The reason to drop a pair of normalized texts, or None to keep it."""
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
