"""``theano.tensor.shared_randomstreams``: the same streams as ``theano.sandbox.rng_mrg``."""

from mnist_draw.theano_bridge.random_streams import RandomStreams

__all__ = ["RandomStreams"]
