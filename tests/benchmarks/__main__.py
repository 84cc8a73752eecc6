"""`make bench`: how fast training, translation and preparation are here.

Prints a table on standard output, progress on standard error, and writes a JSON file with the same figures.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import seq2seq.cli  # noqa: F401  sets how PyTorch's threads wait, as every command does
from data_prep.errors import UserError
from data_prep.sources import parse_languages
from seq2seq.config import Config, load_recipe
from tests.benchmarks import report
from tests.benchmarks.processes import Figures, in_own_process, say

CELLS = ("lstm", "gru", "rnn")
CELL_SHARE = 1 / 6
"""Time for each cell, of that for a recipe."""
PEERS = {"1": "joeynmt", "joeynmt": "joeynmt", "marian": "marian"}
DATA = Path("data")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure how fast this is here.")
    parser.add_argument("--corpus", default="phrasebook", help="name in the registry, Hub id, folder or file")
    parser.add_argument("--langs", default="en-fr", help="source-target")
    parser.add_argument("--recipes", nargs="+", default=["small", "base"], help="names, or paths of a .toml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override settings of them")
    parser.add_argument("--seconds", type=float, default=60, help="of training with each recipe")
    parser.add_argument("--run", type=Path, help="trained run that translates, in place of one trained here")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=[], help="what else to measure (1: joeynmt)")
    parser.add_argument("--peer-seconds", type=float, help="of training with each of those; as --seconds if not given")
    parser.add_argument("--baseline", type=Path, help="earlier JSON file to compare with")
    parser.add_argument("--out", type=Path, default=Path("bench.json"), help="JSON file to write")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write; return the exit code."""
    options = parse(arguments)
    figures: Figures = {}
    try:
        # Wrong input is told before minutes have passed.
        baseline = report.read_figures(options.baseline) if options.baseline else None
        if not options.out.absolute().parent.is_dir():
            raise UserError(f"{options.out}: no such folder to write to; OUT names the file")
        languages = parse_languages(options.langs)
        recipes = {Path(recipe).stem: load_recipe(recipe, options.set) for recipe in options.recipes}
        try:
            prepared = measure(options, languages, recipes, figures)
            report.write_figures(options.out, report.in_order(figures))
            compare_with_peers(options, prepared, figures)
        finally:
            # What was measured before something went wrong is shown too.
            figures = report.in_order(figures)
            if figures:
                report.print_table(figures, baseline)
            if figures and baseline and report.is_other_machine(figures, baseline):
                say(f"{options.baseline} is of another machine: its figures and these do not compare")
        report.write_figures(options.out, figures)
        say(f"wrote {options.out}")
    except UserError as error:
        say(f"error: {error}")
        return 2
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    return 0


def measure(
    options: argparse.Namespace, languages: tuple[str, str], recipes: dict[str, Config], figures: Figures
) -> Path:
    """Measure one thing after the other, each in a process of its own, and add to the figures.

    Returns the folder of the corpus as it is prepared for the first recipe.
    """
    # Not at the top: each new process imports this file, and its memory should be that of what it measures.
    from data_prep.corpus import Corpus
    from tests.benchmarks import cold, machine, preparation, recipe, training, translation

    run_of = in_own_process(recipe.recipe_of, options.run, recipes) if options.run else None
    figures["machine.load_before"] = machine.load()
    say("the machine")
    figures |= in_own_process(machine.measure)
    prepared = in_own_process(recipe.prepare, options.corpus, languages, recipes, DATA)
    first = next(iter(recipes))
    for name, config in recipes.items():
        with tempfile.TemporaryDirectory() as scratch:
            new = Path(scratch) / "run"
            run = options.run if run_of == name else None
            figures |= in_own_process(recipe.measure, prepared[name], name, config, options.seconds, run, new)
            lines, _ = Corpus(prepared[name]).split("test").texts()
            memory = cold.translation_memory_mib(run or new, lines, Path(scratch))
            figures[f"translate.{name}.peak_memory_mib"] = memory
            if name == first:
                say(f"{name}: from the command to the first translation")
                figures["start.seconds"] = cold.start_seconds(run or new, translation.of_about_ten_words(lines)[0])
    for cell in CELLS:
        say(f"{first} with {cell} cells")
        seconds = CELL_SHARE * options.seconds
        found = in_own_process(training.measure_cell, prepared[first], recipes[first], cell, seconds)
        figures |= {f"cells.{cell}.{key}": value for key, value in found.items()}
    say("preparation")
    figures |= in_own_process(preparation.measure, prepared[first])
    figures["machine.load_after"] = machine.load()
    return prepared[first]


def compare_with_peers(options: argparse.Namespace, prepared: Path, figures: Figures) -> None:
    """Add the ratios of our rates to those of other toolkits."""
    for peer in dict.fromkeys(PEERS[name] for name in options.peers):
        from tests.benchmarks.peers import compare

        say(f"training and translating with {peer}, in turns with ours")
        seconds = options.peer_seconds or options.seconds
        found = compare(prepared, DATA / "peers", peer, seconds, say)
        figures |= {f"peer.{peer}.{key}": value for key, value in found.items()}


if __name__ == "__main__":
    sys.exit(main())
