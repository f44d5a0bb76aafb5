"""What each operation of a graph becomes: kernels, a view of what is there, or nothing at all.

To carry one more operation, write its handler and add it to :data:`HANDLERS`.
"""

from __future__ import annotations

from mnist_draw.theano_bridge.native.handlers import (
    elementwise,
    matrix_product,
    pictures,
    reductions,
    rows,
    views,
)
from mnist_draw.theano_bridge.native.plan import Handler

#: Handlers by the name of the operation's class.
HANDLERS: dict[str, Handler] = {
    "AdvancedIncSubtensor": rows.scatter,
    "AdvancedSubtensor": rows.gather,
    "AdvancedSubtensor1": rows.take_rows,
    "Argmax": rows.argmax,
    "CAReduce": reductions.reduce,
    "Conv2D": pictures.forward,
    "Conv2DByFilters": pictures.by_filters,
    "Conv2DByInput": pictures.by_input,
    "DeepCopyOp": views.deep_copy,
    "DimShuffle": views.view,
    "Dot": matrix_product.dot,
    "Elemwise": elementwise.elemwise,
    "ExpandDims": views.view,
    "HashedUniform": elementwise.hashed_uniform,
    "LogSoftmax": rows.softmax,
    "Max": reductions.reduce,
    "Min": reductions.reduce,
    "Pool2D": pictures.pool,
    "Pool2DGrad": pictures.pool_gradient,
    "Prod": reductions.reduce,
    "Reshape": views.view,
    "Softmax": rows.softmax,
    "SpecifyShape": views.view,
    "Subtensor": views.view,
    "Sum": reductions.reduce,
    "ViewOp": views.view,
}
