"""What `translate` says beside its translations."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from seq2seq import cli
from seq2seq.console import which_run
from tests.runs import Run
from tests.toys import task, write_corpus


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with steps 3, the best, and 1234."""
    folder = tmp_path_factory.mktemp("runs")
    made = Run(folder / "run", write_corpus(folder / "data", task(str, train=40)))
    made.save(3, 3)
    made.save(1234, 3)
    return made.folder


def translate(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[list[str], list[str]]:
    """Lines of standard output and of standard error."""
    with pytest.raises(SystemExit) as done:
        cli.main(["translate", *arguments])
    said = capsys.readouterr()
    assert not done.value.code, said.err
    return said.out.split("\n")[:-1], said.err.splitlines()


def test_the_run_that_answers_is_told_once(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = translate(capsys, "--run", str(run), "--", "abc\nab\nb")
    assert len(out) == 3
    assert err == [f"translating with {run}: xx to yy, step 3, trained on {run.parent / 'data'}"]
    _, err = translate(capsys, "--run", str(run), "--checkpoint", "last", "abc")
    assert "step 1,234" in err[0]


@pytest.mark.parametrize("form", ["text", "file", "pipe", "prompt"])
def test_quiet_says_nothing_more_than_translations(
    form: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").write_text("abc\nzzz\n")
    arguments = {"text": ["--", "abc\nzzz"], "file": ["--in", str(tmp_path / "in")]}.get(form, [])
    typed = iter(["abc", "zzz"])
    told = []
    for quiet in ([], ["--quiet"]):
        stdin = SimpleNamespace(buffer=io.BytesIO(b"abc\nzzz\n"), isatty=lambda: form == "prompt")
        monkeypatch.setattr("sys.stdin", stdin)
        typed = iter(["abc", "zzz"])
        monkeypatch.setattr("builtins.input", lambda typed=typed: next(typed, None) or _end())
        told.append(translate(capsys, "--run", str(run), *quiet, *arguments))
    (out, err), (quiet_out, quiet_err) = told
    assert out == quiet_out
    assert len(out) == 2
    assert err[0].startswith("translating with ")
    assert quiet_err == err[1:]


def _end() -> str:
    raise EOFError


def test_quiet_silences_warnings(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("seq2seq.domain.input_check", lambda *_: pytest.fail("the input was checked"))
    for silent in ("--quiet", "--no-language-check"):
        translate(capsys, "--run", str(run), silent, "abc")


def test_the_line_is_one_line(tmp_path: Path) -> None:
    made = Run(tmp_path / "a\nb", write_corpus(tmp_path / "data\x1b[2J", task(str, train=40)))
    made.save(3, 3)
    assert which_run(made.folder, "best").isprintable()


def test_what_cannot_be_read_is_one_line(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").write_bytes(b"abc\n\xe9\n")
    with pytest.raises(SystemExit) as done:
        cli.main(["translate", "--run", str(run), "--in", str(tmp_path / "in")])
    assert done.value.code == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith(f"error: {tmp_path / 'in'}:2: not UTF-8")
