"""The check of a translator's input: when it speaks up, and when it does not."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from data_prep.files import file_digest
from data_prep.phrasebook.generator import phrases
from seq2seq import cli, language
from seq2seq.language import LANGUAGES, WEIGHTS, InputCheck, Recogniser, judge, running_letters, spell, weigh
from seq2seq.translator import Scored

ENGLISH = ["My sister has been living in the old house near the river.", "We never talk about what happened there."]
FRENCH = ["Ma sœur habite depuis longtemps la vieille maison près du fleuve.", "Nous n'en parlons jamais entre nous."]
ARABIC = ["أريد أن أشرب كوبا من الماء البارد بعد العمل الطويل.", "ذهبت أختي إلى السوق مع صديقتها في الصباح."]
TEXTS = {"en": ENGLISH, "fr": FRENCH, "ar": ARABIC}


def said(language: str, *chunks: list[str]) -> list[str]:
    """What the check says of chunks of lines."""
    found: list[str] = []
    check = InputCheck(language, found.append)
    for lines in chunks:
        check(lines)
    return found


@pytest.mark.parametrize("asked", LANGUAGES)
@pytest.mark.parametrize("given_", LANGUAGES)
def test_speaks_up_once_if_the_text_is_in_another_language(asked: str, given_: str) -> None:
    text = TEXTS[given_]
    found = said(asked, text, text, text * 50)
    if asked == given_:
        assert found == []
        return
    (warning,) = found
    assert "\n" not in warning
    for word in (LANGUAGES[asked], LANGUAGES[given_], "--no-language-check"):
        assert word in warning


def test_a_region_is_no_other_language() -> None:
    assert said("en_GB", ENGLISH) == []
    assert len(said("en_GB", FRENCH)) == 1


@pytest.mark.parametrize("unknown", ["de", "xx", "", "zh_Hant"])
def test_a_run_from_an_unknown_language_has_no_check(unknown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "shipped", lambda: pytest.fail("the network was read for nothing"))
    for text in TEXTS.values():
        assert said(unknown, text) == []


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [""],
        ["", "   ", "\t"] * 300,
        ["Paris"],
        ["internationalisation"],
        ["Jean-Pierre Lefebvre, Marie Dupont, Aix-en-Provence"] * 20,
        ["3.14159", "12/11/2026", "1 234 567"] * 20,
        ["https://www.example.org/le-chat-est-noir et x@exemple.fr"] * 5,
        ["le_chat = voir(chien)", "return {le: 'chat'}", "`quel est le chat noir`"] * 20,
        ["import numpy as np"],
        ["Привет, как дела? Очень хорошо, спасибо."] * 20,
        ["你好，今天天气很好。"] * 20,
    ],
)
@pytest.mark.parametrize("asked", LANGUAGES)
def test_is_quiet_about_what_says_nothing(asked: str, lines: list[str]) -> None:
    assert said(asked, lines) == []


def test_a_few_lines_of_another_language_are_no_other_text() -> None:
    assert said("en", [*ENGLISH * 3, *FRENCH]) == []
    assert said("fr", [*FRENCH * 3, *ENGLISH]) == []


def test_evidence_adds_up_over_what_is_typed() -> None:
    words = ["je vois", "tu vois", "nous avons", "elle est"]
    assert all(said("en", [line]) == [] for line in words)
    assert len(said("en", *([line] for line in words))) == 1


def test_only_the_beginning_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def watched(lines: list[str]) -> tuple[int, torch.Tensor]:
        seen.extend(lines)
        return weigh(lines)

    monkeypatch.setattr(language, "weigh", watched)
    check = InputCheck("en", pytest.fail)
    for _ in range(3):
        check(ENGLISH * 1000)
    assert sum(map(running_letters, seen)) < 2 * language.ENOUGH
    seen.clear()
    check = InputCheck("en", pytest.fail)
    for _ in range(3):
        check(["x = 1"] * 1000)
    assert len(seen) == language.LINES


def test_a_long_line_is_read_in_part() -> None:
    assert len(spell(ENGLISH[0] * 1000)) == language.LONGEST
    letters, _ = weigh([" ".join(FRENCH * 10_000)])
    assert 0 < letters <= 2 * language.LONGEST


def test_letters_alone_are_read() -> None:
    assert spell("L'été, 24 fois: «Où ?»") == spell("l été fois où")
    assert spell("كِتابـــ") == spell("كتاب")
    assert spell("ñж") == [language.UNKNOWN] * 2
    assert spell("12 ?!") == []


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_any_text_is_spelt_and_weighed(text: str) -> None:
    ids = spell(text)
    assert len(ids) <= language.LONGEST
    assert all(language.UNKNOWN <= i <= max(language.IDS.values()) for i in ids)
    letters, weights_L = weigh([text])
    assert weights_L.sum().item() == pytest.approx(letters, rel=1e-3)


def test_weighing_does_not_depend_on_company() -> None:
    lines = ENGLISH + FRENCH + ARABIC + ["", "Oh"]
    together, apart = weigh(lines), [weigh([line]) for line in lines]
    assert together[0] == sum(letters for letters, _ in apart)
    torch.testing.assert_close(together[1], torch.stack([weights_L for _, weights_L in apart]).sum(dim=0))


def test_what_is_unclear_or_too_short_is_not_judged() -> None:
    assert judge(language.LEAST, torch.tensor([0.0, language.LEAST, 0.0])) == "fr"
    assert judge(language.LEAST - 1, torch.tensor([0.0, language.LEAST - 1, 0.0])) is None
    assert judge(100, torch.tensor([40.0, 60.0, 0.0])) is None
    assert judge(0, torch.zeros(3)) is None


def test_phrases_written_by_hand_are_told_apart() -> None:
    wrong = {"en": 0, "fr": 0}
    groups = [phrases()[first : first + 4] for first in range(0, 200, 4)]
    for group in groups:
        for side, own in enumerate(wrong):
            other = "fr" if own == "en" else "en"
            assert said(own, [pair[side] for pair in group]) == []
            wrong[own] += not said(other, [pair[side] for pair in group])
    assert max(wrong.values()) <= 0.15 * len(groups)


def test_the_weights_are_those_that_their_note_tells_of() -> None:
    note = json.loads(WEIGHTS.with_suffix(".json").read_text(encoding="utf-8"))
    assert note["sha256"] == file_digest(WEIGHTS)
    assert note["languages"] == list(LANGUAGES)
    assert "CC BY 2.0 FR" in note["licence"]
    assert WEIGHTS.stat().st_size <= 200_000
    network = Recogniser(len(LANGUAGES))
    with safe_open(WEIGHTS, "pt") as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    assert shapes == {name: tuple(parameter.shape) for name, parameter in network.named_parameters()}


class FakeTranslator:
    """Says every line backwards."""

    def hypotheses(self, lines: list[str], **options: object) -> list[list[Scored]]:
        return [[Scored(line[::-1], 0.0)] for line in lines]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run from English."""
    monkeypatch.setattr("seq2seq.translator.Translator.load", lambda folder, checkpoint: FakeTranslator())
    write_note(tmp_path, "en")
    return tmp_path


