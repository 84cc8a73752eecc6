"""Whether a text quotes only what was measured."""

import re
from collections.abc import Iterator
from typing import Any

NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?")
UNQUOTED = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)|\([A-Z][^()]*\d{4}\)", re.DOTALL)
"""What is not prose: code, equations, the addresses of links and papers with their years."""


def numbers(found: Any) -> Iterator[float]:
    """All numbers of a JSON value, those in its keys and texts too, and the lengths of its lists."""
    if isinstance(found, bool) or found is None:
        return
    if isinstance(found, int | float):
        yield found
    elif isinstance(found, str):
        yield from (float(number.replace(",", "")) for number in NUMBER.findall(found))
    elif isinstance(found, dict):
        for key, value in found.items():
            yield from numbers(key)
            yield from numbers(value)
    else:
        yield len(found)
        for value in found:
            yield from numbers(value)


def unfounded(text: str, results: Any) -> list[str]:
    """Numbers of a Markdown text that are not among the results, as they are or rounded to what is shown, or as %."""
    known = list(numbers(results))
    missing = []
    for quoted in NUMBER.findall(UNQUOTED.sub(" ", text)):
        shown = float(quoted.rstrip(",").replace(",", ""))
        digits = len(quoted.partition(".")[2].partition("e")[0])
        power = float("1" + quoted[quoted.index("e") :]) if "e" in quoted else 1.0
        near = 0.5001 * 10**-digits * power
        if not any(abs(value * scale - shown) <= near for value in known for scale in (1, 100)):
            missing.append(quoted)
    return missing
