"""Pooling over the last two dimensions, which PyTensor does not have.

In machine code it is `mnist_draw.theano_bridge.native` that pools.
"""

from mnist_draw.theano_bridge import numba_fallback
from mnist_draw.theano_bridge.pooling.op import Pool2D, Pool2DGather, Pool2DGrad

numba_fallback.call_perform(Pool2D, Pool2DGrad, Pool2DGather)
