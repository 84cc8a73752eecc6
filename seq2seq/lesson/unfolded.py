"""A picture of a network unfolded over time: at each step an input, a state and an output, some of them missing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seq2seq.plots import BLUE, GREY, ORANGE, new_figure, save

ROWS = {"inputs": 0.0, "states": 1.0, "outputs": 2.0}
"""Where they stand, from below."""
HEIGHT = 0.42
"""Of a box, where rows are 1 apart."""
LETTER = 0.13
"""Width of a letter in a box."""


def unfolded(inputs: Sequence[str], outputs: Sequence[str], path: Path, *, fed_back: bool = False) -> None:
    """Draw the network with the given symbols, step by step, as a PNG; an empty symbol is a step without one.

    The shorter of the two is filled up with empty symbols.  `fed_back` draws each output as an input of the next
    step, as in a network that writes.
    """
    steps = max(len(inputs), len(outputs))
    symbols = {
        "inputs": [*inputs, *[""] * (steps - len(inputs))],
        "states": [f"$h_{{{step}}}$" if steps > 1 else "$h$" for step in range(1, steps + 1)],
        "outputs": [*outputs, *[""] * (steps - len(outputs))],
    }
    longest = max(len(symbol) for row in ("inputs", "outputs") for symbol in symbols[row])
    width = max(HEIGHT, LETTER * (longest + 1))
    apart = width + 0.32
    figure = new_figure(max(3.0, 0.8 * (apart * steps + 1.3)), 2.5)
    axes = figure.subplots()
    axes.set(xlim=(-1.3 - width / 2, apart * (steps - 1) + width / 2 + 0.1), ylim=(-0.35, 2.35), aspect="equal")
    axes.axis("off")
    for (row, height), fill, ink in zip(ROWS.items(), ("0.92", BLUE, ORANGE), ("black", "white", "white"), strict=True):
        axes.text(-0.3 - width / 2, height, row if steps > 1 else row[:-1], ha="right", va="center", color="0.4")
        for step, symbol in enumerate(symbols[row]):
            if symbol:
                _box(axes, apart * step, height, width, symbol, fill, ink)
    for step in range(steps):
        x = apart * step
        if symbols["inputs"][step]:
            _arrow(axes, (x, ROWS["inputs"] + HEIGHT / 2), (x, ROWS["states"] - HEIGHT / 2))
        if symbols["outputs"][step]:
            _arrow(axes, (x, ROWS["states"] + HEIGHT / 2), (x, ROWS["outputs"] - HEIGHT / 2))
        if step + 1 == steps:
            break
        _arrow(axes, (x + width / 2, ROWS["states"]), (x + apart - width / 2, ROWS["states"]))
        if fed_back and symbols["outputs"][step]:
            start = (x + width / 2, ROWS["outputs"] - HEIGHT / 4)
            _arrow(axes, start, (x + apart - width / 4, ROWS["states"] + HEIGHT / 2), color=GREY, linestyle="--")
    save(figure, path)


def _box(axes: Any, x: float, y: float, width: float, symbol: str, fill: str, ink: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (x - width / 2, y - HEIGHT / 2)
    axes.add_patch(FancyBboxPatch(corner, width, HEIGHT, boxstyle="round,pad=0,rounding_size=0.1", fc=fill, ec="none"))
    # A space is seen as nothing.
    axes.text(x, y, "␣" if symbol == " " else symbol, ha="center", va="center", color=ink)


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float], **style: str) -> None:
    arrow = {"arrowstyle": "->", "shrinkA": 1, "shrinkB": 1, "color": "0.3", **style}
    axes.annotate("", end, start, arrowprops=arrow)
