"""Section: the memory probe, whether a word agrees with a noun that stands many words before it."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch

from data_prep.cli import preprocess
from data_prep.corpus import Corpus
from data_prep.files import write_text
from data_prep.phrasebook.agreement import DISTANCES
from data_prep.phrasebook.probes import KINDS, probes
from data_prep.sources import parse_languages
from seq2seq.checkpoint import find_checkpoint, load_model
from seq2seq.config import Config
from seq2seq.lesson.agreeing import Twins, accuracy, agreeing
from seq2seq.lesson.section import Keep, Results, table
from seq2seq.lesson.sizes import as_large_as, parameters
from seq2seq.lesson.translators import CELLS, NETWORK, SYSTEMS, system, trained
from seq2seq.plots import COLOURS, GREY, new_figure, save, tidy

NAME = "memory"
EACH = {False: 60, True: 80}
"""Twins of each kind at each distance to train on."""
HELD_OUT = {False: 12, True: 20}
SEEDS = {False: (1,), True: (1, 2, 3)}
STEPS = {False: 2000, True: 3000}
GROUP = {False: 3, True: 1}
"""Distances that are counted together."""
QUOTED = 20
"""Distance that the text tells of."""


def twins(keep: Keep) -> tuple[list[Twins], list[Twins]]:
    """Those to train on, and those held out, which have no sentence in common."""
    each, held_out = EACH[keep.full], HELD_OUT[keep.full]
    found = keep.get(f"{NAME}-probes", lambda: [asdict(one) for one in probes(1, each + held_out)])

    def cell(one: Twins) -> tuple[str, ...]:
        return one["kind"], one["distance"], one["same"]

    groups = [list(group) for _, group in groupby(sorted(found, key=cell), key=cell)]
    return (
        [one for group in groups for one in group[held_out // 2 :]],
        [one for group in groups for one in group[: held_out // 2]],
    )


def base(keep: Keep, seed: int) -> Config:
    """The network of the lecture, one layer each; what is not said here is as in every recipe."""
    return Config.model_validate(
        {
            "subwords": {"vocabulary": 1200, "carry": False},
            "model": NETWORK,
            "training": {
                "steps": STEPS[keep.full],
                "batch_tokens": 1000,
                # Two sentences in one would have other distances.
                "joined": 0.0,
                "dropout": 0.0,
                "validate_steps": 1000,
                "validate_pairs": 20,
                "seed": seed,
                "threads": 1,
                "device": "cpu",
            },
        }
    )


def prepare(keep: Keep) -> None:
    """The sentences as a corpus."""
    folder = keep.folder / f"data-{keep.form}"
    text = folder / "probes"
    text.mkdir(parents=True, exist_ok=True)
    train, held_out = twins(keep)
    for split, part in {"train": train, "validation": held_out, "test": held_out}.items():
        path = text / f"{split}.tsv"
        if not path.exists():
            rows = [f"{probe['en']}\t{probe['fr']}\n" for one in part for probe in one["pair"]]
            write_text(path, "en\tfr\n" + "".join(rows))
    preprocess(str(text), parse_languages("en-fr"), folder / NAME, base(keep, 1).preparation)


def parts(keep: Keep) -> list[str]:
    """What can be trained side by side."""
    return [f"{name}-{seed}" for seed in SEEDS[keep.full] for name in SYSTEMS]


def measure_part(keep: Keep, part: str) -> Results:
    """Train one network, and ask it of the sentences held out which of two forms it takes."""
    name, seed = part.rsplit("-", 1)

    def measured() -> Results:
        data = Corpus(keep.folder / f"data-{keep.form}" / NAME)
        config, (cell, attention) = base(keep, int(seed)), SYSTEMS[name]
        vocabulary = data.subwords.target_size
        model = config.model.model_copy(update={"cell": cell, "attention": attention})
        model = as_large_as(parameters(config.model, vocabulary), model, vocabulary)
        run = keep.folder / f"runs-{keep.form}" / f"{NAME}-{part}"
        trained(data, config.model_copy(update={"model": model}), run)
        network, subwords, _ = load_model(find_checkpoint(run, "last"), torch.device("cpu"))
        return {
            "parameters": parameters(model, vocabulary),
            "hidden": model.hidden,
            "right": agreeing(network.networks[0], subwords, twins(keep)[1]),
        }

    found: Results = keep.get(f"{NAME}-{part}", measured)
    return found


def measure(keep: Keep) -> Results:
    """Accuracy by distance for each network, over all seeds."""
    train, held_out = twins(keep)
    distances = np.array([one["distance"] for one in held_out])
    kinds = np.array([one["kind"] for one in held_out])
    size = GROUP[keep.full]
    groups = [(first, first + size - 1) for first in range(DISTANCES[0], DISTANCES[-1] + 1, size)]
    networks = {}
    for name in SYSTEMS:
        found = [measure_part(keep, f"{name}-{seed}") for seed in SEEDS[keep.full]]
        rights = np.array([one["right"] for one in found])
        networks[name] = {
            "parameters": found[0]["parameters"],
            "hidden": found[0]["hidden"],
            "groups": [
                {
                    "from": low,
                    "to": high,
                    "all": accuracy(rights[:, (distances >= low) & (distances <= high)]),
                    **{
                        kind: accuracy(rights[:, chosen])
                        for kind in KINDS
                        if (chosen := (distances >= low) & (distances <= high) & (kinds == kind)).any()
                    },
                }
                for low, high in groups
            ],
        }
    quoted = next(place for place, (low, high) in enumerate(groups) if low <= QUOTED <= high)
    largest, smallest = (end(one["parameters"] for one in networks.values()) for end in (max, min))
    return {
        "networks": networks,
        "quoted": {"place": quoted, "distance": QUOTED},
        "distances": [DISTANCES[0], DISTANCES[-1]],
        "sentences": {"train": 2 * len(train), "held_out": 2 * len(held_out)},
        "seeds": len(SEEDS[keep.full]),
        "updates": STEPS[keep.full],
        "spread": 100 * (largest / smallest - 1),
        "guess": 50,
        "interval": 95,
        "examples": [next(one for one in held_out if one["kind"] == kind and one["distance"] == 9) for kind in KINDS],
    }


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """Accuracy against distance, without and with attention."""
    figure = new_figure(10, 3.8)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, attention in zip(panels, (False, True), strict=True):
        for cell, colour in zip(CELLS, COLOURS, strict=False):
            groups = results["networks"][system(cell, attention)]["groups"]
            middles = [(group["from"] + group["to"]) / 2 for group in groups]
            low, mean, high = ([group["all"][key] for group in groups] for key in ("low", "accuracy", "high"))
            axes.fill_between(middles, low, high, color=colour, alpha=0.15, lw=0)
            axes.plot(middles, mean, color=colour, marker=".", label=cell)
        axes.axhline(results["guess"], color=GREY, lw=0.8, ls="--")
        axes.annotate("a guess", (1, results["guess"]), (0, 3), "data", "offset points", fontsize=8, color="0.4")
        axes.set(xlabel="words from the noun to what agrees with it", ylim=(40, 102), xlim=(0, None))
        axes.set_title("with attention" if attention else "no attention", loc="left", fontsize=10)
        tidy(axes)
    panels[0].set_ylabel("right form likelier, %")
    panels[1].legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 0.2))
    save(figure, folder / f"{NAME}-distance.png")


def tell(results: Mapping[str, Any]) -> str:
    """The section as Markdown."""
    networks, sentences, quoted = results["networks"], results["sentences"], results["quoted"]
    groups = networks["rnn"]["groups"]
    shown = sorted({0, len(groups) // 3, quoted["place"], len(groups) - 1})
    rows: list[list[object]] = [
        ["network", "parameters", "hidden", *(f"k = {_span(groups[place])}" for place in shown)]
    ]
    for name, found in networks.items():
        cells = [_interval(found["groups"][place]["all"]) for place in shown]
        rows.append([name, f"{found['parameters']:,}", found["hidden"], *cells])
    by_kind: list[list[object]] = [["network", *KINDS]]
    for name, found in networks.items():
        by_kind.append([name, *(_interval(found["groups"][quoted["place"]][kind]) for kind in KINDS)])
    first, last = results["distances"]
    span = _span(groups[quoted["place"]])
    examples = "\n".join(f"| {one['kind']} | {_twins(one)} |" for one in results["examples"])
    return f"""\
