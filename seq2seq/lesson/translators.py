"""Section: many to many, translation by each cell, with and without attention."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from data_prep.cli import preprocess
from data_prep.corpus import Corpus
from data_prep.sources import parse_languages
from seq2seq.alignment import END_MARK, Alignment
from seq2seq.checkpoint import find_checkpoint, load_model
from seq2seq.config import Config, Decoding
from seq2seq.evaluation import by_source_length, score
from seq2seq.lesson.section import Keep, Results, table
from seq2seq.lesson.sizes import as_large_as, parameters
from seq2seq.lesson.unfolded import unfolded
from seq2seq.plots import COLOURS, attention_maps, new_figure, save, tidy
from seq2seq.training import train
from seq2seq.translator import Translator

NAME = "many_to_many"
CELLS = ("rnn", "gru", "lstm")
TATOEBA = Path("../shared/corpora/tatoeba-en-fr")
NETWORK = {"embedding": 64, "hidden": 128, "encoder_layers": 1, "decoder_layers": 1}
"""That of the lecture, one layer each; `hidden` is that of an LSTM with attention, the others are as large."""
TRANSLATED = 500
"""Sentences of a split that are translated and scored."""
REORDERED = (
    "My sister is wearing a red dress.",
    "We have bought it.",
    "He doesn't understand me.",
)
"""An adjective behind its noun, pronouns before the verb."""


def system(cell: str, attention: bool) -> str:
    """Name of a network."""
    return f"{cell}-attention" if attention else cell


SYSTEMS = {system(cell, attention): (cell, attention) for attention in (False, True) for cell in CELLS}


def corpora(keep: Keep) -> dict[str, str]:
    """Sources to train on, by the name of their folder."""
    found = {"phrasebook": "phrasebook" if keep.full else "phrasebook:20000"}
    if keep.full:
        found["tatoeba"] = str(TATOEBA) if TATOEBA.is_dir() else "tatoeba"
    return found


def base(keep: Keep) -> Config:
    """The network of the lecture, one layer each; what is not said here is as in every recipe."""
    limit = {"minutes": 4.0} if keep.full else {"steps": 1000}
    return Config.model_validate(
        {
            "subwords": {"vocabulary": 2000},
            "model": NETWORK,
            "training": {
                "batch_tokens": 1000,
                "dropout": 0.0,
                "validate_steps": 1000,
                "validate_pairs": 200,
                "weights_steps": 50 if keep.full else 10,
                "threads": 1,
                "device": "cpu",
                **limit,
            },
        }
    )


def prepared(keep: Keep, corpus: str, config: Config) -> Corpus:
    """The corpus of that name, prepared for the lesson's networks."""
    folder = keep.folder / f"data-{keep.form}" / f"{corpus}-{config.subwords.kind}"
    preprocess(corpora(keep)[corpus], parse_languages("en-fr"), folder, config.preparation)
    return Corpus(folder)


def run_folder(keep: Keep, cell: str, attention: bool, corpus: str = "phrasebook") -> Path:
    """A run trained with this cell, all runs with as many parameters as that of an LSTM with attention."""
    run = keep.folder / f"runs-{keep.form}" / f"{corpus}-{system(cell, attention)}"
    config = base(keep)
    data = prepared(keep, corpus, config)
    vocabulary = data.subwords.target_size
    wanted = parameters(config.model, vocabulary)
    model = config.model.model_copy(update={"cell": cell, "attention": attention})
    trained(data, config.model_copy(update={"model": as_large_as(wanted, model, vocabulary)}), run)
    return run


def trained(data: Corpus, config: Config, run: Path) -> None:
    """Train, or go on with, a run to its limit."""
    if not (run / "repeat.toml").exists():
        train(data, config, run)


def prepare(keep: Keep) -> None:
    """The corpora."""
    for corpus in corpora(keep):
        prepared(keep, corpus, base(keep))


