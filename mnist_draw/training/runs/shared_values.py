"""The values of shared variables as plain arrays, to be stored and put back.

Most values are arrays already. The state of a random stream may be a NumPy generator: it is
stored as the JSON text of its state, in bytes.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_array(variable: Any) -> NDArray[Any]:
    """Return a copy of a shared variable's value as an array of numbers."""
    value = variable.get_value()
    if isinstance(value, np.random.Generator):
        return np.frombuffer(json.dumps(value.bit_generator.state).encode(), np.uint8)
    return np.array(value)


def from_array(variable: Any, stored: NDArray[Any]) -> None:
    """Give a shared variable the value that `to_array` has returned.

    Raises
    ------
    ValueError
        The array is not of this variable's kind or shape; the variable keeps its value.
    """
    value = variable.get_value()
    if isinstance(value, np.random.Generator):
        try:
            value.bit_generator.state = json.loads(stored.tobytes())
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise ValueError(f"no state of a random stream: {error}") from error
        variable.set_value(value)
        return
    value = np.asarray(value)
    if stored.shape != value.shape or stored.dtype.kind != value.dtype.kind:
        raise ValueError(
            f"{stored.dtype} of the shape {stored.shape} where {value.dtype} of the shape "
            f"{value.shape} was expected"
        )
    variable.set_value(stored.astype(value.dtype))
