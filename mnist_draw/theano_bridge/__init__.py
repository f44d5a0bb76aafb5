"""``import theano``, whichever Theano there is.

The rest of the program says ``import theano`` and ``import lasagne``, as the Lasagne
tutorials do. This package is the only place that knows what answers: Theano 1.0.5 where
it is installed, else PyTensor, its maintained continuation, under the name ``theano``.

=============================== ==================================================
module                          job
=============================== ==================================================
:mod:`~.finder`                 the import hook: finds ``theano`` where no Theano is
:mod:`~.environment`            settings that must stand before the first import
:mod:`~.lasagne_import`         lets Lasagne 0.1 be imported without a warning
:mod:`~.missing`                the words for names that the bridge does not carry
:mod:`~.static_shapes`          shared variables with a fixed shape, where asked for
``pytensor_names/theano/``      the modules served as ``theano``: one small file per
                                module of Theano, mapping its names to PyTensor's
=============================== ==================================================

What the names below ``theano`` map to is listed at the top of
``pytensor_names/theano/__init__.py`` and of each of its submodules.

Importing this package and calling :func:`install` imports neither Theano nor PyTensor.
"""

from __future__ import annotations

from importlib import metadata

from mnist_draw.theano_bridge.finder import install, installed_theano
from mnist_draw.theano_bridge.modes import fast_mode, quick_mode
from mnist_draw.theano_bridge.static_shapes import fixed_shapes

__all__ = ["engine", "fast_mode", "fixed_shapes", "install", "installed_theano", "quick_mode"]


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
