"""Lasagne's weights in the order that other libraries want them.

Lasagne's convolution flips its filters, as mathematics has it; the others do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Weights = list[NDArray[np.float32]]


def channels_first(weights: Weights) -> Weights:
    """As PyTorch: filters (out, in, rows, columns) flipped, dense weights (out, in)."""
    return [
        np.ascontiguousarray(w[:, :, ::-1, ::-1] if w.ndim == 4 else w.T) if w.ndim > 1 else w
        for w in weights
    ]


def channels_last(weights: Weights) -> Weights:
    """As JAX and Keras: filters (rows, columns, in, out) flipped, dense weights (in, out).

    The first dense layer after a convolution reads its inputs in another order then.
    """
    result: Weights = []
    filters = 0
    for w in weights:
        if w.ndim == 4:
            filters = w.shape[0]
            result.append(np.ascontiguousarray(w[:, :, ::-1, ::-1].transpose(2, 3, 1, 0)))
        elif w.ndim == 2 and filters:
            places = w.shape[0] // filters
            swapped = w.reshape(filters, places, w.shape[1]).transpose(1, 0, 2)
            result.append(np.ascontiguousarray(swapped.reshape(w.shape)))
            filters = 0
        else:
            result.append(w)
    return result
