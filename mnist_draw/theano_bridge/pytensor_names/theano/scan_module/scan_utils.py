"""``theano.scan_module.scan_utils``: the helpers of scan that others use too."""

from __future__ import annotations

from typing import Any

from pytensor.graph.basic import equal_computations
from pytensor.graph.replace import clone_replace as clone
from pytensor.scan import utils as _utils
from pytensor.scan.utils import until

from mnist_draw.theano_bridge.missing import attribute_error

__all__ = ["clone", "equal_computations", "until"]


def __getattr__(name: str) -> Any:
    if hasattr(_utils, name):
        return getattr(_utils, name)
    raise attribute_error(__name__, name)
