"""Runs and corpora of somebody who means harm are refused: one line, exit code 2, little memory, nothing executed.

Their checksums are right.  That those that are wrong are found is told by test_checkpoint_damage.py and test_corpus.py.
"""

import resource
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
import torch

from data_prep.corpus import MANIFEST, SCHEMA, Corpus, read_manifest, write_manifest
from data_prep.files import SUMS
from seq2seq.checkpoint import MODEL, OPTIMISER, STATE
from seq2seq.cli import main
from tests.hostile import (
    CHECKPOINT,
    Craft,
    arrow,
    column,
    edit,
    ids_beyond,
    link,
    offsets_beyond,
    pipe,
    put,
    rewrite,
    seal,
    tensor_file,
    tensors,
    with_sums,
)
from tests.runs import Run
from tests.toys import config, task, write_corpus

pytestmark = pytest.mark.usefixtures("no_pictures")
ROWS = 20
HUGE = 1 << 40
PICKLE = b"\x80\x04cos\nsystem\n(V:\ntR."
ORDER = b'[training]\nsteps = 1\n[model]\n"\\u001b[2J\\n" = 1'
DEEP_HEADER = (1 << 16).to_bytes(8, "little") + b"[" * (1 << 16)
MEMORY = 1 << 30
"""Bytes beyond those that it has at first that the process may take."""


