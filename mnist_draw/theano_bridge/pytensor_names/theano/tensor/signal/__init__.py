"""``theano.tensor.signal``: pooling.

============== =====================================================
module         job
============== =====================================================
``downsample`` the old name of ``pool``
============== =====================================================

``pool`` is in the table of `mnist_draw.theano_bridge.aliases`.
"""

from __future__ import annotations

from typing import Any

from mnist_draw.theano_bridge.missing import attribute_error

__all__ = ["downsample", "pool"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise attribute_error(__name__, name)
