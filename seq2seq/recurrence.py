"""Recurrence over a whole sequence on a processor, forward and backward through time, for each kind of cell.

Shapes: T positions in time, B batch, I input size, H hidden size, G = 1, 3 or 4 gates times H.

Whatever does not depend on the state before is one product for all positions: the gates' share of the inputs, and in
the backward pass the gradients of inputs and weights.  Step by step remain one product of state and weights and a few
elementwise functions.  The derivatives of these are made for all positions at once before the way back, so that a
step back through time multiplies by them and no more:

    dL/dh_{t-1} = dL/dy_{t-1} + U' (D_t ⊙ dL/dh_t)          with D_t from the activations of step t

PyTorch has a fast training path on a processor for the LSTM alone, and this one is faster on small batches.  The
equations of the cells are in `cells.py`.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

aten = torch.ops.aten


def rnn(inputs_TBI: Tensor, h_BH: Tensor, w_GI: Tensor, u_GH: Tensor, b_G: Tensor, c_G: Tensor) -> Tensor:
    """Outputs [T, B, H] of a plain tanh cell with biases b + c from the state h."""
    outputs: Tensor = _Rnn.apply(inputs_TBI, h_BH, w_GI, u_GH, b_G + c_G)  # type: ignore[no-untyped-call]
    return outputs


def gru(inputs_TBI: Tensor, h_BH: Tensor, w_GI: Tensor, u_GH: Tensor, b_G: Tensor, c_G: Tensor) -> Tensor:
    """Outputs [T, B, H] of a GRU with input biases b and recurrent biases c from the state h."""
    outputs: Tensor = _Gru.apply(inputs_TBI, h_BH, w_GI, u_GH, b_G, c_G)  # type: ignore[no-untyped-call]
    return outputs


def lstm(
    inputs_TBI: Tensor, state: tuple[Tensor, Tensor], w_GI: Tensor, u_GH: Tensor, b_G: Tensor, c_G: Tensor
) -> tuple[Tensor, Tensor]:
    """Outputs [T, B, H] and the last cell state [B, H] of an LSTM with biases b + c from the state (h, c)."""
    outputs, last = _Lstm.apply(inputs_TBI, *state, w_GI, u_GH, b_G + c_G)  # type: ignore[no-untyped-call]
    return outputs, last


def _project(inputs_TBI: Tensor, w_GI: Tensor, b_G: Tensor) -> tuple[Tensor, Tensor]:
    """The inputs as rows [T·B, I], and the gates' share of them [T, B, G]."""
    rows_NI = inputs_TBI.reshape(-1, inputs_TBI.size(2))
    return rows_NI, torch.addmm(b_G, rows_NI, w_GI.t()).view(*inputs_TBI.shape[:2], -1)


def _history(first_BH: Tensor, steps: int) -> Tensor:
    """Room for the states [T + 1, B, H], the first filled in."""
    states = first_BH.new_empty(steps + 1, *first_BH.shape)
    states[0] = first_BH
    return states


class _Rnn(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs_TBI: Tensor, h_BH: Tensor, w_GI: Tensor, u_GH: Tensor, b_G: Tensor) -> Tensor:
        rows_NI, gates_TBG = _project(inputs_TBI, w_GI, b_G)
        states = _history(h_BH, len(gates_TBG))
        steps = states.unbind(0)
        # Small products are faster with the matrix laid out in the order in which it is read.
        u_HG = u_GH.t().contiguous()
        for gates, before, after in zip(gates_TBG.unbind(0), steps[:-1], steps[1:], strict=True):
            torch.tanh(gates.addmm_(before, u_HG), out=after)
        ctx.save_for_backward(rows_NI, w_GI, u_GH, states)
        return states[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_TBH: Tensor) -> tuple[Tensor, ...]:
        rows_NI, w_GI, u_GH, states = ctx.saved_tensors
        slopes = aten.tanh_backward(torch.ones_like(states[1:]), states[1:])
        grads = grad_TBH.unbind(0)
        grad_h_BH = grads[-1]
        for t in range(len(slopes) - 1, -1, -1):
            slope = slopes[t].mul_(grad_h_BH)
            grad_h_BH = torch.addmm(grads[t - 1], slope, u_GH) if t else slope @ u_GH
        d_NG = slopes.flatten(0, 1)
        return (
            (d_NG @ w_GI).view(*grad_TBH.shape[:2], -1),
            grad_h_BH,
            d_NG.t() @ rows_NI,
            d_NG.t() @ states[:-1].flatten(0, 1),
            d_NG.sum(dim=0),
        )


