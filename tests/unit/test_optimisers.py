"""Muon against singular value decomposition, AdamW against that of PyTorch, and the shares of the two optimisers."""

import math

import pytest
import torch
from torch import Tensor, nn

from seq2seq.config import Training
from seq2seq.optimisers import BETAS, DECAY, EPSILON, MOMENTUM, SCALE, AdamW, Muon, make_optimisers, orthogonal
from seq2seq.threads import Workers
from tests.toys import ATTENTIONS, CELLS, network


@pytest.mark.parametrize("shape", [(8, 8), (8, 20), (20, 8), (1, 5)])
def test_orthogonal_has_the_singular_vectors_and_values_near_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    inside = u.mT @ orthogonal(matrix) @ v.mT
    values = inside.diagonal()
    assert values.min() > 0
    assert values.max() / values.min() < 1.27 / 0.73
    assert (values**2).mean().item() == pytest.approx(1)
    torch.testing.assert_close(inside, torch.diag(values), rtol=0, atol=1e-9)


def test_orthogonal_takes_any_scale_and_zero() -> None:
    matrix = torch.randn((6, 9), generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(orthogonal(matrix * 1e-6), orthogonal(matrix), rtol=1e-3, atol=1e-3)
    for shape in ((4, 4), (256, 256), (256, 512)):
        assert orthogonal(torch.zeros(shape)).equal(torch.zeros(shape))


@pytest.mark.parametrize("shape", [(3, 4, 4), (3, 4, 7), (3, 7, 4)])
def test_orthogonal_takes_several_matrices_each_on_its_own(shape: tuple[int, ...]) -> None:
    several = torch.randn(shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    several[1] *= 1e-3
    torch.testing.assert_close(orthogonal(several), torch.stack([orthogonal(each) for each in several]))


@pytest.mark.parametrize("shape", [(64, 64), (64, 128), (128, 64)])
def test_products_in_bfloat16_find_the_same_direction(shape: tuple[int, int]) -> None:
    generator, small = torch.Generator().manual_seed(1), min(shape)
    u, v = (torch.linalg.qr(torch.randn(size, small, generator=generator))[0] for size in shape)
    # As those of a mean gradient, most singular values are far below the largest.
    gradient = u * torch.logspace(0, -2.5, small) @ v.mT
    weight = nn.Parameter(torch.zeros(shape))
    found = []
    for precision in (torch.float32, torch.bfloat16):
        muon = Muon({weight: shape[0]}, 0.0, Workers(1), precision)
        muon.rate, weight.grad = 1.0, gradient.clone()
        before = weight.detach().clone()
        muon.step()
        found.append((weight - before).detach())
    assert found[1].dtype == torch.float32
    assert torch.cosine_similarity(found[0].flatten(), found[1].flatten(), dim=0).item() > 0.999


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_each_matrix_of_a_parameter_is_stepped_on_its_own(workers: int, together: bool) -> None:
    torch.manual_seed(3)
    shapes = {(12, 5): 4, (4, 5): 4, (6, 6): 6}
    weights: dict[Tensor, int] = {nn.Parameter(torch.randn(shape)): rows for shape, rows in shapes.items()}
    before = [weight.detach().clone() for weight in weights]
    muon, means = Muon(weights, 0.1, Workers(workers)), [torch.zeros_like(weight) for weight in before]
    if together:  # as on a GPU
        muon.groups = [[(weight, slice(None), 4) for weight in list(weights)[:2]], [(list(weights)[2], slice(None), 6)]]
    for rate in (0.02, 0.01):
        muon.rate = rate
        for old, mean, (weight, rows) in zip(before, means, weights.items(), strict=True):
            weight.grad = torch.randn_like(weight)
            mean.mul_(MOMENTUM).add_(weight.grad * (1 - MOMENTUM))
            direction = MOMENTUM * mean + (1 - MOMENTUM) * weight.grad
            steps = torch.cat([orthogonal(part) for part in torch.split(direction, rows)])
            old.mul_(1 - rate * 0.1).sub_(rate * SCALE * math.sqrt(max(rows, weight.size(1))) * steps)
        muon.step()
    torch.testing.assert_close([weight.detach() for weight in weights], before, rtol=0, atol=1e-5)
    # A step that is skipped without anyone's waiting changes nothing.
    before = [part.detach().clone() for weight in weights for part in (weight, muon.state[weight]["momentum"])]
    for weight in weights:
        weight.grad = torch.full_like(weight, torch.nan)
    muon.found_inf = torch.ones(())
    muon.step()
    after = [part.detach() for weight in weights for part in (weight, muon.state[weight]["momentum"])]
    torch.testing.assert_close(after, before, rtol=0, atol=0)


def test_it_finds_the_way_where_one_direction_outweighs_the_rest() -> None:
    """Gradients of a product one of whose inputs is large: all of a matrix is learned nevertheless."""
    torch.manual_seed(4)
    wanted, weight = torch.randn(8, 8), nn.Parameter(torch.zeros(8, 8))
    inputs = torch.randn(64, 8) @ torch.diag(torch.tensor([4.0, *[0.4] * 7]))
    muon, steps = Muon({weight: 8}, 0.0, Workers(1)), 300
    for step in range(steps):
        muon.rate = 0.04 / SCALE * (1 - step / steps)
        muon.forget()
        ((inputs @ (weight - wanted).mT) ** 2).mean().backward()  # type: ignore[no-untyped-call]
        muon.step()
    assert (weight - wanted).abs().max().item() < 0.2


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_every_parameter_has_one_optimiser(cell: str, attention: bool) -> None:
    model = network(cell, attention)
    optimisers = make_optimisers(model, Training(steps=1), Workers(1))
    found = [parameter for optimiser in optimisers for parameter in optimiser.parameters]
    assert sorted(map(id, found)) == sorted(map(id, model.parameters()))
    matrices = optimisers[0].parameters
    assert not any(parameter is model.target_embedding.weight for parameter in matrices)
    assert sum(parameter.dim() == 2 for parameter in model.parameters()) - len(matrices) <= 3


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_adamw_is_that_of_pytorch(kind: torch.dtype) -> None:
    torch.manual_seed(6)
    ours, theirs = ([nn.Parameter(torch.ones(shape, dtype=kind)) for shape in ((5, 3), (4,))] for _ in range(2))
    made = AdamW(ours)
    reference = torch.optim.AdamW(theirs, betas=BETAS, eps=EPSILON, weight_decay=DECAY, fused=True)
    for rate in (0.02, 0.01, 0.03):
        made.rate = reference.param_groups[0]["lr"] = rate
        for own, other in zip(ours, theirs, strict=True):
            own.grad = torch.randn_like(own)
            other.grad = own.grad.clone()
        made.step()
        reference.step()
        assert all(own.equal(other) for own, other in zip(ours, theirs, strict=True))
    for own, other in zip(ours, theirs, strict=True):
        assert made.state[own].keys() == reference.state[other].keys()
        for key, value in made.state[own].items():
            assert value.dtype == reference.state[other][key].dtype
            assert value.equal(reference.state[other][key])
    before = [part.detach().clone() for own in ours for part in (own, *made.state[own].values())]
    made.found_inf = torch.ones(())
    made.step()
    after = [part.detach() for own in ours for part in (own, *made.state[own].values())]
    torch.testing.assert_close(after, before, rtol=0, atol=0)
    made.forget()
    assert all(own.grad is None for own in ours)


def test_weight_decay_is_that_of_the_settings() -> None:
    muon, _ = make_optimisers(network(), Training(steps=1, weight_decay=0.125), Workers(1))
    assert isinstance(muon, Muon)
    assert muon.weight_decay == 0.125
