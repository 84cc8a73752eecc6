"""Lines in another style or with other characters: BLEU of a split whose sources are typed otherwise.

    python -m tests.benchmarks.truecasing RUN CORPUS [SENTENCES]

First the validation split without capitals and final marks, with truecasing (`data_prep.truecasing`) and without; both
sides are scored without them, so that all figures compare.  Then sentences of the test split that have a quote or an
apostrophe, with other forms of characters.  Greedy search.
"""

import html
import re
import sys
from collections.abc import Callable
from pathlib import Path

import sacrebleu

from data_prep.corpus import Corpus
from seq2seq.translator import Translator


def unmarked(text: str) -> str:
    """Without the marks at its end."""
    return re.sub(r"\W+$", "", text) or text


def small(text: str) -> str:
    """With a small letter at its beginning."""
    return text[:1].lower() + text[1:]


WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "no mark": unmarked,
    "begun small": small,
    "begun small, no mark": lambda text: small(unmarked(text)),
    "all small, no mark": lambda text: unmarked(text).lower(),
    "in capitals": str.upper,
}

CHARACTERS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "curly quotes": lambda text: re.sub(r'(^|[ (])"', r"\1“", text.replace("'", "’")).replace('"', "”"),
    "guillemets": lambda text: re.sub('"([^"]*)"', "« \\1 »", text),
    "accents for apostrophes": lambda text: text.replace("'", "´"),
    "entities": lambda text: html.escape(text, quote=True),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "soft hyphens": lambda text: re.sub(r"(\w{3})(\w{2})", "\\1\u00ad\\2", text),
}
QUOTED = 300
"""Sentences with a quote or an apostrophe that are translated."""


def main(run: Path, folder: Path, sentences: int = 500) -> None:
    """Print a table."""
    translator = Translator.load(run)
    if not (truecaser := translator.pipeline.truecaser):
        sys.exit(f"{run}: has no counts of how its training text is written")
    sources, targets = (side[:sentences] for side in Corpus(folder).split("validation").texts())
    references = [[unmarked(target) for target in targets]]
    print(f"{'typed':<22}{'as typed':>10}{'truecased':>11}")
    for way, change in WAYS.items():
        scores = []
        for translator.pipeline.truecaser in (None, truecaser):
            found = translator.translate([change(source) for source in sources], beam=1)
            scores.append(sacrebleu.corpus_bleu(list(map(unmarked, found)), references, lowercase=True).score)
        print(f"{way:<22}{scores[0]:>10.1f}{scores[1]:>11.1f}", flush=True)
    pairs = zip(*Corpus(folder).split("test").texts(), strict=True)
    quoted = [pair for pair in pairs if set("'\"") & set(pair[0])][:QUOTED]
    for form, change in CHARACTERS.items() if quoted else ():
        found = translator.translate([change(source) for source, _ in quoted], beam=1)
        print(f"{form:<24}{sacrebleu.corpus_bleu(found, [[target for _, target in quoted]]).score:>8.1f}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:4]))
