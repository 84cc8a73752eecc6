"""Recurrent layers against their equations, written out in NumPy."""

import os

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from seq2seq import cells
from seq2seq.cells import RecurrentLayer, State, state_size
from tests.toys import CELLS

Array = npt.NDArray[np.float64]
INPUT, HIDDEN = 5, 4


def layer(cell: str) -> RecurrentLayer:
    """A layer in float64 whose biases are random too."""
    torch.manual_seed(1)
    made = RecurrentLayer(cell, INPUT, HIDDEN).double()
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if "bias" in name:
                parameter.add_(torch.randn_like(parameter))
    return made


def random_state(cell: str, batch: int = 3) -> State:
    generator = torch.Generator().manual_seed(2)
    return tuple(torch.randn(batch, HIDDEN, generator=generator, dtype=torch.float64) for _ in range(state_size(cell)))


def random_inputs(positions: int = 6, batch: int = 3) -> Tensor:
    return torch.randn(batch, positions, INPUT, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def step(cell: str, weights: dict[str, Array], x: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
    """One step of one sentence, gate by gate."""
    gates = {"rnn": 1, "gru": 3, "lstm": 4}[cell]
    w, u = (np.split(weights[f"weight_{name}_l0"], gates) for name in ("ih", "hh"))
    b, b_u = (np.split(weights[f"bias_{name}_l0"], gates) for name in ("ih", "hh"))
    h = state[0]

    def gate(i: int) -> Array:
        total: Array = w[i] @ x + b[i] + u[i] @ h + b_u[i]
        return total

    if cell == "rnn":
        return (np.tanh(gate(0)),)
    if cell == "gru":
        r, z = sigmoid(gate(0)), sigmoid(gate(1))
        n = np.tanh(w[2] @ x + b[2] + r * (u[2] @ h + b_u[2]))
        return ((1 - z) * n + z * h,)
    i, f, g, o = sigmoid(gate(0)), sigmoid(gate(1)), np.tanh(gate(2)), sigmoid(gate(3))
    c = f * state[1] + i * g
    return o * np.tanh(c), c


@pytest.mark.parametrize("cell", CELLS)
def test_outputs_and_state_are_those_of_the_equations(cell: str) -> None:
    made, inputs, state = layer(cell), random_inputs(), random_state(cell)
    weights = {name: p.detach().numpy() for name, p in made.recurrence.named_parameters()}
    outputs, after = made(inputs, state)
    for row in range(len(inputs)):
        expected = tuple(part[row].numpy() for part in state)
        for position in range(inputs.size(1)):
            expected = step(cell, weights, inputs[row, position].numpy(), expected)
            np.testing.assert_allclose(outputs[row, position].detach().numpy(), expected[0], atol=1e-12)
        assert len(after) == len(expected)
        for part, value in zip(after, expected, strict=True):
            np.testing.assert_allclose(part[row].detach().numpy(), value, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_two_parts_one_after_the_other_are_the_whole(cell: str) -> None:
    made, inputs, state = layer(cell), random_inputs(), random_state(cell)
    whole, after_whole = made(inputs, state)
    first, between = made(inputs[:, :2], state)
    second, after = made(inputs[:, 2:], between)
    # A single position takes a way of its own.
    alone = made(inputs[:, 2:3], between)[0]
    torch.testing.assert_close(alone, whole[:, 2:3], rtol=0, atol=1e-12)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole, rtol=0, atol=1e-12)
    torch.testing.assert_close(after, after_whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_the_finite_differences(cell: str) -> None:
    made, inputs = layer(cell), random_inputs(positions=4, batch=2)
    state = random_state(cell, batch=2)
    names = [name for name, _ in made.named_parameters()]

    def run(inputs: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        start, weights = rest[: len(state)], dict(zip(names, rest[len(state) :], strict=True))
        outputs, after = torch.func.functional_call(made, weights, (inputs, start))
        return (outputs, *after)

    arguments = [inputs, *state, *(p.detach() for p in made.parameters())]
    arguments = [argument.clone().requires_grad_() for argument in arguments]
    assert torch.autograd.gradcheck(run, arguments, fast_mode=True)


@pytest.mark.parametrize("cell", CELLS)
def test_first_weights(cell: str) -> None:
    made = RecurrentLayer(cell, INPUT, HIDDEN)
    made.reset_parameters()
    gates = {"rnn": 1, "gru": 3, "lstm": 4}[cell]
    for block in made.recurrence.weight_hh_l0.detach().chunk(gates):
        torch.testing.assert_close(block @ block.T, torch.eye(HIDDEN), rtol=0, atol=1e-5)
    for block in made.recurrence.weight_ih_l0.detach().chunk(gates):
        assert 0 < block.abs().max() <= (6 / (INPUT + HIDDEN)) ** 0.5
    expected = torch.zeros(gates, HIDDEN)
    if cell == "lstm":
        expected[1] = 1.0  # the forget gate starts open
    biases = made.recurrence.bias_ih_l0 + made.recurrence.bias_hh_l0
    assert biases.view(gates, HIDDEN).equal(expected)


def test_an_open_forget_gate_keeps_more_of_the_past() -> None:
    made = RecurrentLayer("lstm", INPUT, HIDDEN)
    made.reset_parameters()
    cell_state = torch.full((1, HIDDEN), 3.0)
    _, (_, kept) = made(torch.zeros(1, 1, INPUT), (torch.zeros(1, HIDDEN), cell_state))
    torch.testing.assert_close(kept, cell_state * torch.tensor(1.0).sigmoid())


@pytest.mark.parametrize("cell", CELLS)
def test_zero_state_has_the_cell_s_parts_and_the_input_s_type(cell: str) -> None:
    state = layer(cell).zero_state(3, random_inputs())
    assert [part.shape for part in state] == [(3, HIDDEN)] * state_size(cell)
    assert all(part.dtype == torch.float64 and not part.any() for part in state)


@pytest.mark.parametrize("cell", CELLS)
def test_the_type_of_autocast_gives_nearly_the_same(cell: str) -> None:
    """What a GPU does, here by PyTorch's kernels for a processor."""
    torch.manual_seed(0)
    layer, inputs_BTI = RecurrentLayer(cell, 6, 8), torch.randn(4, 5, 6)
    state = tuple(torch.rand(4, 8) for _ in range(state_size(cell)))
    found = []
    for run in (layer, layer._in_autocast_type):
        with torch.autocast("cpu", torch.bfloat16, enabled=run is not layer):
            outputs_BTH, after = run(inputs_BTI, state)
        results = [outputs_BTH.float(), *(part.float() for part in after)]
        found.append([*results, *torch.autograd.grad((results[0] ** 2).sum(), list(layer.parameters()))])
    assert outputs_BTH.dtype == torch.bfloat16
    torch.testing.assert_close(found[1], found[0], rtol=0.02, atol=0.1)


@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_autocast_on_a_processor_is_near_float32(cell: str, kernel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outputs, state and gradients, also where oneDNN has no LSTM in bfloat16."""
    if not kernel:
        monkeypatch.setattr(cells, "has_bfloat16_lstm", lambda: False)
    torch.manual_seed(0)
    layer = RecurrentLayer(cell, 16, 32)
    inputs_BTI, state = torch.randn(4, 9, 16), tuple(torch.rand(4, 32) for _ in range(state_size(cell)))

    def run(autocast: bool, grad: bool) -> list[Tensor]:
        start = [part.clone().requires_grad_() for part in (inputs_BTI, *state)]
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast), torch.set_grad_enabled(grad):
            outputs_BTH, after = layer(start[0], tuple(start[1:]))
        assert {part.dtype for part in (outputs_BTH, *after)} <= {torch.bfloat16, torch.float32}
        if cell == "lstm":
            assert (outputs_BTH.dtype == torch.bfloat16) is autocast
        found = [outputs_BTH.float(), *(part.float() for part in after)]
        if grad:
            total = (found[0] ** 2).sum() + found[-1].sum()
            found += torch.autograd.grad(total, [*start, *layer.parameters()])
        return found

    for grad in (True, False):
        for found, expected in zip(run(True, grad), run(False, grad), strict=True):
            # 8 bits of a number, of which errors add up over the positions.
            assert (found - expected).norm() < 0.02 * expected.norm()


def test_forced_to_avx2_the_processor_has_no_lstm_in_bfloat16() -> None:
    """Or `make numeric` would try nothing."""
    if os.environ.get("ONEDNN_MAX_CPU_ISA") == "AVX2" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        assert not cells.has_bfloat16_lstm()
    assert cells.has_bfloat16_lstm() is cells.has_bfloat16_lstm.__wrapped__()


def test_first_weights_of_each_gate_are_as_large_as_those_of_a_matrix_of_its_own() -> None:
    made = RecurrentLayer("lstm", 64, 64)
    made.reset_parameters()
    for gate in made.weights[0].detach().chunk(4):
        assert gate.std().item() == pytest.approx((2 / 128) ** 0.5, rel=0.05)
