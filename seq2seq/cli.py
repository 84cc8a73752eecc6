"""The command `seq2seq`.  Results go to standard output; progress, warnings and errors to standard error.

Exit codes: 0 done; 2 the user's input is wrong; 130 interrupted, with the state saved; 1 a bug of ours.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from data_prep.errors import UserError
from seq2seq.options import SingleValueCommand
from seq2seq.streams import guarded, output

# PyTorch, datasets and the rest are imported by the commands that need them: help and errors should not wait.
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Prepare a corpus, train a recurrent translator on it, evaluate it, translate with it.",
)

# Threads that wait for each other spin; for long, they starve each other as soon as another program takes a core, and
# training all but stands still.  Spinning for less costs nothing where there is none.  Read when PyTorch is imported.
os.environ.setdefault("GOMP_SPINCOUNT", "30000")
# Compiled products and recurrences that oneDNN and PyTorch keep, one for each shape that a thread has met: ever new
# batches would make gigabytes of them.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
os.environ.setdefault("LRU_CACHE_CAPACITY", "50")

RUNS = Path("runs")
CHUNK = 2000
"""Lines that are read before they are translated together."""

Languages = Annotated[str, typer.Option(help="Source and target language.")]
Recipe = Annotated[str, typer.Option(help="Name of a recipe, or path of a .toml.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="Override a setting of the recipe: section.key=value.")]
Run = Annotated[Path | None, typer.Option(help="Folder of the run; without it, the run trained last.")]
Beam = Annotated[int | None, typer.Option(min=1, max=100, help="Width of the search; 1 is greedy.")]


@app.command(cls=SingleValueCommand)
def preprocess(
    source: Annotated[str, typer.Argument(help="A corpus: name in the registry, Hub id, folder or file.")],
    langs: Languages = "en-fr",
    out: Annotated[Path | None, typer.Option(help="Folder of the prepared corpus.")] = None,
    recipe: Recipe = "small",
    set_: Set = None,
) -> None:
    """Read, clean, split and tokenise a corpus.  Does nothing if that is done already."""
    from data_prep.cli import preprocess as prepare
    from data_prep.sources import parse_languages
    from seq2seq.config import load_recipe

    config = load_recipe(recipe, set_ or ())
    folder = out or Path("data") / f"{Path(source).name}-{langs}"
    prepare(source, parse_languages(langs), folder, config.preparation)


@app.command(cls=SingleValueCommand)
def train(
    prepared: Annotated[Path, typer.Argument(help="Folder of a prepared corpus.")] = Path("data/phrasebook-en-fr"),
    recipe: Recipe = "small",
    run: Annotated[Path | None, typer.Option(help="Folder of the run.")] = None,
    resume: Annotated[
        str, typer.Option(help="Checkpoint to go on from: last, or last-good, the newest that is not damaged.")
    ] = "last",
    set_: Set = None,
) -> None:
    """Train a network, or go on where its run stopped.  Ctrl-C saves first."""
    if resume not in ("last", "last-good"):
        raise UserError(f"--resume {resume}: a run goes on from last or from last-good")
    from data_prep.corpus import Corpus
    from seq2seq.config import load_recipe
    from seq2seq.training import train as train_run

    corpus = Corpus(prepared)
    config = load_recipe(recipe, set_ or ()).prepared_as(corpus.manifest.get("settings"), set_ or ())
    train_run(corpus, config, run or RUNS / f"{prepared.name}-{Path(recipe).stem}", resume)


@app.command(cls=SingleValueCommand)
def evaluate(
    checkpoints: Annotated[
        list[str] | None,
        typer.Argument(help="Runs, or checkpoints of the run (best, last, a step), to compare side by side."),
    ] = None,
    run: Run = None,
    split: Annotated[str, typer.Option(help="Split of the prepared corpus.")] = "test",
    prepared: Annotated[Path | None, typer.Option(help="Prepared corpus, if not the one trained on.")] = None,
    source: Annotated[
        Path | None, typer.Option("--in", readable=False, help="A file to translate and score instead of a split.")
    ] = None,
    reference: Annotated[
        list[Path] | None,
        typer.Option(readable=False, help="Its reference translation, line by line; several are several references."),
    ] = None,
    beam: Beam = None,
) -> None:
    """BLEU, chrF and TER of one or more checkpoints, with significance and BLEU by source length."""
    from seq2seq.assessment import evaluate_checkpoints, evaluate_files, find_checkpoints
    from seq2seq.results import render

    if (source is None) != (not reference):
        raise UserError("--in and --reference go together: the file to translate, and what is right for it")
    if run is None and not checkpoints:
        run = latest_run()
    found = find_checkpoints(checkpoints or (), run)
    if source and reference:
        report = evaluate_files(found, source, reference, beam, _say)
    else:
        report = evaluate_checkpoints(found, split, prepared, beam, _say)
    print(render(report), end="")


@app.command(cls=SingleValueCommand)
def gradients(
    runs: Annotated[
        list[str] | None,
        typer.Argument(help="Trained runs, or checkpoints of them; without any, a fresh network of each cell."),
    ] = None,
    prepared: Annotated[
        Path | None,
        typer.Option(help="Prepared corpus: of the fresh networks, or if not the one that a run was trained on."),
    ] = None,
    recipe: Recipe = "small",
    set_: Set = None,
    sentences: Annotated[int, typer.Option(min=1, max=1000, help="How many, the longest, to measure on.")] = 20,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON and pictures; that of the first run.")] = None,
) -> None:
    """How far back gradients reach in time, before and after training, by exact derivatives."""
    from data_prep.corpus import Corpus
    from seq2seq.config import load_recipe
    from seq2seq.reach import of_fresh, of_runs, render, write

    if out and out.exists() and not out.is_dir():
        raise UserError(f"--out {out}: not a folder")
    folders: list[Path] = []
    if runs:
        results, folders = of_runs(runs, prepared, sentences, _say)
    else:
        corpus = Corpus(prepared or Path("data/phrasebook-en-fr"))
        config = load_recipe(recipe, set_ or ()).prepared_as(corpus.manifest.get("settings"), set_ or ())
        results = of_fresh(corpus, config, sentences, _say)
    written = write(results, out or (folders[0] if folders else Path("gradients")), folders)
    print(render(results), end="")
    _say(f"wrote {', '.join(map(str, written))}")


@app.command(cls=SingleValueCommand)
def card(run: Annotated[Path, typer.Argument(help="Folder of an evaluated run.")]) -> None:
    """Write the model card of a run: a README.md in its folder, as the Hugging Face Hub expects it."""
    from seq2seq.card import write_card

    print(write_card(run))


@app.command(cls=SingleValueCommand)
def lesson(
    full: Annotated[
        bool, typer.Option("--full", help="All seeds and corpora, in an hour and a quarter; goes on where it stopped.")
    ] = False,
    docs: Annotated[Path, typer.Option(help="Folder for the page and its pictures.")] = Path("docs"),
    work: Annotated[Path, typer.Option(help="Folder for what is trained and measured.")] = RUNS / "lesson",
) -> None:
    """The lecture on recurrent networks, measured: a page with figures and pictures."""
    try:
        import num2words  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as error:
        raise UserError(f"the lesson needs the package {error.name}: `make lesson` installs it") from error
    from seq2seq.lesson.runner import run
    from seq2seq.lesson.section import Keep

    print(run(Keep(work, full), docs))


@app.command(cls=SingleValueCommand)
def translate(
    text: Annotated[list[str] | None, typer.Argument(help="What to translate; words are joined.")] = None,
    run: Run = None,
    checkpoint: Annotated[str, typer.Option(help="best, last, last-good or a step.")] = "best",
    source: Annotated[
        Path | None, typer.Option("--in", readable=False, help="File to translate, line by line.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write to instead of standard output.")] = None,
    beam: Beam = None,
    nbest: Annotated[
        int,
        typer.Option(min=1, max=100, help="Up to so many translations of each line: number, score and text, by tabs."),
    ] = 1,
    sample: Annotated[bool, typer.Option("--sample", help="Draw translations at random.")] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="Which ones --sample draws; 1 unless given.")] = None,
    attention: Annotated[
        Path | None,
        typer.Option(help="Picture (PNG) of what is looked at for each word, of a text of up to six lines."),
    ] = None,
    no_language_check: Annotated[
        bool,
        typer.Option(
            "--no-language-check", help="Do not warn of input in another language, or unlike the training text."
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Say nothing of the run, and give no warning; errors are told.")
    ] = False,
) -> None:
    """Translate a text, a file, standard input, or what you type: one line out for each line in."""
    if text and source:
        raise UserError("give a text or --in FILE, not both")
    if seed is not None and not sample:
        raise UserError("--seed says which translations are drawn: give --sample too")
    if attention and not text:
        raise UserError(
            "--attention draws a text given on the command line, such as: translate --attention map.png Hello!"
        )
    from data_prep.lines import read_input, read_lines
    from seq2seq.console import converse, output_line, which_run
    from seq2seq.domain import input_check
    from seq2seq.translator import Translator, give_back_memory

    folder = run or latest_run()
    if source and not source.is_file():
        what = "not a file; pipe it in instead" if source.exists() else "no such file"
        raise UserError(f"{source}: {what}")
    if attention:
        from seq2seq import attention_picture

        attention_picture.check(attention, " ".join(text or ()).split("\n"))
    translator = Translator.load(folder, checkpoint)
    say: Callable[[str], None] = (lambda message: None) if quiet else _say

    def announce() -> None:
        with suppress(UserError):  # loading has refused what cannot be read
            say(which_run(folder, checkpoint))

    check = (lambda lines: None) if quiet or no_language_check else input_check(folder, translator, say)
    sample_seed = (1 if seed is None else seed) if sample else None
    options: dict[str, Any] = {"beam": beam, "nbest": nbest, "sample_seed": sample_seed}
    if text:
        chunks: Iterator[tuple[int, list[str]]] = iter([(1, " ".join(text).split("\n"))])
    elif source:
        chunks = read_lines(source, CHUNK)
    elif sys.stdin is None:
        raise UserError("standard input is closed: give a text, --in FILE, or lines to translate")
    elif sys.stdin.isatty():
        if out:
            raise UserError("--out: give a text or --in FILE; what is typed is answered where it is typed")
        announce()
        converse(translator, check, options)
        return
    else:
        # Draws depend on which lines are translated together: a seed that is asked for gives the same ones again.
        chunks = read_input(CHUNK, wait=seed is not None)
    drawn: list[tuple[str, str]] = []
    with output(out) as file:
        for first, lines in chunks:
            if first == 1:
                announce()
            check(lines)
            answers = translator.hypotheses(lines, **options)
            for number, (line, found) in enumerate(zip(lines, answers, strict=True), first):
                file.writelines(output_line(number, scored, nbest) for scored in found)
                if attention:
                    drawn.append((line, found[0].text))
            file.flush()
            give_back_memory()
    if attention:
        attention_picture.draw(attention, translator, drawn)
        say(f"drawn: {attention}")


def _say(message: str) -> None:
    print(message, file=sys.stderr)


def latest_run() -> Path:
    """The run whose last checkpoint is newest.  Raises UserError if there is none."""
    runs = sorted(RUNS.glob("*/last"), key=lambda mark: mark.stat().st_mtime)
    if not runs:
        raise UserError(
            f"no trained run in {RUNS}/: train one with `make train CORPUS=…`, or name its folder with RUN=…"
        )
    return runs[-1].parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit."""
    sys.exit(guarded(lambda: _called(arguments)))


def _called(arguments: Sequence[str] | None) -> None:
    """Run the command; what is wrong with how it was called is told in one line, as all else."""
    try:
        code = app(arguments, standalone_mode=False)
    except Exception as error:
        # Where the class of these errors is differs between versions of typer, some of which have a click of their own.
        message: str = getattr(error, "format_message", str)()
        if not message:
            raise
        if type(error).__name__ == "NoArgsIsHelpError":
            print(message, file=sys.stderr)
            sys.exit(2)
        raise UserError(f"{message.removesuffix('.')}; --help tells what there is") from error
    if code:
        sys.exit(code)
