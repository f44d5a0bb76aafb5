"""What a network computes without dropout, operation by operation, and NumPy's way to do it.

Lasagne's layers say how a network is trained; this list says what remains of it afterwards. It
gives the shapes of the parameters, the first answers before any function is compiled, and what is
written for other programs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.classes import DIGITS

Shape = tuple[int, ...]
Floats = npt.NDArray[np.float32]

#: Sides of a picture.
SIDE = 28
#: What a network tells apart where nothing else is said: the digits.
CLASSES = len(DIGITS)
#: So many pictures go through a network side by side. The first convolution of the rule for what is
#: no digit copies 3.7 MB of pixels for them; a thousand at once took 150 MB and were not faster.
TOGETHER = 64


@dataclass(frozen=True)
class Convolution:
    """Filters that are moved over the pictures, without padding, then rectifiers.

    Attributes
    ----------
    filters : int
        How many.
    side : int
        Of each filter, in pixels.
    """

    filters: int
    side: int


@dataclass(frozen=True)
class MaxPooling:
    """The largest value of each square."""

    side: int = 2


@dataclass(frozen=True)
class Dense:
    """Units that see all values."""

    units: int
    activation: str = "rectify"


Operation = Convolution | MaxPooling | Dense


def _rectify(sums: Floats) -> Floats:
    found: Floats = np.maximum(sums, np.float32(0))
    return found


def _leaky(sums: Floats) -> Floats:
    found: Floats = np.maximum(sums, sums * np.float32(0.01))
    return found


def _tanh(sums: Floats) -> Floats:
    found: Floats = np.tanh(sums)
    return found


def _sigmoid(sums: Floats) -> Floats:
    # Twice as exact as 1 / (1 + exp(-x)) in float32, and it never overflows.
    found: Floats = np.float32(0.5) * np.tanh(np.float32(0.5) * sums) + np.float32(0.5)
    return found


def _elu(sums: Floats) -> Floats:
    found: Floats = np.where(sums > 0, sums, np.expm1(np.minimum(sums, np.float32(0))))
    return found


def _softmax(sums: Floats) -> Floats:
    powers: Floats = np.exp(sums - sums.max(axis=1, keepdims=True))
    found: Floats = powers / powers.sum(axis=1, keepdims=True)
    return found


#: What the units of dense layers make of their sums, by the names of
#: `mnist_draw.networks.mlp.ACTIVATIONS`, and those of output layers.
ARITHMETIC: dict[str, Callable[[Floats], Floats]] = {
    "rectify": _rectify,
    "leaky": _leaky,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "elu": _elu,
    "softmax": _softmax,
    "linear": lambda sums: sums,
}


def with_classes(operations: Sequence[Operation], classes: int) -> tuple[Operation, ...]:
    """Return the same operations with another number of outputs."""
    *before, last = operations
    assert isinstance(last, Dense), "a network ends with dense units, one for each class"
    return (*before, Dense(classes, last.activation))


def parameter_shapes(operations: Sequence[Operation]) -> tuple[Shape, ...]:
    """Return the shapes of weights and biases, in the order of Lasagne's `get_all_params`."""
    shapes: list[Shape] = []
    channels, side, units = 1, SIDE, SIDE * SIDE
    for operation in operations:
        match operation:
            case Convolution(filters, width):
                shapes += [(filters, channels, width, width), (filters,)]
                channels, side = filters, side - width + 1
                units = channels * side * side
            case MaxPooling(width):
                side //= width
                units = channels * side * side
            case Dense(count):
                shapes += [(units, count), (count,)]
                units = count
    return tuple(shapes)


def forward(
    operations: Sequence[Operation], parameters: Sequence[Floats], pictures: Floats
) -> Floats:
    """Compute what a network puts out, with NumPy alone.

    Any number of threads may ask at once. For one picture it takes a few milliseconds for the
    largest network that ships, several times what a compiled function takes.

    Parameters
    ----------
    operations : sequence of Operation
    parameters : sequence of numpy.ndarray
        float32, of the shapes that `parameter_shapes` returns.
    pictures : numpy.ndarray, float32, shape (N, 1, 28, 28)
        0 to 255/256.

    Returns
    -------
    numpy.ndarray, float32, shape (N, units of the last operation)
    """
    if len(pictures) > TOGETHER:
        starts = range(0, len(pictures), TOGETHER)
        parts = (pictures[start : start + TOGETHER] for start in starts)
        return np.concatenate([forward(operations, parameters, part) for part in parts])
    # Filters are applied where all channels of a pixel lie side by side.
    values: Floats = np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))
    arrays = iter(parameters)
    before: Operation | None = None
    for operation, after in zip_longest(operations, operations[1:]):
        match operation:
            case Convolution():
                values = _convolved(values, next(arrays))
                # The largest of four stays the largest with the bias and the rectifier, and a
                # quarter is left to add to.
                if isinstance(after, MaxPooling):
                    values = _pooled(values, after.side)
                values += next(arrays)
                np.maximum(values, np.float32(0), out=values)
            case MaxPooling(side):
                if not isinstance(before, Convolution):
                    values = _pooled(values, side)
            case Dense(_, activation):
                values = ARITHMETIC[activation](_flat(values) @ next(arrays) + next(arrays))
        before = operation
    return values


def _flat(values: Floats) -> Floats:
    """Lay out each picture's values as Lasagne does: one filter's before those of the next."""
    if values.ndim == 4:
        values = values.transpose(0, 3, 1, 2)
    return values.reshape(len(values), -1)


def _convolved(values: Floats, weights: Floats) -> Floats:
    """Convolve (N, H, W, channels) with Lasagne's (filters, channels, h, w)."""
    filters, channels, height, width = weights.shape
    windows = np.lib.stride_tricks.sliding_window_view(values, (height, width), axis=(1, 2))
    count, rows, columns = windows.shape[:3]
    # What lies side by side in memory is copied together: a window's columns with all channels.
    patches = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, height * width * channels)
    # A convolution turns its filters around.
    turned = weights[:, :, ::-1, ::-1].transpose(2, 3, 1, 0).reshape(-1, filters)
    result: Floats = patches @ turned
    return result.reshape(count, rows, columns, filters)


def _pooled(values: Floats, side: int) -> Floats:
    rows, columns = (size // side * side for size in values.shape[1:3])
    corners = [
        values[:, row:rows:side, column:columns:side]
        for row in range(side)
        for column in range(side)
    ]
    return reduce(np.maximum, corners)
