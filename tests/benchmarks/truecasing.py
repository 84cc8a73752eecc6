"""Lines in another style: BLEU of a validation split whose sources lose their capitals and final marks.

    python -m tests.benchmarks.truecasing RUN CORPUS [SENTENCES]

With truecasing (`data_prep.truecasing`) and without.  Both sides are scored without capitals and final marks, so that
all figures compare.  Greedy search.
"""

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


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:4]))
