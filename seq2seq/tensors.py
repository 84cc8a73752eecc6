"""Files of tensors as a stranger may have made them: names, shapes and sizes are checked before memory is taken."""

import math
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from data_prep.errors import UserError
from data_prep.subwords import Subwords
from seq2seq.config import Config
from seq2seq.ensemble import Networks, make_model
from seq2seq.optimisers import Optimiser
from seq2seq.run_files import CONFIG

Optimisers = tuple[Optimiser, ...]
Shapes = Mapping[str, list[int]]
HEADER_LIMIT = 1 << 20
"""Bytes of a file of tensors beside the tensors, at most."""


def blueprint(config: Config, subwords: Subwords) -> Networks:
    """A network without memory for its weights, to be asked for their names and shapes."""
    with torch.device("meta"):
        return make_model(config.model, subwords.source_size, subwords.target_size, subwords.joint)


def refuse_too_large(config: Config, subwords: Subwords) -> None:
    """Raise UserError for a network whose training needs more memory than the machine has."""
    numbers = sum(parameter.numel() for parameter in blueprint(config, subwords).parameters())
    # Of each weight: itself, its gradient, and one or two moments.
    needed, there = 12 * numbers, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise UserError(
            f"a network of {numbers / 1e6:,.0f} M parameters needs {needed / 1e9:,.0f} GB to be trained, and this "
            f"machine has {there / 1e9:,.0f}; lower model.hidden, model.embedding or the layers"
        )


def shapes_of(tensors: Mapping[str, Tensor]) -> Shapes:
    """The shape of each by its name."""
    return {name: list(tensor.shape) for name, tensor in tensors.items()}


def moments(model: Networks, optimisers: Optimisers) -> dict[str, Tensor]:
    """All that the optimisers keep, by the weight's name and what it is."""
    names: dict[Tensor, str] = {parameter: name for name, parameter in model.named_parameters()}
    return {
        f"{names[parameter]}.{key}": value
        for optimiser in optimisers
        for parameter, kept in optimiser.state.items()
        for key, value in kept.items()
    }


def refuse_larger(path: Path, shapes: Shapes) -> None:
    """Raise UserError for a file that is larger than the tensors that it should have, before it is read."""
    if path.is_file() and path.stat().st_size > 4 * sum(map(math.prod, shapes.values())) + HEADER_LIMIT:
        raise UserError(f"{path}: larger than the network of {CONFIG}; use another checkpoint")


def read_tensors(path: Path, shapes: Shapes, device: torch.device) -> dict[str, Tensor]:
    """The tensors of a file, which has to have these and no others.  Raises UserError if it does not."""
    with safe_open(path, "pt") as file:
        parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118  it is no dict
        found = {name: part.get_shape() for name, part in parts.items()}
        kinds = {part.get_dtype() for part in parts.values()}
    if found != shapes or kinds - {"F32"}:
        raise UserError(f"{path}: its tensors do not fit {CONFIG} of the run; use another checkpoint")
    tensors = load_file(path, device=str(device))
    if not all(map(_is_finite, tensors.values())):
        raise UserError(f"{path}: has values that are not finite; use another checkpoint")
    return tensors


def _is_finite(tensor: Tensor) -> bool:
    # The sum is ten times as fast, but may overflow where each value is finite.
    return bool(tensor.sum().isfinite() or tensor.isfinite().all())
