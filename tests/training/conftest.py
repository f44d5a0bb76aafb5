"""A run that is over, and a compiled step for many runs."""

from __future__ import annotations

from typing import Any

import pytest

from mnist_draw.training import loop
from mnist_draw.training.checkpoint import from_array, to_array
from mnist_draw.training.functions import TrainingFunctions

from .short_runs import SMALL, run


@pytest.fixture(scope="session")
def finished(digits, tmp_path_factory):
    """A complete run's checkpoint, and its events."""
    path = tmp_path_factory.mktemp("finished") / "run"
    return path, run(SMALL, dataset=digits, checkpoint=path)


class _Compiled:
    """A network with its functions, and what they begin with."""

    def __init__(self, network):
        import lasagne

        self.network = network
        self.start = lasagne.layers.get_all_param_values(network)
        self.train: TrainingFunctions | None = None
        self.evaluate: Any = None
        self.state: list[Any] = []


#: By all settings that are compiled into the functions.
_COMPILED: dict[object, _Compiled] = {}


@pytest.fixture
def shared_step(monkeypatch):
    """Compile once for all runs with the same network, seed and rule; each begins as a new one.

    Their pictures must be of one type: a second compilation would draw other dropout masks.
    """
    import lasagne

    build, compile_train = loop.build_network, loop.compile_train
    compile_evaluate = loop.compile_evaluate

    def shared_of(network):
        known = (shared for shared in _COMPILED.values() if shared.network is network)
        return next(known, None) or _Compiled(network)

    def build_shared(settings):
        key = (settings.network, settings.seed, settings.update, str(settings.update_parameters))
        if key not in _COMPILED:
            _COMPILED[key] = _Compiled(build(settings))
        shared = _COMPILED[key]
        lasagne.layers.set_all_param_values(shared.network, shared.start)
        return shared.network

    def train_shared(network, settings, dtype):
        shared = shared_of(network)
        if shared.train is None:
            shared.train = compile_train(network, settings, dtype)
            shared.state = [to_array(variable) for variable in shared.train.state]
        for variable, value in zip(shared.train.state, shared.state, strict=True):
            from_array(variable, value)
        return shared.train

    def evaluate_shared(network, dtype):
        shared = shared_of(network)
        if shared.evaluate is None:
            shared.evaluate = compile_evaluate(network, dtype)
        return shared.evaluate

    monkeypatch.setattr(loop, "build_network", build_shared)
    monkeypatch.setattr(loop, "compile_train", train_shared)
    monkeypatch.setattr(loop, "compile_evaluate", evaluate_shared)
