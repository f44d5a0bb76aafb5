"""``theano.tensor.signal.pool``: pooling over the last two dimensions.

It is ``mnist_draw.theano_bridge.pooling.op``: PyTensor has no pooling.
"""

from mnist_draw.theano_bridge.pooling.op import pool_2d

__all__ = ["pool_2d"]
