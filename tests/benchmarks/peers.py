"""Ours beside another toolkit: the same subwords, sizes, batch tokens and seconds, in turns in one run.

Turns: ours trains, then the peer, then ours again for a part of the time; ours translates, then the peer, then ours
again.  The speeds of our two turns are averaged, so that a machine that gets slower or faster meanwhile is fair to
both.  BLEU is of the validation split, greedy, after the first turn, of ours also after the second, a fifth as long.
Each side has a learning rate that suits its optimiser: ours that of its recipe.  What could not be made equal is said
as the comparison begins; all of it is described in `joey.py` and `marian.py`.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path

from safetensors import safe_open

from data_prep.corpus import Corpus
from data_prep.errors import UserError
from data_prep.parallel import available_cores
from seq2seq.evaluation import corpus_bleu
from tests.benchmarks.joey import JoeyNMT
from tests.benchmarks.marian import Marian
from tests.benchmarks.processes import in_own_process
from tests.benchmarks.toolkit import Task, Toolkit, read_ids, write_text

Say = Callable[[str], None]
Figures = dict[str, float]

TOOLKITS: dict[str, type[Toolkit]] = {kind.name: kind for kind in (JoeyNMT, Marian)}
THREADS = 2
RECIPE = "small"
EMBEDDING, HIDDEN, DROPOUT, LABEL_SMOOTHING, CLIP_NORM, BEAM = 256, 512, 0.1, 0.1, 1.0, 5
PEAK_RATE = 2e-3
BATCH_TOKENS = 2000
"""As the recipe has: toolkits that go through time in Python need large batches to be fast."""
AGAIN = 1 / 5
"""Length of our further turns of training, which begin anew."""
REPEAT_SECONDS = 5.0
"""Ours translates the test split until this time is over: once would be too short to measure."""
PATIENCE = 300.0
"""Seconds that a peer may take to begin, or to save and end."""


def compare(prepared: Path, folder: Path, peer: str, seconds: float, say: Say) -> Figures:
    """Train and translate with ours and a peer, `joeynmt` or `marian`; each trains for `seconds`.

    `folder` keeps the peer's virtual environment from one call to the next; all else in there is written anew.
    Figures are named for what they are: of the peer, with `ours_` before them of ours, and `…_ratio` of ours to the
    peer.  Raises UserError if the peer cannot be installed or fails.
    """
    # Commands run in other folders.
    prepared, folder = prepared.resolve(), folder.resolve()
    corpus = Corpus(prepared)
    longest = write_text(corpus, folder / "text")
    task = Task(
        text=folder / "text",
        vocabulary=corpus.subwords.target_size,
        longest=longest,
        embedding=EMBEDDING,
        hidden=HIDDEN,
        dropout=DROPOUT,
        label_smoothing=LABEL_SMOOTHING,
        clip_norm=CLIP_NORM,
        batch_tokens=BATCH_TOKENS,
        peak_rate=PEAK_RATE,
        beam=BEAM,
        threads=min(THREADS, available_cores()),
    )
    kind = TOOLKITS[peer]
    python = install(kind, folder / f"{peer}-environment", say)
    toolkit = kind(python, fresh(folder / peer), task)
    toolkit.write()
    say(f"comparison for {seconds:.0f} s of training each, {task.threads} threads; {kind.unequal}")

    first, again = folder / "ours", folder / "ours-again"
    rates = [train_ours(prepared, fresh(first), seconds, task, say)]
    theirs = train_peer(toolkit, seconds, say)
    rates.append(train_ours(prepared, fresh(again), seconds * AGAIN, task, say))

    turns = [translate_ours(prepared, first, task, say)]
    theirs |= translate_peer(toolkit, corpus, say)
    turns.append(translate_ours(prepared, first, task, say))
    ours = {name: (value + turns[1][name]) / 2 for name, value in turns[0].items()}
    ours["bleu_after_a_fifth"] = in_own_process(_bleu_of_ours, prepared, again, task)
    ours["train_tokens_per_second"] = sum(rates) / 2
    return with_ratios(ours, theirs) | {
        "seconds": seconds,
        "threads": float(task.threads),
        "batch_tokens": float(BATCH_TOKENS),
    }


def with_ratios(ours: Figures, theirs: Figures) -> Figures:
    """The figures of both, and how many times as fast ours is."""
    figures = dict(theirs) | {f"ours_{name}": value for name, value in ours.items()}
    for name, value in theirs.items():
        part, per_second, _ = name.partition("_tokens_per_second")
        if not per_second:
            part, per_second, _ = name.partition("_sentences_per_second")
        if per_second:
            figures[f"{part}_ratio"] = ours[name] / value
    return figures


def fresh(folder: Path) -> Path:
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def install(kind: type[Toolkit], environment: Path, say: Say) -> Path:
    """The Python of a virtual environment with the toolkit in it, made unless it is there.

    Raises UserError if that fails.
    """
    python, mark = environment / "bin" / "python", environment / "installed.json"
    wanted = json.dumps([sys.version, *kind.requirements])
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return python
    say(f"installing {kind.name} into {environment} (once, a few minutes)")
    # As in the Makefile: further options for pip, such as another index.
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += shlex.split(os.environ.get("PIP", ""))
    commands = [[sys.executable, "-m", "venv", "--clear", str(environment)]]
    commands += [[*pip, *packages.split()] for packages in kind.requirements]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            why = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            raise UserError(
                f"{kind.name} cannot be installed into {environment} ({why[-1]}); "
                "it needs the network once, `make bench` without PEERS does not"
            )
    mark.write_text(wanted, encoding="utf-8")
    return python


def train_ours(prepared: Path, run: Path, seconds: float, task: Task, say: Say) -> float:
    """Train ours by its command; target tokens a second, ends of sentences included."""
    say(f"ours trains for {seconds:.0f} s")
    settings = {
        "model.cell": "lstm",
        "model.embedding": task.embedding,
        "model.hidden": task.hidden,
        "model.encoder_layers": 1,
        "model.decoder_layers": 2,
        "training.dropout": task.dropout,
        "training.batch_tokens": task.batch_tokens,
        "training.joined": 0.0,
        "training.minutes": f"{seconds / 60:.6f}",
        "training.label_smoothing": task.label_smoothing,
        "training.clip_norm": task.clip_norm,
        "training.device": "cpu",
        "training.threads": task.threads,
        # Once, when the time is over.
        "training.validate_steps": 10**9,
    }
    command = [sys.executable, "-c", "from seq2seq.cli import main; main()", "train", str(prepared)]
    command += ["--recipe", RECIPE, "--run", str(run)]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    run_to_end(command, run.with_suffix(".log"), run, task.threads)
    return rate_of_ours(run)


def rate_of_ours(run: Path) -> float:
    """Target tokens a second of a finished run, from its metrics and the state that it saved."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    (state,) = [json.loads(path.read_bytes()) for path in run.glob("checkpoints/*/state.json")]
    # The note of the validation has the time before it; what was trained since the last note is in the state.
    tokens = sum(row.get("tokens", 0) for row in rows) + state["window_tokens"]
    return float(tokens / rows[-1]["seconds"])


def parameters_of_ours(run: Path) -> int:
    """Number of weights of a finished run, from the headers of the file that it saved."""
    (path,) = run.glob("checkpoints/*/model.safetensors")
    with safe_open(path, "np") as file:
        return sum(prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118  not a dictionary


def train_peer(toolkit: Toolkit, seconds: float, say: Say) -> Figures:
    """Train a peer for as long."""
    say(f"{toolkit.name} trains for {seconds:.0f} s")
    log = toolkit.folder / "training.log"
    process = start(toolkit.training(), log, toolkit.folder, toolkit.omp_threads)
    try:
        deadline = time.monotonic() + PATIENCE
        while toolkit.started not in read(log):
            if process.poll() is not None or time.monotonic() > deadline:
                raise UserError(f"{toolkit.name} does not begin to train; see {log}")
            time.sleep(0.1)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait(PATIENCE)
        else:
            raise UserError(f"{toolkit.name} stopped training before its time; see {log}")
    except subprocess.TimeoutExpired as error:
        raise UserError(f"{toolkit.name} does not stop training; see {log}") from error
    finally:
        end(process)
    text = read(log)
    return {"train_tokens_per_second": toolkit.rate(text), "parameters": float(toolkit.parameters(text))}


def translate_ours(prepared: Path, run: Path, task: Task, say: Say) -> Figures:
    """Our speed on the test split, BLEU and size."""
    say("ours translates")
    return in_own_process(_translate_ours, prepared, run, task)


def _translate_ours(prepared: Path, run: Path, task: Task) -> Figures:
    import torch

    from seq2seq import Translator

    torch.set_num_threads(task.threads)
    translator = Translator.load(run, "last")
    figures: Figures = {
        "bleu": _bleu_of_ours(prepared, run, task),
        "parameters": float(parameters_of_ours(run)),
    }
    sources, _ = Corpus(prepared).split("test").texts()
    for name, beam in (("greedy", 1), (f"beam{task.beam}", task.beam)):
        begun, times = time.perf_counter(), 0
        while not times or time.perf_counter() < begun + REPEAT_SECONDS:
            translator.translate(sources, beam=beam)
            times += 1
        figures[f"{name}_sentences_per_second"] = len(sources) * times / (time.perf_counter() - begun)
    return figures


def _bleu_of_ours(prepared: Path, run: Path, task: Task) -> float:
    import torch

    from seq2seq import Translator

    torch.set_num_threads(task.threads)
    corpus = Corpus(prepared)
    sources, references = corpus.split("validation").texts()
    translations = Translator.load(run, "last").translate(sources, beam=1)
    return corpus_bleu(translations, references, corpus.languages[1])


def translate_peer(toolkit: Toolkit, corpus: Corpus, say: Say) -> Figures:
    """A peer's speed on the test split, and its BLEU."""
    figures: Figures = {}
    for name, beam in (("greedy", 1), (f"beam{toolkit.task.beam}", toolkit.task.beam)):
        say(f"{toolkit.name} translates, {name}")
        log = toolkit.folder / f"{name}.log"
        run_to_end(toolkit.translation(beam), log, toolkit.folder, toolkit.omp_threads)
        figures[f"{name}_sentences_per_second"] = len(corpus.split("test")) / toolkit.seconds(read(log))
    lines = read(toolkit.validation()).split("\n")[:-1]
    _, references = corpus.split("validation").texts()
    if len(lines) != len(references):
        raise UserError(f"{toolkit.name}: {len(lines)} translations of {len(references)}; see {toolkit.folder}")
    translations = corpus.subwords.decode_target([read_ids(line) for line in lines])
    figures["bleu"] = corpus_bleu(translations, references, corpus.languages[1])
    return figures


def start(command: Sequence[str], log: Path, folder: Path, threads: int) -> "subprocess.Popen[bytes]":
    """Start a command in a folder, with all that it says in a log."""
    # Spinning for long starves threads where another program takes a core; the same for every side.
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "GOMP_SPINCOUNT": "30000", "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as file:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, cwd=folder, env=environment
        )


def end(process: "subprocess.Popen[bytes]") -> None:
    """Leave no process behind."""
    if process.poll() is None:
        process.kill()
        process.wait()


def run_to_end(command: Sequence[str], log: Path, folder: Path, threads: int) -> None:
    """Run a command.  Raises UserError with the last line that it said if it fails."""
    process = start(command, log, folder, threads)
    try:
        status = process.wait()
    finally:
        end(process)
    if status:
        said = [line for line in read(log).splitlines() if line.strip()] or ["it says nothing"]
        raise UserError(f"a command ended with {status} ({said[-1].strip()}); see {log}")


def read(path: Path) -> str:
    """A text that another program writes or has written."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError as error:
        raise UserError(f"{path}: not written, see the logs beside it") from error
