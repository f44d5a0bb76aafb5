"""``theano.tensor.signal.downsample``: the old name of ``theano.tensor.signal.pool``.

Gone from Theano 1.0.5, where this file is served too; Lasagne 0.1 imports it.
"""

from __future__ import annotations

from typing import Any

from theano.tensor.signal.pool import pool_2d

__all__ = ["DownsampleFactorMax", "max_pool_2d"]

max_pool_2d = pool_2d


def DownsampleFactorMax(*how: Any, **named: Any) -> Any:
    """Return what pools its argument as :func:`max_pool_2d` does."""
    return lambda input: max_pool_2d(input, *how, **named)
