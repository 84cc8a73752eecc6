"""How much weights move: every matrix has a name, and its shares are those of its own gradient and update."""

from typing import Any

import pytest
import torch
from torch import Tensor

from seq2seq.updates import Updater
from seq2seq.weights import matrices, movement
from tests.toys import ATTENTIONS, CELLS, config, network
from tests.unit.test_updates import CPU, SIZE, batch


def updater(cell: str = "lstm", **training: Any) -> Updater:
    model = network(cell, size=SIZE, scale=1.0).double()
    return Updater(model, config(**{"clip_norm": 1e9, "weight_decay": 0.0, **training}).training, CPU)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_every_matrix_has_one_name(cell: str, attention: bool) -> None:
    model = network(cell, attention, encoder_layers=2, joint=False)
    named = matrices(model)
    places = [p[rows].data_ptr() + 4 * i for p, rows in named.values() for i in range(p[rows].numel())]
    assert len(places) == len(set(places)) == sum(p.numel() for p in model.parameters() if p.dim() == 2)
    assert {"own_source_embedding", "target_embedding", "decoder.readout"} <= set(named)
    assert ("decoder.attention.key" in named) is attention


def test_names_say_layer_matrix_and_gate() -> None:
    model = network("lstm", encoder_layers=2)
    layer: Any = model.decoder.layers[1]
    w_GI, u_GH, _, _ = layer.weights
    named = matrices(model)

    def of(name: str) -> Tensor:
        parameter, rows = named[name]
        return parameter[rows]

    for number, gate in enumerate(("input", "forget", "candidate", "output")):
        assert of(f"decoder.2.U.{gate}").equal(u_GH.chunk(4)[number])
        assert of(f"decoder.2.W.{gate}").equal(w_GI.chunk(4)[number])
    # Of the LSTM's gates the forget gate alone has its bias at 1.
    model.reset_parameters()
    bias_G = layer.weights[2]
    assert [block.mean().item() for block in bias_G.chunk(4)] == [0, 1, 0, 0]
    assert "encoder.2.backwards.U.forget" in named
    assert {"encoder.1.forwards.U", "encoder.1.forwards.W"} <= set(matrices(network("rnn")))
    assert "decoder.1.W.reset" in matrices(network("gru"))


@pytest.mark.parametrize("clip_norm", [1e9, 1e-3])
def test_shares_are_those_of_the_gradient_before_clipping_and_of_the_step(clip_norm: float) -> None:
    made, reference = updater(clip_norm=clip_norm), updater()
    gradients: dict[str, Tensor] = {}
    step = reference.step

    def stepping(rate: float, skipped: Tensor | None = None) -> None:
        gradients.update({name: p.grad[rows].clone() for name, (p, rows) in matrices(reference.model).items()})  # type: ignore[index]
        step(rate, skipped)

    reference.step = stepping  # type: ignore[method-assign]
    reference.update(batch(11), 0, 1e-2, 0.0)
    before = {name: p[rows].detach().clone() for name, (p, rows) in matrices(made.model).items()}
    found: dict[str, Any] = {}
    made.update(batch(11), 0, 1e-2, 0.0, movement(made.model, found))
    assert set(found) == {"gradient", "update"}
    assert set(found["gradient"]) == set(found["update"]) == set(before)
    for name, (parameter, rows) in matrices(made.model).items():
        size = before[name].norm()
        assert found["gradient"][name] == pytest.approx((gradients[name].norm() / size).item(), rel=1e-9)
        moved = (parameter[rows].detach() - before[name]).norm() / size
        assert found["update"][name] == pytest.approx(moved.item(), rel=1e-9)


@pytest.mark.parametrize("copies", [1, 2])
def test_watching_changes_nothing(copies: int) -> None:
    ways: list[list[Tensor]] = []
    for watched in (False, True):
        made, found = updater(threads=copies, batch_tokens=250 * copies), dict[str, Any]()
        for step in range(3):
            made.update(batch(9, step), step, 1e-2, 0.2, movement(made.model, found) if watched else None)
        made.close()
        ways.append([parameter.detach() for parameter in made.model.parameters()])
    assert all(a.equal(b) for a, b in zip(*ways, strict=True))
    torch.set_num_threads(1)


def test_muon_steps_alike_where_gradients_differ_much() -> None:
    made, found = updater(), dict[str, Any]()
    made.update(batch(11), 0, 1e-2, 0.0, movement(made.model, found))
    sizes = {name: p[rows].detach().norm().item() for name, (p, rows) in matrices(made.model).items()}
    gates = [name for name in sizes if name.startswith("decoder.1.U")]
    gradients = [found["gradient"][name] * sizes[name] for name in gates]
    updates = [found["update"][name] * sizes[name] for name in gates]
    assert max(gradients) > 3 * min(gradients)
    assert max(updates) < 1.01 * min(updates)
