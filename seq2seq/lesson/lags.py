"""Section: the longest lag at which each cell still copies and adds."""

import math
import statistics
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from seq2seq.cells import KINDS
from seq2seq.config import Training
from seq2seq.lesson.lag_tasks import ALPHABET, BATCH, HELD_OUT, LETTERS, TASKS, Task, hidden_size, learn, parameters
from seq2seq.lesson.section import Keep, Results, table
from seq2seq.plots import COLOURS, GREY, new_figure, save, tidy

NAME = "lags"
LAGS = {False: (10, 20, 50, 100, 200), True: (10, 20, 30, 50, 70, 100, 140, 200)}
SEEDS = {False: (1,), True: (1, 2, 3)}
STEPS = {False: 1000, True: 2000}
RATES = (0.01, 0.04)
"""Highest learning rates that are tried, as cells differ in what they need."""
SOLVED = 0.01
"""Held-out error below which a task is solved."""


def tried(cell: str, task: Task, lag: int, steps: int, seed: int) -> Results:
    """The error with the learning rate that serves best; none is tried after one that solves the task."""
    best: Results = {"lag": lag, "error": math.inf}
    for rate in RATES:
        training = Training(steps=steps, learning_rate=rate, warmup_steps=30, weight_decay=0.0, seed=seed)
        error = learn(cell, task, lag, training)
        if error < best["error"]:
            best = {"lag": lag, "error": error, "rate": rate}
        if error < SOLVED:
            break
    return best


def parts(keep: Keep) -> list[str]:
    """What can be measured side by side."""
    return [f"{name}-{cell}" for name in TASKS for cell in KINDS]


def prepare(keep: Keep) -> None:
    """Nothing is read."""


def measure_part(keep: Keep, part: str) -> Results:
    """One cell on one task, each lag longer than the one before until one is not solved."""
    name, cell = part.split("-")
    task = TASKS[name]
    seeds = []
    for seed in SEEDS[keep.full]:
        errors: list[Results] = []
        for lag in LAGS[keep.full]:
            measured = partial(tried, cell, task, lag, STEPS[keep.full], seed)
            errors.append(keep.get(f"{NAME}-{part}-{lag}-{seed}", measured))
            if errors[-1]["error"] >= SOLVED:
                break
        longest = max((one["lag"] for one in errors if one["error"] < SOLVED), default=0)
        seeds.append({"seed": seed, "longest": longest, "errors": errors})
    hidden = hidden_size(cell, task)
    return {
        "hidden": hidden,
        "parameters": parameters(cell, task, hidden),
        "longest": statistics.median_low(seed["longest"] for seed in seeds),
        "seeds": seeds,
    }


def measure(keep: Keep) -> Results:
    """The longest lag that each cell solves."""
    return {
        "tasks": {name: {cell: measure_part(keep, f"{name}-{cell}") for cell in KINDS} for name in TASKS},
        "guesses": {name: task.guess for name, task in TASKS.items()},
        "lags": LAGS[keep.full],
        "solved": SOLVED,
        "rates": RATES,
        "steps": STEPS[keep.full],
        "batch": BATCH,
        "held_out": HELD_OUT,
        "alphabet": ALPHABET,
        "letters": LETTERS,
        "seeds": len(SEEDS[keep.full]),
    }


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """Error against lag, one line for each cell."""
    figure = new_figure(10, 3.8)
    panels = figure.subplots(1, len(results["tasks"]))
    least = results["solved"] / 100
    titles = {"copy": "copy: share of letters wrong", "adding": "adding: mean square error"}
    for axes, (name, cells) in zip(panels, results["tasks"].items(), strict=True):
        for (cell, found), colour in zip(cells.items(), COLOURS, strict=False):
            lags = [lag for lag in results["lags"] if _errors(found, lag)]
            errors = [max(least, statistics.median(_errors(found, lag))) for lag in lags]
            axes.plot(lags, errors, color=colour, marker="o", ms=4, label=cell)
            for lag in lags:
                seeds = [max(least, error) for error in _errors(found, lag)]
                axes.plot([lag] * len(seeds), seeds, ".", color=colour, ms=4, alpha=0.5)
        axes.axhline(results["solved"], color="0.4", lw=0.8, ls=":")
        axes.annotate("solved below", (1, results["solved"]), (0, 3), ha="right", **NOTE)
        axes.axhline(results["guesses"][name], color=GREY, lw=0.8, ls="--")
        axes.annotate("a guess", (1, results["guesses"][name]), (0, 3), ha="right", **NOTE)
        axes.set(xscale="log", yscale="log", xlabel="lag", title=titles[name], ylim=(0.7 * least, 3))
        axes.set_xticks(results["lags"], results["lags"])
        axes.minorticks_off()
        tidy(axes)
    panels[0].legend(frameon=False, loc="lower right")
    save(figure, folder / f"{NAME}-error.png")


