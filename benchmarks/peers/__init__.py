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

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Candidate:
    """A candidate's class and module below this package, title in tables, and kinds of networks."""

    module: str
    cls: str
    title: str
    networks: tuple[str, ...] = ("mlp", "cnn")
    environment: dict[str, str] = field(default_factory=dict)


#: glibc keeps what is freed. Otherwise each large array is asked of the system in every step, and
#: its pages are cleared anew, which takes PyTorch more than half of its time with convolutions.
KEEPS_MEMORY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TOP_PAD_": str(2**28),
    "MALLOC_TRIM_THRESHOLD_": str(2**33),
}

#: The program itself first, the floor and the cores' peak last.
CANDIDATES: dict[str, Candidate] = {
    "program": Candidate("program", "Program", "mnist_draw"),
    "pytensor": Candidate("program", "Untuned", "PyTensor, Numba linker"),
    "torch": Candidate("torch_eager", "TorchEager", "PyTorch, eager"),
    "torch-kept": Candidate(
        "torch_eager",
        "TorchEager",
        "PyTorch, eager, memory kept",
        environment=KEEPS_MEMORY,
    ),
    "torch-channels-last": Candidate(
        "torch_eager",
        "TorchChannelsLast",
        "PyTorch, eager, memory kept, channels last",
        ("cnn",),
        KEEPS_MEMORY,
    ),
    "torch-compile": Candidate("torch_compiled", "TorchCompiled", "PyTorch, torch.compile"),
    "torch-compile-kept": Candidate(
        "torch_compiled",
        "TorchCompiled",
        "PyTorch, torch.compile, memory kept",
        environment=KEEPS_MEMORY,
    ),
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
    "peak": Candidate("peak", "Peak", "their multiplications at the cores' peak"),
}
FLOOR = ("gemms", "gemms-cut")


class UnavailableError(Exception):
    """A candidate cannot take part here; the text says why."""
