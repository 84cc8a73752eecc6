"""Pictures of gradients: how far back they reach, and which weights they move."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, product
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from seq2seq.cells import KINDS
from seq2seq.gradients import FADED
from seq2seq.plots import COLOURS, GREY, new_figure, plain, save, tidy

QUANTITIES = {"loss": "‖∂loss$_T$/∂s$_t$‖, 1 at T − t = 1", "jacobian": "largest singular value of ∂h$_T$/∂s$_t$"}
SPACE = 0.055
"""Share of the height that a label takes."""
DEEPEST = 1e-9
"""Of the axis: what is less is nothing to a float32 beside it, and would press the rest together."""
COLUMNS = 60
"""Of a heat map; with more notes than that each shows the mean of several."""

Network = Mapping[str, Any]


def reach_picture(networks: Sequence[Network], path: Path, quantities: Iterable[str] = QUANTITIES) -> None:
    """Derivatives against the distance on a log axis: median and quartiles, a colour for each cell.

    `networks` are measurements of `gradients.measure` with `name` and `trained` beside; those with and without
    attention, before and after training have panels of their own.  A dot and a number are where a median is
    FADED of that at distance 1.
    """
    attentions = sorted({network["attention"] for network in networks})
    trainings = sorted({network["trained"] for network in networks})
    panels = list(product(quantities, attentions, trainings))
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    figure = new_figure(5.2 * columns, 3.6 * lines)
    for place, (quantity, attention, trained) in enumerate(panels, 1):
        axes = figure.add_subplot(lines, columns, place)
        title = f"{'attention' if attention else 'no attention'}, {'trained' if trained else 'first weights'}"
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_xlabel("distance T − t, subwords", fontsize=9)
        axes.set_ylabel(QUANTITIES[quantity], fontsize=9)
        scaled = [(network, _scaled(network, quantity)) for network in networks]
        medians = [row["median"] for _, rows in scaled for row in rows]
        axes.set_yscale("log")
        axes.set_ylim(max(DEEPEST, min(*medians, FADED / 2)), max(*medians, 10.0))
        axes.set_xlim(0, 1.22 * max(row["distance"] for _, rows in scaled for row in rows))
        if quantity == "loss":
            axes.axhline(FADED, color="0.4", lw=0.8, ls=":")
        tidy(axes)
        shown = [(n, rows) for n, rows in scaled if (n["attention"], n["trained"]) == (attention, trained)]
        _reach_panel(axes, shown, quantity)
    save(figure, path)


def _scaled(network: Network, quantity: str) -> list[dict[str, Any]]:
    """The rows from distance 1 on; those of a loss, whose size says nothing of time, with a median of 1 there."""
    rows = [row for row in network[quantity] if row["distance"] >= 1]
    scale = next(row["median"] for row in rows if row["distance"] == 1) if quantity == "loss" else 1.0
    return [{**row, **{key: row[key] / scale for key in ("lower", "median", "upper")}} for row in rows]


def _reach_panel(axes: Any, shown: Sequence[tuple[Network, list[dict[str, Any]]]], quantity: str) -> None:
    ends: list[tuple[float, str, float, str]] = []
    low, high = axes.get_ylim()
    cells = [network["cell"] for network, _ in shown]
    for number, (network, rows) in enumerate(shown):
        colour = COLOURS[list(KINDS).index(network["cell"])]
        alone = cells.count(network["cell"]) == 1
        for _, part in groupby(rows, key=lambda row: str(row["part"])):
            line = list(part)
            distances = [row["distance"] for row in line]
            lower, median, upper = ([row[key] for row in line] for key in ("lower", "median", "upper"))
            axes.fill_between(distances, lower, upper, color=colour, alpha=0.15, lw=0)
            axes.plot(distances, median, color=colour, lw=1.8, ls="-" if alone else ("-", "--", ":", "-.")[number % 4])
        last = [row for row in rows if row["median"] >= low][-1]
        ends.append((last["median"], network["cell"] if alone else plain(network["name"]), last["distance"], colour))
        if "bound" in rows[0]:
            bounds = [(row["distance"], row["bound"]) for row in rows if row["bound"] <= high] or [(1, high)]
            axes.plot(*zip(*bounds, strict=True), color=GREY, lw=1, ls="--")
            ends.append((bounds[-1][1], "σ(U)$^{T-t}$", bounds[-1][0], GREY))
    marked = [(network["reach"][quantity], network["cell"], rows) for network, rows in shown]
    marked = sorted((mark for mark in marked if mark[0] is not None), key=itemgetter(0, 1))
    for number, (distance, cell, rows) in enumerate(marked):
        colour, above = COLOURS[list(KINDS).index(cell)], (3, -11)[number % 2]
        height = FADED * rows[0]["median"]
        axes.plot(distance, height, "o", color=colour, ms=4)
        axes.annotate(
            distance, (distance, height), xytext=(2, above), textcoords="offset points", color=colour, fontsize=8
        )
    border = [row["distance"] for _, rows in shown for row in rows if row["part"] == "source"]
    if border:
        across = axes.get_xaxis_transform()
        axes.axvline(min(border), color="0.7", lw=0.8)
        axes.text(min(border), 1.0, " source →", fontsize=8, color="0.4", va="top", transform=across)
    _label_ends(axes, ends)


def _label_ends(axes: Any, ends: Sequence[tuple[float, str, float, str]]) -> None:
    """Write each name beside the end of its line, moved apart where they would be on top of each other."""
    low, high = np.log(axes.get_ylim())
    heights = [float(np.clip((np.log(value) - low) / (high - low), 0.02, 0.97)) for value, *_ in ends]
    placed: list[tuple[float, float]] = []
    for place in np.argsort(heights):
        _, name, distance, colour = ends[place]
        height = heights[place]
        for other, taken in placed:
            if abs(other - distance) < 0.2 * axes.get_xlim()[1]:
                height = max(height, taken + SPACE)
        placed.append((distance, height))
        across = axes.get_xaxis_transform()
        axes.text(distance, height, f" {name}", color=colour, fontsize=9, va="center", transform=across)


def movement_picture(panels: Mapping[str, Sequence[Mapping[str, Any]]], path: Path) -> None:
    """A heat map for each title: a line for each matrix by name, from left to right the updates, colour by the share.

    The rows of a panel have `step` and `shares` by name.
    """
    height = max(len(rows[0]["shares"]) for rows in panels.values())
    figure = new_figure(1.2 + 4.6 * len(panels), 1.2 + 0.17 * height)
    low, high = _limits(panels)
    before: list[str] = []
    for place, (title, rows) in enumerate(panels.items(), 1):
        axes = figure.add_subplot(1, len(panels), place)
        names = list(rows[0]["shares"])
        parts = np.array_split(np.arange(len(rows)), min(COLUMNS, len(rows)))
        shares = np.array([[row["shares"][name] for row in rows] for name in names])
        means = np.stack([shares[:, part].mean(axis=1) for part in parts], axis=1)
        extent = (0, rows[-1]["step"], len(names) - 0.5, -0.5)
        shown = axes.imshow(
            np.log10(np.maximum(means, low)),
            aspect="auto",
            extent=extent,
            vmin=np.log10(low),
            vmax=np.log10(high),
            interpolation="nearest",
        )
        same = names == before
        axes.set_yticks(range(len(names)), [""] * len(names) if same else names, fontsize=7)
        before = names
        axes.tick_params(length=0)
        axes.set_title(title, fontsize=9, loc="left")
        axes.set_xlabel("update", fontsize=9)
        axes.xaxis.set_major_formatter("{x:,.0f}")
    powers = range(round(np.log10(low)), round(np.log10(high)) + 1)
    bar = figure.colorbar(shown, ax=figure.axes, fraction=0.03, format="10$^{{{x:.0f}}}$", ticks=powers)
    bar.ax.tick_params(labelsize=8)
    save(figure, path)


def _limits(panels: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[float, float]:
    """From one whole power of ten to another, without the hundredth that is smallest."""
    values = np.array([share for rows in panels.values() for row in rows for share in row["shares"].values()])
    values = values[(values > 0) & np.isfinite(values)]
    if not values.size:
        return 1e-3, 1.0
    low, high = np.floor(np.log10(np.quantile(values, 0.01))), np.ceil(np.log10(values.max()))
    return float(10**low), float(10 ** max(high, low + 1))
