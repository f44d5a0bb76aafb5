"""What each operation of a graph becomes: kernels, a view of what is there, or nothing at all.

To carry one more operation, write its handler and add it to :data:`HANDLERS`.
"""

from __future__ import annotations

from mnist_draw.theano_bridge.native.handlers import arrays, products, row_operations
from mnist_draw.theano_bridge.native.plan import Handler

#: Handlers by the name of the operation's class.
HANDLERS: dict[str, Handler] = {
    "AdvancedIncSubtensor": row_operations.scatter,
    "AdvancedSubtensor": row_operations.gather,
    "AdvancedSubtensor1": row_operations.take_rows,
    "Argmax": row_operations.argmax,
    "CAReduce": row_operations.reduce,
    "Conv2D": products.forward,
    "Conv2DByFilters": products.by_filters,
    "Conv2DByInput": products.by_input,
    "DeepCopyOp": arrays.deep_copy,
    "DimShuffle": arrays.view,
    "Dot": products.dot,
    "Elemwise": arrays.elemwise,
    "ExpandDims": arrays.view,
    "HashedUniform": arrays.hashed_uniform,
    "LogSoftmax": row_operations.softmax,
    "Max": row_operations.reduce,
    "Min": row_operations.reduce,
    "Pool2D": products.pool,
    "Pool2DGrad": products.pool_gradient,
    "Prod": row_operations.reduce,
    "Reshape": arrays.view,
    "Softmax": row_operations.softmax,
    "SpecifyShape": arrays.view,
    "Subtensor": arrays.view,
    "Sum": row_operations.reduce,
    "ViewOp": arrays.view,
}
