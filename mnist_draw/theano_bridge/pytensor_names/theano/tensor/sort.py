"""``theano.tensor.sort``: sorting. It is ``pytensor.tensor.sort``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mnist_draw.theano_bridge.missing import attribute_error

# Not by an import statement: there, too, the function hides the module of its name.
_names = import_module("pytensor.tensor.sort")


def __getattr__(name: str) -> Any:
    if hasattr(_names, name):
        return getattr(_names, name)
    raise attribute_error(__name__, name)
