"""Our recurrences against PyTorch's own layers, outputs and gradients, in float64."""

import pytest
import torch
from torch import Tensor

from seq2seq import cells, recurrence
from seq2seq.cells import KINDS, RecurrentLayer, state_size
from tests.toys import CELLS

INPUT, HIDDEN = 5, 4
LOSSES = ("outputs and state", "outputs", "last output", "cell state")


def randn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def weights(cell: str, inputs: int = INPUT, hidden: int = HIDDEN) -> list[Tensor]:
    """W, U and both biases, all random."""
    size = {"rnn": 1, "gru": 3, "lstm": 4}[cell] * hidden
    return [randn(size, inputs), randn(size, hidden), randn(size), randn(size)]


def ours(cell: str, inputs_TBI: Tensor, state: list[Tensor], matrices: list[Tensor]) -> tuple[Tensor, ...]:
    """Outputs [T, B, H] and the parts of the last state [B, H]."""
    if cell == "lstm":
        outputs_TBH, last_c_BH = recurrence.lstm(inputs_TBI, (state[0], state[1]), *matrices)
        return outputs_TBH, outputs_TBH[-1], last_c_BH
    run = recurrence.gru if cell == "gru" else recurrence.rnn
    outputs_TBH = run(inputs_TBI, state[0], *matrices)
    return outputs_TBH, outputs_TBH[-1]


def pytorch(cell: str, inputs_TBI: Tensor, state: list[Tensor], matrices: list[Tensor]) -> tuple[Tensor, ...]:
    """The same by nn.RNN, nn.GRU and nn.LSTM."""
    layer = KINDS[cell](inputs_TBI.size(2), state[0].size(1)).double()
    names = [name for name, _ in layer.named_parameters()]
    first = tuple(part.unsqueeze(0) for part in state)
    arguments = (inputs_TBI, first if cell == "lstm" else first[0])
    outputs, after = torch.func.functional_call(layer, dict(zip(names, matrices, strict=True)), arguments)
    return (outputs, *(part[0] for part in (after if cell == "lstm" else (after,))))


def chosen(found: tuple[Tensor, ...], loss: str) -> list[Tensor]:
    """What the loss depends on."""
    if loss == "outputs and state":
        return list(found)
    return [found[{"outputs": 0, "last output": 1, "cell state": 2}[loss]]]


def same(found: tuple[Tensor, ...], expected: tuple[Tensor, ...]) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("steps", "batch"), [(6, 3), (1, 3), (6, 1), (1, 1), (2, 2)])
@pytest.mark.parametrize("cell", CELLS)
def test_outputs_states_and_gradients_are_pytorch_s(cell: str, steps: int, batch: int, loss: str) -> None:
    if loss == "cell state" and cell != "lstm":
        assert state_size(cell) == 1  # which the last output is
        return
    torch.manual_seed(1)
    inputs, state = randn(steps, batch, INPUT), [randn(batch, HIDDEN) for _ in range(state_size(cell))]
    leaves = [leaf.requires_grad_() for leaf in (inputs, *state, *weights(cell))]
    start, matrices = leaves[1:-4], leaves[-4:]
    found, expected = ours(cell, inputs, start, matrices), pytorch(cell, inputs, start, matrices)
    same(found, expected)
    upstream = [torch.randn_like(part) for part in chosen(expected, loss)]
    same(
        torch.autograd.grad(chosen(found, loss), leaves, upstream),
        torch.autograd.grad(chosen(expected, loss), leaves, upstream),
    )


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_the_finite_differences(cell: str, steps: int) -> None:
    torch.manual_seed(2)
    state = [randn(2, 2) for _ in range(state_size(cell))]
    leaves = [leaf.requires_grad_() for leaf in (randn(steps, 2, 3), *state, *weights(cell, 3, 2))]

    def run(*arguments: Tensor) -> tuple[Tensor, ...]:
        return ours(cell, arguments[0], list(arguments[1:-4]), list(arguments[-4:]))

    assert torch.autograd.gradcheck(run, leaves)


