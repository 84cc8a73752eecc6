"""Tags, symbols and line breaks that were detached from a source, attached to its translation by attention.

Shapes: T target subwords and the end, S source subwords and the end.

A single one, which stood before source subword p, goes before the target subword g at which this is largest:

    Σ_{t<g} Σ_{s<p} w_ts + Σ_{t≥g} Σ_{s≥p} w_ts

An opening and a closing tag go around the words that look at the words between them.
"""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from data_prep.placeholders import Detached

Weights = npt.NDArray[np.float32]
_TAG = re.compile(r"<(/?)([A-Za-z][\w:-]*)[^<>]*?(/?)>")
_MARK = re.compile(r"[.,;:!?…。！？，)\]»”]")
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def piece_ends(pieces: Sequence[str]) -> list[int]:
    """Where each subword ends in the text of all of them."""
    ends, end = [], 0
    for piece in pieces:
        if byte := _BYTE.fullmatch(piece):
            # The first byte of a character counts for all.
            end += int(byte[1], 16) & 0xC0 != 0x80
        else:
            end += len(piece)
        ends.append(end)
    if pieces and pieces[0].startswith("▁"):
        ends = [end - 1 for end in ends]
    return ends


def attach(
    text: str,
    detached: Sequence[Detached],
    tags: Sequence[str],
    weights_TS: Weights | None,
    source_ends: Sequence[int],
    target_ends: Sequence[int],
) -> str:
    """A translation with what was detached from its source; `tags` are what the letters of `detached` stand for.

    `source_ends` and `target_ends` say where subwords end in both texts.  Without attention all goes where it would
    stand if both texts were equally divided.
    """
    if weights_TS is None or len(weights_TS) != len(target_ends) + 1:
        weights_TS = _diagonal(len(target_ends) + 1, len(source_ends) + 1)
    columns = [int(np.searchsorted(source_ends, one.place, side="right")) for one in detached]
    gaps = [0, *target_ends]
    open_at = [gap for gap, end in enumerate(gaps) if _is_open(text, min(end, len(text)))]
    places: list[int] = []
    partners = _partners(tags)
    latest = 0
    for number, column in enumerate(columns):
        partner = partners.get(number)
        if partner is not None:
            first, last = sorted((column, columns[partner]))
            rows = _rows(weights_TS, first, max(last, first + 1))
            gap = rows[0] if partner > number or first == last else rows[1]
            if partner > number:
                gap = max((one for one in open_at if one <= gap), default=gap)
            else:
                wide = [one for one in open_at if one >= gap] or [gap]
                start = places[partner]
                gap = next((one for one in wide if first == last or _has_word(text, start, gaps[one])), wide[-1])
        else:
            before = np.concatenate([[0.0], np.cumsum(weights_TS[:-1, :column].sum(axis=1))])
            behind = weights_TS[:, column:].sum() - np.concatenate(
                [[0.0], np.cumsum(weights_TS[:-1, column:].sum(axis=1))]
            )
            allowed = [one for one in open_at if one >= latest] or [len(gaps) - 1]
            gap = max(allowed, key=lambda one: before[one] + behind[one])
            latest = gap
        places.append(min(gaps[gap], len(text)))
    _nest(places, partners)
    return _inserted(text, detached, places, partners)


def _nest(places: list[int], partners: dict[int, int]) -> None:
    """Widen pairs of tags, in place, so that each has those inside that it has in the source, and none overlap."""
    pairs = [(first, last) for first, last in partners.items() if first < last]
    around: list[int] = []
    for number in sorted(partners):
        if partners[number] > number:
            around.append(number)
            continue
        first = around.pop()
        if around:
            places[around[-1]] = min(places[around[-1]], places[first])
            outer = partners[around[-1]]
            places[outer] = max(places[outer], places[number])
    open_pairs: list[int] = []
    for first, last in sorted(pairs, key=lambda pair: (places[pair[0]], -places[pair[1]], pair)):
        while open_pairs and places[open_pairs[-1]] <= places[first]:
            open_pairs.pop()
        for other in reversed(open_pairs):
            if places[other] >= places[last]:
                break
            places[other] = places[last]
        open_pairs.append(last)


