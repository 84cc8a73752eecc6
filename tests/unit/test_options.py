"""Options that are given twice."""

import pytest

from seq2seq import cli
from seq2seq.options import SingleValueCommand


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as done:
        cli.main(arguments)
    said = capsys.readouterr()
    assert done.value.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["translate", "--in", "a", "--in", "b"], "--in"),
        (["translate", "--beam", "1", "Hi", "--beam=5"], "--beam"),
        (["translate", "--run=x", "--run", "x"], "--run"),
        (["evaluate", "--split", "test", "--split", "validation"], "--split"),
        (["evaluate", "--in", "a", "--in", "b", "--reference", "c"], "--in"),
        (["train", "--recipe", "small", "--recipe", "large"], "--recipe"),
        (["preprocess", "x", "--langs", "en-fr", "--langs", "fr-en"], "--langs"),
        (["gradients", "--out", "a", "--out", "b"], "--out"),
        (["lesson", "--docs", "a", "--docs", "b"], "--docs"),
    ],
)
def test_an_option_of_one_value_is_given_once(
    arguments: list[str], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, *arguments) == f"error: {option}: given more than once, and it takes one value\n"


def test_every_command_refuses_it() -> None:
    assert all(command.cls is SingleValueCommand for command in cli.app.registered_commands)


def test_lists_and_switches_may_be_given_again(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "train", "nowhere", "--set", "model.cell=gru", "--set", "model.hidden=8")
    assert said.startswith("error: nowhere: not a prepared corpus")
    said = refused(capsys, "translate", "--sample", "--sample", "--in", "nowhere", "--run", "x")
    assert said == "error: nowhere: no such file\n"
