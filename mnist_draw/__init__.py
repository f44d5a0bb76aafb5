"""Draw a digit, train the network that reads it.

The functions of the tutorial, callable as they are::

    import mnist_draw as flm

    network = flm.run_network(num_epochs=20)
    X_train, y_train, X_val, y_val, X_test, y_test = flm.load_data()
    flm.get_class(network, X_test[0])

Beside them: `load_network` and `save_network`, `LossHistory` for the figures of a run, and
`MnistClassifier`, the network as an estimator of scikit-learn, where that is installed.

Importing this package makes ``import theano`` work (see `mnist_draw.theano_bridge`); Theano
and Lasagne themselves are loaded when one of the functions is first asked for.
"""

from __future__ import annotations

import sys

from mnist_draw.version import __version__ as __version__

# What type checkers take for true: `typing` itself is imported in the time of a hundred such lines.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from typing import Any

    from mnist_draw.dataset.mnist import iterate_minibatches as iterate_minibatches
    from mnist_draw.dataset.mnist import load_data as load_data
    from mnist_draw.library.classifier import MnistClassifier as MnistClassifier
    from mnist_draw.library.tutorial import get_class as get_class
    from mnist_draw.library.tutorial import load_network as load_network
    from mnist_draw.library.tutorial import run_network as run_network
    from mnist_draw.library.tutorial import save_network as save_network
    from mnist_draw.networks.specification import build_mlp as build_mlp
    from mnist_draw.training.history import LossHistory as LossHistory

# MnistClassifier is not here: ``import *`` would import scikit-learn, or miss it.
__all__ = [
    "LossHistory",
    "build_mlp",
    "get_class",
    "iterate_minibatches",
    "load_data",
    "load_network",
    "run_network",
    "save_network",
]

_HOME = {
    "EpochFigures": "mnist_draw.training.history",
    "LossHistory": "mnist_draw.training.history",
    "MnistClassifier": "mnist_draw.library.classifier",
    "build_mlp": "mnist_draw.networks.specification",
    "get_class": "mnist_draw.library.tutorial",
    "iterate_minibatches": "mnist_draw.dataset.mnist",
    "load_data": "mnist_draw.dataset.mnist",
    "load_network": "mnist_draw.library.tutorial",
    "run_network": "mnist_draw.library.tutorial",
    "save_network": "mnist_draw.library.tutorial",
}


class _BridgeOnDemand:
    """Imports the bridge before anything else finds Theano, Lasagne or PyTensor.

    That takes most of the time of this import, in which Ctrl-C ends a program in a traceback.
    """

    is_there = False

    def find_spec(self, name: str, *_place: object) -> ModuleSpec | None:
        if self.is_there or name.partition(".")[0] not in ("theano", "lasagne", "pytensor"):
            return None
        from importlib.util import find_spec

        import mnist_draw.theano_bridge  # noqa: F401 - its finders come first from here on

        self.is_there = True
        return find_spec(name)


sys.meta_path.insert(0, _BridgeOnDemand())

# Pickles of earlier versions name the modules in which the classes were then.
for _old in ("interface", "interface.classifier", "interface.loss_history", "runs", "runs.history"):
    sys.modules[f"{__name__}.training.{_old}"] = sys.modules[__name__]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        if name.startswith("__"):  # Python's own questions, such as for __path__
            raise AttributeError(name)
        from mnist_draw.errors import did_you_mean

        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}. {did_you_mean(name, _HOME)}",
        )
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    hidden = [name for name in globals() if name.startswith("__")]
    return sorted([*hidden, *_HOME])
