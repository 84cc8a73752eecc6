r"""Sentences with one to six items to copy, by kind: how many translations have all items whole, once and in order.

    python -m tests.benchmarks.placeholders RUN CORPUS [SENTENCES]

1,000 sentences a kind, or SENTENCES: English frames from this file, and sentences of the test split of CORPUS.  Items
come from a generator that shares no pattern with the package, and the judge shares none either.  Each kind is
translated with beams of 1 and 5; up to three failures of each are shown.

Numbers are judged by value, because the target language may write them otherwise.  Tags must be balanced; a literal
\n must stand between two texts.  All other items must stand in the translation as they are.
"""

import random
import re
import string
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from data_prep.corpus import Corpus
from seq2seq.translator import Translator
from tests.benchmarks.items import MAKERS, SYMBOLS, Draw, word

SENTENCES = 1000
MOST_ITEMS = 6
BEAMS = (1, 5)
FAILURES = 3
NUMBER_WORDS = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundred|thousand|million|"
    r"half|noon|midnight|o'clock|first|second|third)\b",
    re.IGNORECASE,
)
"""Words that a translation may write in digits."""

# In a frame, _ is one item and * is all that are left, in a list.
FRAMES = {
    "number": "Read pages *.|The answers are *.|We need _ chairs and _ lamps.|There are _ people in room _.|"
    "Question _ is harder than question _.|He wrote * on the wall.|I bought _ apples.|Did you say _ or _?",
    "amount": "This book costs _.|They paid _ for the car and _ for the house.|The prices are *.|I owe you _.|"
    "Can you lend me _?|The rent is _ now, but it was _ before.",
    "phone": "Call me at _.|My number is _, and hers is _.|You can reach us at *.|Is _ your number?",
    "date": "She was born on _.|The shop is closed on *.|We can meet on _ or on _.|The letter of _ came on _.",
    "time": "The train leaves at _ and arrives at _.|Wake me up at _.|There are buses at *.|It is _ now.",
    "code": "Flight _ is late.|The road is _ long.|Take parts *.|Send _ instead of _.|Is _ enough?",
    "span": "Run _ first.|You can use _ or _.|The commands * do not work.|What does _ do?",
    "address": "See _ for more.|Write to _ or look at _.|The links * are broken.|Did you read _?",
    "handle": "Follow _.|Thanks to *.|Have you seen what _ wrote to _?",
    "template": "Hello _, how are you?|You have _ new messages.|Set _ first, then _.|The fields * are empty.",
    "name": "_ lives here.|_ is a doctor.|I saw _ with _ yesterday.|I know *.|Mr. _ and Mrs. _ are married.|"
    "Did _ call _?|* were late.|My sister thinks that _ is nice.",
    "symbol": "I love you _.|I love you _|Tom _ Mary|_ Read this first.|Hello _ how are you?|He drew *.|We won! _ _",
}
AROUND = ("_: §", "§ (_)", "§ See _.", "§ (*)", "_, _: §")
"""Where items stand beside a sentence of the test split, which is §."""
PLAIN = (
    "the old man lives near the river|my brother bought a new car|she does not like cold milk|we are going to the "
    "beach tomorrow|my sister is learning to swim|the children are playing in the garden|he opened the door and left"
)


class Case(NamedTuple):
    """A sentence and the items that its translation must have."""

    text: str
    items: list[str]


def shared_words(sources: Sequence[str], targets: Sequence[str]) -> dict[str, list[str]]:
    """Sentences with _ where a number, or a name inside, stood once on both sides."""
    found: dict[str, list[str]] = {"number": [], "name": []}
    for source, target in zip(sources, targets, strict=True):
        for kind, pattern in (("number", r"(?<= )\d+(?=[ .?!])"), ("name", r"(?<= )[A-Z][a-z]+(?=[ .?!])")):
            words = re.findall(pattern, source)
            if (
                words
                and all(source.count(one) == target.count(one) == 1 for one in words)
                and not re.search("[_*§]", source)
            ):
                found[kind].append(re.sub(pattern, "_", source))
    return found


def listed(items: Sequence[str], draw: Draw) -> str:
    """Items as a list: a, b and c."""
    return ", ".join(items[:-1]) + draw.choice([" and ", " or ", ", "]) * (len(items) > 1) + items[-1]


def framed(draw: Draw, items: Sequence[str], frames: Sequence[str], plain: Sequence[str]) -> Case:
    """Items in as many frames as hold them all, each a sentence."""
    left, said = list(items), []
    while left:
        frame = draw.choice(frames)
        size = frame.count("_") + frame.count("*")
        if size > len(left):
            continue
        text = ""
        for part in re.split(r"([_*§])", frame):
            taken = {"_": 1, "*": draw.randint(1, max(1, len(left)))}.get(part, 0)
            text += draw.choice(plain) if part == "§" else listed(left[:taken], draw) if taken else part
            left = left[taken:]
        said.append(text)
    return Case(" ".join(said), list(items))


def broken(draw: Draw, count: int, plain: Sequence[str]) -> Case:
    """Sentences with a literal line break between them."""
    parts = draw.choices(plain, k=count + 1)
    gap = draw.choice(["", " "])
    return Case(f"{gap}\\n{gap}".join(parts), ["\\n"] * count)


