"""``theano.scan_module``: loops. ``pytensor.scan``, with Theano's pair of results.

Theano's ``scan`` and its relatives return ``(outputs, updates)`` and will always; with
PyTensor that pair is about to go and must be asked for.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from pytensor.graph.basic import equal_computations
from pytensor.graph.replace import clone_replace as _clone
from pytensor.scan import views as _views
from pytensor.scan.basic import scan as _scan
from pytensor.scan.utils import until
from theano.compile import SharedVariable

from mnist_draw.theano_bridge.test_values import with_test_values

__all__ = [
    "OrderedUpdates",
    "clone",
    "equal_computations",
    "foldl",
    "foldr",
    "map",
    "reduce",
    "scan",
    "until",
]


class OrderedUpdates(OrderedDict[Any, Any]):
    """The updates of ``scan``: a dictionary that can be added to another, unlike PyTensor's."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, SharedVariable):
            raise TypeError(f"The keys of updates are shared variables, not {key!r}.")
        super().__setitem__(key, value)

    def __add__(self, other: Mapping[Any, Any]) -> OrderedUpdates:
        both = OrderedUpdates(self)
        for variable, value in other.items():
            if variable in both and both[variable] is not value:
                raise KeyError(f"Two different updates for {variable}.")
            both[variable] = value
        return both

    def __radd__(self, other: Mapping[Any, Any]) -> OrderedUpdates:
        return OrderedUpdates(other) + self


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


def clone(
    output: Any,
    replace: Any = None,
    strict: bool = True,
    share_inputs: bool = True,
    **old: bool,
) -> Any:
    """Copy graphs; variables of `replace` become others, which keep their type if `strict`.

    Without `share_inputs` inputs are copied too: shared variables into others of the same value.
    """
    share_inputs = old.get("copy_inputs", share_inputs)
    return _clone(output, replace, rebuild_strict=strict, copy_inputs_over=share_inputs)


scan = _with_updates(with_test_values(_scan))
map = _with_updates(_views.map)
reduce = _with_updates(_views.reduce)
foldl = _with_updates(_views.foldl)
foldr = _with_updates(_views.foldr)
