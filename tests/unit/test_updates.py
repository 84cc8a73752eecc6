"""One update: the same step on one copy of the network as on several, and the same again from the same weights."""

import copy
import threading
from contextlib import closing
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from data_prep.errors import UserError
from data_prep.subwords import END
from seq2seq.batches import Batch, pad
from seq2seq.cells import RecurrentLayer
from seq2seq.loss import smoothed_cross_entropy
from seq2seq.model import Translation
from seq2seq.optimisers import make_optimisers
from seq2seq.threads import Workers
from seq2seq.updates import SHARE, Updater, choose_device, choose_precision
from tests.toys import config, letter_subwords, network

CPU = torch.device("cpu")
SIZE = 20


pytestmark = pytest.mark.usefixtures("same_threads_after")


def batch(pairs: int, seed: int = 0, longest: int = 9) -> Batch:
    """Random pairs of different lengths."""
    draw = np.random.default_rng(seed)

    def rows() -> list[Any]:
        return [draw.integers(END + 1, SIZE, draw.integers(1, longest), np.int32) for _ in range(pairs)]

    source, target = rows(), rows()
    target_out_BT = pad(target, after=END)
    real_N = (target_out_BT.flatten() > 0).nonzero().squeeze(1)
    assert len(real_N) == sum(len(row) + 1 for row in target)
    lengths_B = torch.tensor([len(row) + 1 for row in source])
    return Batch(pad(source, after=END), lengths_B, pad(target, before=2), target_out_BT, real_N)


def model(cell: str = "gru") -> Translation:
    """The same weights each time, in float64, so that the order of a sum hardly matters."""
    return network(cell, size=SIZE, scale=1.0).double()


def updater(copies: int = 1, cell: str = "gru", **training: Any) -> Updater:
    """An updater in float64 with as many copies of the network."""
    settings = config(threads=copies, **{"batch_tokens": copies * SHARE, "clip_norm": 1e9, **training})
    made = Updater(model(cell), settings.training, CPU)
    assert len(made.copies[0]) == copies
    return made


def weights(made: Updater) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in made.model.parameters()]


def tied(made: Updater) -> bool:
    """Whether all copies have the very weights of the first, and no gradients are left over."""
    return all(
        ours.data_ptr() == theirs.data_ptr() and ours.grad is None and theirs.grad is None
        for network, copies in zip(made.model.networks, made.copies, strict=True)
        for other in copies
        for ours, theirs in zip(network.parameters(), other.parameters(), strict=True)
    )


@pytest.mark.parametrize(
    ("threads", "batch_tokens", "copies", "each"),
    [(1, 5000, 1, 1), (2, 500, 2, 1), (2, 499, 1, 2), (2, 100, 1, 2), (3, 5000, 3, 1), (4, 500, 2, 2), (3, 500, 2, 1)],
)
def test_a_batch_is_shared_out_to_threads_that_it_is_worth(
    threads: int, batch_tokens: int, copies: int, each: int
) -> None:
    made = Updater(model(), config(threads=threads, batch_tokens=batch_tokens).training, CPU)
    (found,) = made.copies
    assert len(found) == copies
    assert found[0] is made.model
    assert tied(made)
    assert list(made.workers.map(lambda _: torch.get_num_threads(), range(5))) == [each] * 5
    assert torch.get_num_threads() == threads
    made.close()


@pytest.mark.parametrize("copies", [2, 3])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_several_copies_do_what_one_does(cell: str, copies: int) -> None:
    one, several = updater(1, cell), updater(copies, cell)
    before = weights(one)
    for step in range(3):
        # Few pairs too: fewer than copies, or of one length.
        data = batch((17, 1, 2)[step], seed=step)
        (norm, nats), (norm_s, nats_s) = (made.update(data, step, 1e-2, 0.0) for made in (one, several))
        torch.testing.assert_close((norm_s, nats_s), (norm, nats), rtol=1e-9, atol=0)
        torch.testing.assert_close(weights(several), weights(one), rtol=0, atol=1e-6)
        assert tied(several)
    assert all((now - then).abs().max() > 1e-3 for now, then in zip(weights(one), before, strict=True))


@pytest.mark.parametrize("copies", [1, 2])
def test_norm_and_nats_are_those_of_the_mean_loss(copies: int) -> None:
    data, made = batch(11), updater(copies, label_smoothing=0.0)
    reference = model()
    features_BTE = reference(data.source_BS, data.source_lengths_B, data.target_in_BT)
    mean = torch.nn.functional.cross_entropy(
        reference.logits(features_BTE).flatten(0, 1), data.target_out_BT.flatten(), ignore_index=0
    )
    gradients = torch.autograd.grad(mean, list(reference.parameters()))
    norm, nats = made.update(data, 0, 1e-3, 0.0)
    assert nats.item() == pytest.approx(mean.item() * data.target_tokens, rel=1e-9)
    assert norm.item() == pytest.approx(torch.cat([g.flatten() for g in gradients]).norm().item(), rel=1e-9)
    assert not nats.requires_grad


def test_nats_are_without_smoothing_and_the_step_with_it() -> None:
    plain, smoothed = updater(2, label_smoothing=0.0), updater(2, label_smoothing=0.3)
    (norm, nats), (norm_s, nats_s) = (made.update(batch(11), 0, 1e-2, 0.0) for made in (plain, smoothed))
    assert nats_s.item() == nats.item()
    assert norm_s.item() != pytest.approx(norm.item(), rel=1e-3)


