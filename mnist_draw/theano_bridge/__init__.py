"""``import theano``, whichever Theano there is; ``README.md`` explains how it is laid out.

Importing this package installs its finders, and imports neither Theano nor PyTensor.
"""

from __future__ import annotations

from functools import cache
from importlib import metadata

from mnist_draw.theano_bridge.finder import found_theano, install, installed_theano
from mnist_draw.theano_bridge.modes import fast_mode, fixed_shapes, quick_mode

__all__ = [
    "engine",
    "fast_mode",
    "fixed_shapes",
    "found_theano",
    "install",
    "installed_theano",
    "quick_mode",
]

install()


@cache
def engine() -> str:
    """Name and version of what ``import theano`` gives, without importing it."""
    candidates = [("Theano", "theano")] if installed_theano() else []
    for title, distribution in [*candidates, ("PyTensor", "pytensor")]:
        try:
            return f"{title} {metadata.version(distribution)}"
        except metadata.PackageNotFoundError:
            continue
    return "no engine"
