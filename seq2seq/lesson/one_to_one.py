"""One to one: the picture of a digit goes in, its class comes out; no memory, no time.

Shapes: B pictures, P pixels, H hidden, C classes.

    h = tanh(W x + b),    p(class | x) = softmax(V h + c)

Every weight w goes down the slope of the loss L, the mean of -log p(right class), at the learning rate η:

    w ← w - η ∂L/∂w
"""

import itertools
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from seq2seq.lesson.section import Keep, Results
from seq2seq.lesson.unfolded import unfolded
from seq2seq.plots import BLUE, GREY, ORANGE, new_figure, save, tidy

NAME = "one_to_one"
HIDDEN = 32
STEPS = 1000
RATES = (0.001, 0.01, 0.1, 1.0, 10.0)
SHOWN = 10
"""One step of so many is in the picture."""
HELD_OUT = 4
"""One picture of so many is held out."""

Weights = list[Tensor]
"""W [P, H], b [H], V [H, C], c [C]."""


def scores(pixels_BP: Tensor, weights: Weights) -> Tensor:
    """Of each class, before the softmax: [B, C]."""
    w_PH, b_H, v_HC, c_C = weights
    return torch.tanh(pixels_BP @ w_PH + b_H) @ v_HC + c_C


def descend(pixels_BP: Tensor, classes_B: Tensor, rate: float, steps: int, seed: int) -> tuple[Weights, list[float]]:
    """Gradient descent on all pictures at once; the weights after the last step, and the loss before each."""
    draw = torch.Generator().manual_seed(seed)
    sizes = (pixels_BP.size(1), HIDDEN, int(classes_B.max()) + 1)
    weights: Weights = []
    for before, after in itertools.pairwise(sizes):
        weights += [torch.randn(before, after, generator=draw) * before**-0.5, torch.zeros(after)]
    for weight in weights:
        weight.requires_grad_()
    losses = []
    for _ in range(steps):
        loss = cross_entropy(scores(pixels_BP, weights), classes_B)
        slopes = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for weight, slope in zip(weights, slopes, strict=True):
                weight -= rate * slope
        losses.append(loss.item())
    return weights, losses


def digits(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pixels [B, P], 0 to 1, and classes [B] of the training pictures, and the same of those held out."""
    from sklearn.datasets import load_digits

    found = load_digits()
    pixels_BP, classes_B = torch.tensor(found.data, dtype=torch.float), torch.tensor(found.target)
    pixels_BP /= pixels_BP.max()
    order = torch.randperm(len(classes_B), generator=torch.Generator().manual_seed(seed))
    held, train = order.tensor_split([len(order) // HELD_OUT])
    return pixels_BP[train], classes_B[train], pixels_BP[held], classes_B[held]


def measure(keep: Keep) -> Results:
    """The loss along the path for each learning rate, and the accuracy where it ends."""
    seed = 1
    pixels_BP, classes_B, held_BP, held_B = digits(seed)

    def sweep() -> list[dict[str, Any]]:
        runs = []
        for rate in RATES:
            weights, losses = descend(pixels_BP, classes_B, rate, STEPS, seed)
            right = (scores(held_BP, weights).argmax(dim=1) == held_B).sum()
            accuracy = 100 * int(right) / len(held_B)
            path = [round(loss, 4) for loss in losses[::SHOWN]]
            ends = {"last_loss": losses[-1], "highest_loss": max(losses)}
            runs.append({"rate": rate, "path": path, **ends, "accuracy": accuracy})
        return runs

    runs = keep.get(NAME, sweep)
    return {
        "pixels": pixels_BP.size(1),
        "side": round(pixels_BP.size(1) ** 0.5),
        "hidden": HIDDEN,
        "classes": int(classes_B.max()) + 1,
        "training_pictures": len(classes_B),
        "held_out_pictures": len(held_B),
        "steps": STEPS,
        "shown": SHOWN,
        "seed": seed,
        "first_loss": runs[0]["path"][0],
        "runs": runs,
        "small": runs[0],
        "right": min(runs, key=lambda run: run["last_loss"]),
        "large": runs[-1],
    }


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """The losses along the path on a log axis, and the network."""
    figure = new_figure(7, 4)
    axes = figure.subplots()
    said = {
        results["small"]["rate"]: ("too small", BLUE),
        results["right"]["rate"]: ("right", "#3a923a"),
        results["large"]["rate"]: ("diverges", ORANGE),
    }
    for run in results["runs"]:
        word, colour = said.get(run["rate"], ("", GREY))
        steps = range(0, results["steps"], results["shown"])
        axes.plot(steps, run["path"], color=colour, lw=1.6 if word else 1)
        label = f"η = {run['rate']:g}" + (f", {word}" if word else "")
        # What swings is named at its middle.
        place = (results["steps"], statistics.median(run["path"][-len(run["path"]) // 10 :]))
        beside = {"textcoords": "offset points", "va": "center", "annotation_clip": False}
        axes.annotate(label, place, (4, 0), color=colour, **beside)
    axes.set(xlabel="step", ylabel="loss, nats", yscale="log", xlim=(0, results["steps"]))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    tidy(axes)
    save(figure, folder / f"{NAME}-sweep.png")
    unfolded([f"{results['side']} × {results['side']} pixels"], ["eight"], folder / f"{NAME}-unfolded.png")


def tell(results: Mapping[str, Any]) -> str:
    """The section as Markdown."""
    small, right, large = (results[name] for name in ("small", "right", "large"))
    rows = "\n".join(
        f"| {run['rate']:g} | {run['last_loss']:.3f} | {run['accuracy']:.1f} % |" for run in results["runs"]
    )
    return f"""\
## One to one: a network without memory

A feed-forward network maps one input to one output. It has weights, which it learned, but no state: whatever it
was shown before, the same picture gets the same answer. Learning is going downhill: every weight moves against
the slope of the loss, and how far is the learning rate.

$$
h = \\tanh(W x + b), \\qquad
p = \\mathrm{{softmax}}(V h + c), \\qquad
w \\leftarrow w - \\eta\\,\\partial L / \\partial w
$$

$x$ is the picture of a handwritten digit ({results["side"]} × {results["side"]} pixels, from scikit-learn), $h$
the hidden layer ({results["hidden"]} units), $p$ the probability of each of the {results["classes"]} classes,
$L$ the mean of $-\\log p$ of the right class over the {results["training_pictures"]:,} training pictures, $w$
any weight and $\\eta$ the learning rate.

![One input, one state, one output](lesson/{NAME}-unfolded.png)

`make lesson` takes {results["steps"]:,} steps at each learning rate, always from the same first weights, whose
loss is {results["first_loss"]:.2f}:

| learning rate η | loss at the last step | {results["held_out_pictures"]} held-out pictures right |
|---|---|---|
{rows}

![The loss along the path](lesson/{NAME}-sweep.png)

With η = {small["rate"]:g} the steps point the right way and are too short: after all of them the loss is still
{small["last_loss"]:.2f}. With η = {right["rate"]:g} it falls to {right["last_loss"]:.3f}, and
{right["accuracy"]:.1f} % of the pictures it never saw are right. With η = {large["rate"]:g} a step jumps across
the valley and lands higher than it began: the loss goes up to {large["highest_loss"]:.0f}, and ends at
{large["last_loss"]:.0f}.

What it does not show: the slope here is that of all pictures at once; the translator takes the slope of a batch
of sentences, and turns it into steps in other ways ([optimisers.py](../seq2seq/optimisers.py)). The right rate
is that of this network and these pictures only.
"""
