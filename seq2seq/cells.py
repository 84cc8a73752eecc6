"""Recurrent layers behind one state type: plain tanh RNN, GRU and LSTM.

Shapes: B batch, T positions in time, I input size, H hidden size.

The cells (W acts on the input x_t, U on the state before, b is a bias, σ the logistic function):

- rnn (Elman 1990):  h_t = tanh(W x_t + U h_{t-1} + b)
- gru (Cho et al. 2014):  r, z = σ(W x_t + U h_{t-1} + b);  n = tanh(W_n x_t + b_n + r ⊙ (U_n h_{t-1} + b'_n));
  h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}
- lstm (Hochreiter & Schmidhuber 1997, Gers et al. 2000):  i, f, o = σ(W x_t + U h_{t-1} + b);
  g = tanh(W_g x_t + U_g h_{t-1} + b_g);  c_t = f ⊙ c_{t-1} + i ⊙ g;  h_t = o ⊙ tanh(c_t)
"""

from functools import cache

import torch
from torch import Tensor, nn

from seq2seq import recurrence

State = tuple[Tensor, ...]
"""State of one layer: (h_BH,) for rnn and gru, (h_BH, c_BH) for lstm."""

KINDS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
GATES = {"rnn": ("",), "gru": ("reset", "update", "candidate"), "lstm": ("input", "forget", "candidate", "output")}
"""Whose weights stand one below another in W and U, H rows each: r, z, n and i, f, g, o of the equations above."""

SMALL = 2**14
"""Numbers in a state (B·H) below which an LSTM is trained sooner by oneDNN in one call than step by step."""


@cache
def has_bfloat16_lstm() -> bool:
    """Whether this processor runs PyTorch's LSTM in bfloat16, by a trial: oneDNN has one for AVX-512 and newer only."""
    inputs, layer = torch.zeros(1, 2, 8), nn.LSTM(8, 8, batch_first=True)
    try:
        with torch.inference_mode(False), torch.enable_grad(), torch.autocast("cpu", torch.bfloat16):
            layer(inputs)[0].float().sum().backward()
    except RuntimeError:
        return False
    return True


def state_size(cell: str) -> int:
    """Number of vectors in a layer's state."""
    return 2 if cell == "lstm" else 1


