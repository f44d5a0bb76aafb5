"""Types of arrays by the values that they hold; docstrings say their shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Flags = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Places = NDArray[np.intp]
Integers = NDArray[np.int64]
#: Integers of any width.
Labels = NDArray[np.integer[Any]]
