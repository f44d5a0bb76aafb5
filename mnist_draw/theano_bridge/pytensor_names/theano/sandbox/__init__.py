"""``theano.sandbox``: of it, ``rng_mrg`` is carried."""

from __future__ import annotations

from typing import Any

from mnist_draw.theano_bridge.missing import raise_attribute_error
from theano.sandbox import rng_mrg

__all__ = ["rng_mrg"]


def __getattr__(name: str) -> Any:
    raise_attribute_error(__name__, name)
