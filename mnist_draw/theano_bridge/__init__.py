"""``import theano``, whichever Theano there is.

The rest of the program says ``import theano`` and ``import lasagne``, as the Lasagne
tutorials do. This package is the only place that knows what answers: Theano 1.0.5 where
it is installed, else PyTensor, its maintained continuation, under the name ``theano``.

========================= ==========================================================
module                    job
========================= ==========================================================
:mod:`~.finder`           the import hook: finds ``theano`` where no Theano is
:mod:`~.environment`      settings that must stand before the first import
:mod:`~.lasagne_import`   lets Lasagne 0.1 be imported without a warning
:mod:`~.pytensor_names`   the modules of Theano that differ from PyTensor's
:mod:`~.aliases`          the modules of Theano that are another one, in a table
:mod:`~.missing`          the words for names that the bridge does not carry
:mod:`~.instance_checks`  Theano's classes of variables, for ``isinstance``
:mod:`~.static_shapes`    shared variables with a fixed shape, where asked for
:mod:`~.random_streams`   Theano's random streams, for dropout
:mod:`~.hashed_uniform`   the operation of the graph that draws random numbers
:mod:`~.convolution`      ``conv2d``, which PyTensor does not have
:mod:`~.pooling`          ``pool_2d``, which PyTensor does not have
:mod:`~.compile_lock`     one thread compiles at a time
:mod:`~.modes`            the modes in which the program compiles its functions
:mod:`~.native`           the linker of these modes: whole graphs as machine code
:mod:`~.generated_source` the text of PyTensor's own functions, removed at the end
:mod:`~.numba_fallback`   what Numba does with our operations, outside these modes
========================= ==========================================================

What the names below ``theano`` map to is listed at the top of
``pytensor_names/theano/__init__.py``, of each of its submodules, and in `aliases`.

Convolution and pooling are written twice: in NumPy, which defines what they compute and which
every linker can run, and as machine code in `native`, which runs all functions of the program.
There are no kernels for Numba. They were as long as both together and served only graphs that
`native` does not know; such a graph of a convolutional network now takes four times as long a
step, and half as long to compile.

Importing this package and calling :func:`install` imports neither Theano nor PyTensor.
"""

from __future__ import annotations

from importlib import metadata

from mnist_draw.theano_bridge.finder import install, installed_theano
from mnist_draw.theano_bridge.modes import fast_mode, phases_of, quick_mode, rest_helpers
from mnist_draw.theano_bridge.static_shapes import fixed_shapes

__all__ = [
    "engine",
    "fast_mode",
    "fixed_shapes",
    "install",
    "installed_theano",
    "phases_of",
    "quick_mode",
    "rest_helpers",
]


def engine() -> str:
    """Name and version of what ``import theano`` gives, without importing it.

    Returns
    -------
    str
        For example ``"Theano 1.0.5"`` or ``"PyTensor 3.0.7"``; ``"no engine"`` where
        neither is installed.
    """
    candidates = [("Theano", "theano")] if installed_theano() else []
    for title, distribution in [*candidates, ("PyTensor", "pytensor")]:
        try:
            return f"{title} {metadata.version(distribution)}"
        except metadata.PackageNotFoundError:
            continue
    return "no engine"