class _Gru(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, inputs_TBI: Tensor, h_BH: Tensor, w_GI: Tensor, u_GH: Tensor, b_G: Tensor, c_G: Tensor
    ) -> Tensor:
        size = h_BH.size(1)
        rows_NI, gates_TBG = _project(inputs_TBI, w_GI, b_G)
        states = _history(h_BH, len(gates_TBG))
        steps = states.unbind(0)
        u_HG = u_GH.t().contiguous()
        recurrent_TBG = torch.empty_like(gates_TBG)
        rz, n = gates_TBG[:, :, : 2 * size].unbind(0), gates_TBG[:, :, 2 * size :].unbind(0)
        r, z = gates_TBG[:, :, :size].unbind(0), gates_TBG[:, :, size : 2 * size].unbind(0)
        for t, recurrent_BG in enumerate(recurrent_TBG.unbind(0)):
            torch.addmm(c_G, steps[t], u_HG, out=recurrent_BG)
            rz[t].add_(recurrent_BG[:, : 2 * size]).sigmoid_()
            n[t].addcmul_(r[t], recurrent_BG[:, 2 * size :]).tanh_()
            torch.lerp(n[t], steps[t], z[t], out=steps[t + 1])
        ctx.save_for_backward(rows_NI, w_GI, u_GH, gates_TBG, recurrent_TBG, states)
        return states[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_TBH: Tensor) -> tuple[Tensor, ...]:
        rows_NI, w_GI, u_GH, gates_TBG, recurrent_TBG, states = ctx.saved_tensors
        steps, batch, size = grad_TBH.shape
        r, z, n = torch.split(gates_TBG, size, dim=2)
        # What multiplies dL/dh: for n behind the reset gate, r, z, and n before it.  The recurrent weights need the
        # first three, the input weights the last three.
        d_TBG = grad_TBH.new_empty(steps, batch, 4 * size)
        d_reset, d_r, d_z, d_n = torch.split(d_TBG, size, dim=2)
        aten.tanh_backward.grad_input(1 - z, n, grad_input=d_n)
        torch.mul(d_n, r, out=d_reset)
        aten.sigmoid_backward.grad_input(d_n * recurrent_TBG[:, :, 2 * size :], r, grad_input=d_r)
        aten.sigmoid_backward.grad_input(states[:-1] - n, z, grad_input=d_z)
        u_nrz = u_GH.roll(size, dims=0)
        slopes, recurrent = d_TBG.view(steps, batch, 4, size).unbind(0), d_TBG[:, :, : 3 * size].unbind(0)
        grads, kept = grad_TBH.unbind(0), z.unbind(0)
        grad_h_BH = grads[-1]
        for t in range(steps - 1, -1, -1):
            slopes[t].mul_(grad_h_BH.unsqueeze(1))
            direct = kept[t] * grad_h_BH
            grad_h_BH = (direct.add_(grads[t - 1]) if t else direct).addmm_(recurrent[t], u_nrz)
        d_NG = d_TBG.flatten(0, 1)
        into_recurrent, into_inputs = d_NG[:, : 3 * size], d_NG[:, size:]
        return (
            (into_inputs @ w_GI).view(steps, batch, -1),
            grad_h_BH,
            into_inputs.t() @ rows_NI,
            (into_recurrent.t() @ states[:-1].flatten(0, 1)).roll(-size, dims=0),
            into_inputs.sum(dim=0),
            into_recurrent.sum(dim=0).roll(-size, dims=0),
        )


class _Lstm(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, inputs_TBI: Tensor, h_BH: Tensor, c_BH: Tensor, w_GI: Tensor, u_GH: Tensor, b_G: Tensor
    ) -> tuple[Tensor, Tensor]:
        size = h_BH.size(1)
        rows_NI, gates_TBG = _project(inputs_TBI, w_GI, b_G)
        states, cells = _history(h_BH, len(gates_TBG)), _history(c_BH, len(gates_TBG))
        squashed_TBH = torch.empty_like(cells[1:])
        h, c = states.unbind(0), cells.unbind(0)
        u_HG = u_GH.t().contiguous()
        gates, squashed = gates_TBG.unbind(0), squashed_TBH.unbind(0)
        i_f = gates_TBG[:, :, : 2 * size].unbind(0)
        i, f, g, o = (gate.unbind(0) for gate in torch.split(gates_TBG, size, dim=2))
        for t in range(len(gates)):
            gates[t].addmm_(h[t], u_HG)
            i_f[t].sigmoid_()
            g[t].tanh_()
            o[t].sigmoid_()
            torch.mul(f[t], c[t], out=c[t + 1]).addcmul_(i[t], g[t])
            torch.tanh(c[t + 1], out=squashed[t])
            torch.mul(o[t], squashed[t], out=h[t + 1])
        ctx.save_for_backward(rows_NI, w_GI, u_GH, gates_TBG, states, cells, squashed_TBH)
        return states[1:], c[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_TBH: Tensor, grad_c_BH: Tensor) -> tuple[Tensor, ...]:
        rows_NI, w_GI, u_GH, gates_TBG, states, cells, squashed_TBH = ctx.saved_tensors
        steps, batch, size = grad_TBH.shape
        i, f, g, o = torch.split(gates_TBG, size, dim=2)
        # What multiplies dL/dc for the first three gates, and dL/dh for the fourth.
        d_TBG = torch.empty_like(gates_TBG)
        d_i, d_f, d_g, d_o = torch.split(d_TBG, size, dim=2)
        aten.sigmoid_backward.grad_input(g, i, grad_input=d_i)
        aten.sigmoid_backward.grad_input(cells[:-1], f, grad_input=d_f)
        aten.tanh_backward.grad_input(i, g, grad_input=d_g)
        aten.sigmoid_backward.grad_input(squashed_TBH, o, grad_input=d_o)
        from_h = aten.tanh_backward(o, squashed_TBH).unbind(0)
        into_c = d_TBG.view(steps, batch, 4, size)[:, :, :3].unbind(0)
        slopes, into_o, kept, grads = d_TBG.unbind(0), d_o.unbind(0), f.unbind(0), grad_TBH.unbind(0)
        grad_h_BH, grad_c_BH = grads[-1], grad_c_BH.clone()
        for t in range(steps - 1, -1, -1):
            grad_c_BH.addcmul_(grad_h_BH, from_h[t])
            into_c[t].mul_(grad_c_BH.unsqueeze(1))
            into_o[t].mul_(grad_h_BH)
            grad_c_BH.mul_(kept[t])
            grad_h_BH = torch.addmm(grads[t - 1], slopes[t], u_GH) if t else slopes[t] @ u_GH
        d_NG = d_TBG.flatten(0, 1)
        return (
            (d_NG @ w_GI).view(steps, batch, -1),
            grad_h_BH,
            grad_c_BH,
            d_NG.t() @ rows_NI,
            d_NG.t() @ states[:-1].flatten(0, 1),
            d_NG.sum(dim=0),
        )
