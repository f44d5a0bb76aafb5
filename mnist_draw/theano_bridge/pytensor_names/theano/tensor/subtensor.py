"""``theano.tensor.subtensor``: indexing. It is ``pytensor.tensor.subtensor``."""

from __future__ import annotations

from typing import Any

import pytensor.tensor.subtensor as _names

from mnist_draw.theano_bridge.missing import attribute_error


def __getattr__(name: str) -> Any:
    if hasattr(_names, name):
        return getattr(_names, name)
    raise attribute_error(__name__, name)
