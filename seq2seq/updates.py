"""One update of the weights: a batch to its loss, the loss to gradients through time, the gradients to a step.

On a processor a batch is shared out to threads, each with a copy of the network that has the same weights and
gradients of its own, and every operation runs in one thread: threads then meet once an update, not in each of its
thousand small operations, and none waits while another program has taken its core.  The networks of an ensemble learn
from the same batches, each for itself, in threads of their own.
"""

import copy
import time
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor

from data_prep.errors import UserError
from data_prep.subwords import Subwords
from seq2seq.batches import Batch
from seq2seq.config import Config, Training
from seq2seq.dropout import NONE, Dropout
from seq2seq.ensemble import Networks, make_model
from seq2seq.loss import smoothed_cross_entropy
from seq2seq.model import Translation
from seq2seq.optimisers import make_optimisers
from seq2seq.threads import Workers

SHARE = 250
"""Target subwords of a batch that are worth a thread of their own; with fewer, threads work on one copy together."""

TRIALS = 8
"""Products by which a type is judged, of which the fastest counts, as another program may take a core meanwhile."""
WORTH_IT = 1.5
"""How many times as fast bfloat16 has to multiply, as weights and activations are also converted."""


def choose_device(training: Training) -> torch.device:
    """The device of the settings.  Raises UserError for a GPU that is not there."""
    if training.device == "cuda" and not torch.cuda.is_available():
        raise UserError("training.device=cuda: PyTorch finds no GPU here; use training.device=cpu")
    if training.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(training.device)


def choose_precision(training: Training, device: torch.device) -> torch.dtype:
    """The type of the matrix products; `auto` is bfloat16 only where hardware multiplies it faster than float32."""
    if training.precision != "auto":
        return torch.bfloat16 if training.precision == "bfloat16" else torch.float32
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    has = torch.cpu.get_capabilities()
    if not (has.get("avx512_bf16") or has.get("amx_bf16")):
        return torch.float32
    # What has the instruction need not be fast with it: there are processors that take twice as long as in float32.
    return torch.bfloat16 if bfloat16_speedup() > WORTH_IT else torch.float32


def bfloat16_speedup() -> float:
    """How many times as fast as float32 this processor multiplies bfloat16, by a trial; below 1 it is slower."""
    threads = torch.get_num_threads()
    # As most products of a training are made, and as other programs disturb least.
    torch.set_num_threads(1)
    trials = [(_product_seconds(torch.float32), _product_seconds(torch.bfloat16)) for _ in range(TRIALS)]
    torch.set_num_threads(threads)
    return min(float32 for float32, _ in trials) / min(bfloat16 for _, bfloat16 in trials)


def resolved(config: Config) -> Config:
    """The settings with the type that `auto` stands for on this machine."""
    precision = choose_precision(config.training, choose_device(config.training))
    return config.with_training(precision=str(precision).removeprefix("torch."))


def _product_seconds(kind: torch.dtype) -> float:
    """Time of one product of two square matrices of 512 rows."""
    left, right = torch.ones(2, 512, 512, dtype=kind)
    start = time.perf_counter()
    torch.mm(left, right)
    return time.perf_counter() - start


def new_network(config: Config, subwords: Subwords) -> Networks:
    """A network before training, on the processor; its weights are a function of the configuration."""
    torch.manual_seed(config.training.seed)
    model = make_model(config.model, subwords.source_size, subwords.target_size, subwords.joint)
    for network in model.networks:
        network.reset_parameters()
    return model


