"""Numbers by value: one number in several ways of writing, and the way of the target language.

13,481, 13 481, 13.481 and ١٣٤٨١ are the same number.  `NumberCounter` counts how the target text writes the numbers of
the source text; `NumberFormat.render` writes a number of the source in that way.
"""

import re
import unicodedata
from collections import Counter, defaultdict

from pydantic import BaseModel, ConfigDict, Field

NUMBER = r"(?:\d{1,3}(?: \d{3}){1,6}(?! ?\d)(?:[.,٫]\d+)?|\d+(?:[.,٫٬']\d+)*)"
"""A number without its sign: digits of any script, grouped or not, with or without decimals."""
MIN_EVIDENCE = 10
"""Numbers of one kind that the training text must have before their way of writing is known."""
MIN_SHARE = 0.9
"""Share of them that must be written alike."""

_NUMBER = re.compile(NUMBER)
_SEPARATOR = re.compile(r"\D")
_WHOLE = re.compile(r"\d{1,3}(?:([ .,٬'])\d{3}(?:\1\d{3})*)?|(?!0|٠)\d+")
_GROUPING_ONLY = frozenset(" '٬")


class NumberFormat(BaseModel):
    """How the target text writes numbers; what is None or absent is not known and stays as it was typed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    zero: str | None = Field(default=None, pattern=r"^\d$")
    """The digit zero of the target's script."""
    separators: dict[str, str] = {}
    """Grouping separator, or nothing, by the number of integer digits (`4`, `5` for five and more) and whether the
    source groups them (`+`) or not (`-`): {"5+": " ", "4-": ""}."""
    decimal: str | None = None
    """Decimal separator."""
    source_decimals: str = ""
    """Separators that the source text uses for decimals."""

    def render(self, text: str) -> str:
        """A number of the source in the target's way of writing."""
        return self._digits(_NUMBER.sub(lambda number: self._written(number[0]), text))

    def _written(self, number: str) -> str:
        whole, point, fraction = _parse(number, self.source_decimals)
        if not _WHOLE.fullmatch(whole):
            return number  # a list, a version, an identifier
        digits = _SEPARATOR.sub("", whole)
        if point and self.decimal is not None:
            point = self.decimal
        if len(digits) >= 4:
            size, grouped = ("4" if len(digits) == 4 else "5"), len(digits) < len(whole)
            known = self.separators.get(size + ("+" if grouped else "-"))
            if known is None and size == "5":
                known = self.separators.get("5+" if not grouped else "5-")
            if known is not None:
                first = len(digits) % 3 or 3
                whole = known.join([digits[:first], *(digits[i : i + 3] for i in range(first, len(digits), 3))])
        return whole + point + fraction

    def _digits(self, text: str) -> str:
        if self.zero is None:
            return text
        return "".join(chr(ord(self.zero) + unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def number_key(text: str) -> str:
    """What two ways of writing one number have in common: its digits, as ASCII."""
    return "".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal())


def _parse(number: str, decimals: str) -> tuple[str, str, str]:
    """Integer digits with their separators, decimal separator, decimals."""
    separators = _SEPARATOR.findall(number)
    if not separators or separators[-1] in _GROUPING_ONLY:
        return number, "", ""
    last = separators[-1]
    whole, _, fraction = number.rpartition(last)
    if separators.count(last) > 1 or not fraction:
        return number, "", ""
    could_group = len(fraction) == 3 and len(re.split(r"\D", whole)[0]) <= 3 and whole.lstrip("0")
    if could_group and len(separators) == 1 and last not in decimals:
        return number, "", ""
    return whole, last, fraction


class NumberCounter:
    """Counts how the target text writes the numbers that it shares with the source text."""

    def __init__(self) -> None:
        self._zeros: Counter[str] = Counter()
        self._separators: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._decimals: Counter[str] = Counter()
        self._source_decimals: Counter[str] = Counter()

    def add(self, source: str, target: str) -> None:
        """Count a number as the source and the target have it."""
        first = next(c for c in target if c.isdecimal())
        self._zeros[chr(ord(first) - unicodedata.decimal(first))] += 1
        ours, theirs = (_SEPARATOR.findall(text) for text in (source, target))
        digits = len(number_key(source))
        ends = [len(_SEPARATOR.split(text)[-1]) for text in (source, target)]
        if ours and theirs and len(ours) == len(theirs) == 1 and ends[0] == ends[1] != 3:
            self._decimals[theirs[0]] += 1
            self._source_decimals[ours[0]] += 1
        elif digits >= 4 and all(
            not found or (len(set(found)) == 1 and end == 3) for found, end in zip((ours, theirs), ends, strict=True)
        ):
            size = ("4" if digits == 4 else "5") + ("+" if ours else "-")
            self._separators[size][theirs[0] if theirs else ""] += 1

    def result(self) -> NumberFormat:
        """The format, as far as the text has shown it."""
        separators = {size: _usual(counts) for size, counts in sorted(self._separators.items())}
        return NumberFormat(
            zero=_usual(self._zeros),
            separators={size: separator for size, separator in separators.items() if separator is not None},
            decimal=_usual(self._decimals),
            source_decimals="".join(sorted(c for c, n in self._source_decimals.items() if n >= MIN_EVIDENCE)),
        )


def _usual(counts: Counter[str]) -> str | None:
    """What is nearly always written, if there is enough to tell."""
    form = max(counts, key=lambda one: (counts[one], one), default=None)
    enough = form is not None and counts.total() >= MIN_EVIDENCE and counts[form] >= MIN_SHARE * counts.total()
    return form if enough else None