NOTE: dict[str, Any] = {
    "xycoords": ("axes fraction", "data"),
    "textcoords": "offset points",
    "color": "0.4",
    "fontsize": 8,
}


def _errors(found: Mapping[str, Any], lag: int) -> list[float]:
    """Those of all seeds that came so far."""
    return [one["error"] for seed in found["seeds"] for one in seed["errors"] if one["lag"] == lag]


def tell(results: Mapping[str, Any]) -> str:
    """The section as Markdown."""
    rows: list[list[object]] = [
        ["cell", "hidden", "parameters", *(f"longest lag, {name}" for name in results["tasks"])]
    ]
    for cell in KINDS:
        found = [cells[cell] for cells in results["tasks"].values()]
        sizes = [" / ".join(f"{one[key]:,}" for one in found) for key in ("hidden", "parameters")]
        rows.append([cell, *sizes, *map(_longest, found)])
    lags, guesses, rates = results["lags"], results["guesses"], results["rates"]
    seeds = f"; the median of {results['seeds']} seeds, all of them in brackets" if results["seeds"] > 1 else ""
    return f"""\
## Long lags: copying and adding

Language is full of short cuts. Tasks made for the purpose have none: what is asked was there once, many steps ago, and
nothing in between tells of it (Hochreiter & Schmidhuber 1997).

- **Copy with delay.** {results["letters"]} letters out of {results["alphabet"]}, then silence, then
  {results["letters"]} calls; at the calls the letters are to be said, each exactly *lag* steps after it was read.
- **Adding.** *lag* numbers between $0$ and $1$, one in each half of them marked; after the last, the sum of the two
  marked ones.

$$
h_t = \\mathrm{{cell}}(x_t, h_{{t-1}}), \\qquad y_t = W h_t + b
$$

$x_t$ is the letter, or the number and its mark, $h_t$ the state of one recurrent layer, the same as in the translator,
and $y_t$ the answer.

`make lesson` trains a network for each lag from {lags[0]} to {lags[-1]}, {results["steps"]:,} updates of
{results["batch"]} sequences, at the learning rates {" and ".join(map(str, rates))}, of which the better counts. A lag
is solved if the error on {results["held_out"]:,} new sequences is below {results["solved"]}: the share of letters that
are wrong, where a guess has {guesses["copy"]}, or the mean square of what is amiss, where a guess has
{guesses["adding"]:.2f}. Each cell goes from lag to lag until one is not solved{seeds}.

{table(rows)}
(Sizes: for copying / for adding.)

![Error against lag](lesson/{NAME}-error.png)

An error that is smaller still stands at the lower edge.

{_order(results)}

What it does not show: what is possible. A longer training, another schedule or other first weights move all these
limits; recurrent matrices begin orthogonal here, which keeps what is in the state as it is, and so helps the plain RNN
to copy.
"""


def _longest(found: Mapping[str, Any]) -> str:
    """Of the median seed, and of each if there are more."""
    said = [str(lag) if lag else "none" for lag in (found["longest"], *(one["longest"] for one in found["seeds"]))]
    return said[0] if len(said) == 2 else f"{said[0]} ({', '.join(said[1:])})"


def _order(results: Mapping[str, Any]) -> str:
    """Which cell comes how far, in words."""
    told = []
    for name, cells in results["tasks"].items():
        order = sorted(cells, key=lambda cell: -cells[cell]["longest"])
        reached = [f"{cell} {cells[cell]['longest'] or 'no lag'}" for cell in order]
        told.append(f"{NAMES[name]} {', '.join(reached)}")
    return f"The longest lag solved: {'; '.join(told)}."


NAMES = {"copy": "copying,", "adding": "adding,"}
