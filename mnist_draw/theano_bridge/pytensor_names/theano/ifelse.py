"""``theano.ifelse`` is ``pytensor.ifelse``."""

from pytensor import ifelse

__all__ = ["ifelse"]
