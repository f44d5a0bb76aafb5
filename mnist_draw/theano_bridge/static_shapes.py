"""Shared variables whose shape is fixed: leaner graphs, where the caller promises it.

A shared variable of Theano may be given a value of another shape at any time. PyTensor
can do better where the shape is known when the graph is built: a dozen run-time checks
and shape computations of a training function disappear. The parameters of a network
never change their shape, so the program builds and compiles its networks inside
:func:`fixed_shapes`. Everything outside keeps Theano's freedom.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_FIXED: ContextVar[bool] = ContextVar("mnist_draw_fixed_shapes", default=False)


@contextmanager
def fixed_shapes() -> Iterator[None]:
    """Within this context, ``theano.shared(array)`` fixes the shape of its variable.

    ``set_value`` with an array of another shape then raises ``TypeError``. With the real
    Theano the context changes nothing.
    """
    token = _FIXED.set(True)
    try:
        yield
    finally:
        _FIXED.reset(token)


def shape_is_fixed() -> bool:
    """Whether the calling context has asked for fixed shapes."""
    return _FIXED.get()
