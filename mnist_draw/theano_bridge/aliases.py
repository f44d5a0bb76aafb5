"""The modules of Theano that are another module under Theano's name, and nothing else.

`mnist_draw.theano_bridge.finder` serves them. Modules of Theano that differ from their
counterpart have a file below ``pytensor_names``.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
from importlib.abc import Loader
from types import ModuleType
from typing import Any

from mnist_draw.theano_bridge import missing

#: Module of Theano -> the module that it is.
HOMES = {
    "theano.ifelse": "pytensor.ifelse",
    "theano.printing": "pytensor.printing",
    "theano.sandbox.rng_mrg": "mnist_draw.theano_bridge.random_streams",
    "theano.scalar": "pytensor.scalar",
    "theano.tensor.basic": "theano.tensor",
    "theano.tensor.blas": "pytensor.tensor.blas",
    "theano.tensor.elemwise": "pytensor.tensor.elemwise",
    "theano.tensor.nlinalg": "pytensor.tensor.linalg",
    "theano.tensor.nnet.conv": "mnist_draw.theano_bridge.convolution.op",
    "theano.tensor.opt": "pytensor.tensor.rewriting.basic",
    "theano.tensor.raw_random": "pytensor.tensor.random.basic",
    "theano.tensor.shared_randomstreams": "mnist_draw.theano_bridge.random_streams",
    "theano.tensor.sharedvar": "pytensor.tensor.sharedvar",
    "theano.tensor.signal.pool": "mnist_draw.theano_bridge.pooling.op",
    "theano.tensor.slinalg": "pytensor.tensor.linalg",
    "theano.tensor.sort": "pytensor.tensor.sort",
    "theano.tensor.subtensor": "pytensor.tensor.subtensor",
    "theano.tensor.type": "pytensor.tensor.type",
}


def spec_of(name: str) -> importlib.machinery.ModuleSpec | None:
    """Find a module of the table; None where `name` is not in it."""
    if name not in HOMES:
        return None
    # A package without a folder: the import of a submodule then comes to our finder, which
    # words the refusal.
    return importlib.util.spec_from_loader(name, AliasLoader(HOMES[name]), is_package=True)


class AliasLoader(Loader):
    """Makes a module that looks up all its names in another one."""

    def __init__(self, home: str) -> None:
        self._home = home

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its look-up."""
        home = importlib.import_module(self._home)

        def look_up(name: str) -> Any:
            if not name.startswith("__") and hasattr(home, name):
                return getattr(home, name)
            raise missing.attribute_error(module.__name__, name)

        module.__doc__ = f"``{module.__name__}`` is ``{self._home}``."
        module.__dict__["__all__"] = [name for name in vars(home) if not name.startswith("_")]
        module.__dict__["__getattr__"] = look_up
