"""``theano.scalar`` is ``pytensor.scalar``."""

from __future__ import annotations

from typing import Any

from pytensor import scalar as _scalar
from pytensor.scalar import *  # noqa: F403

from mnist_draw.theano_bridge.missing import attribute_error


def __getattr__(name: str) -> Any:
    if hasattr(_scalar, name):
        return getattr(_scalar, name)
    raise attribute_error(__name__, name)
