"""The same network before it has learnt anything."""

from __future__ import annotations

import numpy as np

from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFile


def fresh_model(model: ModelFile, seed: int = 0) -> ModelFile:
    """Return a network of the same kind with the weights that training starts from.

    Parameters
    ----------
    model : ModelFile
    seed : int
        The same seed gives the same weights.
    """
    import lasagne

    before = lasagne.random.get_rng()
    lasagne.random.set_rng(np.random.RandomState(seed))
    try:
        network = parse_network(model.network).build()
    finally:
        lasagne.random.set_rng(before)
    values = lasagne.layers.get_all_param_values(network)
    return ModelFile(model.network, tuple(values), {"title": f"{model.title}, before learning"})
