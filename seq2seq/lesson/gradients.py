"""The vanishing gradient: how far back it reaches in the translators, before and after training."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from seq2seq.cells import KINDS
from seq2seq.gradient_plots import movement_picture, reach_picture
from seq2seq.gradients import FADED
from seq2seq.lesson.section import Keep, Results
from seq2seq.lesson.translators import run_folder
from seq2seq.reach import of_runs
from seq2seq.reporting import read_movement

NAME = "gradients"
SENTENCES = {False: 8, True: 40}
"""How many are measured, in small and in full."""
SHOWN = 20
"""Distance at which the table says what is left."""
CHAIN = ("encoder.1.forwards.", "decoder.1.")
"""The weights whose movement is shown: those that the gradient through time is for."""
NOTES = 40
"""Columns of their picture, at most."""
STILL = 3
"""Matrices of each network in the table of those that are asked least to move."""

CLAIM = """\
**The claim.** A recurrent network is taught by sending the error back through time, position by position, and each step
back multiplies it by one more factor. A product of many factors below one (`0.1 · 0.1 · 0.1 …`) is soon nothing: the
gradient vanishes, and weights that matter only for what was long ago are no longer moved. If the factors are above one
it explodes. The LSTM is built so that along its cell the factor stays near one, and forgets only where it has learnt to
(Bengio et al. 1994, Hochreiter & Schmidhuber 1997, Pascanu et al. 2013)."""

EQUATION = r"""```math
\frac{\partial\,\mathrm{loss}_T}{\partial s_t}
  = \frac{\partial\,\mathrm{loss}_T}{\partial s_T} \prod_{k=t+1}^{T} \frac{\partial s_k}{\partial s_{k-1}},
\qquad \text{plain RNN:}\quad
\frac{\partial h_k}{\partial h_{k-1}} = \mathrm{diag}(1 - h_k^2)\,U,\quad
\Big\|\frac{\partial h_T}{\partial h_t}\Big\| \le \sigma(U)^{T-t}
```

$s_t$ is the whole state of the layer after position $t$: $h_t$, and for the LSTM the cell $c_t$ too, whose content does
not pass through $h$. $\mathrm{loss}_T$ is the loss of the last word, $T - t$ the distance, $U$ the matrix from state to
state, $\sigma(U)$ its largest singular value. The chain is the translator's own: the forward direction of the encoder
over the source, then the first layer of the decoder over the target."""

MUON = """\
Muon, which trains the matrices here, makes steps of one size however small a gradient is, and their size falls to
nothing with the learning rate in all of them alike. So the gradient's share tells the story, and the update's shows
what the optimiser does about it: weights whose gradient has all but vanished are still moved, though in a direction
that little stands behind."""

LIMITS = """\
**What this does not show.** A derivative that has vanished says that the loss does not teach what lies so far back, not
that the state holds nothing of it. First weights are not the lecture's: recurrent matrices begin orthogonal, with all
singular values at the σ(U) of the table, and the LSTM's forget gate begins open, both made against vanishing. One word
of each sentence is asked, on sentences longer than most that were trained on. The bound holds for any sentence, and so
says little of a given one."""


def measure(keep: Keep) -> Results:
    """Measure the translators of each cell with and without attention, with their first weights and as trained."""
    found: Results = {"threshold": FADED, "shown": SHOWN, "networks": [], "runs": []}
    for attention in (False, True):
        for cell in KINDS:
            folder = run_folder(keep, cell, attention)
            key = f"{NAME}-{cell}-{'attention' if attention else 'plain'}"
            one = keep.get(key, partial(_of_run, folder, SENTENCES[keep.full]))
            found["networks"] += one["networks"]
            found["runs"].append({"cell": cell, "attention": attention, **one["run"]})
    return found


def _of_run(folder: Path, sentences: int) -> Results:
    results, _ = of_runs([str(folder)], None, sentences)
    (run,) = results["runs"]
    for network in results["networks"]:
        # Where the corpus lies here is of no interest, and derivatives by h alone are for those who look closer.
        network["text"]["corpus"] = Path(network["text"]["corpus"]).name
        for kind in ("loss_h", "jacobian_h"):
            network.pop(kind, None)
        network["left"] = {kind: _left(network[kind], SHOWN) for kind in ("loss", "jacobian")}
        network["left"]["furthest"] = _left(network["loss"], _furthest(network))
    still = _still(run.pop("movement"))
    return {"networks": results["networks"], "run": {**run, "still": still, "notes": _notes(folder)}}


def _furthest(network: Mapping[str, Any]) -> int:
    """The largest distance that there are medians of."""
    return int(max(row["distance"] for row in network["loss"]))


def _left(rows: Sequence[Mapping[str, Any]], distance: int) -> float | None:
    """Median at a distance as a share of that at distance 1; None if there is none so far away."""
    near = next(row["median"] for row in rows if row["distance"] == 1)
    there = [row["median"] for row in rows if row["distance"] == distance]
    return float(there[-1] / near) if there else None


def _still(movement: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The matrices of the chain with the smallest gradients at last; shares in millionths."""
    names = [name for name in movement if name.startswith(CHAIN)]
    names.sort(key=lambda name: movement[name]["gradient"]["last"])
    return [
        {
            "name": name,
            **{
                f"{kind}_{end}": 1e6 * movement[name][kind][end]
                for kind in ("gradient", "update")
                for end in ("first", "last")
            },
        }
        for name in names[:STILL]
    ]