def tagged(draw: Draw, count: int) -> Case:
    """A sentence with words between tags, and with single tags."""
    sentences = draw.sample(PLAIN.split("|"), k=1 + count // 3)
    words = [f"{one.capitalize()}." for one in sentences]
    pieces = " ".join(words).split(" ")
    items: list[str] = []
    for place in sorted(draw.sample(range(len(pieces)), k=count), reverse=True):
        tag = draw.choice(["b", "i", "em", "strong", "a", "span"])
        attribute = {"a": f' href="https://{word(draw)}.org"', "span": f" class='{word(draw)}'"}.get(tag, "")
        bare = pieces[place].rstrip(".")
        if draw.random() < 0.3:
            single = draw.choice(["<br>", "<br/>", f'<img src="{word(draw)}.png">', "<hr />"])
            pieces[place], added = f"{single} {pieces[place]}", [single]
        else:
            added = [f"<{tag}{attribute}>", f"</{tag}>"]
            pieces[place] = f"{added[0]}{bare}{added[1]}{pieces[place][len(bare) :]}"
        items[:0] = added
    return Case(" ".join(pieces), items)


def values(text: str) -> list[str]:
    """The numbers of a text by value, with their signs: 13,481 and 13 481 are the same."""
    number = r"(?:(?<![\w.,])[-+−])?(?:\d{1,3}(?:([ \u202f\xa0.,'٬])\d{3})(?:\1\d{3})*(?!\d)|\d+)(?:[.,٫]\d+)?"
    found = []
    for match in re.finditer(number, text):
        whole, decimals = match[0], ""
        if end := re.search(r"[.,٫](\d{1,2}|\d{4,})$", whole):
            whole, decimals = whole[: end.start()], end[1]
        figures = ["".join(str(unicodedata.decimal(c)) for c in part if c.isdecimal()) for part in (whole, decimals)]
        found.append(
            whole[0].replace("−", "-").strip(string.digits) * (not whole[0].isdecimal())
            + ".".join(filter(None, figures))
        )
    return found


def is_whole(answer: str, items: Sequence[str], by_value: bool = False) -> bool:
    """Whether a translation has the items once each and in order."""
    if by_value:
        wanted = [values(item)[0] for item in items]
        return [value for value in values(answer) if value in wanted] == wanted
    edged = [
        r"(?<!\w)" * item[0].isalnum() + re.escape(item) + r"(?!\w)" * item[-1].isalnum()
        for item in sorted(set(items), key=len, reverse=True)
    ]
    return re.findall("|".join(edged), answer) == list(items)


def is_balanced(answer: str, items: Sequence[str]) -> bool:
    """Whether a translation has the tags, each pair around something, and single ones in order."""
    tags = re.findall(r"<[^<>]*>", answer)
    singles = [[tag for tag in found if re.match("<(?:br|img|hr)", tag)] for found in (tags, items)]
    open_tags: list[str] = []
    for tag in tags:
        if tag.startswith("</"):
            if not open_tags or open_tags.pop() != tag[2:-1]:
                return False
        elif not re.match("<(?:br|img|hr)", tag):
            open_tags.append(re.split("[ >]", tag[1:])[0])
    empty = re.search(r"<(\w+)[^<>]*>\s*</\1>", answer)
    return sorted(tags) == sorted(items) and singles[0] == singles[1] and not open_tags and not empty


def is_broken(answer: str, items: Sequence[str]) -> bool:
    """Whether a translation has its line breaks between texts."""
    parts = answer.split("\\n")
    return len(parts) == len(items) + 1 and all(any(map(str.isalpha, part)) for part in parts)


def cases(
    kind: str, count: int, sources: Sequence[str], targets: Sequence[str], unknown: Sequence[str] = SYMBOLS
) -> list[Case]:
    """Sentences of a kind, the same each time; `unknown` are the symbols to use."""
    draw = random.Random(f"{kind} 1")
    short = [
        one for one in sources if len(one) < 60 and not re.search(r"[\d_*§]", one) and not NUMBER_WORDS.search(one)
    ]
    plain = [
        *(one for one in short if one[-1:] in (".", "?", "!")),
        *(f"{one[0].upper()}{one[1:]}." for one in PLAIN.split("|")),
    ]
    make, frame_kind = MAKERS.get(kind, (lambda draw: draw.choice(unknown), "symbol"))
    frames = [*FRAMES[frame_kind].split("|"), *AROUND]
    frames += (
        draw.sample(slots, k=min(10, len(slots))) if (slots := shared_words(sources, targets).get(frame_kind)) else []
    )
    found = []
    for _ in range(count):
        size = draw.randint(1, MOST_ITEMS)
        if kind == "escapes":
            found.append(broken(draw, size, plain))
        elif kind == "tags":
            found.append(tagged(draw, size))
        else:
            found.append(framed(draw, [make(draw) for _ in range(size)], frames, plain))
    return found


JUDGES: dict[str, Callable[[str, Sequence[str]], bool]] = {
    "numbers": lambda answer, items: is_whole(answer, items, by_value=True),
    "tags": is_balanced,
    "escapes": is_broken,
}
ALL_KINDS = (*MAKERS, "escapes", "tags", "symbols")


def main(run: Path, folder: Path, count: int = SENTENCES) -> None:
    """Print the shares."""
    corpus, translator = Corpus(folder), Translator.load(run)
    sources, targets = corpus.split("test").texts()
    unknown = [symbol for symbol in SYMBOLS if corpus.subwords.characters.isdisjoint(symbol)]
    for kind in ALL_KINDS:
        made = cases(kind, count, sources, targets, unknown)
        judge = JUDGES.get(kind, is_whole)
        for beam in BEAMS:
            answers = translator.translate([case.text for case in made], beam=beam)
            failed = [
                (case, answer) for case, answer in zip(made, answers, strict=True) if not judge(answer, case.items)
            ]
            print(f"{kind}, beam {beam}: {1 - len(failed) / count:.1%} of {count}", flush=True)
            for case, answer in failed[:FAILURES]:
                print(f"    {case.text}\n  → {answer}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:4]))
