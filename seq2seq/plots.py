"""Pictures: learning curves and scores by length."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BLUE, ORANGE = "#1f6fb4", "#d9730d"


def _save(figure: Any, path: Path) -> None:
    """Write the picture whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    figure.savefig(partial, format="png", dpi=120)
    partial.replace(path)


def _figure(width: float, height: float) -> Any:
    # Matplotlib takes half a second to import, and translating does not need it; its pyplot keeps global state.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def learning_curve(metrics: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Loss of training and validation, and validation BLEU, against the step."""
    training = [row for row in metrics if "loss" in row]
    validation = [row for row in metrics if "bleu" in row]
    figure = _figure(7, 4)
    losses = figure.subplots()
    losses.plot([r["step"] for r in training], [r["loss"] for r in training], color="0.7", label="training loss")
    steps = [r["step"] for r in validation]
    losses.plot(steps, [r["validation_loss"] for r in validation], color=BLUE, marker=".", label="validation loss")
    losses.set(xlabel="step", ylabel="nats per subword", ylim=(0, None))
    scores = losses.twinx()
    scores.plot(steps, [r["bleu"] for r in validation], color=ORANGE, marker=".", label="validation BLEU")
    scores.set(ylabel="BLEU", ylim=(0, None))
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    _save(figure, path)
