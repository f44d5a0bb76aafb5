"""The candidates of the benchmarks, one a file, each in a process of its own.

==================== =============================================================================
module               job
==================== =============================================================================
:mod:`~.task`        what all do: network, batch size, the arrays and the first weights
:mod:`~.peer`        what a candidate has to offer
:mod:`~.process`     the processes, and the pipe through which they take turns
:mod:`~.alternation` whose turn it is; medians and ratios
:mod:`~.layouts`     weights in the order that other libraries want
==================== =============================================================================

All other modules are candidates. None of them is imported by a process that measures another:
two pools of threads in one process would fight.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """A candidate's class and module below this package, title in tables, and kinds of networks."""

    module: str
    cls: str
    title: str
    networks: tuple[str, ...] = ("mlp", "cnn")


#: The program itself first, the floor last.
CANDIDATES: dict[str, Candidate] = {
    "program": Candidate("program", "Program", "mnist_draw"),
    "pytensor": Candidate("program", "Untuned", "PyTensor, Numba linker"),
    "torch": Candidate("torch_eager", "TorchEager", "PyTorch, eager"),
    "torch-compile": Candidate("torch_compiled", "TorchCompiled", "PyTorch, torch.compile"),
    "jax": Candidate("jax_jit", "JaxJit", "JAX, jit"),
    "keras": Candidate("keras_jax", "KerasJax", "Keras on JAX"),
    "sklearn": Candidate(
        "scikit_learn",
        "ScikitLearn",
        "scikit-learn (Adam, no dropout)",
        ("mlp",),
    ),
    "gemms": Candidate("gemms", "BlasThreads", "matrix products alone, BLAS' threads"),
    "gemms-cut": Candidate("gemms", "ProgramThreads", "matrix products alone, program's threads"),
}
FLOOR = ("gemms", "gemms-cut")


class UnavailableError(Exception):
    """A candidate cannot take part here; the text says why."""