def _notes(folder: Path) -> list[dict[str, Any]]:
    """Gradients of the chain's matrices over the training, thinned out to what a picture can show."""
    rows = read_movement(folder)
    parts = np.array_split(np.arange(len(rows)), min(NOTES, len(rows))) if rows else []
    names = [name for name in rows[0]["gradient"] if name.startswith(CHAIN)] if rows else []
    return [
        {
            "step": rows[part[-1]]["step"],
            "shares": {name: float(np.mean([rows[place]["gradient"][name] for place in part])) for name in names},
        }
        for part in parts
    ]


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """gradients-reach.png, gradients-jacobian.png, gradients-weights.png."""
    reach_picture(results["networks"], folder / f"{NAME}-reach.png", ["loss"])
    reach_picture(results["networks"], folder / f"{NAME}-jacobian.png", ["jacobian"])
    notes = {run["cell"]: run["notes"] for run in results["runs"] if run["notes"] and not run["attention"]}
    movement_picture(
        {f"{cell}: ‖gradient‖ / ‖W‖": rows for cell, rows in notes.items()}, folder / f"{NAME}-weights.png"
    )


def tell(results: Mapping[str, Any]) -> str:
    """The section as Markdown."""
    networks, runs = results["networks"], results["runs"]
    text = networks[0]["text"]
    source, target = (f"{text[side]['shortest']} to {text[side]['longest']}" for side in ("source", "target"))
    return f"""## The gradient through time

{CLAIM}

{EQUATION}

**The command.** `make gradients` measures fresh networks, `make gradients RUN=runs/…` a run before and after training.
The derivatives are exact, by autograd in double precision, and tested against finite differences.

**Measured** on the {text["sentences"]} longest sentences of `{text["split"]}`, {source} subwords in the source and
{target} in the target up to its last word, which must agree with one many words before. *Reach* is the first distance
at which the median derivative is below {results["threshold"]} of what it is at distance $1$; beside it, what is left of
it at distance {results["shown"]}. Trained networks have the weights that were best in validation.

{_reach_table(networks)}

![The derivative of the loss by the states before, against their distance](lesson/{NAME}-reach.png)

Each line is a median, the band round it the quartiles over the sentences. {_order(networks)}

{_attention(networks)}

![The largest singular value of the Jacobian, and the bound of the plain RNN](lesson/{NAME}-jacobian.png)

{_bound(networks)}

**Which weights stop moving.** The gradient of a matrix $W$ as a share of its size $\\|W\\|$, median of the first fifth
of the training and of the last, in millionths; of each network without attention the {_words(STILL)} matrices along
the chain that the loss asks least to move.

{_still_table(runs)}

![Gradients along the chain over the training, by layer and gate](lesson/{NAME}-weights.png)

{MUON}

**Exploding.** A gradient whose norm is above {_clip_norm(runs)} is cut to that norm.

{_clipping_table(runs)}

{LIMITS}
"""


def _words(number: int) -> str:
    return ("no", "one", "two", "three", "four", "five")[number]


def _kind(network: Mapping[str, Any]) -> str:
    return "with" if network["attention"] else "without"


