"""Configuration: every recipe loads, nothing is misspelt in silence, and each complaint is one line."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data_prep.errors import UserError
from seq2seq.config import RECIPES, Config, Training, load_recipe, read_config, recipe_names


def complaint(overrides: list[str], recipe: str = "small") -> str:
    """The one line that the user reads."""
    with pytest.raises(UserError) as error:
        load_recipe(recipe, overrides)
    message = str(error.value)
    assert message
    assert "\n" not in message
    return message


def test_there_are_recipes() -> None:
    assert {"plain", "quick", "small", "tiny"} <= set(recipe_names())


@pytest.mark.parametrize("recipe", recipe_names())
def test_each_recipe_loads_and_comes_back_from_its_toml(recipe: str, tmp_path: Path) -> None:
    config = load_recipe(recipe)
    copy = tmp_path / "copy.toml"
    copy.write_text(config.toml(), encoding="utf-8")
    assert read_config(copy) == config
    assert load_recipe(str(copy)) == config
    assert load_recipe(str(RECIPES / f"{recipe}.toml")) == config


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.floats(1e-300, 1e300),
    st.none() | st.floats(1e-9, 1e9),
    st.lists(st.tuples(st.integers(0, 10**9), st.floats(0, 1)), max_size=4),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["rnn", "gru", "lstm"]),
)
def test_any_settings_come_back_from_their_toml(
    tmp_path: Path, rate: float, minutes: float | None, pace: list[tuple[int, float]], seed: int, cell: str
) -> None:
    training = {"learning_rate": rate, "minutes": minutes, "pace": tuple(pace), "seed": seed, "steps": 9}
    config = Config.model_validate({"training": training, "model": {"cell": cell}})
    (tmp_path / "x.toml").write_text(config.toml(), encoding="utf-8")
    assert read_config(tmp_path / "x.toml") == config


def test_overrides_are_toml_values_or_plain_words_and_the_last_one_counts() -> None:
    config = load_recipe(
        "tiny",
        ["model.cell=gru", "model.attention=false", "training.steps = 7", "decoding.beam=3", "decoding.beam=4"],
    )
    assert (config.model.cell, config.model.attention) == ("gru", False)
    assert (config.training.steps, config.decoding.beam) == (7, 4)
    assert load_recipe("tiny", ["subwords.joint=false"]).subwords.joint is False


@pytest.mark.parametrize(
    ("override", "key", "near"),
    [
        ("model.cel=gru", "model.cel", "did you mean model.cell?"),
        ("training.dropuot=0.1", "training.dropuot", "did you mean training.dropout?"),
        ("training.hidden=3", "training.hidden", "did you mean model.hidden?"),
        ("trainin.minutes=3", "trainin", "did you mean training"),
        ("trainin.minutes=3", "trainin", "did you mean training.minutes?"),
        ("decoder.beam=3", "decoder", "did you mean decoding.beam?"),
        ("Model.Cel=gru", "Model", "did you mean model.cell?"),
        ("modle.hiden=3", "modle", "did you mean model.hidden?"),
        ("training.vocab=3", "training.vocab", "did you mean subwords.vocabulary?"),
        ("training.cell.kind=3", "training.cell.kind", "did you mean"),
        ("xyzzy.q=3", "xyzzy", "the sections are cleaning, splitting, subwords, model, training, decoding"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_one(override: str, key: str, near: str) -> None:
    message = complaint([override])
    assert f"unknown setting {key};" in message
    assert near in message
    assert message.startswith(f"--set {override}: " if "." in key else "")


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("model.hidden=many", "model.hidden"),
        ("model.hidden=7", "model.hidden"),
        ("model.hidden=64.5", "model.hidden"),
        ('model.hidden="64"', "model.hidden"),
        ("model.encoder_layers=true", "model.encoder_layers"),
        ("model.hidden=", "model.hidden"),
        ("model.attention=none", "model.attention"),
        ("model.cell=transformer", "model.cell"),
        ("training.dropout=1", "training.dropout"),
        ("subwords.joint=3", "subwords.joint"),
        ("training.minutes=-1", "training.minutes"),
        ("training.minutes=[1, 2]", "training.minutes"),
        ("training.minutes=2020-01-01", "training.minutes"),
        ("training.learning_rate=nan", "training.learning_rate"),
        ("training.learning_rate=inf", "training.learning_rate"),
        ("training.seed=4294967296", "training.seed"),
        ("decoding.beam=0", "decoding.beam"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_key(override: str, key: str) -> None:
    assert complaint([override]).startswith(f"--set {override}: {key}: ")


def test_a_value_of_the_wrong_kind_says_what_is_right() -> None:
    assert "'rnn', 'gru' or 'lstm'" in complaint(["model.cell=transformer"])


@pytest.mark.parametrize("override", ["model.cell", "cell=gru", "=3", "model.=3", ".cell=3", "", "model"])
def test_an_override_of_the_wrong_form_is_shown_the_right_one(override: str) -> None:
    assert complaint([override]) == f"--set {override}: write section.key=value, such as training.minutes=5"


def test_an_override_does_not_go_into_what_is_no_section(tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text("model = 3\n[training]\nsteps = 5\n", encoding="utf-8")
    assert complaint(["model.cell=gru"], str(path)) == "--set model.cell=gru: model is not a section"
    assert f"{path}: model: " in complaint([], str(path))


def test_a_run_needs_a_limit_that_its_schedule_can_fall_over(tmp_path: Path) -> None:
    path = tmp_path / "endless.toml"
    path.write_text("[training]\nseed = 1\n", encoding="utf-8")
    assert "no limit: set minutes, steps, epochs or patience" in complaint([], str(path))
    assert "the cosine schedule needs" in complaint(["training.patience=3"], str(path))
    limited = load_recipe(str(path), ["training.patience=3", "training.schedule=inverse_sqrt"])
    assert limited.training.patience == 3


def test_a_source_can_be_told_from_its_translation_by_a_network_trained_both_ways_only() -> None:
    complained = complaint(["decoding.reverse=0.5"], "tiny")
    assert complained.endswith(
        "tiny.toml: decoding.reverse needs a network that is trained both ways: set training.both_ways=true"
    )
    both = load_recipe("tiny", ["decoding.reverse=0.5", "training.both_ways=true"])
    assert both.decoding.reverse == 0.5


def test_an_unknown_recipe_is_answered_with_those_there_are() -> None:
    assert complaint([], "smal") == (
        f"no recipe 'smal'; there are {', '.join(recipe_names())}, or give a path to a .toml"
    )


@pytest.mark.parametrize("content", [None, b"[model\n", b"[model]\ncell = 'gr\xff'\n", "folder"])
def test_a_file_that_cannot_be_read_is_named(content: bytes | str | None, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        path.mkdir()
    assert str(path) in complaint([], str(path))


def test_settings_do_not_change_once_made() -> None:
    with pytest.raises(ValidationError):
        load_recipe("tiny").training.steps = 3


def test_every_setting_is_documented() -> None:
    for section, field in Config.model_fields.items():
        settings_of = field.annotation
        assert isinstance(settings_of, type)
        for name, setting in settings_of.model_fields.items():
            assert setting.description, f"{section}.{name}"


def test_preparation_is_the_part_that_prepares() -> None:
    config = load_recipe("tiny")
    assert config.preparation.subwords == config.subwords
    assert config.preparation.cleaning == config.cleaning
    assert config.preparation.splitting == config.splitting
    assert Training(steps=1).learning_rate == 2e-2


def test_a_wrong_value_of_an_override_is_not_laid_to_the_recipe() -> None:
    assert complaint(["training.steps=nan"]).startswith("--set training.steps=nan: training.steps: Input should be")
    several = "training.steps=1\ntraining.seed=9"
    assert complaint([several]) == f"--set {several!r}: more than one setting; write --set for each"
