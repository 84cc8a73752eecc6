"""The whole pipeline through the real make targets, in a temporary folder."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "corpora"
pytestmark = pytest.mark.pipeline
# As a person's shell has it, not as `make test` hands it on.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
# Several at once: not on a GPU, if there is one.
ENVIRONMENT |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}

NAMES = ["Tom", "Mary", "Paul", "Anna", "Luc", "Jeanne"]
VERBS = {"sees": "voit", "knows": "connaît", "likes": "aime", "hears": "entend", "finds": "trouve"}
THINGS = {"the cat": "le chat", "the house": "la maison", "a dog": "un chien", "the tree": "l'arbre"}


def make_command(*arguments: str) -> list[str]:
    """`make` on this Python's environment, which holds what `make setup` installs."""
    venv = Path(sys.prefix)
    return ["make", "-f", str(ROOT / "Makefile"), "-o", str(venv / ".installed"), f"VENV={venv}", *arguments]


def make(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        make_command(*arguments),
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=300,
        check=False,
    )


def assert_fails(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit code 2 of our command, one line that says what is wrong, no traceback, nothing on standard output."""
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    for word in words:
        assert word in errors[0]
    assert done.stdout == ""


def write_corpus(folder: Path) -> None:
    """Two aligned files of 540 pairs."""
    pairs = [
        (f"{a} {verb} {thing} and {b}.", f"{a} {verbe} {chose} et {b}.")
        for a in NAMES
        for b in NAMES
        if a != b
        for verb, verbe in VERBS.items()
        for thing, chose in THINGS.items()
    ]
    for side, language in enumerate(("en", "fr")):
        text = "".join(f"{pair[side]}\n" for pair in pairs)
        (folder / f"toy.{language}").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("a user's folder")
    write_corpus(folder)
    return folder, make(folder, "train", "CORPUS=toy", "RECIPE=tiny", "SET=training.steps=120 training.seed=2")


def test_train_prepares_trains_evaluates_and_names_the_next_command(
    trained: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = trained
    assert done.returncode == 0, done.stderr
    assert "make translate" in done.stderr.splitlines()[-1]
    assert "BLEU" in done.stdout
    run = folder / "runs" / "toy-en-fr-tiny"
    report = json.loads((run / "report.json").read_text())
    assert {"checkpoint", "corpus", "split", "scores", "signatures", "decoding", "sentences_per_second"} <= set(report)
    assert set(report["scores"]) == {"bleu", "chrf", "ter"}
    for name in ("config.toml", "environment.json", "metrics.jsonl", "learning_curve.png", "repeat.toml"):
        assert (run / name).stat().st_size > 0
    assert not list(run.rglob("*.pt"))


def test_up_to_date_stages_do_nothing(trained: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = trained

    def times() -> dict[str, int]:
        return {
            str(path): path.stat().st_mtime_ns
            for pattern in ("data/**/*", "runs/**/checkpoints/**/*", "runs/*/*.toml", "runs/*/*.json", "runs/*/*.txt")
            for path in folder.glob(pattern)
        }

    before = times()
    done = make(folder, "train", "CORPUS=toy", "RECIPE=tiny", "SET=training.steps=120 training.seed=2")
    assert done.returncode == 0
    assert "nothing to do" in done.stderr
    assert "report.json is up to date" in done.stderr
    assert times() == before


def test_evaluate_and_translate_take_the_last_run(trained: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = trained
    done = make(folder, "evaluate")
    assert done.returncode == 0, done.stderr
    assert "BLEU" in done.stdout
    done = make(folder, "translate", "TEXT=Tom sees the cat and Mary.")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert done.stdout.strip()


def test_a_text_is_taken_as_it_is(trained: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = trained
    assert_fails(make(folder, "preprocess", "CORPUS=$5 $(x"), "error: $5 $(x: no such file or folder")
    text = "It costs $5 $$ $(info a), #1 'b' \"c\" \\d."
    done = make(folder, "translate", f"TEXT={text}")
    assert done.returncode == 0, done.stderr
    assert done.stdout == make(folder, "translate", stdin=f"{text}\n").stdout


def test_translate_gives_one_line_for_each(trained: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = trained
    text = "Tom sees the cat and Mary.\n\n  \nAnna likes a dog and Paul.\r\n日本語 \U0001f600\nno end of line"
    piped = make(folder, "translate", stdin=text)
    lines = piped.stdout.split("\n")[:-1]
    assert len(lines) == 6
    assert [bool(line) for line in lines] == [True, False, False, True, True, True]
    (folder / "in put.txt").write_text(text, encoding="utf-8")
    filed = make(folder, "translate", "IN=in put.txt", "OUT=out put.txt")
    assert filed.returncode == 0, filed.stderr
    assert filed.stdout == ""
    assert (folder / "out put.txt").read_text(encoding="utf-8") == piped.stdout


def test_a_changed_subword_setting_redoes_what_depends_on_it(
    trained: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = trained
    prepared = folder / "data" / "toy-en-fr" / "subwords.model"
    before = prepared.read_bytes()
    done = make(folder, "preprocess", "CORPUS=toy", "RECIPE=tiny", "SET=subwords.kind=char")
    assert done.returncode == 0, done.stderr
    assert prepared.read_bytes() != before
    # The run keeps its own subwords, so it still translates; going on with it is refused.
    assert make(folder, "translate", "TEXT=Tom.").returncode == 0
    refused = make(folder, "train", "CORPUS=toy", "RECIPE=tiny", "SET=subwords.kind=char training.seed=2")
    assert_fails(refused, "toy-en-fr-tiny", "RUN=")
    again = make(folder, "preprocess", "CORPUS=toy", "RECIPE=tiny")
    assert again.returncode == 0
    assert prepared.read_bytes() == before


def test_interrupted_training_resumes_to_the_same_weights(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    settings = "SET=training.steps=300 training.threads=1 training.validate_steps=200"
    whole = make(tmp_path, "train", "CORPUS=toy", "RECIPE=tiny", "RUN=whole", settings)
    assert whole.returncode == 0, whole.stderr
    process = subprocess.Popen(
        make_command("train", "CORPUS=toy", "RECIPE=tiny", "RUN=cut", settings),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=ENVIRONMENT,
    )
    metrics = tmp_path / "cut" / "metrics.jsonl"
    while process.poll() is None and not (metrics.exists() and metrics.stat().st_size):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "saved" in said
    assert "Traceback" not in said
    assert 0 < int((tmp_path / "cut" / "last").read_text().split()[0]) < 300
    resumed = make(tmp_path, "train", "CORPUS=toy", "RECIPE=tiny", "RUN=cut", settings)
    assert resumed.returncode == 0, resumed.stderr
    for name in ("model.safetensors", "optimiser.safetensors"):
        files = [tmp_path / run / "checkpoints" / "0000300" / name for run in ("whole", "cut")]
        assert files[0].read_bytes() == files[1].read_bytes()


def test_errors_are_one_line_and_exit_code_2(tmp_path: Path) -> None:
    assert_fails(make(tmp_path, "train", "LANGS=en-de"), "CORPUS=", "LANGS=fr-en")
    assert_fails(make(tmp_path, "train", "CORPUS=no/such/path/at-all.tsv"), "at-all.tsv")
    assert_fails(make(tmp_path, "translate", "TEXT=Hello."), "make train")
    assert_fails(make(tmp_path, "evaluate"), "make train")
    (tmp_path / "empty.tsv").touch()
    assert_fails(make(tmp_path, "train", "CORPUS=empty.tsv"), "empty.tsv")
    write_corpus(tmp_path)
    assert_fails(make(tmp_path, "train", "CORPUS=toy", "RECIPE=huge"), "huge", "small")
    assert_fails(make(tmp_path, "train", "CORPUS=toy", "SET=model.sell=gru"), "model.sell", "model.cell")
    assert_fails(make(tmp_path, "train", "CORPUS=toy", "LANGS=english"), "english")


def test_the_built_in_corpus_needs_no_file_and_no_network(tmp_path: Path) -> None:
    arguments = ("CORPUS=phrasebook:2000", "LANGS=fr-en", "RECIPE=tiny", "SET=training.steps=20")
    done = make(tmp_path, "train", *arguments)
    assert done.returncode == 0, done.stderr
    assert "BLEU" in done.stdout
    folder = tmp_path / "data" / "phrasebook:2000-fr-en"
    splits = json.loads((folder / "manifest.json").read_text())["splits"]
    assert {name: split["pairs"] > 0 for name, split in splits.items()} == dict.fromkeys(
        ("train", "validation", "test", "long", "agreement"), True
    )
    again = make(tmp_path, "train", *arguments)
    assert f"{Path('data') / folder.name} is up to date" in again.stderr
    further = make(tmp_path, "evaluate", "SPLIT=agreement")
    assert further.returncode == 0
    assert "agreement of" in further.stdout
    assert_fails(make(tmp_path, "evaluate", "SPLIT=longer"), "longer", "agreement")


def test_plain_train_takes_the_built_in_corpus_and_its_recipe() -> None:
    def recipe(*arguments: str) -> str:
        return make(ROOT, "--eval", "recipe: ; @echo $(THE_RECIPE)", "recipe", *arguments).stdout.strip()

    for arguments in ((), ("CORPUS=phrasebook",)):
        assert recipe(*arguments) == "quick"
        assert "${CORPUS:-phrasebook}" in make(ROOT, "--dry-run", "train", *arguments).stdout
    assert recipe("CORPUS=tatoeba") == "small"
    assert recipe("RECIPE=plain") == "plain"
    assert recipe("RECIPE=runs/l'essai $1/repeat.toml") == "runs/l'essai $1/repeat.toml"


def test_help_lists_every_target() -> None:
    done = make(ROOT)
    assert done.returncode == 0
    for target in ["setup", "preprocess", "train", "evaluate", "translate", "check", "test", "clean"]:
        assert f"\n  {target} " in done.stdout


@pytest.mark.parametrize(
    ("corpus", "languages"),
    [("tatoeba-en-fr", "en-fr"), ("multi30k-en-fr", "fr-en"), ("tatoeba-en-ar", "en-ar")],
)
def test_real_corpora(tmp_path: Path, corpus: str, languages: str) -> None:
    if not (SHARED / corpus).is_dir():
        pytest.skip(f"needs the corpus {corpus} beside the checkout, in ../shared/corpora")
    arguments = (f"CORPUS={SHARED / corpus}", f"LANGS={languages}", "RECIPE=tiny")
    done = make(tmp_path, "train", *arguments, "SET=training.steps=20 subwords.vocabulary=1000 subwords.sentences=5000")
    assert done.returncode == 0, done.stderr
    assert "BLEU" in done.stdout
    translated = make(tmp_path, "translate", "TEXT=A man is here.")
    assert translated.returncode == 0
    assert translated.stdout.strip()
