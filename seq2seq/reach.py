"""`seq2seq gradients`: how far back the gradients of networks reach, as a table, as JSON and as pictures.

    OUT/gradients.json  gradients.png  weights.png

OUT is the folder of the first run, or `gradients` for networks that are not trained.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from data_prep.corpus import Corpus
from data_prep.errors import UserError
from data_prep.files import write_text
from data_prep.subwords import Subwords
from seq2seq.assessment import find_checkpoints, languages_of, own_corpus
from seq2seq.cells import KINDS
from seq2seq.checkpoint import load_model
from seq2seq.config import Config
from seq2seq.gradient_plots import movement_picture, reach_picture
from seq2seq.gradients import FADED, Sentences, measure
from seq2seq.model import Translation
from seq2seq.reporting import read_metrics, read_movement
from seq2seq.results import align
from seq2seq.threads import Workers
from seq2seq.updates import new_network

SPLITS = ("agreement", "long", "validation")
"""Where sentences are taken from: the first that a corpus has.  The first two are those of the built-in corpus; the
last word of a sentence in `agreement` follows from one many words before."""
SHOWN = (1, 2, 5, 10, 20, 30, 40, 50, 60, 80, 100)
"""Distances in the table."""
ENDS = 5
"""A run's beginning and end are so many-th parts of it."""
STILL = 5
"""Matrices named in the table."""
KINDS_OF_SHARE = {"gradient": "‖gradient‖ / ‖W‖", "update": "‖update‖ / ‖W‖"}

Results = dict[str, Any]
Note = Callable[[str], None]


def choose(corpus: Corpus, subwords: Subwords, count: int) -> tuple[Sentences, dict[str, Any]]:
    """The longest sentences of a corpus, and what is told of them.  Raises UserError if there are none."""
    name = next((name for name in SPLITS if corpus.manifest["splits"].get(name, {}).get("pairs")), "validation")
    split = corpus.split(name)
    if not len(split):
        raise UserError(f"{corpus.folder}: the {name} split is empty; prepare a larger corpus")
    rows = np.argsort(-(split.source_lengths + split.target_lengths), kind="stable")[:count]
    sentences = Sentences.of(*split.texts(rows.tolist()), subwords)
    about = {"corpus": str(corpus.folder), "split": name, "sentences": len(rows)}
    for side, lengths_B in (("source", sentences.lengths_B), ("target", sentences.last_B + 1)):
        about[side] = {"shortest": int(lengths_B.min()), "longest": int(lengths_B.max())}
    return sentences, about


def of_fresh(corpus: Corpus, config: Config, count: int, note: Note = lambda message: None) -> Results:
    """Measure a network of each cell, with and without attention, with its first weights."""
    sentences, about = choose(corpus, corpus.subwords, count)
    names, networks = [], []
    for attention in (False, True):
        for cell in KINDS:
            names.append(f"{cell}, {'attention' if attention else 'no attention'}")
            asked = config.model.model_copy(update={"cell": cell, "attention": attention, "networks": 1})
            networks += new_network(config.model_copy(update={"model": asked}), corpus.subwords).networks
    note(f"measuring {'; '.join(names)}")
    known = [{"name": name, "trained": False, "step": 0, "text": about} for name in names]
    return {"faded": FADED, "networks": _measured(known, networks, sentences), "runs": []}


def of_runs(
    names: Sequence[str], prepared: Path | None, count: int, note: Note = lambda message: None
) -> tuple[Results, list[Path]]:
    """Measure the networks of runs, of an ensemble the first, before and after training; return their folders too.

    A name is the folder of a run, or of one of its checkpoints.  Raises UserError for one that is not there, or whose
    corpus is gone.
    """
    networks, runs, folders = [], [], []
    for checkpoint in find_checkpoints(names, None):
        run = checkpoint.parent.parent
        trained, subwords, config = load_model(checkpoint, torch.device("cpu"))
        corpus = Corpus(prepared) if prepared else own_corpus(run)
        if corpus.languages != (languages := languages_of([checkpoint])):
            found, wanted = "-".join(corpus.languages), "-".join(languages)
            raise UserError(f"{corpus.folder}: {found}, but {run} translates {wanted}")
        sentences, about = choose(corpus, subwords, count)
        steps = (0, int(checkpoint.name))
        note(f"measuring {run} at steps {steps[0]} and {steps[1]}")
        known = [{"name": run.resolve().name, "trained": step > 0, "step": step, "text": about} for step in steps]
        networks += _measured(known, [new_network(config, subwords).networks[0], trained.networks[0]], sentences)
        runs.append({"name": run.resolve().name, "clipping": clipping(run, config), "movement": ends_of_movement(run)})
        folders.append(run)
    return {"faded": FADED, "networks": networks, "runs": runs}, folders


def _measured(
    known: Sequence[Mapping[str, Any]], networks: Sequence[Translation], sentences: Sentences
) -> list[dict[str, Any]]:
    """What is measured of each network, beside what is known of it; as many at a time as PyTorch may use threads."""
    # A thread each: the matrices are small, and threads that share them wait for each other wherever else one is busy.
    workers = Workers(torch.get_num_threads())
    try:
        found = list(workers.map(lambda network: measure(network, sentences), networks))
    finally:
        workers.close()
    return [{**about, **measured} for about, measured in zip(known, found, strict=True)]


