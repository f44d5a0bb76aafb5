"""What each operation of a graph becomes: kernels, a view of what is there, or nothing at all.

To carry one more operation, write its handler and add it to :data:`HANDLERS`.
"""

from __future__ import annotations

from mnist_draw.theano_bridge.native.handlers import arrays, products, reductions
from mnist_draw.theano_bridge.native.plan import Handler

#: Handlers by the name of the operation's class.
HANDLERS: dict[str, Handler] = {
    "AdvancedIncSubtensor": reductions.scatter,
    "AdvancedSubtensor": reductions.gather,
    "AdvancedSubtensor1": reductions.take_rows,
    "Argmax": reductions.argmax,
    "CAReduce": reductions.reduce,
    "Conv2D": products.forward,
    "Conv2DByFilters": products.by_filters,
    "Conv2DByInput": products.by_input,
    "DeepCopyOp": arrays.deep_copy,
    "DimShuffle": arrays.view,
    "Dot": products.dot,
    "Elemwise": arrays.elemwise,
    "ExpandDims": arrays.view,
    "HashedUniform": arrays.hashed_uniform,
    "LogSoftmax": reductions.softmax,
    "Max": reductions.reduce,
    "Min": reductions.reduce,
    "Pool2D": products.pool,
    "Pool2DGrad": products.pool_gradient,
    "Prod": reductions.reduce,
    "Reshape": arrays.view,
    "Softmax": reductions.softmax,
    "SpecifyShape": arrays.view,
    "Subtensor": arrays.view,
    "Sum": reductions.reduce,
    "ViewOp": arrays.view,
}
