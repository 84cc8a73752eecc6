"""What a translation may copy: the kinds of items, where a text has them, and which kinds the training text copies."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from data_prep.numbers import NUMBER, NumberCounter, NumberFormat, number_key

COPIED_SHARE = 0.3
"""Share of a kind's items that the target must have for the kind to be copied."""
MIN_EVIDENCE = 10
"""Items of a kind that the training text must have before it can show that the kind is not copied."""

# Letters of scripts that put spaces between words: glued to digits they make a code or a unit.  A digit beside any
# other letter, such as a Chinese one, is a number of its own.
_L = "A-Za-z\xaa\xb5\xba\xc0-\xd6\xd8-\xf6\xf8-\u02af\u0370-\u03ff\u0400-\u052f"
_CURRENCY = "$€£¥₹₽₩₺₪฿₫₴₦"
_CODES = "(?:USD|EUR|GBP|JPY|CHF|CAD|AUD|CNY|INR)"
_FRACTION = "¼-¾⅐-⅞↉"
# Each pattern begins where nothing like it goes before, so that a long word is not read again from each of its letters.
_BEGIN = rf"(?:(?<=\\[nrt])|(?<![{_L}\d_])(?<!\d[.,:/٫٬']))"
_END = rf"(?![{_L}\d_])"
_SIGN = r"(?:(?<![\w.,)\]%-])[-+−±])?"
_KINDS = {
    "code_span": r"(?<!\w)`[^`]+`(?!\w)",
    "address": r"(?:(?<![a-zA-Z0-9+.-])[a-zA-Z][a-zA-Z0-9+.-]*://|(?<![\w.-])www\.)[^\s<>\"«»“”]*[^\s<>\"«»“”.,;:!?'’)\]…]"
    r"|(?<!\w)[A-Za-z]:\\(?:[^\s\"<>|«»“”]*[^\s\"<>|«»“”.,;:!?'’)\]…])?",
    "email": r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "handle": r"(?<!\w)[@#]\w+",
    "tag": r"</?[A-Za-z][\w:-]*(?:\s+[\w:@-]+(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>=]+))?)*\s*/?>"
    r"|<!--[^<>]{0,200}-->",
    "template": r"\{\{[^{}]{1,100}\}\}|[$#%]?\{[^{}\s]{0,100}\}|(?<!\w)\$[A-Z_][A-Z0-9_]*(?![a-z])"
    rf"|(?<![\d%])%(?:\d+\$|\(\w+\))?[-+#0]*\d*(?:\.\d+)?(?:hh?|ll?|z)?[sdifuxXeEgGcopqrvT@](?![{_L}\d])",
    "escape": r"\\[nrt]",
    "date": rf"{_BEGIN}\d{{1,4}}(?P<separator>[-/.])\d{{1,2}}(?P=separator)\d{{1,4}}{_END}(?!(?P=separator)\d)",
    "time": rf"{_BEGIN}\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:[aApP](?:[mM]|\.[mM]\.))?{_END}(?!:\d)",
    "amount": rf"{_SIGN}(?:(?<![{_L}])[A-Z]{{1,3}})?[{_CURRENCY}] ?[-−+]?{NUMBER}(?:[kKmM]|[bm]n)?{_END}"
    rf"|{_BEGIN}{_SIGN}{NUMBER} ?(?:[{_CURRENCY}]|{_CODES}{_END})|{_BEGIN}{_CODES} ?{NUMBER}{_END}",
    "phone": rf"{_BEGIN}(?!\d{{1,3}}(?:[ .]\d{{3}}){{1,6}}(?![ .-]?\d))(?:\+\d{{6,15}}"
    r"|\+\d{1,4}(?:[ .-]?\(?\d{1,5}\)?){2,8}"
    r"|(?:\(\d{1,5}\) ?\d{2,5}|\d{2,5}[ .-]\d{2,5})(?:[ .-]\d{2,5}){1,8}"
    rf")(?<=\d){_END}(?![ -]\d)",
    "fraction": rf"{_SIGN}(?:[{_FRACTION}]|{_BEGIN}\d+(?: ?[{_FRACTION}]|[/⁄]\d+{_END}(?![/⁄]\d)))",
    "series": rf"{_BEGIN}(?=\d+(?:[.,]\d+)*[:/×-]\d)\d+(?:[.,:/×-]\d+)+{_END}",
    "unit": rf"{_BEGIN}{_SIGN}\d+(?:[.,]\d+)*[{_L}°][{_L}\d°²³/]*(?!\w)",
    "code": rf"{_BEGIN}(?:[A-Z][{_L}]*-?|[{_L}]{{1,2}}-|[{_L}]+)\d[{_L}\d]*(?:\.\d+)*(?:-[{_L}\d]+)*(?!\w)",
    "number": rf"{_BEGIN}{_SIGN}{NUMBER}(?![{_L}_])",
}
"""Patterns by kind; the first that matches counts."""
_COPYABLE = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()))
_HINT = re.compile(r"[\d`@#<{%$\\¼-¾⅐-⅞↉]|://|www\.")
"""Without any of these a text has no item of these kinds."""
DIGITS = frozenset({"date", "time", "amount", "phone", "fraction", "series", "number"})
"""Kinds whose digits the target may write in another form."""
DETACHED = frozenset({"tag", "escape", "symbol"})
"""Kinds that are no part of a sentence."""
VERBATIM = frozenset({"code_span", "address", "email", "handle", "tag", "template", "escape"})
"""Kinds whose letters mean something to a machine."""
_NUMBER = re.compile(rf"(?:(?<=\\[nrt])|(?<![{_L}\d.,])){_SIGN}{NUMBER}(?![{_L}_])")
_GLUE = re.compile(r"[/:=_.+%&-]?")
"""What may stand between two items that are one."""
# Combining marks and joiners, which are parts of words.
_M = "\u200c\u200d" + "".join(
    c for c in map(chr, (*range(0x300, 0x3100), *range(0xA600, 0xAC00))) if unicodedata.category(c)[0] == "M"
)
_WORD = rf"[^\W_]+(?:[{_M}]+[^\W_]*)*"
_WORDS_AND_SYMBOLS = re.compile(rf"{_WORD}(?:['-]{_WORD})*|[^\w\s]+|_+")


