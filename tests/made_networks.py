"""Untrained networks, made in a moment, for tests that do not mind what they say."""

import numpy as np

from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFile


def random_model(network, seed=1, spread=0.1, **metadata):
    """Return a network with normally distributed weights."""
    random = np.random.default_rng(seed)
    shapes = parse_network(network).parameter_shapes()
    values = tuple(random.normal(0, spread, shape).astype(np.float32) for shape in shapes)
    return ModelFile(network, values, dict(metadata))


def flat_model(network, value=0.0, **metadata):
    """Return a network whose weights are all the same."""
    shapes = parse_network(network).parameter_shapes()
    values = tuple(np.full(shape, value, np.float32) for shape in shapes)
    return ModelFile(network, values, dict(metadata))


def scaled_model(network, seed=0, strength=1.0, **metadata):
    """Return a network with random weights that answers something else for each picture."""
    random, values = np.random.default_rng(seed), []
    for shape in parse_network(network).parameter_shapes():
        inputs = np.prod(shape[1:]) if len(shape) == 4 else shape[0]
        spread = strength * np.sqrt(2 / inputs) if len(shape) > 1 else 0.1
        values.append(random.normal(0, spread, shape).astype(np.float32))
    return ModelFile(network, tuple(values), metadata)