def test_the_step_is_the_optimisers_down_the_clipped_gradient() -> None:
    data, clip = batch(11), 0.05
    made = updater(2, clip_norm=clip, weight_decay=0.1, label_smoothing=0.0)
    reference = model()
    optimisers = make_optimisers(reference, made.training, Workers(1))
    for step, rate in enumerate((1e-2, 3e-3)):
        reference.zero_grad()
        features_BTE = reference(data.source_BS, data.source_lengths_B, data.target_in_BT)
        torch.nn.functional.cross_entropy(
            reference.logits(features_BTE).flatten(0, 1), data.target_out_BT.flatten(), ignore_index=0
        ).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(reference.parameters(), clip)
        for optimiser in optimisers:
            optimiser.rate = rate
            optimiser.step()
        norm, _ = made.update(data, step, rate, 0.0)
        assert norm.item() > clip  # it is the norm before
        torch.testing.assert_close(weights(made), [p.detach() for p in reference.parameters()], rtol=0, atol=1e-7)


@pytest.mark.parametrize("copies", [1, 2, 3])
def test_an_update_is_repeated_bit_by_bit(copies: int) -> None:
    found: list[list[Tensor]] = []
    for _ in range(3):
        torch.manual_seed(len(found))  # what others draw makes no difference
        made = updater(copies)
        noted = [made.update(batch(17, seed=step), step, 1e-2, 0.3) for step in range(3)]
        found.append([*weights(made), *(part for pair in noted for part in pair)])
    for again in found[1:]:
        assert all(a.equal(b) for a, b in zip(again, found[0], strict=True))


def test_dropout_follows_from_seed_step_and_part() -> None:
    def nats(seed: int, step: int, copies: int = 2) -> float:
        return updater(copies, seed=seed).update(batch(17), step, 0.0, 0.5)[1].item()

    assert nats(1, 0) == nats(1, 0)
    assert len({nats(1, 0), nats(1, 1), nats(2, 0), nats(2, 1), nats(1, 0, 1)}) == 5


def test_each_part_has_random_numbers_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []
    losses = Updater.losses

    def note(self: Updater, *arguments: Any) -> tuple[Tensor, Tensor]:
        seeds.append(arguments[3].generator.initial_seed())
        return losses(self, *arguments)

    monkeypatch.setattr(Updater, "losses", note)
    made = updater(3)
    for step in range(4):
        made.update(batch(17), step, 1e-3, 0.5)
    assert len(seeds) == len(set(seeds)) == 12


def test_copies_stay_tied_when_weights_are_put_back() -> None:
    made, data = updater(2), batch(17)
    kept = copy.deepcopy((made.model.state_dict(), [list(optimiser.state.values()) for optimiser in made.optimisers]))
    first = made.update(data, 0, 1e-2, 0.0)
    after = weights(made)
    made.update(data, 1, 1e-2, 0.0)
    made.model.load_state_dict(kept[0])
    for optimiser, state in zip(made.optimisers, kept[1], strict=True):
        optimiser.state = dict(zip(optimiser.state, state, strict=True))
    assert tied(made)
    again = made.update(data, 0, 1e-2, 0.0)
    assert all(a.equal(b) for a, b in zip(again, first, strict=True))
    assert all(a.equal(b) for a, b in zip(weights(made), after, strict=True))


def test_close_ends_the_threads() -> None:
    made = updater(2)
    workers = list(made.workers.map(lambda _: threading.current_thread(), range(9)))
    assert all(worker.is_alive() for worker in workers)
    made.close()
    assert not any(worker.is_alive() for worker in workers)


def test_precision_and_device_are_chosen_by_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {torch.float32: 4.0, torch.bfloat16: 1.0}
    monkeypatch.setattr("seq2seq.updates._product_seconds", seconds.__getitem__)

    def precision(asked: str, **has: bool) -> torch.dtype:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
        return choose_precision(config(precision=asked).training, CPU)

    assert precision("float32", avx512_bf16=True) == torch.float32
    assert precision("bfloat16") == torch.bfloat16
    assert precision("auto") == torch.float32
    assert precision("auto", avx512_bf16=True) == precision("auto", amx_bf16=True) == torch.bfloat16
    seconds[torch.bfloat16] = 3.0
    assert precision("auto", avx512_bf16=True) == torch.float32
    assert precision("bfloat16", avx512_bf16=True) == torch.bfloat16
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device(config(device="auto").training) == choose_device(config(device="cpu").training) == CPU
    with pytest.raises(UserError, match=r"training\.device=cuda: .*; use training\.device=cpu"):
        choose_device(config(device="cuda").training)


def test_a_new_network_is_ready_for_training_and_follows_from_the_seed() -> None:
    subwords = letter_subwords()
    first, same, other = (Updater.of_new(config(seed=seed), subwords) for seed in (1, 1, 2))
    for updater in (first, same, other):
        updater.close()
    for layer in first.model.modules():
        if isinstance(layer, RecurrentLayer):
            _, u_GH, _, _ = layer.weights
            for block in u_GH.detach().chunk(len(u_GH) // layer.hidden_size):
                torch.testing.assert_close(block @ block.T, torch.eye(len(block)), rtol=0, atol=1e-5)
    weights = [[p.detach() for p in updater.model.parameters()] for updater in (first, same, other)]
    assert all(a.equal(b) for a, b in zip(weights[0], weights[1], strict=True))
    assert any(not a.equal(b) for a, b in zip(weights[0], weights[2], strict=True))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_loss_is_made_in_the_type_that_is_asked_for(precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def noted(*arguments: Any) -> Any:
        seen.append(torch.is_autocast_enabled("cpu"))
        return smoothed_cross_entropy(*arguments)

    monkeypatch.setattr("seq2seq.updates.smoothed_cross_entropy", noted)
    with closing(Updater(network(size=SIZE), config(precision=precision).training, CPU)) as updater:
        updater.update(batch(5), 0, 1e-3, 0.0)
    assert seen == [precision == "bfloat16"]
