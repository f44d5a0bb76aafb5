"""``theano.sandbox``: of it, ``rng_mrg`` is carried."""

from __future__ import annotations

from typing import Any

from theano.sandbox import rng_mrg

from mnist_draw.theano_bridge.missing import attribute_error

__all__ = ["rng_mrg"]


def __getattr__(name: str) -> Any:
    raise attribute_error(__name__, name)
