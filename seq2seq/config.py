"""The description of a run: strict, documented, read from a recipe and overridden by `key=value`."""

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from data_prep.errors import UserError
from data_prep.settings import MANY, Cleaning, Preparation, Settings, Splitting, Subwords
from data_prep.untrusted import TOML_LIMIT, parse_toml, read_small

RECIPES = Path(__file__).parent / "recipes"


class Model(Settings):
    """The network; how it is wired, and why, is told in `decoder.py`."""

    cell: Literal["rnn", "gru", "lstm"] = "lstm"
    """Recurrent cell: plain tanh (Elman 1990), GRU (Cho et al. 2014), LSTM (Hochreiter & Schmidhuber 1997)."""
    embedding: int = Field(default=256, ge=1, le=1 << 16)
    """Size of a subword's vector."""
    hidden: int = Field(default=256, ge=2, le=1 << 16, multiple_of=2)
    """Size of the decoder's state and of an annotation; each direction of the encoder has half of it."""
    encoder_layers: int = Field(default=1, ge=1, le=64)
    """Bidirectional layers of the encoder."""
    decoder_layers: int = Field(default=2, ge=1, le=64)
    """Layers of the decoder; the first asks the attention, those above read its answer."""
    attention: bool = True
    """Whether the decoder may look at all of the source; otherwise one state alone passes from source to target."""
    networks: int = Field(default=1, ge=1, le=64)
    """Networks that are trained side by side, a thread each, and translate as one (`ensemble.py`)."""


class Training(Settings):
    """The optimisation.  A run ends at the first of its limits."""

    minutes: float | None = Field(default=None, gt=0)
    """Limit in minutes of training, validations included; the learning rate falls over it."""
    steps: int | None = Field(default=None, ge=1, le=MANY)
    """Limit in updates."""
    epochs: float | None = Field(default=None, gt=0)
    """Limit in passes over the training split."""
    patience: int | None = Field(default=None, ge=1, le=MANY)
    """Limit in validations without a better one (`model_selection.py`)."""
    pace: tuple[tuple[int, float], ...] = ()
    """Progress of the schedule at given steps; a run limited by minutes records it, so that it can be repeated."""
    seed: int = Field(default=1, ge=0, lt=2**32)
    """Where all randomness of a run comes from: first weights, order of the batches, dropout."""
    batch_tokens: int = Field(default=2000, ge=1, le=1_000_000)
    """Target subwords in a batch, at most (a longer sentence makes a batch of its own)."""
    joined: float = Field(default=0.3, ge=0, le=1)
    """Share of the pairs that are joined, two to four in one: longer sentences are learned than the corpus has."""
    both_ways: bool = False
    """Also learn from the pairs turned round, where source and target have one vocabulary: for small corpora."""
    learning_rate: float = Field(default=2e-2, gt=0)
    """Highest learning rate, of embeddings and biases; matrices follow it (`optimisers.py`)."""
    schedule: Literal["cosine", "inverse_sqrt"] = "cosine"
    """Fall of the learning rate: by cosine to zero at the limit, or with the inverse square root of the step."""
    warmup_steps: int = Field(default=50, ge=1, le=MANY)
    """Steps over which the learning rate rises from zero."""
    weight_decay: float = Field(default=0.01, ge=0)
    """Decoupled weight decay (Loshchilov & Hutter 2019) of the matrices (`optimisers.py`)."""
    clip_norm: float = Field(default=1.0, gt=0)
    """Largest norm of the whole gradient (Pascanu et al. 2013)."""
    dropout: float = Field(default=0.3, ge=0, lt=1)
    """Share of the features between layers that is dropped after some passes over the corpus; in the first, none is."""
    label_smoothing: float = Field(default=0.1, ge=0, lt=1)
    """Share of the probability spread evenly over the vocabulary (Szegedy et al. 2016)."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Numbers of the matrix products; auto takes bfloat16 where a trial at the start finds it faster."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train; auto takes a GPU if there is one."""
    threads: int = Field(default=0, ge=0, le=1024)
    """Processor threads, 0 for all; sums depend on it, so it is part of what makes two runs equal."""
    validate_steps: int = Field(default=500, ge=1, le=MANY)
    """Updates between two validations, each with a checkpoint."""
    validate_pairs: int = Field(default=1000, ge=1, le=MANY)
    """Pairs of the validation split, at most, that a validation during training uses."""
    weights_steps: int = Field(default=0, ge=0, le=MANY)
    """Updates between two notes in weights.jsonl of how much the weights of each gate move (`weights.py`); 0: none.
    Of an ensemble those of the first network."""

    @model_validator(mode="after")
    def _ends(self) -> "Training":
        if self.minutes is None and self.steps is None and self.epochs is None and self.patience is None:
            raise ValueError("no limit: set minutes, steps, epochs or patience")
        if self.schedule == "cosine" and self.minutes is None and self.steps is None and self.epochs is None:
            raise ValueError("the cosine schedule needs minutes, steps or epochs to fall over")
        return self


