"""One spelling for every text, and the quotes, dashes and widths that the training text has.

`normalize` is for all text, whatever it is used for.  `CharacterForms` is for what people type: it maps the forms that
the training text does not have to those that it has, decided by counting.
"""

import html
import re
import unicodedata
from collections import Counter
from html.entities import html5

from pydantic import BaseModel, ConfigDict, Field

RESERVED = "".join(map(chr, range(0x10FFF0, 0x10FFF8)))
"""Letters of Unicode's private use that no text may have, so that they can stand for something."""
FIRST_LETTER, LAST_LETTER = "\U0010f000", "\U0010ffef"
"""Letters of Unicode's private use that stand for the items of one line while it is made ready (`placeholders`)."""
RARE = 0.01
"""A form that is rarer than this share of its family in the training text is not one that a network learns."""
MIN_EVIDENCE = 20
"""Characters of a family that the training text must have before they can show which form is usual."""

# Letters and signs that are in NFC whatever stands beside them and that need no other care.  Text made only
# of these and of single spaces, most text in fact, is returned at once.
_PLAIN = (
    "!-%'-~\xa1-\xac\xae-\u024f\u0400-\u0482\u0621-\u064a\u2013\u2014\u2018\u2019\u201c-\u201e\u2026\u20ac"
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


def normalize(text: str) -> str:
    """The one spelling of `text` that is stored, trained on and translated; idempotent.

    Unicode NFC; HTML entities decoded; invisible characters and halves of characters removed; every run of white space
    one plain space, none at the ends.  No-break and thin spaces become plain too: French puts them before ! ? ; : »,
    but corpora mix them with plain ones at random, and a model should not spend its capacity on that.
    """
    if _NORMAL.fullmatch(text):
        return text
    while True:
        text = _tidied(text)
        decoded = decode_entities(text)
        if decoded == text:
            return text
        text = decoded


def _tidied(text: str) -> str:
    text = _INVISIBLE.sub("", text).replace(_SPACE_MARK, "_")
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if "\u200c" in text or "\u200d" in text:
        text = " ".join(unicodedata.normalize("NFC", _STRAY_JOINER.sub("", text)).split())
    return text


# An ampersand that is encoded several times over is decoded in one step.
_ENTITY = re.compile(
    r"&((?:(?i:amp);|#0*38;|#[xX]0*26;)*+)(#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)?"
)


def decode_entities(text: str) -> str:
    """The text with HTML entities such as `&amp;` and `&#39;` as characters; those that do not exist stay."""
    return _ENTITY.sub(_decoded, text) if "&" in text and ";" in text else text


def _decoded(entity: re.Match[str]) -> str:
    name = entity[2] or ""
    return html.unescape(f"&{name}") if name.startswith("#") else html5.get(name, f"&{name}")


APOSTROPHES = "'’‘ʼ′‛"
QUOTES = '"“”„‟«»〝〞'
DASHES = "–—―‒"
ELLIPSES = ("…", "...")
WIDTHS = dict(zip("，？！：；（）", ",?!:;()", strict=True))
_FORMS = re.compile(rf"« |[{APOSTROPHES}{QUOTES}{DASHES}…{''.join(WIDTHS)},?!:;()]|(?<= )-(?= )|\.\.\.")
# Between letters; elsewhere it begins code.
_ACCENT_AS_APOSTROPHE = re.compile(r"(?<=[^\W\d_])[`´](?=[^\W\d_])")
_QUOTE = re.compile(rf" ?»|« ?|[{QUOTES}]")
_HYPHENS = str.maketrans({"\u2010": "-", "\u2011": "-"})
# Compatibility characters that are the same letters in another shape; not those that mean more, such as ² or ½.
_SHAPES = {"<wide>", "<narrow>", "<font>", "<initial>", "<medial>", "<final>", "<isolated>"}


class CharacterForms(BaseModel):
    """Which forms of quotes, apostrophes, dashes, ellipses and widths the text of one language has."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    replace: dict[str, str] = {}
    """Usual form by each rare one, for forms that have no direction."""
    quotes: str | None = Field(default=None, pattern=r"^([^|]|[^|]+\|[^|]+)$")
    """Usual double quotes: one that is the same on both sides, or an opening and a closing one, with the space that
    French puts inside."""
    rare_quotes: str = ""
    """Double quotes that are put into the usual form."""

    def apply(self, text: str, characters: frozenset[str] | None = None) -> str:
        """The text in these forms; of characters that are not among those given, other shapes are made plain."""
        text = _ACCENT_AS_APOSTROPHE.sub("'", text.translate(_HYPHENS))
        if characters is not None and not characters.issuperset(text):
            text = "".join(c if c in characters else _plain_shape(c) for c in text)
        if self.replace:
            text = _FORMS.sub(self._replaced, text)
        if self.quotes is not None and any(quote in text for quote in self.rare_quotes):
            text = _QUOTE.sub(self._quoted, text)
        return text

    def _replaced(self, form: re.Match[str]) -> str:
        usual = self.replace.get(form[0], form[0])
        around = form.string[form.start() - 1 : form.start()] + form.string[form.end() : form.end() + 1]
        if usual == " - " and around.isdecimal():
            return "-"  # a range
        # A comma or a colon between digits is no punctuation.
        return form[0] if usual in WIDTHS and any(c.isascii() and c.isalnum() for c in around) else usual

    def _quoted(self, quote: re.Match[str]) -> str:
        said = quote[0].strip()
        if said not in self.rare_quotes or self.quotes is None:
            return quote[0]
        if len(self.quotes) == 1:
            return self.quotes
        before = quote.string[: quote.start()][-1:]
        opens = said == "«" or (said != "»" and (not before or before in " ([-—–"))
        opening, closing = self.quotes.split("|")
        return opening if opens else closing


def _plain_shape(character: str) -> str:
    tag = unicodedata.decomposition(character).partition(" ")[0]
    same = tag in _SHAPES or (tag == "<compat>" and "\ufb00" <= character <= "\ufb06")
    return unicodedata.normalize("NFKC", character) if same else character


class FormCounter:
    """Counts the forms of characters that a text has."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """Count a text."""
        self._counts.update(_FORMS.findall(text))

    def result(self) -> CharacterForms:
        """The forms, as far as the text has shown them."""
        counts = self._counts
        spaced = counts.pop("« ", 0)
        counts["«"] += spaced
        replace: dict[str, str] = {}
        families = [tuple(APOSTROPHES), (*DASHES, "-"), ELLIPSES, *WIDTHS.items()]
        for family in families:
            total = sum(counts[form] for form in family)
            usual = max(family, key=lambda form: counts[form])
            if total >= MIN_EVIDENCE:
                replace |= {form: usual for form in family if form != usual and counts[form] < RARE * total}
        for form in replace:
            # A hyphen that stands for a dash has spaces around it.
            if form in DASHES and replace[form] == "-":
                replace[form] = " - "
        total = sum(counts[quote] for quote in QUOTES)
        if total < MIN_EVIDENCE:
            return CharacterForms(replace=replace)
        inside = " " if 2 * spaced > counts["«"] else ""
        usual = max(QUOTES, key=lambda quote: counts[quote])
        pairs = {"“”": "“|”", "„“": "„|“", "„”": "„|”", "«»": f"«{inside}|{inside}»"}
        pair = max(pairs, key=lambda pair: (usual in pair, min(counts[quote] for quote in pair)))
        quotes = pairs[pair] if usual in pair and all(counts[quote] >= RARE * total for quote in pair) else usual
        rare = "".join(quote for quote in QUOTES if counts[quote] < RARE * total)
        return CharacterForms(replace=replace, quotes=quotes, rare_quotes=rare)