@pytest.mark.parametrize("cell", CELLS)
def test_a_gradient_asked_for_the_state_alone_reaches_it(cell: str) -> None:
    torch.manual_seed(3)
    inputs, matrices = randn(5, 2, INPUT), weights(cell)
    state = [randn(2, HIDDEN).requires_grad_() for _ in range(state_size(cell))]
    found, expected = (
        torch.autograd.grad(run(cell, inputs, state, matrices)[-1].sum(), state) for run in (ours, pytorch)
    )
    assert all(part.abs().min() > 0 for part in expected)
    same(found, expected)


@pytest.mark.parametrize("cell", CELLS)
def test_tensors_may_lie_in_memory_as_they_like(cell: str) -> None:
    torch.manual_seed(4)
    # As in a network: time is the second dimension, the state a slice, and a sum's gradient one number repeated.
    inputs_BTI = randn(3, 6, INPUT).requires_grad_()
    states = randn(3, state_size(cell) * HIDDEN).requires_grad_()
    matrices = [matrix.t().contiguous().t().requires_grad_() for matrix in weights(cell)[:2]]
    matrices += [bias.requires_grad_() for bias in weights(cell)[2:]]
    inputs_TBI, state = inputs_BTI.transpose(0, 1), list(torch.split(states, HIDDEN, dim=1))
    assert not inputs_TBI.is_contiguous()
    assert not matrices[0].is_contiguous()
    assert cell != "lstm" or not state[0].is_contiguous()
    found, expected = (run(cell, inputs_TBI, state, matrices) for run in (ours, pytorch))
    same(found, expected)
    leaves, weight_BTH = [inputs_BTI, states, *matrices], randn(3, 6, HIDDEN)

    def gradients(parts: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        weighted = (parts[0].transpose(0, 1) * weight_BTH).sum()
        sums = [torch.autograd.grad(loss, leaves, retain_graph=True) for loss in (*(p.sum() for p in parts), weighted)]
        return tuple(gradient for of_loss in sums for gradient in of_loss if gradient is not None)

    same(gradients(found), gradients(expected))


@pytest.mark.parametrize("cell", CELLS)
def test_neither_pass_changes_what_it_is_given_or_what_it_kept(cell: str) -> None:
    torch.manual_seed(5)
    leaves = [randn(4, 2, INPUT), *(randn(2, HIDDEN) for _ in range(state_size(cell))), *weights(cell)]
    before = [leaf.clone() for leaf in leaves]
    for leaf in leaves:
        leaf.requires_grad_()
    found = ours(cell, leaves[0], leaves[1:-4], leaves[-4:])
    upstream = [torch.randn_like(part) for part in found]
    kept = [part.clone() for part in (*found, *upstream)]
    once = torch.autograd.grad(found, leaves, upstream, retain_graph=True)
    again = torch.autograd.grad(found, leaves, upstream)
    assert all(a.equal(b) for a, b in zip(once, again, strict=True))
    for now, then in zip((*leaves, *found, *upstream), (*before, *kept), strict=True):
        assert now.equal(then)


@pytest.mark.parametrize("cell", CELLS)
def test_a_layer_takes_it_where_gradients_are_asked_for(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(6)
    layer, inputs_BTI = RecurrentLayer(cell, INPUT, HIDDEN).double(), randn(3, 6, INPUT)
    state = tuple(randn(3, HIDDEN) for _ in range(state_size(cell)))
    calls: list[str] = []
    run = getattr(recurrence, cell)

    def note(*arguments: Tensor) -> Tensor:
        calls.append(cell)
        result: Tensor = run(*arguments)
        return result

    monkeypatch.setattr(recurrence, cell, note)
    monkeypatch.setattr(cells, "SMALL", 0)  # an LSTM of any size
    outputs_BTH, after = layer(inputs_BTI, state)
    assert calls == [cell]
    with torch.no_grad():
        others = layer(inputs_BTI, state)
    with torch.inference_mode():
        layer(inputs_BTI, state)
    with torch.autocast("cpu", torch.bfloat16):
        layer.float()(inputs_BTI.float(), tuple(part.float() for part in state))
    assert calls == [cell]
    same((outputs_BTH, *after), (others[0], *others[1]))