def _inserted(text: str, detached: Sequence[Detached], places: Sequence[int], partners: dict[int, int]) -> str:
    def place_in_order(number: int) -> tuple[int, ...]:
        # At one place inner tags are closed, then outer ones, then outer ones are opened, then inner ones.
        partner = partners.get(number, number)
        if places[partner] == places[number]:
            return places[number], 1, number
        if partner < number:
            return places[number], 0, -places[partner], -partner
        return places[number], 2, -places[partner], number

    order = sorted(range(len(places)), key=place_in_order)
    out, done = "", 0
    last: int | None = None
    for number in order:
        one, place = detached[number], places[number]
        out += text[done:place]
        rest = text[place:]
        spaced = " " in text[max(place - 1, 0) : place + 1]
        out, done = out.rstrip(" "), place + len(rest) - len(rest.lstrip(" "))
        rest = rest.lstrip(" ")
        if last is not None and places[last] == place:
            turns = partners.get(last, last) < last and partners.get(number, number) > number
            # Quotes of several words that all come to stand at one place are not spread.
            words = detached[last].before.isalnum() and one.behind.isalnum()
            apart = spaced and (turns or (detached[last].behind == one.before == " " and not words))
        else:
            apart = one.before == " " or (spaced and not one.before.isalnum() and not _MARK.match(out[-1:]))
        # A mark stays at its word when a tag is opened before it.
        if partners.get(number, number) > number and not spaced and _MARK.match(rest):
            apart = False
        if out and apart:
            out += " "
        out += one.text
        last = number
        if rest and (one.behind == " " or (spaced and not one.behind.isalnum())) and not _MARK.match(rest):
            out += " "
    return out + text[done:]


def _is_open(text: str, place: int) -> bool:
    """Whether something may stand at a place: not inside of a word, with what is elided before an apostrophe."""
    before, behind = text[place - 1 : place] if place else "", text[place : place + 1]
    if not before or not behind or not all(c.isalnum() or c in "'’" for c in (before, behind)):
        return True
    return not (before.isascii() or "\xc0" <= before <= "\u052f" or before == "’")


def _has_word(text: str, start: int, end: int) -> bool:
    return any(map(str.isalnum, text[start:end]))


def _partners(tags: Sequence[str]) -> dict[int, int]:
    """Which opening and closing tags belong together."""
    partners: dict[int, int] = {}
    waiting: list[tuple[int, list[str]]] = []
    for number, text in enumerate(tags):
        found = _TAG.findall(text)
        if not found or any(empty for _, _, empty in found):
            continue
        names = [name for _, name, _ in found]
        if not any(slash for slash, _, _ in found):
            waiting.append((number, names))
        elif all(slash for slash, _, _ in found):
            for place in range(len(waiting) - 1, -1, -1):
                if waiting[place][1] == names[::-1]:
                    partners |= {number: waiting[place][0], waiting[place][0]: number}
                    del waiting[place:]
                    break
    return partners


def _rows(weights_TS: Weights, first: int, last: int) -> tuple[int, int]:
    """First and last gap of the target subwords that look at the source subwords from `first` to before `last`."""
    share_T = weights_TS[:-1, first:last].sum(axis=1) / np.maximum(weights_TS[:-1].sum(axis=1), 1e-9)
    if not len(share_T):
        return 0, 0
    (rows,) = np.nonzero(share_T >= 0.5)
    if not len(rows):
        rows = np.array([int(share_T.argmax())])
    return int(rows[0]), int(rows[-1]) + 1


def _diagonal(targets: int, sources: int) -> Weights:
    """Attention that reads the source at an even pace."""
    weights_TS = np.zeros((targets, sources), np.float32)
    for target in range(targets):
        weights_TS[target, min(sources - 1, target * sources // targets)] = 1.0
    return weights_TS
