"""The same network before it has learnt anything."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFile


def fresh_model(model: ModelFile) -> ModelFile:
    """Return a network of the same kind with weights such as training starts from.

    Lasagne's own initialiser draws from one generator for the whole process, which a run that
    begins meanwhile must have for itself; so the same rule is followed here.
    """
    random = np.random.default_rng(0)
    values = [
        _first_values(random, shape) for shape in parse_network(model.network).parameter_shapes()
    ]
    fresh = ModelFile(model.network, tuple(values), {"title": f"{model.title}, before learning"})
    if not model.info.classes:
        return fresh
    return fresh.with_info(data=model.info.data, classes=list(model.info.classes))


def _first_values(random: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    if len(shape) == 1:
        return np.zeros(shape, np.float32)
    joined = (shape[0] + shape[1]) * int(np.prod(shape[2:]))
    return random.uniform(-1, 1, shape).astype(np.float32) * np.float32((6 / joined) ** 0.5)
