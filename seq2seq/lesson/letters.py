"""Section: the same translator by letters and by subwords."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_prep.corpus import Corpus
from seq2seq.config import Config
from seq2seq.lesson import translators
from seq2seq.lesson.section import Keep, Results, table
from seq2seq.lesson.translators import base, corpora, prepared, scored, trained
from seq2seq.plots import BLUE, ORANGE, new_figure, save, tidy

NAME = "letters"
UNITS = ("subwords", "letters")
VOCABULARY = 500
"""Room for 256 bytes and the letters of both languages."""


def parts(keep: Keep) -> list[str]:
    """What can be trained side by side."""
    return list(corpora(keep))


def prepare(keep: Keep) -> None:
    """The corpora by letters."""
    for part in parts(keep):
        prepared(keep, part, config_of_letters(keep))


def config_of_letters(keep: Keep) -> Config:
    """The LSTM with attention, on letters."""
    config = base(keep)
    subwords = config.subwords.model_copy(update={"kind": "char", "vocabulary": VOCABULARY})
    return config.model_copy(update={"subwords": subwords})


def measure_part(keep: Keep, part: str) -> Results:
    """Train the LSTM with attention on letters, and score it."""
    letters = config_of_letters(keep)

    def measured() -> Results:
        data = prepared(keep, part, letters)
        run = keep.folder / f"runs-{keep.form}" / f"{part}-letters"
        trained(data, letters, run)
        return scored(run, data, ("test",)) | units(data)

    found: Results = keep.get(f"{NAME}-{part}", measured)
    return found


def units(data: Corpus) -> Results:
    """Size of the vocabulary, and units of a target sentence."""
    train = data.split("train")
    return {"vocabulary": data.subwords.target_size, "units": float(train.target_lengths.mean())}


def measure(keep: Keep) -> Results:
    """Scores by letters, beside those by subwords of the section on translators."""
    config = base(keep)
    found: Results = {}
    for part in parts(keep):
        by_subwords = translators.measure_part(keep, f"{part}-lstm-attention")
        data = prepared(keep, part, config)
        found[part] = {"subwords": by_subwords | units(data), "letters": measure_part(keep, part)}
    return {"corpora": found, "limit": {"minutes": config.training.minutes, "updates": config.training.steps}}


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """BLEU of both by length of the source."""
    figure = new_figure(5 * len(results["corpora"]) + 1, 3.5)
    panels = figure.subplots(1, len(results["corpora"]), squeeze=False)[0]
    for axes, (corpus, found) in zip(panels, results["corpora"].items(), strict=True):
        # Of the built-in corpus subwords were scored on more than test, so that long sentences are not the same.
        pairs = zip(*(found[unit]["by_length"] for unit in UNITS), strict=False)
        same = [pair for pair in pairs if pair[0]["sentences"] == pair[1]["sentences"]]
        for place, (unit, colour) in enumerate(zip(UNITS, (BLUE, ORANGE), strict=True)):
            buckets = [pair[place] for pair in same]
            scores = [bucket["bleu"] for bucket in buckets]
            axes.plot(scores, color=colour, marker=".")
            axes.annotate(unit, (0, scores[0]), xytext=(4, 6), textcoords="offset points", color=colour)
        axes.set_xticks(range(len(buckets)), [bucket["words"] for bucket in buckets])
        axes.set(xlabel="words of the source", ylabel="BLEU", title=corpus, ylim=(0, None))
        tidy(axes)
    save(figure, folder / f"{NAME}-length.png")


def tell(results: Mapping[str, Any]) -> str:
    """The section's text."""
    limit = results["limit"]
    each = f"{limit['minutes']:g} minutes" if limit["minutes"] else f"{limit['updates']:,} updates"
    rows: list[list[object]] = [
        ["corpus", "units", "vocabulary", "units of a target sentence", "updates", "BLEU", "chrF"]
    ]
    for corpus, found in results["corpora"].items():
        for unit in UNITS:
            of = found[unit]
            size, mean, updates, test = of["vocabulary"], of["units"], of["updates"], of["test"]
            scores = [f"{test[metric]:.1f}" for metric in ("bleu", "chrf")]
            rows.append([corpus, unit, f"{size:,}", f"{mean:.1f}", f"{updates:,}", *scores])
    return f"""## Many to many, by letters
Nothing in the network knows what a word is: its symbols can be letters as well. Then a sentence is several times as
long, the state has to last as many times more steps, and each step learns less of what a word means; on the other
hand there are few symbols, and none that was seen too seldom. The equation is that of the section above, $y_t$ and
$x_t$ are letters. `make train SET="subwords.kind=char"`; here the LSTM
with attention of the section above, {each} each, in batches of as many units, which take about as long:

{table(rows)}
![BLEU by length, letters and subwords](lesson/{NAME}-length.png)

What it does not show: what letters reach when they are given more time for the more steps that they take.
"""
