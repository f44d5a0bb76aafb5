"""Test values: what expressions are worth for ``x.tag.test_value``, while they are written."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

from pytensor import config, gradient
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph import Constant, Op, Variable
from pytensor.graph.traversal import walk_toposort
from pytensor.tensor.type import TensorType


class MissingTestValueError(ValueError):
    """An expression depends on a variable without a test value."""


def compute_test_values() -> None:
    """Have operations and gradients compute them where they are written."""
    Op.__call__ = with_test_values(Op.__call__)
    gradient._populate_grad_dict = with_test_values(gradient._populate_grad_dict)


def with_test_values(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compute them for what a function returns, not for what it writes on its way."""

    @wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        missing = config.compute_test_value
        if missing == "off":
            return function(*arguments, **named)
        config.compute_test_value = "off"
        try:
            results = function(*arguments, **named)
            for each in results if isinstance(results, list | tuple) else [results]:
                if isinstance(each, Variable) and isinstance(each.type, TensorType):
                    get_test_value(each)
        except MissingTestValueError as error:
            if missing == "raise":
                raise
            if missing == "warn":
                warnings.warn(str(error), stacklevel=2)
        finally:
            config.compute_test_value = missing
        return results

    return call


def get_test_value(variable: Any) -> Any:
    """Return what a variable is worth; compute what it depends on and is not known yet."""
    known: dict[Any, list[Any]] = {}
    for each in walk_toposort([variable], lambda v: () if _is_known(v) else v.owner.inputs):
        if isinstance(each, SharedVariable):
            known[each] = [each.get_value(borrow=True)]
        elif _is_known(each):
            value = each.data if isinstance(each, Constant) else each.tag.test_value
            known[each] = [each.type.filter(value)]
        else:
            node = each.owner
            known.update({output: [None] for output in node.outputs})
            is_computed = {one: [one not in node.outputs] for one in known}
            node.op.make_thunk(node, known, is_computed, [], "py")()
            for output in node.outputs:
                output.tag.test_value = known[output][0]
    return known[variable][0]


def _is_known(variable: Any) -> bool:
    if hasattr(variable.tag, "test_value") or isinstance(variable, Constant | SharedVariable):
        return True
    if variable.owner is None:
        raise MissingTestValueError(f"Cannot compute a test value: {variable} has none.")
    return False