class Updater:
    """A network under training: its optimiser, and the threads that share its batches out."""

    def __init__(self, model: Networks, training: Training, device: torch.device) -> None:
        """Train `model`, which is on `device`, with the given settings."""
        self.model, self.training, self.device = model, training, device
        self.precision = choose_precision(training, device)
        self.parameters = list(model.parameters())
        threads = training.threads or torch.get_num_threads()
        torch.set_num_threads(threads)
        networks = model.networks
        copies = max(1, min(threads // len(networks), training.batch_tokens // SHARE)) if device.type == "cpu" else 1
        self.copies = [[network] + [_sharing(network) for _ in range(copies - 1)] for network in networks]
        workers = min(threads, copies * len(networks)) if device.type == "cpu" else 1
        self.workers = Workers(workers, threads // workers)
        self.optimisers = make_optimisers(model, training, self.workers, self.precision)

    @classmethod
    def of_new(cls, config: Config, subwords: Subwords) -> "Updater":
        """A new network, a function of the configuration.  Raises UserError for a GPU that is not there."""
        device = choose_device(config.training)
        return cls(new_network(config, subwords).to(device), config.training, device)

    def update(
        self,
        batch: Batch,
        step: int,
        rate: float,
        dropped: float,
        watch: AbstractContextManager[None] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """One step down the gradient of the mean loss; the gradient's norm before clipping, and the batch's nats.

        Of an ensemble these are the means over its networks.

        If loss or gradient is not finite, neither is the norm; then nothing changes, and the nats are 0.

        `rate` is the learning rate, `dropped` the share of features that are.  A function of these, the weights, the
        batch, the settings and the number of the step.  `watch` is entered when the gradients are there, and left
        when the weights have changed.
        """
        tokens = batch.target_tokens
        parts = min(len(self.copies[0]), len(batch.source_BS))

        def differentiate(number: int) -> Tensor:
            model = self.copies[number // parts][number % parts]
            part = batch if parts == 1 else batch.part(number % parts, parts)
            # Dropout needs no state of a generator to resume: it follows from seed and step.
            seed = np.random.SeedSequence((self.training.seed, step, number)).generate_state(1)
            dropout = Dropout(dropped, torch.Generator(self.device).manual_seed(int(seed[0])))
            total, nats = self.losses(model, part.to(self.device), self.training.label_smoothing, dropout)
            (total / tokens).backward()  # type: ignore[no-untyped-call]
            return nats

        tasks = range(len(self.copies) * parts)
        nats = torch.stack(list(self.workers.map(differentiate, tasks))).sum() / len(self.copies)
        for network, *others in self.copies:
            for other in others[: parts - 1]:
                torch._foreach_add_(_gradients(network), _gradients(other))
                other.zero_grad()
        norms = [torch.nn.utils.get_total_norm(_gradients(network)) for network in self.model.networks]
        norm = torch.stack(norms).mean()
        # An infinite loss may have a gradient that is finite.
        norm = norm.where(nats.isfinite(), torch.nan)
        finite = norm.isfinite()
        with watch or nullcontext():
            for network, own in zip(self.model.networks, norms, strict=True):
                # On a GPU nobody waits to see whether it is finite and needs clipping.
                if self.device.type == "cuda" or own > self.training.clip_norm:
                    torch.nn.utils.clip_grads_with_norm_(network.parameters(), self.training.clip_norm, own)
            if self.device.type == "cuda":
                self.step(rate, (~finite).float())
            elif finite:
                self.step(rate)
            else:
                self.forget()
        return norm, nats.where(finite, 0.0)

    def step(self, rate: float, skipped: Tensor | None = None) -> None:
        """Change the weights with the gradients there are, and forget these; nothing changes where `skipped` is 1."""
        for optimiser in self.optimisers:
            optimiser.found_inf = skipped
            optimiser.rate = rate
            optimiser.step()
        self.forget()

    def forget(self) -> None:
        """Forget the gradients there are."""
        for optimiser in self.optimisers:
            optimiser.forget()

    def losses(self, model: Networks, batch: Batch, smoothing: float, dropout: Dropout = NONE) -> tuple[Tensor, Tensor]:
        """Smoothed and plain loss of a batch under a model, summed over its target subwords."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == torch.bfloat16):
            features_BTE = model(batch.source_BS, batch.source_lengths_B, batch.target_in_BT, dropout)
            return smoothed_cross_entropy(
                features_BTE.flatten(0, 1).index_select(0, batch.real_N),
                model.output_weight_VE,
                model.output_bias_V,
                batch.target_out_BT.flatten().index_select(0, batch.real_N),
                smoothing,
            )

    def close(self) -> None:
        """End the threads."""
        self.workers.close()


def _gradients(model: Translation) -> list[Tensor]:
    return [parameter.grad for parameter in model.parameters() if parameter.grad is not None]


def _sharing(model: Translation) -> Translation:
    """A copy of the network on the same weights in memory."""
    shared = copy.deepcopy(model)
    for parameter, original in zip(shared.parameters(), model.parameters(), strict=True):
        parameter.data = original.data
    return shared
