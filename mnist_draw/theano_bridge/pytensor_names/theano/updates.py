"""``theano.updates``: the dictionary of updates that ``scan`` returns.

PyTensor returns a plain ``dict``; Theano's own class could also be added to another one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from theano.compile import SharedVariable


class OrderedUpdates(OrderedDict[Any, Any]):
    """Shared variables and their new values, in the order in which they were added."""

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
