"""``theano.scan_module``: loops. ``pytensor.scan``, with Theano's pair of results.

Theano's ``scan`` and its relatives return ``(outputs, updates)`` and will always; with
PyTensor that pair is about to go and must be asked for.

============== =====================================
module         job
============== =====================================
``scan_utils`` the helpers of scan that others use too
============== =====================================
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from pytensor.scan import views as _views
from pytensor.scan.basic import scan as _scan
from pytensor.scan.utils import until
from theano.updates import OrderedUpdates

from mnist_draw.theano_bridge.missing import attribute_error

__all__ = ["foldl", "foldr", "map", "reduce", "scan", "until"]


def _with_updates(function: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    @wraps(function)
    def loop(*arguments: Any, **keywords: Any) -> tuple[Any, Any]:
        with warnings.catch_warnings():
            # "The updates will not be returned": PyTensor announces its future here,
            # whether asked for the pair or not.
            warnings.filterwarnings("ignore", "Scan return signature", DeprecationWarning)
            outputs, updates = function(*arguments, **keywords)
        return outputs, OrderedUpdates(updates)

    return loop


scan = _with_updates(_scan)
map = _with_updates(_views.map)
reduce = _with_updates(_views.reduce)
foldl = _with_updates(_views.foldl)
foldr = _with_updates(_views.foldr)


def __getattr__(name: str) -> Any:
    if name == "scan_utils":
        return import_module(f"{__name__}.{name}")
    raise attribute_error(__name__, name)