@contextmanager
def little_memory() -> Iterator[None]:
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if sys.platform == "linux" else 0
    limits = resource.getrlimit(resource.RLIMIT_AS)
    if pages:
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus, `data`, and a run at step 1, `run`."""
    folder = tmp_path_factory.mktemp("honest")
    corpus = write_corpus(folder / "data", task(str, train=40, held_out=ROWS))
    more = {"settings": config().preparation.model_dump(mode="json"), "stages": {"text": "1"}}
    write_manifest(corpus.folder, read_manifest(corpus.folder) | more)
    run = Run(folder / "run", Corpus(corpus.folder))
    run.update(run.model, run.optimisers)
    run.save(1, 1)
    shutil.copy(folder / "run" / "config.toml", folder / "recipe.toml")
    return folder


def command(name: str) -> list[str]:
    return {
        "translate": ["translate", "--run", "run", "abc"],
        "evaluate": ["evaluate", "--run", "run", "--prepared", "data"],
        "train": ["train", "data", "--recipe", "recipe.toml", "--run", "run"],
        "new": ["train", "data", "--recipe", "recipe.toml", "--run", "new"],
        "card": ["card", "run"],
        "gradients": ["gradients", "run", "--prepared", "data"],
    }[name]


@pytest.fixture
def here(honest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `honest`, the folder that commands run in."""
    shutil.copytree(honest, tmp_path, dirs_exist_ok=True)
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def assert_refused(name: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with little_memory(), pytest.raises(SystemExit) as ended:
        main(command(name))
    said = capsys.readouterr()
    assert ended.value.code == 2, said.err
    assert said.err.count("\n") == 1
    assert said.err.startswith("error: ")
    assert message in said.err
    assert said.out == ""


@pytest.mark.parametrize("name", ["translate", "evaluate", "train", "new"])
def test_what_is_honest_is_read(here: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in (here / "run", here / "data"):
        seal(folder)
    with little_memory(), pytest.raises(SystemExit) as ended:
        main(command(name))
    assert ended.value.code == 0, capsys.readouterr().err


def zeros(shape: list[int], kind: str = "F32", end: int = 0) -> dict[str, object]:
    return {"dtype": kind, "shape": shape, "data_offsets": [0, end]}


IN_RUN: dict[str, tuple[str, Craft, str]] = {
    "a network of terabytes": (
        "translate", rewrite("config.toml", lambda text: text.replace("hidden = 8", "hidden = 65536")), "do not fit"
    ),
    "a layer beyond counting": (
        "translate", rewrite("config.toml", lambda text: text.replace("hidden = 8", f"hidden = {HUGE}")), "model.hidden"
    ),
    "layers without end": (
        "translate",
        rewrite("config.toml", lambda text: text.replace("encoder_layers = 1", f"encoder_layers = {HUGE}")),
        "model.encoder_layers",
    ),
    "answers without end": (
        "translate",
        rewrite("config.toml", lambda text: text.replace("max_ratio = 2.0", "max_ratio = 1e300")),
        "decoding.max_ratio",
    ),
    "a batch beyond memory": (
        "translate",
        rewrite("config.toml", lambda text: text.replace("batch_tokens = 4000", f"batch_tokens = {HUGE}")),
        "decoding.batch_tokens",
    ),
    "threads without number": (
        "translate", rewrite("config.toml", lambda text: text.replace("threads = 1", "threads = 99999")), "threads"
    ),
    "TOML that is deep": ("translate", put("config.toml", b"a = " + b"[" * 100_000), "levels deep"),
    "TOML with a long key": ("translate", put("config.toml", b"a." * 100_000 + b"a = 1"), "levels deep"),
    "TOML that is large": ("translate", put("config.toml", b"#" * (1 << 19)), "larger than"),
    "TOML with a huge number": ("translate", put("config.toml", b"a = 1" + b"0" * 5000), "cannot be read as TOML"),
    "TOML with an order to the terminal": ("translate", put("config.toml", ORDER), "\\x1b[2J"),
    "tensors of terabytes, claimed": (
        "translate", tensor_file(MODEL, {"output_bias_V": zeros([1 << 40], end=1 << 42)}), "cannot be read"
    ),
    "tensors of terabytes, on disk": (
        "translate", tensor_file(MODEL, {"x": zeros([1 << 36], end=1 << 38)}, size=1 << 38), "larger than the network"
    ),
    "a header of terabytes": ("translate", tensor_file(MODEL, {}, claimed=1 << 42), "cannot be read"),
    "a header that is deep": ("translate", put(f"{CHECKPOINT}/{MODEL}", DEEP_HEADER), "cannot be"),
    "a pickle for tensors": ("translate", put(f"{CHECKPOINT}/{MODEL}", PICKLE), "cannot be read"),
    "a tensor of another shape": (
        "translate", tensors(MODEL, lambda t: t.update(output_bias_V=torch.zeros(3))), "do not fit"
    ),
    "a tensor of another kind": (
        "translate", tensors(MODEL, lambda t: t.update(output_bias_V=t["output_bias_V"].double())), "do not fit"
    ),
    "a tensor too many": ("translate", tensors(MODEL, lambda t: t.update(more=torch.zeros(3))), "do not fit"),
    "a tensor too few": ("translate", tensors(MODEL, lambda t: t.pop("output_bias_V")), "do not fit"),
    "weights that are no numbers": (
        "translate", tensors(MODEL, lambda t: t["output_bias_V"].fill_(torch.nan)), "not finite"
    ),
    "moments of another shape": (
        "train", tensors(OPTIMISER, lambda t: t.update({"output_bias_V.exp_avg": torch.zeros(3)})), "do not fit"
    ),
    "moments that are no numbers": (
        "train", tensors(OPTIMISER, lambda t: t.update({"output_bias_V.step": torch.tensor(torch.inf)})), "not finite"
    ),
    "moments of terabytes": ("train", tensor_file(OPTIMISER, {}, size=1 << 38), "larger than the network"),
    "a step before the first": ("train", edit(f"{CHECKPOINT}/{STATE}", "step", to=-1), STATE),
    "a step beyond counting": ("train", edit(f"{CHECKPOINT}/{STATE}", "step", to=10**40), STATE),
    "a place that is none": ("train", edit(f"{CHECKPOINT}/{STATE}", "position", "epoch", to=-1), STATE),
    "a time that is no number": ("train", edit(f"{CHECKPOINT}/{STATE}", "seconds", to=float("nan")), STATE),
    "a state that is deep": ("train", put(f"{CHECKPOINT}/{STATE}", b"[" * 100_000), STATE),
    "a state that is large": ("train", put(f"{CHECKPOINT}/{STATE}", b" " * (1 << 25)), STATE),
    "a mark that is large": ("translate", put("best", b"1" * (1 << 20)), "best"),
    "a mark that leads out": ("translate", put("best", b"../../../x\n"), "best"),
    "checksums that lead out": ("translate", with_sums("../secret.txt"), SUMS),
    "checksums of the folder": ("translate", with_sums(".."), SUMS),
    "checksums that are large": ("translate", put(SUMS, b"0" * (1 << 20)), SUMS),
    "a subword model that is none": ("translate", put("subwords.model", PICKLE), "subword model"),
    "a subword model that is large": ("translate", put("subwords.model", b"\0" * (1 << 27)), "larger than"),
    "a note that is deep": ("evaluate", put("corpus.json", b"[" * 100_000), "levels deep"),
    "a note that is large": ("evaluate", put("corpus.json", b" " * (1 << 26)), "larger than"),
    "a note of no languages": ("evaluate", edit("corpus.json", "manifest", "languages", to=[]), "languages"),
    "a note of a folder that is none": ("evaluate", edit("corpus.json", "folder", to=["/"]), "folder"),
    "a profile that is deep": ("translate", put("text.json", b"[" * 100_000), "subword model is damaged"),
    "a profile that is large": ("translate", put("text.json", b" " * ((1 << 28) + 1)), "larger than"),
    "a profile that is none": ("translate", put("text.json", PICKLE), "subword model is damaged"),
    "a profile of styles that are none": (
        "translate", edit("text.json", "source_style", to={"sentences": -1}), "subword model is damaged"
    ),
    "a language that is an order": (
        "evaluate", edit("corpus.json", "manifest", "languages", "source", to="\x1b[2J"), "not a language"
    ),
    "a report that is deep": ("card", put("report.json", b"[" * 100_000), "report.json"),
    "a report that is large": ("card", put("report.json", b" " * (1 << 25)), "larger than"),
    "metrics that are large": ("train", put("metrics.jsonl", b" " * ((1 << 28) + 1)), "larger than"),
    **{
        f"a link, {name}": (command_, link(name, target), "link out of its folder")
        for command_, name, target in (
            ("translate", "config.toml", "/etc/passwd"),
            ("translate", "subwords.model", "../secret.txt"),
            ("translate", "text.json", "../secret.txt"),
            ("translate", "words.txt", "../secret.txt"),
            ("translate", "best", "/dev/zero"),
            ("translate", "checkpoints", "../data"),
            ("translate", f"{CHECKPOINT}", "../../data"),
            ("translate", f"{CHECKPOINT}/{MODEL}", "../../../secret.txt"),
            ("evaluate", "corpus.json", "/etc/passwd"),
            ("evaluate", "report.json.partial", "../secret.txt"),
            ("card", "report.json", "/etc/passwd"),
            ("card", "README.md.partial", "../secret.txt"),
            ("train", "metrics.jsonl", "../secret.txt"),
            ("train", "last.partial", "../secret.txt"),
            ("train", "tensorboard", "../data"),
            ("train", "learning_curve.png.partial", "/tmp/new"),
            ("gradients", "weights.jsonl", "../secret.txt"),
        )
    },
    **{
        f"a pipe, {name}": (command_, pipe(name), "neither a file nor a folder")
        for command_, name in (
            ("translate", "config.toml"), ("translate", "best"), ("translate", f"{CHECKPOINT}/{MODEL}"),
            ("evaluate", "corpus.json"), ("train", "metrics.jsonl"), ("card", "report.json"),
        )
    },
}  # fmt: skip
IN_DATA: dict[str, tuple[Craft, str]] = {
    "a manifest that is deep": (put(MANIFEST, b"[" * 100_000), "levels deep"),
    "a manifest that is large": (put(MANIFEST, b" " * (1 << 25)), "larger than"),
    "a manifest with huge numbers": (edit(MANIFEST, "splits", "train", "pairs", to=10**40), "number of pairs"),
    "a manifest with a long number": (put(MANIFEST, b'{"format": 1' + b"0" * 5000 + b"}"), "cannot be read"),
    "a manifest of no settings": (edit(MANIFEST, "settings", to=7), "settings"),
    "a split that leads out": (edit(MANIFEST, "splits", "../../x", to={"pairs": 1}), "cannot be a split"),
    "a file that leads out": (edit(MANIFEST, "files", "../secret.txt", to="0" * 64), "not a file and its checksum"),
    "a file that is anywhere": (edit(MANIFEST, "files", "/etc/passwd", to="0" * 64), "not a file and its checksum"),
    "a checksum that is none": (edit(MANIFEST, "files", "x", to=[]), "x is missing"),
    "checksums that lead out": (put(SUMS, b"0" * 64 + b"  ../secret.txt\n"), SUMS),
    "a split of other columns": (arrow(lambda table: table.select(["source", "target"])), "other columns"),
    "a split that is compressed": (arrow(lambda table: table, compression="zstd"), "compressed"),
    "a split that is not cut as ours": (
        arrow(lambda table: pa.concat_tables([table.slice(0, 3), table.slice(3)])), "not of 16,384 pairs"
    ),
    "text beyond the file": (offsets_beyond, "damaged"),
    "text that is missing": (arrow(column("source", pa.array([None] * ROWS, pa.string()))), "a value is missing"),
    "text that is not UTF-8": (
        arrow(column("source", pa.array([b"\xff"] * ROWS, pa.binary()).view(pa.string()))), "damaged"
    ),
    "ids that are missing": (
        arrow(column("source_ids", pa.array([[None]] * ROWS, SCHEMA.field("source_ids").type))), "a value is missing"
    ),
    "negative ids": (
        arrow(column("target_ids", pa.array([[-1]] * ROWS, SCHEMA.field("source_ids").type))), "does not have"
    ),
    "a split that is a pickle": (put("test.arrow", PICKLE), "damaged"),
    **{
        f"a link, {name}": (link(name, target), "link out of its folder")
        for name, target in ((MANIFEST, "/etc/passwd"), ("test.arrow", "../secret.txt"), ("building", "../run"),
                             (SUMS, "/dev/zero"), ("subwords.model", "../secret.txt"))
    },
    **{f"a pipe, {name}": (pipe(name), "neither a file nor a folder") for name in (MANIFEST, "test.arrow", SUMS)},
}  # fmt: skip


@pytest.mark.parametrize("what", IN_RUN)
def test_a_run_is_refused(here: Path, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    name, craft, message = IN_RUN[what]
    if name == "card" and what.startswith(("a link, README", "a pipe")):
        (here / "run" / "report.json").write_text("{}", encoding="utf-8")
    craft(here / "run")
    if not what.startswith(("checksums", "a link", "a pipe")):
        seal(here / "run")
    assert_refused(name, message, capsys)
    assert (here / "secret.txt").read_text(encoding="utf-8") == "secret"


@pytest.mark.parametrize("what", IN_DATA)
def test_a_corpus_is_refused(here: Path, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    craft, message = IN_DATA[what]
    craft(here / "data")
    if not what.startswith(("checksums", "a link", "a pipe")):
        seal(here / "data")
    assert_refused("new" if "settings" in what else "evaluate", message, capsys)
    assert (here / "secret.txt").read_text(encoding="utf-8") == "secret"


def test_ids_that_the_subwords_do_not_have_are_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrow(column("source_ids", ids_beyond(Corpus(here / "data"))))(here / "data")
    seal(here / "data")
    assert_refused("evaluate", "ids that the subword model does not have", capsys)


def test_a_network_that_no_machine_can_train_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite("recipe.toml", lambda text: text.replace("hidden = 8", "hidden = 65536"))(here)
    assert_refused("new", "GB to be trained", capsys)


def test_rows_that_are_no_metrics_are_left_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [b"[" * 100_000, b'{"step": "x"}', b'{"bleu": 1, "step": 1}', b'{"step": 1, "clipped": 0.5, "seconds": 1}']
    for row in rows:
        (here / "run" / "metrics.jsonl").write_bytes(row + b"\n")
        with little_memory(), pytest.raises(SystemExit) as ended:
            main(command("gradients"))
        assert ended.value.code == 0, capsys.readouterr().err


@pytest.mark.parametrize("name", ["train", "new", "evaluate", "translate"])
def test_there_is_no_network(here: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python tells of every socket that is made, whoever makes it."""
    made: list[str] = []
    listening = True

    def hear(event: str, details: object) -> None:
        if listening and event.startswith("socket.") and event != "socket.gethostname":
            made.append(f"{event} {details}")
            raise AssertionError(event)

    sys.addaudithook(hear)  # it cannot be taken away again, only told to be deaf
    try:
        with pytest.raises(SystemExit) as ended:
            main(command(name))
    finally:
        listening = False
    assert (ended.value.code, made) == (0, [])
