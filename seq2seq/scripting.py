"""TorchScript: code that runs without Python once it is compiled, and needs no compiler on the user's machine.

A small operation called from Python takes 5 µs, and three times that beside another thread that wants Python's lock;
from a script 3 µs, however many threads there are.
"""

import sys
import warnings
from typing import TypeVar, cast

import torch

Code = TypeVar("Code")


def scripted(code: Code) -> Code:
    """A function or module compiled; as it is on a Python that TorchScript does not know."""
    if sys.version_info >= (3, 14):
        return code
    # Run as it is compiled: what PyTorch would make of it on watching its first runs takes 0.1 s and is no faster.
    torch._C._jit_set_profiling_mode(False)
    with warnings.catch_warnings():
        # PyTorch would rather have torch.compile, which needs a C++ compiler and half a minute.
        warnings.simplefilter("ignore", DeprecationWarning)
        return cast(Code, torch.jit.script(code))
