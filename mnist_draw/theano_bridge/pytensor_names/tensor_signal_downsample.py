"""``theano.tensor.signal.downsample``: the old name of ``theano.tensor.signal.pool``.

Gone from Theano 1.0.5, where this file is served too; Lasagne 0.1 imports it.
"""

from __future__ import annotations

from typing import Any

from theano.tensor.signal.pool import pool_2d

__all__ = ["DownsampleFactorMax", "max_pool_2d"]


def max_pool_2d(
    input: Any,
    ds: Any,
    ignore_border: bool = False,
    st: Any = None,
    padding: Any = (0, 0),
    mode: str = "max",
) -> Any:
    """Pool the last two dimensions; Theano 1.0.5 warns of the old names of `pool_2d`."""
    return pool_2d(input, ws=ds, ignore_border=ignore_border, stride=st, pad=padding, mode=mode)


def DownsampleFactorMax(*how: Any, **named: Any) -> Any:
    """Return what pools its argument as :func:`max_pool_2d` does."""
    return lambda input: max_pool_2d(input, *how, **named)