## Remembering: a word that agrees with one long before

The state is all that a recurrent network has of what was before. Whether it still holds something is seen where
language asks for it: in French the adjective and the participle take the gender of their noun, the verb its number,
however many words stand between. If the claim of the section before is right, a plain recurrent network forgets the
noun, and an LSTM does not.

$$
\\log p(y \\mid x) > \\log p(y' \\mid x)
$$

$x$ is an English sentence, $y$ its French translation, $y'$ the same but for its last word, which has the form of the
other gender or number; a network is right if it finds $y$ likelier than $y'$. Sentences come in twins, alike in all
words but the noun and the word that agrees with it, $k$ words later:

| agrees | twins |
|---|---|
{examples}

Nothing between the two agrees with the noun, and English shows only by the noun what it is. Whoever has forgotten it
gives both twins the same form, and is right in {results["guess"]} % of the sentences.

`make lesson` trains each network on {sentences["train"]:,} such sentences, as many of each kind at each distance from
{first} to {last} (no participle stands next to its noun), {results["updates"]:,} updates on the same data, at the
learning rate of the translators above, sizes such that the numbers of parameters differ by {results["spread"]:.1f} %
at most. It is asked about {sentences["held_out"]:,}
others. Right, in percent, with {results["interval"]} % intervals {_seeds(results)}:

{table(rows)}
![Accuracy against distance](lesson/{NAME}-distance.png)

{_order(results, span)}

By what agrees, at k = {span}:

{table(by_kind)}
What it does not show: how people speak. Nobody nests clauses so deep, and the words are few, so that a short training
is enough. Nor what a cell could learn in the end, with more updates: gender, which belongs to each noun by itself,
takes longer to learn than number.
"""


def _span(group: Mapping[str, Any]) -> str:
    return str(group["from"]) if group["from"] == group["to"] else f"{group['from']}–{group['to']}"


def _interval(found: Mapping[str, float]) -> str:
    return f"{found['accuracy']:.0f} ({found['low']:.0f}–{found['high']:.0f})"


def _twins(one: Twins) -> str:
    return "<br>".join(f"*{probe['en']}* {probe['fr']}" for probe in one["pair"])


def _seeds(results: Mapping[str, Any]) -> str:
    return "over twins, of one seed" if results["seeds"] == 1 else f"over {results['seeds']} seeds and twins"


def _order(results: Mapping[str, Any], span: str) -> str:
    """Which cell does best at the distance that is quoted, in words."""
    told = []
    for attention, said in ((False, "Without"), (True, "With")):
        found = {cell: results["networks"][system(cell, attention)] for cell in CELLS}
        at = {cell: one["groups"][results["quoted"]["place"]]["all"] for cell, one in found.items()}
        order = sorted(at, key=lambda cell: -at[cell]["accuracy"])
        scores = ", ".join(f"{cell} {at[cell]['accuracy']:.0f} % ({_ends(at[cell])})" for cell in order)
        told.append(f"{said} attention, at k = {span}: {scores}.")
    plain = [results["networks"][cell]["groups"][results["quoted"]["place"]]["all"]["accuracy"] for cell in CELLS]
    as_expected = plain[2] >= plain[1] > plain[0]
    told.append(f"That without attention lstm ≥ gru > rnn is what the lecture expects; so it {IS[as_expected]}.")
    return "\n".join(told)


IS = {False: "is not here", True: "is here"}


def _ends(found: Mapping[str, float]) -> str:
    return f"{found['low']:.0f} to {found['high']:.0f}"