def write_note(run: Path, source: str) -> None:
    manifest = {"languages": {"source": source, "target": "fr"}, "splits": {}, "files": {}}
    note = {"folder": "data", "fingerprint": "", "manifest": manifest}
    (run / "corpus.json").write_text(json.dumps(note))


def translate(run: Path, *arguments: str) -> None:
    with pytest.raises(SystemExit) as done:
        cli.main(["translate", "--run", str(run), *arguments])
    assert not done.value.code


def stdin(lines: list[str], terminal: bool = False) -> SimpleNamespace:
    data = "".join(f"{line}\n" for line in lines).encode()
    return SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: terminal)


@pytest.mark.parametrize("form", ["text", "file", "stdin", "prompt"])
@pytest.mark.parametrize("arguments", [[], ["--no-language-check"]])
def test_every_form_of_input_is_checked_and_answers_stay_the_same(
    form: str, arguments: list[str], run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = FRENCH * 3
    monkeypatch.setattr(cli, "CHUNK", 2)
    if form == "text":
        translate(run, *arguments, "--", "\n".join(lines))
    elif form == "file":
        (run / "in.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        translate(run, *arguments, "--in", str(run / "in.txt"))
    else:
        monkeypatch.setattr("sys.stdin", stdin(lines, form == "prompt"))
        typed = iter(lines)
        monkeypatch.setattr("builtins.input", lambda: next(typed, None) or _end())
        translate(run, *arguments)
    printed = capsys.readouterr()
    assert printed.out == "".join(f"{line[::-1]}\n" for line in lines)
    assert printed.err.count("warning: the input looks like French") == (0 if arguments else 1)


def test_what_is_typed_is_not_answered_in_a_file(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", stdin([], True))
    with pytest.raises(SystemExit) as done:
        cli.main(["translate", "--run", str(run), "--out", str(run / "out.txt")])
    assert done.value.code == 2
    assert "--out: give a text or --in FILE" in capsys.readouterr().err


def _end() -> str:
    raise EOFError


@pytest.mark.parametrize("source", ["fr", "de", None])
def test_nothing_is_said_where_the_language_is_right_or_not_known(
    source: str | None, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "corpus.json").unlink()
    if source:
        write_note(run, source)
    translate(run, "--", *FRENCH)
    assert capsys.readouterr().err == ""


def test_the_command_of_the_warning_exists(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["translate", "--help"])
    assert "--no-language-check" in re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)


def test_the_product_imports_nothing_of_the_lesson() -> None:
    command = (
        "import sys, seq2seq\nassert 'torch' not in sys.modules\nimport seq2seq.translator, seq2seq.language\n"
        "found = {'sklearn', 'num2words', 'matplotlib', 'datasets', 'seq2seq.lesson'} & set(sys.modules)\n"
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", command], check=True)
