"""Pictures: learning curves, scores by length, what the attention looked at."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_prep.files import unfinished
from seq2seq.alignment import Alignment
from seq2seq.evaluation import Bucket

GREY, BLUE, ORANGE = "#a6a6a6", "#1f6fb4", "#d9730d"
COLOURS = (BLUE, ORANGE, "#3a923a", "#8a4fb0", "#7a5c3e", "#c44e7b")


def save(figure: Any, path: Path) -> None:
    """Write the picture whole or not at all."""
    partial = unfinished(path)
    try:
        figure.savefig(partial, format="png", dpi=120)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def new_figure(width: float, height: float) -> Any:
    """An empty figure of so many inches."""
    # Matplotlib takes half a second to import, and translating does not need it; its pyplot keeps global state.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def tidy(axes: Any) -> None:
    """No box around the picture, and faint lines behind it to read values by."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.92")
    axes.set_axisbelow(True)


def plain(text: str) -> str:
    """Text as matplotlib shows it as it is: a dollar sign would begin a formula."""
    return text.replace("$", r"\$")


def learning_curve(metrics: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Loss of training and validation, and below it validation BLEU, against the step, as a PNG.

    `metrics` are the rows of metrics.jsonl: those of the training have `loss`, those of a validation `bleu` and
    `validation_loss`.
    """
    training = [row for row in metrics if "loss" in row]
    validation = [row for row in metrics if "bleu" in row]
    steps = [row["step"] for row in validation]
    figure = new_figure(7, 5.5)
    losses, scores = figure.subplots(2, sharex=True)
    losses.plot(
        [r["step"] for r in training],
        [r["loss"] for r in training],
        color=GREY,
        lw=1,
        label="training (with dropout)",
    )
    losses.plot(steps, [r["validation_loss"] for r in validation], color=BLUE, marker=".", label="validation")
    losses.set(ylabel="loss, nats per subword")
    losses.legend(frameon=False)
    scores.plot(steps, [r["bleu"] for r in validation], color=ORANGE, marker=".")
    scores.set(xlabel="step", ylabel="validation BLEU", xlim=(0, None), ylim=(0, None))
    if validation:
        best = max(validation, key=lambda row: row["bleu"])
        scores.annotate(
            f"{best['bleu']:.1f} at step {best['step']:,}",
            (best["step"], best["bleu"]),
            xytext=(0, -14),
            textcoords="offset points",
            ha="right",
            va="top",
        )
    scores.xaxis.set_major_formatter("{x:,.0f}")
    tidy(losses)
    tidy(scores)
    save(figure, path)


def bleu_by_length(systems: Mapping[str, Sequence[Bucket]], path: Path) -> None:
    """BLEU against the words of the source as a PNG: bars side by side for systems that translated one text."""
    buckets = next(iter(systems.values()))
    shown = [place for place, bucket in enumerate(buckets) if bucket.sentences]
    figure = new_figure(7, 4)
    axes = figure.subplots()
    width = 0.8 / len(systems)
    for number, (name, of_system) in enumerate(systems.items()):
        places = [place + (number - (len(systems) - 1) / 2) * width for place in range(len(shown))]
        scores = [of_system[place].bleu for place in shown]
        bars = axes.bar(places, scores, 0.94 * width, color=COLOURS[number % len(COLOURS)], label=plain(name))
        if len(systems) <= 2:
            axes.bar_label(bars, fmt="%.1f", fontsize=8, padding=1)
    labels = [f"{buckets[place].words}\n({buckets[place].sentences:,})" for place in shown]
    axes.set_xticks(range(len(shown)), labels)
    axes.set(xlabel="words of the source (sentences)", ylabel="BLEU", ylim=(0, None))
    tidy(axes)
    if len(systems) > 1:
        figure.legend(loc="outside upper center", frameon=False, fontsize=8)
    save(figure, path)


def attention_maps(alignments: Sequence[Alignment], path: Path) -> None:
    """Weights of the attention as a PNG, a panel for each sentence: the source across, its translation down.

    As figure 3 of Bahdanau et al. 2015: the darker, the more was read there.
    """
    widths = [len(alignment.source) for alignment in alignments]
    tallest = max(len(alignment.target) for alignment in alignments)
    figure = new_figure(1.2 * len(alignments) + 0.3 * sum(widths), 1.2 + 0.3 * tallest)
    panels = figure.subplots(1, len(alignments), squeeze=False, width_ratios=widths)[0]
    for axes, alignment in zip(panels, alignments, strict=True):
        axes.imshow(alignment.weights, cmap="Blues", vmin=0, vmax=1, aspect="equal")
        source, target = ([plain(unit) for unit in side] for side in (alignment.source, alignment.target))
        axes.set_xticks(range(len(source)), source, rotation=90, fontsize=9)
        axes.set_yticks(range(len(target)), target, fontsize=9)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.set_anchor("N")
        axes.spines[:].set_color("0.8")
    save(figure, path)