class Decoding(Settings):
    """The search for a translation."""

    beam: int = Field(default=5, ge=1, le=100)
    """Hypotheses kept at each step; 1 is greedy."""
    length_penalty: float = Field(default=1.0, ge=0, le=10)
    """Power of the length that a hypothesis's log-probability is divided by: 0 favours short ones."""
    reverse: float = Field(default=0.0, ge=0, le=10)
    """Weight of log p(source | translation) in the choice among the beam's hypotheses (`reverse.py`); 0: none."""
    max_ratio: float = Field(default=2.0, gt=0, le=10)
    """Longest translation in subwords for each subword of the source, beside ten that are free."""
    batch_tokens: int = Field(default=4000, ge=1, le=1_000_000)
    """Source subwords translated at a time, padding and beam included."""
    precision: Literal["auto", "float32", "int8"] = "auto"
    """Numbers of a step's products; auto takes bytes where they are fast on the processor, and exact enough."""


class Config(Settings):
    """All settings of preparation, training and search."""

    cleaning: Cleaning = Cleaning()
    splitting: Splitting = Splitting()
    subwords: Subwords = Subwords()
    model: Model = Model()
    training: Training
    decoding: Decoding = Decoding()

    @model_validator(mode="after")
    def _reversible(self) -> "Config":
        if self.decoding.reverse and not self.training.both_ways:
            raise ValueError("decoding.reverse needs a network that is trained both ways: set training.both_ways=true")
        return self

    @property
    def preparation(self) -> Preparation:
        """The part that `data_prep` reads."""
        return Preparation(cleaning=self.cleaning, splitting=self.splitting, subwords=self.subwords)

    def with_training(self, **changes: Any) -> "Config":
        """This configuration with other values of [training]."""
        return self.model_copy(update={"training": self.training.model_copy(update=changes)})

    def prepared_as(self, settings: Any, overrides: Iterable[str]) -> "Config":
        """This configuration with the preparation of a corpus, given as the `settings` of its manifest.

        Raises UserError if an override asks for another, or they are no settings.
        """
        try:
            prepared = Preparation.model_validate(settings)
        except ValidationError as error:
            raise UserError(_explain("settings of the corpus's manifest", error)) from error
        for override in overrides:
            section, _, rest = override.partition(".")
            name = rest.partition("=")[0].strip()
            if section in Preparation.model_fields:
                asked, has = (getattr(getattr(c, section), name) for c in (self, prepared))
                if asked != has:
                    raise UserError(
                        f"the corpus was prepared with {section}.{name}={has}, not {asked}; prepare it anew"
                    )
        return self.model_copy(update={name: getattr(prepared, name) for name in Preparation.model_fields})

    def toml(self) -> str:
        """The whole configuration as TOML, defaults included; `read_config` gives it back."""
        lines = []
        for section, values in self.model_dump(mode="json").items():
            lines.append(f"[{section}]")
            # JSON's numbers, strings, booleans and lists are TOML's too; TOML leaves out what is unset.
            lines += [f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None]
            lines.append("")
        return "\n".join(lines)


