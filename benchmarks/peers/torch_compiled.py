"""PyTorch with torch.compile: forward, backward and the optimiser's step."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import torch
from numpy.typing import NDArray

from peers import UnavailableError
from peers.task import Arrays, Task
from peers.torch_eager import TorchEager, version

__all__ = ["TorchCompiled", "version"]


class TorchCompiled(TorchEager):
    """The eager network, its parts compiled by Inductor for the processor."""

    def __init__(self, task: Task, arrays: Arrays, weights: list[NDArray[np.float32]]) -> None:
        compilers = ("cl",) if sys.platform == "win32" else ("g++", "clang++")
        if not any(shutil.which(name) for name in compilers):
            raise UnavailableError(f"torch.compile needs a C++ compiler ({' or '.join(compilers)})")
        super().__init__(task, arrays, weights)
        # The loss is computed as a whole, so that the softmax is fused with what follows.
        self.loss = torch.compile(self.loss, dynamic=False)  # type: ignore[method-assign]
        self.logits = torch.compile(self.logits, dynamic=False)  # type: ignore[method-assign]
        self.step = torch.compile(self.step)  # type: ignore[method-assign]
