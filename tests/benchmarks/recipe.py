"""One recipe, from its prepared corpus to translations: what one process measures."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from data_prep.cli import preprocess
from data_prep.corpus import Corpus
from data_prep.errors import UserError
from seq2seq.checkpoint import TrainingState, save_checkpoint
from seq2seq.config import Config, read_config
from seq2seq.ensemble import Networks
from seq2seq.run_files import CONFIG, begin_run
from seq2seq.translator import Translator
from seq2seq.updates import choose_device
from tests.benchmarks import parts, training, translation
from tests.benchmarks.processes import Figures, say

PARTS_SHARE = 1 / 6
"""Time for the parts of a step, of that for training."""


def prepare(corpus: str, languages: tuple[str, str], recipes: Mapping[str, Config], data: Path) -> dict[str, Path]:
    """Prepare a corpus as each recipe wants it, in folders of `data`; only what is not there already."""
    folders: dict[str, Path] = {}
    for name, config in recipes.items():
        folder = data / f"{Path(corpus).name}-{'-'.join(languages)}-bench-{name}"
        if folders and not folder.exists():
            # The text is the same; of the copy only the subwords are made anew.
            shutil.copytree(next(iter(folders.values())), folder)
        preprocess(corpus, languages, folder, config.preparation)
        folders[name] = folder
    return folders


def recipe_of(run: Path, recipes: Mapping[str, Config]) -> str:
    """The recipe whose network a run has.  Raises UserError if there is none."""
    network = read_config(run / CONFIG).model
    for name, config in recipes.items():
        if config.model == network:
            return name
    raise UserError(f"{run}: its layers are not those of {' or '.join(recipes)}; name its recipe with RECIPE=")


def measure(prepared: Path, name: str, config: Config, seconds: float, run: Path | None, scratch: Path) -> Figures:
    """Figures of training, translation and latency; the run that translates is `run`, or a new one in `scratch`."""
    corpus = Corpus(prepared)
    say(f"{name}: training for {seconds:g} s")
    model, trained = training.measure(corpus, config, seconds)
    say(f"{name}: {trained['tokens_per_second']:,.0f} target tokens/s; parts of a step")
    device = choose_device(config.training)
    trained |= parts.measure(model, corpus.split("train"), config.training, device, PARTS_SHARE * seconds)
    save(scratch, model, config, corpus)
    sources, references = corpus.split("test").texts()
    say(f"{name}: translating {len(sources):,} sentences, several times")
    translator = Translator.load(run or scratch, device=str(device))
    rates, single = translation.measure(translator, sources, references)
    groups = {"train": trained, "translate": rates, "latency": single}
    return {f"{group}.{name}.{key}": value for group, figures in groups.items() for key, value in figures.items()}


def save(folder: Path, model: Networks, config: Config, corpus: Corpus) -> None:
    """Write a run that translates, but cannot be trained on: it has no optimiser's state."""
    begin_run(folder, config, corpus)
    state = TrainingState(step=1, best_step=1)
    save_checkpoint(folder, model, (), state)