def parts(keep: Keep) -> list[str]:
    """What can be trained side by side."""
    return [f"{corpus}-{name}" for corpus in corpora(keep) for name in SYSTEMS]


def measure_part(keep: Keep, part: str) -> Results:
    """Train one network and score it."""
    corpus, name = part.split("-", 1)
    cell, attention = SYSTEMS[name]

    splits = ("test", "long") if corpus == "phrasebook" else ("test",)

    def measured() -> Results:
        run = run_folder(keep, cell, attention, corpus)
        return scored(run, prepared(keep, corpus, base(keep)), splits)

    found: Results = keep.get(f"{NAME}-{part}", measured)
    return found


def scored(run: Path, data: Corpus, splits: tuple[str, ...]) -> Results:
    """Scores of a run's last checkpoint on the first sentences of splits, and by length on all of them."""
    checkpoint = find_checkpoint(run, "last")
    model, subwords, config = load_model(checkpoint, torch.device("cpu"))
    # Not with products in bytes, whose rounding depends on the processor.
    translator = Translator(model, subwords, Decoding(precision="float32"), torch.device("cpu"))
    language = data.languages[1]
    results: Results = {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "hidden": config.model.hidden,
        "updates": int(checkpoint.name),
    }
    whole: tuple[list[str], list[str], list[str]] = ([], [], [])
    for split in splits:
        sources, references = (side[:TRANSLATED] for side in data.split(split).texts())
        translations = translator.translate(sources)
        scores = score(translations, references, language)
        results[split] = {"sentences": len(sources), "bleu": scores.bleu, "chrf": scores.chrf}
        for side, texts in zip(whole, (sources, translations, references), strict=True):
            side.extend(texts)
    results["by_length"] = [vars(bucket) for bucket in by_source_length(*whole, language) if bucket.sentences]
    return results


def measure(keep: Keep) -> Results:
    """All networks' scores, and what one with attention looked at."""
    config = base(keep)
    networks = {part: measure_part(keep, part) for part in parts(keep)}

    def looked_at() -> Results:
        run = run_folder(keep, "lstm", attention=True)
        translator = Translator.load(run, "last")
        pairs = list(zip(REORDERED, translator.translate(REORDERED), strict=True))
        return {"pairs": pairs, "alignments": [vars(alignment) for alignment in translator.align(pairs)]}

    return {
        "networks": networks,
        "limit": {"minutes": config.training.minutes, "updates": config.training.steps},
        "corpora": {corpus: len(prepared(keep, corpus, config).split("train")) for corpus in corpora(keep)},
        "vocabulary": config.subwords.vocabulary,
        "embedding": config.model.embedding,
        "rate": config.training.learning_rate,
        "attention": keep.get(f"{NAME}-attention", looked_at),
    }


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """The network unfolded, BLEU by length, and what was looked at."""
    source, target = ([*text.rstrip(".").split(), "."] for text in results["attention"]["pairs"][0])
    outputs = ["" for _ in source] + target + [END_MARK]
    unfolded([*source, END_MARK, *target], outputs, folder / f"{NAME}-unfolded.png")
    alignments = [Alignment(**alignment) for alignment in results["attention"]["alignments"]]
    attention_maps(alignments, folder / f"{NAME}-attention.png")
    _draw_lengths(results, folder / f"{NAME}-length.png")


def _draw_lengths(results: Mapping[str, Any], path: Path) -> None:
    figure = new_figure(5 * len(results["corpora"]) + 1, 4)
    panels = figure.subplots(1, len(results["corpora"]), squeeze=False)[0]
    for axes, corpus in zip(panels, results["corpora"], strict=True):
        for name, (cell, attention) in SYSTEMS.items():
            buckets = results["networks"][f"{corpus}-{name}"]["by_length"]
            scores = [bucket["bleu"] for bucket in buckets]
            colour = COLOURS[CELLS.index(cell)]
            axes.plot(scores, "-" if attention else ":", color=colour, marker=".", label=name)
        labels = [f"{bucket['words']}\n({bucket['sentences']})" for bucket in buckets]
        axes.set_xticks(range(len(labels)), labels)
        axes.set(xlabel="words of the source (sentences)", ylabel="BLEU", title=corpus, ylim=(0, None))
        axes.set_xlim(-0.2, len(labels) - 0.2)
        tidy(axes)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", frameon=False, fontsize=8)
    save(figure, path)