def clipping(run: Path, config: Config) -> dict[str, float] | None:
    """What clipping did: share of the updates clipped in all and in the first and last part of the run, mean norms.

    None for a run that has noted nothing of it.
    """
    rows = [row for row in read_metrics(run) if "clipped" in row]
    if not rows:
        return None
    few = -(-len(rows) // ENDS)
    shares = [row["clipped"] for row in rows]
    return {
        "clip_norm": config.training.clip_norm,
        "share": float(np.mean(shares)),
        "share_at_first": float(np.mean(shares[:few])),
        "share_at_last": float(np.mean(shares[-few:])),
        "norm": float(np.mean([row["gradient_norm"] for row in rows])),
        "clipped_norm": float(np.mean([row["clipped_norm"] for row in rows])),
    }


def ends_of_movement(run: Path) -> dict[str, dict[str, dict[str, float]]]:
    """For each matrix by name its median gradient and update share in the first and in the last part of the run.

    A gradient that explodes once would be all that a mean shows. Empty for a run without weights.jsonl.
    """
    rows = read_movement(run)
    few = -(-len(rows) // ENDS)
    return {
        name: {
            kind: {
                "first": float(np.median([row[kind][name] for row in rows[:few]])),
                "last": float(np.median([row[kind][name] for row in rows[-few:]])),
            }
            for kind in KINDS_OF_SHARE
        }
        for name in (rows[0]["gradient"] if rows else ())
    }


def write(results: Results, out: Path, runs: Sequence[Path] = ()) -> list[Path]:
    """Write the JSON and the pictures to a folder; return what was written.  Raises UserError if that cannot be."""
    written = [out / "gradients.json", out / "gradients.png"]
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_text(written[0], json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        reach_picture(results["networks"], written[1])
        for number, run in enumerate(runs, 1):
            if rows := read_movement(run):
                written.append(out / ("weights.png" if number == 1 else f"weights.{number}.png"))
                panels = {
                    title: [{"step": row["step"], "shares": row[kind]} for row in rows]
                    for kind, title in KINDS_OF_SHARE.items()
                }
                movement_picture(panels, written[-1])
    except OSError as error:
        raise UserError(f"{out}: cannot be written to ({error.strerror}); name another folder with --out") from error
    return written


def render(results: Results) -> str:
    """The results as plain text for people."""
    networks = results["networks"]
    lines = list(dict.fromkeys(_about(network["text"]) for network in networks))
    lines += ["", "distance T - t at which the median is below a thousandth of that at distance 1"]
    rows = [["", "∂loss_T/∂s_t", "∂h_T/∂s_t", "σ(U)"]]
    for network in networks:
        largest = max(value for name, value in network["singular_values"].items() if name.startswith("decoder.1."))
        rows.append([_title(network), *(_reach(network, kind) for kind in ("loss", "jacobian")), f"{largest:.2f}"])
    lines += [*align(rows), "s: the whole state of a layer"]
    lines += ["σ(U): the largest singular value of a recurrent matrix in layer 1 of the decoder"]
    for network in networks:
        lines += ["", _title(network), *align(_table(network))]
    for run in results["runs"]:
        lines += _told(run)
    return "\n".join(lines) + "\n"


def _about(text: Mapping[str, Any]) -> str:
    source, target = (f"{text[side]['shortest']} to {text[side]['longest']}" for side in ("source", "target"))
    return (
        f"the {text['sentences']} longest sentences of {text['split']} in {text['corpus']}: {source} source subwords, "
        f"{target} target subwords to the last word, whose loss is taken"
    )


def _title(network: Mapping[str, Any]) -> str:
    return f"{network['name']}, {'step ' + str(network['step']) if network['trained'] else 'first weights'}"


def _reach(network: Mapping[str, Any], kind: str) -> str:
    found = network["reach"][kind]
    return f"beyond {network[kind][-1]['distance']}" if found is None else str(found)


def _table(network: Mapping[str, Any]) -> list[list[str]]:
    bound = "bound" in network["jacobian"][0]
    table = [["distance", "in", "‖∂loss_T/∂s_t‖ (quartiles)", "‖∂h_T/∂s_t‖ (quartiles)", *(["σ(U)^(T-t)"] * bound)]]
    jacobians = {row["distance"]: row for row in network["jacobian"]}
    for row in network["loss"]:
        if row["distance"] in SHOWN:
            other = jacobians.get(row["distance"]) if row["part"] == "target" else None
            cells = [str(row["distance"]), row["part"], _quartiles(row), _quartiles(other) if other else ""]
            table.append(cells + ([f"{other['bound']:.1e}" if other else ""] if bound else []))
    return table


def _quartiles(row: Mapping[str, Any]) -> str:
    return f"{row['median']:.1e} ({row['lower']:.1e} to {row['upper']:.1e})"


def _told(run: Mapping[str, Any]) -> list[str]:
    """What is known of a run's training."""
    lines = []
    if clipped := run["clipping"]:
        lines += [
            "",
            f"{run['name']}: {clipped['share']:.1%} of the updates had a gradient of norm above "
            f"{clipped['clip_norm']:g} and were clipped, {clipped['share_at_first']:.1%} in the first fifth and "
            f"{clipped['share_at_last']:.1%} in the last; mean norm {clipped['norm']:.2f} before, "
            f"{clipped['clipped_norm']:.2f} after",
        ]
    if movement := run["movement"]:
        still = sorted(movement, key=lambda name: movement[name]["gradient"]["last"])[:STILL]
        rows = [["smallest gradients in the last fifth", *KINDS_OF_SHARE.values()]]
        for name in still:
            shares = (movement[name][kind] for kind in KINDS_OF_SHARE)
            rows.append([name, *(f"{share['first']:.1e} → {share['last']:.1e}" for share in shares)])
        lines += ["", *align(rows), "median of the first fifth of the run → of the last"]
    return lines
