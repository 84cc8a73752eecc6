"""The network that knows the language of an input: how it is made, and how often its check is wrong.

    python -m tests.benchmarks.language train [CORPORA]     writes seq2seq/language.safetensors and language.json
    python -m tests.benchmarks.language measure [CORPORA]   prints the tables below

CORPORA is the folder with tatoeba-en-fr, tatoeba-en-ar and multi30k-en-fr, ../shared/corpora unless given.  It is
trained on the training splits of the two Tatoeba corpora and of the built-in one; multi30k it has never seen.  The
threshold was chosen on the validation splits.

Measured, on the test splits: how many of 1,000 inputs of 1, 3 and 10 sentences are warned about, of the language
that the run asks for (false warnings) and of another (detected).
"""

import json
import random
import sys
from collections import Counter

import torch
from safetensors.torch import save_file

from data_prep.files import file_digest, write_text
from seq2seq.config import Training
from seq2seq.language import LANGUAGES, WEIGHTS, judge, weigh
from seq2seq.lesson.many_to_one import learn, sides

NOTE = WEIGHTS.with_suffix(".json")
CORPORA = "../shared/corpora"
TRAINING = Training(steps=3000, learning_rate=2e-2, warmup_steps=50, seed=1)
PHRASEBOOK = "phrasebook:20000"
INPUTS = 1000
SENTENCES = (1, 3, 10)


def texts_of(folder: str, split: str) -> dict[tuple[str, str], list[str]]:
    """(Corpus, language) → the sentences of a split."""
    corpora = {
        "tatoeba en-fr": (f"{folder}/tatoeba-en-fr", ("en", "fr")),
        "tatoeba en-ar": (f"{folder}/tatoeba-en-ar", ("en", "ar")),
        "phrasebook": (PHRASEBOOK, ("en", "fr")),
        "multi30k": (f"{folder}/multi30k-en-fr", ("en", "fr")),
    }
    return {
        (name, language): texts
        for name, (source, languages) in corpora.items()
        for language, texts in zip(languages, sides(source, languages, split), strict=True)
    }


def train(folder: str = CORPORA) -> None:
    """Make the weights and their note, the same bytes each time on one machine."""
    torch.set_num_threads(1)
    parts = {key: texts for key, texts in texts_of(folder, "train").items() if key[0] != "multi30k"}
    texts = [[text for (_, of), some in parts.items() if of == language for text in some] for language in LANGUAGES]
    network, losses = learn(texts, TRAINING)
    save_file({name: p.detach().contiguous() for name, p in network.named_parameters()}, WEIGHTS)
    note = {
        "made by": "python -m tests.benchmarks.language train",
        "sha256": file_digest(WEIGHTS),
        "languages": list(LANGUAGES),
        "trained on": {f"{name}, {language}": len(some) for (name, language), some in parts.items()},
        "licence": "sentences of tatoeba.org by way of manythings.org/anki, CC BY 2.0 FR; of the phrasebook, MIT",
        "updates": TRAINING.steps,
        "loss of the last 100": round(sum(losses[-100:]) / len(losses[-100:]), 4),
    }
    write_text(NOTE, json.dumps(note, indent=2) + "\n")
    print(NOTE.read_text(encoding="utf-8"), end="")


def judged(texts: list[str], count: int) -> Counter[str]:
    """The languages that inputs of `count` sentences are taken for, an empty one where nothing is clear."""
    draw = random.Random(count)
    return Counter(judge(*weigh(draw.sample(texts, count))) or "" for _ in range(INPUTS))


def measure(folder: str = CORPORA, split: str = "test") -> None:
    """Print how often the check speaks up, by corpus and language of the text."""
    torch.set_num_threads(1)
    counts = ", ".join(map(str, SENTENCES))
    print(f"{split} splits, {INPUTS:,} inputs each of {counts} sentences: taken for another language, for their own")
    for (name, language), texts in texts_of(folder, split).items():
        found = [judged(texts, count) for count in SENTENCES]
        wrong = "".join(f"{(INPUTS - of[language] - of['']) / INPUTS:>8.1%}" for of in found)
        right = "".join(f"{of[language] / INPUTS:>8.1%}" for of in found)
        print(f"{name:14} {language}  {wrong}   {right}")


if __name__ == "__main__":
    {"train": train, "measure": measure}[sys.argv[1]](*sys.argv[2:])
