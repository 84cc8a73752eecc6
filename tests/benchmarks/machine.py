"""The machine: what it is, and how fast it multiplies matrices."""

import os
import platform
import statistics
import time
from contextlib import closing
from pathlib import Path

import torch

from data_prep.parallel import available_cores
from seq2seq.threads import Workers
from tests.benchmarks.processes import Figures

SIZE = {"cpu": 1024, "cuda": 8192}
"""Rows and columns of the matrices that are multiplied; a GPU is not busy with small ones."""
SECONDS = 1.0
"""Time of one measurement of the matrix rate."""
FEWEST = 3
"""Products of one measurement, at least."""
KINDS = {"float32": torch.float32, "bf16": torch.bfloat16}


def measure() -> Figures:
    """Figures `machine.*` and `matrix.*`."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    rates = {f"matrix.{name}.gflops": matrix_gflops(kind, device) for name, kind in KINDS.items()}
    return describe(device) | rates


def describe(device: torch.device) -> Figures:
    """What the other figures depend on."""
    capabilities = torch.cpu.get_capabilities()
    return {
        "machine.processor": processor(),
        "machine.cores": available_cores(),
        "machine.threads": torch.get_num_threads(),
        "machine.instructions": " ".join(sorted(name for name, has in capabilities.items() if has is True)),
        "machine.device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "machine.system": platform.platform(),
        "machine.python": platform.python_version(),
        "machine.torch": torch.__version__,
    }


def processor() -> str:
    """Name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def load() -> float:
    """Processes that ran or waited to run, mean of the last minute."""
    return os.getloadavg()[0]


def matrix_gflops(kind: torch.dtype, device: torch.device) -> float:
    """Rate of square matrix products on all threads, in GFLOP/s: the median of those done in SECONDS."""
    with closing(Workers(1, torch.get_num_threads())) as worker:
        return next(worker.map(lambda _: _matrix_gflops(kind, device), [None]))


def _matrix_gflops(kind: torch.dtype, device: torch.device) -> float:
    size = SIZE[device.type]
    left, right = (torch.randn(size, size, device=device).to(kind) for _ in range(2))
    out = torch.empty_like(left)
    times: list[float] = []
    with torch.inference_mode():
        torch.mm(left, right, out=out)
        synchronise(device)
        end = time.perf_counter() + SECONDS
        while len(times) < FEWEST or time.perf_counter() < end:
            start = time.perf_counter()
            torch.mm(left, right, out=out)
            synchronise(device)
            times.append(time.perf_counter() - start)
    return 2 * size**3 / statistics.median(times) / 1e9


def synchronise(device: torch.device) -> None:
    """Wait until a GPU has done what it was given; a processor always has."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
