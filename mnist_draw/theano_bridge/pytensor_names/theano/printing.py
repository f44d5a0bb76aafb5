"""``theano.printing`` is ``pytensor.printing``."""

from __future__ import annotations

from typing import Any

from pytensor import printing as _printing
from pytensor.printing import Print, debugprint, min_informative_str, pp, pprint, pydotprint

from mnist_draw.theano_bridge.missing import attribute_error

__all__ = ["Print", "debugprint", "min_informative_str", "pp", "pprint", "pydotprint"]


def __getattr__(name: str) -> Any:
    if hasattr(_printing, name):
        return getattr(_printing, name)
    raise attribute_error(__name__, name)