def recipe_names() -> list[str]:
    """Names of the recipes that come with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def load_recipe(recipe: str, overrides: Iterable[str] = ()) -> Config:
    """Read a recipe, by name or by path, and apply `section.key=value` overrides.

    Raises UserError that names the recipe, or the key and what it may be.
    """
    path = Path(recipe)
    if path.suffix != ".toml":
        path = RECIPES / f"{recipe}.toml"
        if not path.is_file():
            raise UserError(f"no recipe {recipe!r}; there are {', '.join(recipe_names())}, or give a path to a .toml")
    return read_config(path, overrides)


def read_config(path: Path, overrides: Iterable[str] = ()) -> Config:
    """Read a configuration file and apply overrides.  Raises UserError that names the file and key."""
    try:
        values = parse_toml(read_small(path, TOML_LIMIT).decode())
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UserError(f"{path}: cannot be read as TOML: {error}") from error
    given = {}
    for override in overrides:
        given[_override(values, override)] = override
    try:
        return Config.model_validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        wrong = ".".join(map(str, error.errors()[0]["loc"]))
        asked = given.get(wrong) or next((given[key] for key in given if key.startswith(f"{wrong}.")), None)
        raise UserError(_explain(f"--set {asked}" if asked else path, error)) from error


def _override(values: dict[str, Any], override: str) -> str:
    """Put one `section.key=value` into nested values; the value is read as TOML, or else is a plain word.

    Returns the key.
    """
    key, equals, text = override.partition("=")
    section, dot, name = key.strip().partition(".")
    if not (equals and section and dot and name):
        raise UserError(f"--set {override}: write section.key=value, such as training.minutes=5")
    try:
        value, *more = parse_toml(f"value = {text}").values()
    except ValueError:
        value, more = text.strip(), []
    if more:
        raise UserError(f"--set {override!r}: more than one setting; write --set for each")
    group = values.setdefault(section, {})
    if not isinstance(group, dict):
        raise UserError(f"--set {override}: {section} is not a section")
    group[name] = value
    return f"{section}.{name}"


def _explain(path: Path | str, error: ValidationError) -> str:
    """The first complaint of pydantic as one line, with the nearest known key where a key is unknown."""
    first = error.errors()[0]
    location = [str(part) for part in first["loc"]]
    key = ".".join(location)
    if first["type"] != "extra_forbidden":
        return ": ".join(filter(None, [str(path), key, first["msg"].removeprefix("Value error, ")]))
    inside = first["input"] if isinstance(first["input"], dict) else {}  # of an unknown section
    near = _nearest(".".join([key, *list(inside)[:1]]))
    hint = f"did you mean {near}?" if near else f"the sections are {', '.join(Config.model_fields)}"
    return f"{path}: unknown setting {key}; {hint}"


def _nearest(key: str) -> str | None:
    """Return the known setting that an unknown one most likely means, or None.

    Tried in order: its name in the section that it names, its name in any, a name like it in that section, in any.
    """
    section, _, name = key.lower().partition(".")
    if not name:
        section, name = "", section
    known = _keys()
    meant = difflib.get_close_matches(section, Config.model_fields, 1, 0.6)
    inside = [other for other in known if other.partition(".")[0] in meant]
    for cutoff in (1.0, 0.6):
        for settings in (inside, known):
            names = {other.partition(".")[2]: other for other in settings}
            if near := difflib.get_close_matches(name, names, 1, cutoff):
                return names[near[0]]
    return None


def _keys() -> list[str]:
    """Every setting as section.key."""
    keys = []
    for section, field in Config.model_fields.items():
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, Settings)
        keys += [f"{section}.{name}" for name in field.annotation.model_fields]
    return keys
