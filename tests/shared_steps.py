"""Steps that are compiled once for the whole test run."""

import importlib
from functools import cache, partial
from typing import Any

import numpy as np
import pytest

from mnist_draw.analysis import one_step
from mnist_draw.analysis.one_step import StepExpressions
from mnist_draw.library import tutorial
from mnist_draw.training import loop
from mnist_draw.training.checkpoint import from_array, to_array

_EXPRESSIONS: dict[str, StepExpressions] = {}


def _shared(network, settings, dropouts):
    """Return the expressions of an earlier step with these settings, its accumulators empty."""
    found = _EXPRESSIONS.get(repr(settings))
    if found is None:
        found = StepExpressions(network, settings, dropouts)
        found.compile = cache(found.compile)
        _EXPRESSIONS[repr(settings)] = found
    for variable in found.accumulators:
        variable.set_value(np.zeros_like(variable.get_value()))
    return found


@pytest.fixture
def compiled_once(monkeypatch):
    """Let steps with the same settings share one compiled function."""
    # It raises the limit of recursion, which hypothesis watches.
    importlib.import_module("theano")
    monkeypatch.setattr(one_step, "StepExpressions", _shared)


class _Compiled:
    """A network with its functions, and the state that they begin with."""

    def __init__(self, network):
        self.network = network
        #: By the type of the pictures.
        self.train: dict[str, Any] = {}
        self.evaluate: dict[str, Any] = {}
        self.state: dict[str, list[Any]] = {}


#: By all settings that are compiled into the functions.
_COMPILED: dict[object, _Compiled] = {}


@pytest.fixture
def shared_step(monkeypatch):
    """Compile once for all runs with the same network, seed and rule; each begins as a new one.

    Compiled once more, for floats after bytes, a network has other dropout masks. So the runs of
    the tutorial's functions, whose pictures are either, share networks of their own.
    """
    import lasagne

    build, compile_train = loop.build_network, loop.compile_train
    compile_evaluate = loop.compile_evaluate

    def shared_of(network):
        known = (shared for shared in _COMPILED.values() if shared.network is network)
        return next(known, None) or _Compiled(network)

    def build_shared(module, settings):
        built = build(settings)
        rule = (settings.update, str(settings.update_parameters))
        key = (module, settings.network, settings.seed, *rule)
        shared = _COMPILED.setdefault(key, _Compiled(built))
        values = lasagne.layers.get_all_param_values(built)
        lasagne.layers.set_all_param_values(shared.network, values)
        return shared.network

    def train_shared(network, settings, dtype):
        shared = shared_of(network)
        if dtype not in shared.train:
            functions = shared.train[dtype] = compile_train(network, settings, dtype)
            shared.state[dtype] = [to_array(variable) for variable in functions.state]
        for variable, value in zip(shared.train[dtype].state, shared.state[dtype], strict=True):
            from_array(variable, value)
        return shared.train[dtype]

    def evaluate_shared(network, dtype):
        shared = shared_of(network)
        if dtype not in shared.evaluate:
            shared.evaluate[dtype] = compile_evaluate(network, dtype)
        return shared.evaluate[dtype]

    for module in (loop, tutorial):
        monkeypatch.setattr(module, "build_network", partial(build_shared, module))
    monkeypatch.setattr(loop, "compile_train", train_shared)
    monkeypatch.setattr(loop, "compile_evaluate", evaluate_shared)
