"""A GPU gives what the processor gives, and its runs resume as others do."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from seq2seq.batches import by_length, make_batch
from seq2seq.cells import RecurrentLayer
from seq2seq.checkpoint import find_checkpoint, load_model
from seq2seq.config import Decoding
from seq2seq.loss import smoothed_cross_entropy
from seq2seq.training import train
from seq2seq.translator import Translator
from seq2seq.updates import Updater, new_network
from tests.toys import ATTENTIONS, CELLS, config, letter_subwords, model_config, network, task, words, write_corpus

if not torch.cuda.is_available():
    pytest.skip("PyTorch finds no GPU here", allow_module_level=True)

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize("rows", [1, 300, 9000])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_and_its_gradients(rows: int, smoothing: float) -> None:
    generator = torch.Generator().manual_seed(rows)
    inputs = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((rows, 6), (11, 6), (11,))]
    targets = torch.randint(11, (rows,), generator=generator)

    def results(device: torch.device) -> list[Tensor]:
        own = [values.to(device).requires_grad_() for values in inputs]
        total, nats = smoothed_cross_entropy(own[0], own[1], own[2], targets.to(device), smoothing)
        return [each.cpu() for each in (total, nats, *torch.autograd.grad(total, own))]

    torch.testing.assert_close(results(CUDA), results(CPU), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("networks", [1, 2])
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_updates(cell: str, attention: bool, networks: int, tmp_path: Path) -> None:
    """Norms, losses and weights of three clipped steps; in float64, where the order of sums hardly matters."""
    split = write_corpus(tmp_path, task(str)).split("train")
    batches = [make_batch(split, rows) for rows in by_length(split, np.arange(60), 200)]
    settings = config(model_config(cell, attention, networks=networks), clip_norm=0.5)
    found = []
    for device in (CPU, CUDA):
        updater = Updater(new_network(settings, letter_subwords()).double().to(device), settings.training, device)
        noted = [updater.update(batches[step], step, 1e-2, 0.0) for step in range(3)]
        updater.close()
        found.append([*(torch.stack(both).cpu() for both in noted), *(p.detach().cpu() for p in updater.parameters)])
    torch.testing.assert_close(found[1], found[0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_small_gradients_do_not_vanish_in_autocast(cell: str) -> None:
    """They would in float16, which PyTorch's autocast takes for recurrent layers, whatever it is told to take."""
    torch.manual_seed(0)
    layer = RecurrentLayer(cell, 6, 8).cuda()
    inputs_BTI = torch.randn(4, 5, 6, device=CUDA)

    def gradients(scale: float) -> list[Tensor]:
        with torch.autocast("cuda", torch.bfloat16), warnings.catch_warnings():
            warnings.simplefilter("error")
            outputs_BTH, _ = layer(inputs_BTI, layer.zero_state(4, inputs_BTI))
        assert outputs_BTH.dtype == torch.bfloat16
        return list(torch.autograd.grad((outputs_BTH.float() ** 2).sum() * scale, list(layer.parameters())))

    torch.testing.assert_close([g * 1e12 for g in gradients(1e-12)], gradients(1.0), rtol=0.02, atol=0.1)


def test_an_update_that_is_not_finite_changes_nothing(tmp_path: Path) -> None:
    split = write_corpus(tmp_path, task(str)).split("train")
    batch = make_batch(split, np.arange(20))
    settings = config(model_config("lstm"))
    updater = Updater(new_network(settings, letter_subwords()).to(CUDA), settings.training, CUDA)
    updater.update(batch, 0, 1e-2, 0.0)
    broken = updater.parameters[-1]
    kept = broken.detach().clone()
    with torch.no_grad():
        broken[0] = torch.inf
    tensors = [state for optimiser in updater.optimisers for state in torch.utils._pytree.tree_leaves(optimiser.state)]
    before = [part.clone() for part in (*updater.parameters, *tensors) if isinstance(part, Tensor)]
    norm, nats = updater.update(batch, 1, 1e-2, 0.0)
    after = [part for part in (*updater.parameters, *tensors) if isinstance(part, Tensor)]
    assert not norm.isfinite()
    assert nats.item() == 0
    torch.testing.assert_close(after, before, rtol=0, atol=0)
    with torch.no_grad():
        broken.copy_(kept)
    assert updater.update(batch, 2, 1e-2, 0.0)[0].isfinite()
    updater.close()


@pytest.mark.parametrize("beam", [1, 3])
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_translations(cell: str, attention: bool, beam: int) -> None:
    subwords, lines = letter_subwords(), words(30, 1, 1, 12)
    found = []
    for device in (CPU, CUDA):
        model = network(cell, attention, size=subwords.target_size).to(device)
        with torch.no_grad():
            model.output_bias_V[3] += 6.0
        found.append(Translator(model, subwords, Decoding(beam=beam, precision="float32"), device).hypotheses(lines))
    texts = [[[scored.text for scored in line] for line in lines] for lines in found]
    assert texts[1] == texts[0]
    scores = [torch.tensor([scored.score for line in lines for scored in line]) for lines in found]
    torch.testing.assert_close(scores[1], scores[0], rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("precision", ["auto", "float32"])
def test_a_resumed_run_is_the_uninterrupted_one(precision: str, tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", task(str))
    # A schedule that does not depend on the limit.
    shared: dict[str, Any] = {"device": "cuda", "precision": precision, "dropout": 0.3, "schedule": "inverse_sqrt"}
    for run, limits in ((tmp_path / "whole", [24]), (tmp_path / "cut", [10, 24])):
        for steps in limits:
            train(corpus, config(model_config("lstm"), steps=steps, **shared), run)
    ours, theirs = (
        load_model(find_checkpoint(tmp_path / run, "last"), CPU)[0].state_dict() for run in ("whole", "cut")
    )
    assert ours.keys() == theirs.keys()
    assert all(ours[name].equal(theirs[name]) for name in ours)
