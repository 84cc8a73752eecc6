"""Odd lines to translate: what users type that no training corpus has."""

import random
import string
from collections.abc import Callable, Sequence

from data_prep.normalization import normalize
from seq2seq.text_pipeline import MAX_SOURCE_TOKENS
from seq2seq.translator import FREE, Translator

WORDS = (
    "the",
    "cat",
    "sees",
    "a",
    "house",
    "and",
    "my",
    "friend",
    "likes",
    "tea",
    "in",
    "Paris",
    "nobody",
    "knows",
    "cold",
)
TYPED = {
    "a word 200 times": lambda draw: " ".join([draw.choice(WORDS)] * 200),
    "a word 20 times": lambda draw: " ".join([draw.choice(WORDS)] * 20),
    "digits": lambda draw: "".join(draw.choices(string.digits, k=draw.randint(1, 300))),
    "numbers": lambda draw: " ".join(str(draw.randrange(10**6)) for _ in range(draw.randint(1, 40))),
    "addresses": lambda draw: " ".join(f"https://{word(draw)}.org/{word(draw)}?{word(draw)}=1" for _ in range(5)),
    "e-mail": lambda draw: f"{word(draw)}@{word(draw)}.com, {word(draw)}.{word(draw)}@{word(draw)}.co.uk",
    "emoji": lambda draw: "".join(draw.choices("🙂🎉👩👧❤🏳🌈🇫🇷\u200d\ufe0f", k=draw.randint(1, 60))),
    "Russian": lambda draw: "".join(draw.choices("абвгдежзиклмнопрстуфхцчшщыэюя ", k=draw.randint(1, 120))),
    "Chinese": lambda draw: "".join(chr(draw.randint(0x4E00, 0x9FFF)) for _ in range(draw.randint(1, 120))),
    "Arabic": lambda draw: "".join(draw.choices("ابتثجحخدذرزسشصضطظعغفقكلمنهوي ", k=draw.randint(1, 120))),
    "code": lambda draw: f"for (i = 0; i < {draw.randrange(99)}; ++i) {{ {word(draw)}[i] += {word(draw)}; }}",
    "markup": lambda draw: f'<p class="{word(draw)}">{sentence(draw)}</p><!-- {word(draw)} --> &amp; {{{{x}}}}',
    "capitals": lambda draw: sentence(draw).upper(),
    "no spaces": lambda draw: sentence(draw).replace(" ", "") * draw.randint(1, 5),
    "random letters": lambda draw: "".join(draw.choices(string.ascii_letters, k=draw.randint(1, 400))),
    "punctuation": lambda draw: "".join(draw.choices(string.punctuation + "…«»“”¿¡", k=draw.randint(1, 200))),
    "one letter": lambda draw: draw.choice(string.ascii_letters + "éñß你й"),
    "many sentences": lambda draw: " ".join(sentence(draw) + "." for _ in range(40)),
    "a long sentence": lambda draw: " and ".join(sentence(draw) for _ in range(40)),
    "combining marks": lambda draw: "".join(c + "\u0301" * draw.randint(0, 9) for c in sentence(draw)),
    "any characters": lambda draw: "".join(chr(draw.randrange(0x110000)) for _ in range(draw.randint(1, 60))),
    "reserved characters": lambda draw: "\U0010fff0\U0010fff1 \u2581 <unk> <s> </s> <pad> <0x0A> " + sentence(draw),
    "repeated letters": lambda draw: draw.choice(string.ascii_letters) * draw.randint(1, 500),
    "tabs and quotes": lambda draw: "\t".join(f'"{word(draw)}"' for _ in range(20)),
    "spaces": lambda draw: (" " * draw.randint(1, 50)).join(draw.choices(WORDS, k=10)),
}  # fmt: skip


def word(draw: random.Random) -> str:
    return draw.choice(WORDS)


def sentence(draw: random.Random) -> str:
    return " ".join(draw.choices(WORDS, k=draw.randint(3, 15)))


def odd_lines(count: int, seed: int) -> list[str]:
    """So many lines, of all kinds by turns; none is blank, for blank ones have blank answers."""
    draw = random.Random(seed)
    kinds: Sequence[Callable[[random.Random], str]] = list(TYPED.values())
    lines: list[str] = []
    while len(lines) < count:
        line = kinds[len(lines) % len(kinds)](draw)
        if normalize(line):
            lines.append(line)
    return lines


def most_subwords(translator: Translator, line: str) -> int:
    """Subwords that the answer to a line may have: four times those of the line, and some for each piece of it.

    The search gives a piece, of MAX_SOURCE_TOKENS subwords at most, `max_ratio` for each and for its end, and FREE.
    The answer, cut anew, may have more than the search had written, hence the 2.  Of two pieces side by side one has a
    quarter of MAX_SOURCE_TOKENS, at least.
    """
    ids = len(translator.subwords.encode_source([normalize(line)])[0])
    pieces = 1 + 4 * ids // MAX_SOURCE_TOKENS
    return 2 * (int((ids + 2 * pieces) * translator.decoding.max_ratio) + FREE * pieces)


def faults(translator: Translator, lines: Sequence[str], answers: Sequence[str]) -> list[str]:
    """What is wrong with answers: their number, or one that is empty, not one line, too long, or a loop."""
    if len(answers) != len(lines):
        return [f"{len(answers)} answers for {len(lines)} lines"]
    found = []
    for line, answer in zip(lines, answers, strict=True):
        if not answer:
            found.append(f"empty: {line!r:.200}")
        if len(answer.splitlines()) > 1:
            found.append(f"not one line: {line!r:.200} → {answer!r:.200}")
        if loops(line, answer):
            found.append(f"a loop: {line!r:.200} → {answer!r:.200}")
        # A byte that is no letter's shows as one sign, of three bytes.
        shown = answer.replace("\ufffd", " ")
        if len(translator.subwords.encode_target([shown])[0]) > most_subwords(translator, line):
            found.append(f"too long: {line!r:.200} → {answer!r:.200}")
    return found


def loops(line: str, answer: str, times: int = 8) -> bool:
    """Whether an answer says something of up to four words over and over, that the line does not."""
    return _most_repeated(answer) >= times > _most_repeated(line)


def _most_repeated(text: str) -> int:
    """How often one to four words follow themselves at once."""
    words, most = text.split(), 1
    for size in range(1, 5):
        for first in range(size):
            times = 1
            for place in range(first, len(words) - 2 * size + 1, size):
                times = times + 1 if words[place : place + size] == words[place + size : place + 2 * size] else 1
                most = max(most, times)
    return most