class Item(NamedTuple):
    """A part of a text that may be copied."""

    start: int
    end: int
    kind: str


def find_items(text: str) -> list[Item]:
    """The items of a text that are no names, in order, whatever the training text copies."""
    if not _HINT.search(text):
        return []
    # The group of a date's separator is closed before that of the date, so the last group is the kind.
    return [Item(*match.span(), str(match.lastgroup)) for match in _COPYABLE.finditer(text)]


def find_numbers(text: str) -> Iterator[Item]:
    """The numbers of a text, those inside of dates, amounts and the like too."""
    for match in _NUMBER.finditer(text):
        yield Item(*match.span(), "number")


def find_unknown(text: str, characters: frozenset[str], start: int = 0, end: int | None = None) -> Iterator[Item]:
    """Words and symbols with characters other than those given, from `start` to `end`."""
    for run in _WORDS_AND_SYMBOLS.finditer(text, start, len(text) if end is None else end):
        if characters.issuperset(run[0]):
            continue
        if run[0][0].isalnum():
            yield Item(*run.span(), "foreign")
            continue
        first = None
        for place, character in enumerate(run[0] + " "):
            unknown = place < len(run[0]) and character not in characters
            if unknown and first is None:
                first = place
            elif not unknown and first is not None:
                yield Item(run.start() + first, run.start() + place, "symbol")
                first = None


def merge(items: list[Item], more: Iterable[Item]) -> list[Item]:
    """Items with those of `more` that overlap none of them; all in order, as both are given."""
    if not items:
        return list(more)
    free: list[Item] = []
    others = iter(items)
    other = next(others, None)
    for item in more:
        while other and other.end <= item.start:
            other = next(others, None)
        if not other or item.end <= other.start:
            free.append(item)
    return sorted([*items, *free])


def unite(text: str, items: list[Item]) -> list[Item]:
    """Items, with those that are glued together as one; names stay by themselves."""
    united: list[Item] = []
    for item in items:
        if united and {item.kind, united[-1].kind}.isdisjoint({"name", "foreign"}):
            last, between = united[-1], text[united[-1].end : item.start]
            kinds = {last.kind, item.kind}
            inside = kinds - DETACHED
            # A tag around a number is a part of it, as is its unit; another symbol beside it is not.
            whole = "tag" in kinds or not inside or kinds == inside or _is_unit(text[item.start : item.end])
            # Numbers of a date, say, that as a whole is not copied, are no whole.
            marked = kinds == inside and _GLUE.fullmatch(between) and (kinds != {"number"} or between not in "/:.-")
            if (whole and not between) or marked:
                united[-1] = Item(last.start, item.end, "compound" if inside else item.kind)
                continue
        united.append(item)
    return united


def _is_unit(symbol: str) -> bool:
    return symbol in ("%", "‰", "°") or unicodedata.category(symbol[0]) == "Sc"


def is_listed(text: str, first: Item, second: Item) -> bool:
    """Whether two items are neighbors in a list, with nothing but a comma or another mark between them."""
    return first.kind == second.kind and not re.search(r"[\w.!?]", text[first.end : second.start])


def evidence_key(kind: str, text: str) -> str:
    """A kind, or for units one unit: "21st" is written otherwise in other languages, and "5kg" is not."""
    return kind if kind != "unit" else "unit " + re.sub(r"^[\d.,+−±-]+", "", text).lower()


class EvidenceCounter:
    """Counts how often the target has the items of the source, by kind, and how it writes numbers."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._copied: Counter[str] = Counter()
        self._numbers = NumberCounter()

    def add(self, source: str, target: str) -> None:
        """Count a pair."""
        numbers: dict[str, str] | None = None
        for item in find_items(source):
            said = source[item.start : item.end]
            if item.kind in DIGITS:
                if numbers is None:
                    numbers = {number_key(one): one for one in re.findall(NUMBER, target)}
                if not numbers:
                    return  # numbers in words show nothing
                ours = re.findall(NUMBER, said)
                same = all(number_key(one) in numbers for one in ours)
                if item.kind == "number" and same:
                    self._numbers.add(ours[0], numbers[number_key(ours[0])])
            else:
                same = said in target
            key = evidence_key(item.kind, said)
            self._seen[key] += 1
            self._copied[key] += same

    def result(self) -> tuple[dict[str, bool], NumberFormat]:
        """Whether each kind is copied, so far as the text shows it, and how numbers are written."""
        copied = {
            key: self._copied[key] >= COPIED_SHARE * seen
            for key, seen in sorted(self._seen.items())
            if seen >= MIN_EVIDENCE
        }
        return copied, self._numbers.result()