class RecurrentLayer(nn.Module):
    """One layer of recurrence over whole sequences."""

    def __init__(self, cell: str, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.cell = cell
        self.hidden_size = hidden_size
        self.recurrence = KINDS[cell](input_size, hidden_size, batch_first=True)

    @property
    def weights(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """W [G, I], U [G, H] and their biases [G], G the gates times H in the order of the equations above."""
        w_GI, u_GH, b_G, c_G = self.recurrence.all_weights[0]
        return w_GI, u_GH, b_G, c_G

    @property
    def matrices(self) -> list[nn.Parameter]:
        """W and U."""
        return [parameter for parameter in self.recurrence.parameters() if parameter.dim() == 2]

    def reset_parameters(self, recurrent: float = 1.0) -> None:
        """What training begins with: orthogonal recurrent matrices, Xavier input matrices, biases of zero.

        `recurrent` is the size of all singular values of each gate's recurrent matrix.  LSTM's forget gate starts
        open, with a bias of 1 (Gers et al. 2000, Jozefowicz et al. 2015).  Not done where weights are then read from a
        file: orthogonal matrices take time to find.
        """
        gates = len(GATES[self.cell])
        with torch.no_grad():
            for name, parameter in self.recurrence.named_parameters():
                if name.startswith("bias"):
                    parameter.zero_()
                    continue
                for block in parameter.chunk(gates):
                    if name.startswith("weight_hh"):
                        nn.init.orthogonal_(block, recurrent)
                    else:
                        nn.init.xavier_uniform_(block)
            if self.cell == "lstm":
                self.recurrence.bias_ih_l0[self.hidden_size : 2 * self.hidden_size] = 1.0

    def zero_state(self, batch: int, like: Tensor) -> State:
        """A state of zeros on the device and in the type of `like`."""
        zero_BH = like.new_zeros(batch, self.hidden_size)
        return (zero_BH,) * state_size(self.cell)

    def forward(self, inputs_BTI: Tensor, state: State) -> tuple[Tensor, State]:
        """Run over all positions from `state`; return the outputs [B, T, H] and the state after the last."""
        device = inputs_BTI.device.type
        kernels = inputs_BTI.is_cuda or torch.is_autocast_enabled(device)
        if kernels and device == "cpu" and self.cell == "lstm" and not has_bfloat16_lstm():
            return self._in_float32(inputs_BTI, state)
        small = self.cell == "lstm" and inputs_BTI.size(0) * self.hidden_size < SMALL
        if torch.is_grad_enabled() and not kernels and not small:
            return self._unrolled(inputs_BTI.transpose(0, 1), state)
        # PyTorch's kernels: the fastest on a GPU, in bfloat16, and where no gradient is asked for.
        if inputs_BTI.is_cuda and torch.is_autocast_enabled("cuda"):
            return self._in_autocast_type(inputs_BTI, state)
        return self._by_kernels(inputs_BTI, state)

    def _by_kernels(self, inputs_BTI: Tensor, state: State) -> tuple[Tensor, State]:
        """With PyTorch's kernels, in the type of autocast where it knows one."""
        stacked = tuple(part_BH.unsqueeze(0).contiguous() for part_BH in state)
        if self.cell == "lstm":
            outputs_BTH, after = self.recurrence(inputs_BTI, stacked)
        else:
            outputs_BTH, last = self.recurrence(inputs_BTI, stacked[0])
            after = (last,)
        return outputs_BTH, tuple(part.squeeze(0) for part in after)

    def _in_autocast_type(self, inputs_BTI: Tensor, state: State) -> tuple[Tensor, State]:
        """With PyTorch's kernels in the type of autocast, which itself takes float16, whose range gradients leave."""
        device = inputs_BTI.device.type
        kind = torch.get_autocast_dtype(device)
        with torch.autocast(device, enabled=False):
            # One piece of memory, as cuDNN wants it.
            parts = [part.flatten() for part in self.weights]
            flat = torch.split(torch.cat(parts).to(kind), [len(part) for part in parts])
            weights = [part.view_as(like) for part, like in zip(flat, self.weights, strict=True)]
            stacked = tuple(part_BH.to(kind).unsqueeze(0).contiguous() for part_BH in state)
            # With biases, one layer, no dropout, training, one direction, batch first.
            how = (True, 1, 0.0, True, False, True)
            if self.cell == "lstm":
                outputs_BTH, *after = torch.lstm(inputs_BTI.to(kind), stacked, weights, *how)
            else:
                run = torch.gru if self.cell == "gru" else torch.rnn_tanh
                outputs_BTH, *after = run(inputs_BTI.to(kind), stacked[0], weights, *how)
        return outputs_BTH, tuple(part.squeeze(0) for part in after)

    def _in_float32(self, inputs_BTI: Tensor, state: State) -> tuple[Tensor, State]:
        """In float32 under an autocast for which the processor has no kernel; the results are in autocast's type."""
        kind = torch.get_autocast_dtype("cpu")
        with torch.autocast("cpu", enabled=False):
            outputs_BTH, after = self._by_kernels(inputs_BTI.float(), tuple(part_BH.float() for part_BH in state))
        return outputs_BTH.to(kind), tuple(part_BH.to(kind) for part_BH in after)

    def _unrolled(self, inputs_TBI: Tensor, state: State) -> tuple[Tensor, State]:
        """Training on a processor."""
        weights = self.weights
        if self.cell == "lstm":
            outputs_TBH, last_c_BH = recurrence.lstm(inputs_TBI, (state[0], state[1]), *weights)
            return outputs_TBH.transpose(0, 1), (outputs_TBH[-1], last_c_BH)
        run = recurrence.gru if self.cell == "gru" else recurrence.rnn
        outputs_TBH = run(inputs_TBI, state[0], *weights)
        return outputs_TBH.transpose(0, 1), (outputs_TBH[-1],)
