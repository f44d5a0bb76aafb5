"""Windows of images as the rows of a matrix: ``theano.tensor.nnet.neighbours``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt


def images2neibs(
    ten4: Any,
    neib_shape: Sequence[int],
    neib_step: Sequence[int] | None = None,
    mode: str = "valid",
) -> Any:
    """One row for each window of the last two dimensions, in the order of the images."""
    x = pt.as_tensor_variable(ten4)
    window = _numbers(neib_shape)
    steps = window if neib_step is None else _numbers(neib_step)
    if mode not in ("valid", "ignore_borders"):
        raise NotImplementedError(f"images2neibs: mode {mode!r} is not carried.")
    places = [
        pt.arange((x.shape[2 + axis] - window[axis]) // steps[axis] + 1).dimshuffle(0, "x")
        * steps[axis]
        + np.arange(window[axis])
        for axis in range(2)
    ]
    rows = places[0].dimshuffle(0, "x", 1, "x")
    return x[:, :, rows, places[1].dimshuffle("x", 0, "x", 1)].reshape((-1, window[0] * window[1]))


def neibs2images(
    neibs: Any, neib_shape: Sequence[int], original_shape: Any, mode: str = "valid"
) -> Any:
    """Images from the windows that they were cut into, side by side; 0 where none was."""
    down, across = _numbers(neib_shape)
    images, channels, height, width = (original_shape[axis] for axis in range(4))
    rows, columns = height // down, width // across
    windows = pt.as_tensor_variable(neibs).reshape((images, channels, rows, columns, down, across))
    inside = windows.dimshuffle(0, 1, 2, 4, 3, 5)
    inside = inside.reshape((images, channels, rows * down, columns * across))
    whole = pt.zeros((images, channels, height, width), dtype=inside.dtype)
    return pt.set_subtensor(whole[:, :, : rows * down, : columns * across], inside)


def _numbers(pair: Any) -> tuple[int, int]:
    first, second = (int(pt.get_underlying_scalar_constant_value(entry)) for entry in pair)
    return first, second
