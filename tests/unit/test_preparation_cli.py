import io
from pathlib import Path

import pytest
from rich.console import Console

from data_prep.cli import ConsoleReport, preprocess
from data_prep.settings import Preparation


def write_corpus(folder: Path) -> Path:
    for language in ("en", "fr"):
        lines = [f"sentence {language} {i}\n" for i in range(60)]
        (folder / f"text.{language}").write_text("".join([*lines, lines[0]]))
    return folder / "text"


def test_stages_and_summary_go_to_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = write_corpus(tmp_path), tmp_path / "out"
    manifest = preprocess(str(source), ("en", "fr"), out, Preparation())
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert "\x1b" not in printed.err
    for stage in ("reading and cleaning: 61 pairs", "training the subword model: ", "encoding test: 3 pairs"):
        assert sum(line.startswith(stage) for line in lines) == 1
    assert "train: 54 pairs; dropped: duplicate 1" in lines
    assert "validation: 3 pairs" in lines
    assert f"vocabulary: {manifest['vocabulary']['source']} (joint)" in lines
    assert lines[-1].startswith(f"prepared {out} in ")
    assert preprocess(str(source), ("en", "fr"), out, Preparation()) == manifest
    assert capsys.readouterr() == ("", f"{out} is up to date\n")


@pytest.mark.parametrize("total", [None, 30])
def test_a_terminal_gets_a_bar(total: int | None) -> None:
    screen = io.StringIO()
    report = ConsoleReport(Console(file=screen, force_terminal=True, width=100))
    with report.stage("cleaning", total) as advance:
        advance(10)
        advance(20)
        report.note("a [note]")
    shown = screen.getvalue()
    assert "cleaning" in shown
    assert "a [note]" in shown
    assert ("30/30" if total else "30") in shown