def _reach(network: Mapping[str, Any], kind: str) -> str:
    found = network["reach"][kind]
    return f"beyond {max(row['distance'] for row in network[kind])}" if found is None else str(found)


def _share(value: float | None, least: float = FADED) -> str:
    if value is None:
        return "–"
    return f"less than {least}" if value < least else f"{value:.{max(1, 1 - math.floor(math.log10(value)))}f}"


def _reach_table(networks: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "| cell | attention | weights | updates | reach of ∂loss/∂s | left | reach of ∂h/∂s | left | σ(U) |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for network in networks:
        largest = max(value for name, value in network["singular_values"].items() if name.startswith("decoder.1."))
        cells = [network["cell"], _kind(network), "trained" if network["trained"] else "first", f"{network['step']:,}"]
        for kind in ("loss", "jacobian"):
            cells += [_reach(network, kind), _share(network["left"][kind])]
        lines.append(f"| {' | '.join(cells)} | {largest:.2f} |")
    return "\n".join(lines)


def _order(networks: Sequence[Mapping[str, Any]]) -> str:
    """Which cell reaches how far without attention, in words."""
    told = []
    for trained, when in ((False, "With their first weights"), (True, "After training")):
        chosen = [n for n in networks if n["trained"] is trained and not n["attention"]]
        chosen.sort(key=lambda n: (-(n["reach"]["loss"] or math.inf), -(n["left"]["furthest"] or 0.0)))
        told.append(
            f"{when}, without attention, " + ", ".join(f"{n['cell']} reaches {_reach(n, 'loss')}" for n in chosen)
        )
    return ". ".join(told) + "."


def _attention(networks: Sequence[Mapping[str, Any]]) -> str:
    told = []
    for trained in (False, True):
        parts = []
        for attention in (False, True):
            chosen = [n for n in networks if n["trained"] is trained and n["attention"] is attention]
            shares = ", ".join(f"{_share(n['left']['furthest'])} for {n['cell']}" for n in chosen)
            parts.append(f"{'with' if attention else 'without'} attention {shares}")
        told.append(" and ".join(parts))
    return (
        f"Attention gives the gradient a short way. At distance ${_furthest(networks[0])}$, in the source, the largest "
        f"that half of the sentences have, the median with first weights is, as a share of that at distance $1$, "
        f"{told[0]}. After training it is {told[1]}. The line breaks where the source begins, as "
        "an encoder's states are others than a decoder's."
    )


def _bound(networks: Sequence[Mapping[str, Any]]) -> str:
    before, after = (
        next(n for n in networks if n["cell"] == "rnn" and not n["attention"] and n["trained"] is trained)
        for trained in (False, True)
    )
    largest = [n["singular_values"]["decoder.1.U"] for n in (before, after)]
    return (
        f"Of the plain RNN without attention $\\sigma(U)$ is {largest[0]:.2f} at first and {largest[1]:.2f} after "
        "training, which bounds the Jacobian by the dashed line. What is measured is below it, as each factor also has "
        "its slope $1 - h^2$: a bound above one does not keep the gradient from vanishing."
    )


def _still_table(runs: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "| cell | matrix | gradient, first fifth | last fifth | update, first fifth | last fifth |",
        "|---|---|---|---|---|---|",
    ]
    for run in runs:
        if not run["attention"]:
            for one in run["still"]:
                shares = (
                    f"{one[f'{kind}_{end}']:,.0f}" for kind in ("gradient", "update") for end in ("first", "last")
                )
                lines.append(f"| {run['cell']} | `{one['name']}` | {' | '.join(shares)} |")
    return "\n".join(lines)


def _clip_norm(runs: Sequence[Mapping[str, Any]]) -> str:
    return next((f"{run['clipping']['clip_norm']:g}" for run in runs if run["clipping"]), "that set")


def _clipping_table(runs: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "| cell | attention | updates clipped | in the first fifth | in the last | mean norm before | after |",
        "|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        if clipping := run["clipping"]:
            shares = [f"{clipping[key]:.1%}".replace("%", " %") for key in ("share", "share_at_first", "share_at_last")]
            norms = [f"{clipping[key]:.2f}" for key in ("norm", "clipped_norm")]
            lines.append(f"| {' | '.join([run['cell'], _kind(run), *shares, *norms])} |")
    return "\n".join(lines)
