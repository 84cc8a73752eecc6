"""Many to one: a sentence goes in letter by letter, its language comes out.

Shapes: B sentences, T letters, N letters that are no padding, H hidden, L languages.
"""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from data_prep.sources import open_source
from data_prep.subwords import PAD
from seq2seq.batches import pad
from seq2seq.config import Training
from seq2seq.language import EMBEDDING, HIDDEN, LANGUAGES, LETTERS, Recogniser, spell
from seq2seq.lesson.practice import practise
from seq2seq.lesson.section import Keep, Results
from seq2seq.lesson.unfolded import unfolded
from seq2seq.loss import smoothed_cross_entropy
from seq2seq.plots import COLOURS, new_figure, save, tidy

NAME = "many_to_one"
BATCH = 64
"""Sentences of an update, as many of each language."""
CORPUS = "phrasebook:12000"
ARABIC, REAL = (Path("../shared/corpora") / name for name in ("tatoeba-en-ar", "tatoeba-en-fr"))
"""Where Arabic sentences, and real English and French ones, are read where they are."""
SHOWN = 60
"""Letters of the curve."""


def learn(texts: Sequence[Sequence[str]], training: Training) -> tuple[Recogniser, list[float]]:
    """A network that tells the languages of the texts, given by language, and its losses.

    It is asked after every letter, so that it has learnt to answer whenever a text ends.
    """
    torch.manual_seed(training.seed)
    network = Recogniser(len(texts))
    network.reset_parameters()
    spelt = [[np.array(ids, np.int32) for ids in map(spell, of_language) if ids] for of_language in texts]
    draw = random.Random(training.seed)

    def loss(step: int) -> Tensor:
        labels_B = [(step + row) % len(spelt) for row in range(BATCH)]
        ids_BT = pad([draw.choice(spelt[label]) for label in labels_B])
        real_N = (ids_BT.flatten() != PAD).nonzero().squeeze(1)
        targets_BT = torch.tensor(labels_B).unsqueeze(1).expand_as(ids_BT)
        states_NH = network(ids_BT).flatten(0, 1).index_select(0, real_N)
        targets_N = targets_BT.flatten().index_select(0, real_N)
        total, _ = smoothed_cross_entropy(states_NH, network.weight_LH, network.bias_L, targets_N)
        return total / len(real_N)

    return network, practise(network, training, loss)


def sides(source: str, languages: tuple[str, str], split: str) -> tuple[list[str], list[str]]:
    """The two sides of a split of a corpus, in order, each sentence once."""
    chunks = list(open_source(source, languages).chunks(split))
    ours = dict.fromkeys(text for chunk in chunks for text in chunk.sources)
    theirs = dict.fromkeys(text for chunk in chunks for text in chunk.targets)
    return list(ours), list(theirs)


@torch.inference_mode()
def right_after(network: Recogniser, texts: Sequence[str], label: int, letters: int) -> tuple[list[float], float]:
    """Percentage of texts whose language is right after 1, 2, … letters, and after all; a text that has ended stays."""
    spelt = [np.array(ids, np.int32) for ids in map(spell, texts) if ids]
    last_B1 = torch.tensor([len(ids) - 1 for ids in spelt]).unsqueeze(1)
    right_BT = network.probabilities(pad(spelt)).argmax(dim=2) == label
    seen_BK = right_BT.gather(1, torch.arange(letters).expand(len(spelt), -1).minimum(last_B1))
    by_letters: list[float] = (100 * seen_BK.float().mean(dim=0)).tolist()
    return [round(share, 2) for share in by_letters], 100 * right_BT.gather(1, last_B1).float().mean().item()