def tell(results: Mapping[str, Any]) -> str:
    """The section's text."""
    networks, limit = results["networks"], results["limit"]
    some = next(iter(networks.values()))
    each = f"{limit['minutes']:g} minutes" if limit["minutes"] else f"{limit['updates']:,} updates"
    text = f"""## Many to many: translation
A recurrent network that reads one sequence and then writes another, of any other length, translates. The encoder's
states unfold over the source, the decoder's over the target, and each subword written is the next step's input:

$$p(y \\mid x) = \\prod_t p(y_t \\mid y_1 \\dots y_{{t-1}}, x), \\qquad h_t = \\mathrm{{cell}}(y_{{t-1}}, h_{{t-1}})$$

`x` are the `source` ids, `y` the `target` ids, $h_0$ the decoder's `initial` state, made from what the encoder read.
Without attention that state is all that passes from source to target, whatever the length. With attention each $h_t$
may look at all annotations of the source.

![A translator unfolded](lesson/{NAME}-unfolded.png)

Such networks are trained by `make train SET="model.cell=gru model.attention=false"`. Here each cell is, with and
without attention: one layer of encoder and of decoder, embeddings of {results["embedding"]}, vocabulary
{results["vocabulary"]:,}, hidden sizes such that all have about the same number of parameters, one thread, {each}
each, learning rate {results["rate"]}.

"""
    for corpus, pairs in results["corpora"].items():
        splits = [split for split in ("test", "long") if split in networks[f"{corpus}-lstm"]]
        head = ["network", "parameters", "hidden", "updates"]
        rows = [head + [f"{metric} on {split}" for split in splits for metric in ("BLEU", "chrF")]]
        for name in SYSTEMS:
            found = networks[f"{corpus}-{name}"]
            scores = [f"{found[split][metric]:.1f}" for split in splits for metric in ("bleu", "chrf")]
            rows.append([name, f"{found['parameters']:,}", found["hidden"], f"{found['updates']:,}", *scores])
        text += f"Trained on {pairs:,} pairs of `{corpus}`:\n\n{table(rows)}\n"
    quoted = "\n".join(f"- *{source}* → *{translation}*" for source, translation in results["attention"]["pairs"])
    return f"""{text}`test` is like the training text; `long`, of the built-in corpus, has longer sentences than any in
it. The first {some["test"]["sentences"]} sentences of each are scored, and by length all of them together.

![BLEU by length of the source](lesson/{NAME}-length.png)

{_best(results)}

What the attention of the LSTM looked at, as it wrote (the source across, the translation down), in sentences that
French orders otherwise: `seq2seq translate --attention map.png "{results["attention"]["pairs"][0][0]}"`

![Attention](lesson/{NAME}-attention.png)

{quoted}

What it does not show: what these cells reach when each is tuned for itself, or trained for longer; all have the
settings that the recipes found best for an LSTM with attention.
"""


def _best(results: Mapping[str, Any]) -> str:
    """What attention does for each cell, in words."""
    told = []
    for corpus in results["corpora"]:
        bleu = {name: results["networks"][f"{corpus}-{name}"]["test"]["bleu"] for name in SYSTEMS}
        gains = (f"{cell} from {bleu[cell]:.1f} to {bleu[system(cell, True)]:.1f}" for cell in CELLS)
        told.append(f"On `{corpus}`, `test`, attention takes {', '.join(gains)} BLEU.")
    return " ".join(told)