def measure(keep: Keep) -> Results:
    """Accuracy on held-out sentences, by language and by the number of letters seen."""
    training = Training(steps=1000, learning_rate=0.02, warmup_steps=30, seed=1)
    languages = list(LANGUAGES)[: 3 if ARABIC.exists() else 2]

    def measured() -> Results:
        parts = {part: list(sides(CORPUS, ("en", "fr"), part)) for part in ("train", "test")}
        if ARABIC.exists():
            for part, by_language in parts.items():
                by_language.append(sides(str(ARABIC), ("en", "ar"), part)[1])
        network, losses = learn(parts["train"], training)
        rows = []
        for label, language in enumerate(languages):
            known = set(parts["train"][label])
            new = [text for text in parts["test"][label] if text not in known]
            by_letters, whole = right_after(network, new, label, SHOWN)
            about = {"trained": len(known), "held_out": len(new), "accuracy": whole, "by_letters": by_letters}
            rows.append({"language": LANGUAGES[language], **about})
        found: Results = {"last_loss": losses[-1], "languages": rows, "real": []}
        if REAL.exists():
            for label, texts in enumerate(sides(str(REAL), ("en", "fr"), "test")):
                whole = right_after(network, texts, label, 1)[1]
                found["real"].append({"language": rows[label]["language"], "held_out": len(texts), "accuracy": whole})
        return found

    found = keep.get(f"{NAME}-{'-'.join(languages)}", measured)
    rows = found["languages"]
    mean = [sum(row["by_letters"][letters] for row in rows) / len(rows) for letters in range(SHOWN)]
    return {
        "letters": len(LETTERS),
        "embedding": EMBEDDING,
        "hidden": HIDDEN,
        "steps": training.steps,
        "batch": BATCH,
        "seed": training.seed,
        "shown": SHOWN,
        "held_out": sum(row["held_out"] for row in rows),
        "accuracy": sum(row["accuracy"] for row in rows) / len(rows),
        "quoted": [{"letters": letters, "accuracy": mean[letters - 1]} for letters in (1, 5, 10, 20)],
        **found,
    }


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """Accuracy by letters seen, and the network as it reads the beginning of a sentence."""
    figure = new_figure(7, 4)
    axes = figure.subplots()
    letters = range(1, results["shown"] + 1)
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50) if tick in letters]
    for row, colour in zip(results["languages"], COLOURS, strict=False):
        axes.plot(letters, row["by_letters"], color=colour, label=row["language"])
    axes.set(xlabel="letters seen", ylabel="sentences whose language is right, %", ylim=(None, 100.5))
    axes.set(xlim=(1, letters[-1]), xscale="log", xticks=ticks, xticklabels=ticks)
    axes.minorticks_off()
    axes.legend(frameon=False, loc="lower right")
    tidy(axes)
    save(figure, folder / f"{NAME}-letters.png")
    read = "il fait beau"
    unfolded([*read], [*[""] * (len(read) - 1), "French"], folder / f"{NAME}-unfolded.png")


def tell(results: Mapping[str, Any]) -> str:
    """The section as Markdown."""
    names = [row["language"] for row in results["languages"]]
    known = f"{', '.join(names[:-1])} or {names[-1]}"
    rows = "\n".join(
        f"| {row['language']} | {row['trained']:,} | {row['held_out']:,} | {row['accuracy']:.1f} % |"
        for row in results["languages"]
    )
    quoted = ", ".join(f"{row['accuracy']:.1f} % after {row['letters']}" for row in results["quoted"])
    real = " and ".join(f"{row['accuracy']:.1f} % of {row['held_out']:,} {row['language']}" for row in results["real"])
    beyond = f" Of real sentences (Tatoeba's test split), whose words are other ones, it knows {real}." if real else ""
    arabic = " (Arabic: Tatoeba)" if len(names) > 2 else ""
    return f"""\
## Many to one: a sentence and its language

A recurrent network can also read a sequence and give one answer at its end: all that it has read is in its last
state. The answer can be asked for earlier, after any letter, and gets better as letters come in.

$$
h_t = \\mathrm{{LSTM}}(e_t, h_{{t-1}}), \\qquad
p_t = \\mathrm{{softmax}}(W h_t + b)
$$

$e_t$ is the embedding of letter $t$ ({results["embedding"]} numbers), $h_t$ the state ({results["hidden"]}
units), and $p_t$ the probability of each language, {known}, if the text ended there. Capitals, digits and
punctuation are not read.

![A sentence read letter by letter](lesson/{NAME}-unfolded.png)

`make lesson` trains it for {results["steps"]:,} updates of {results["batch"]} sentences of the built-in
corpus{arabic} and asks it about sentences that it has not seen: {results["accuracy"]:.1f} % are right, the mean
over the languages.

| language | sentences trained on | held out | right |
|---|---|---|---|
{rows}

![Accuracy by letters seen](lesson/{NAME}-letters.png)

By the number of letters it has seen, and the mean over the languages, {quoted}.

The same network, trained on more and real text, comes with the translator
([language.py](../seq2seq/language.py)): `seq2seq translate` warns if its input does not look like the run's
source language.

What it does not show: held-out sentences here are of the same kind as those trained on.{beyond} And it has no
answer "none of these": a text in a fourth language is taken for that of the languages which is most like it.
"""
