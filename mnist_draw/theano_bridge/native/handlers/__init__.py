"""What each operation of a graph becomes: kernels, a view of what is there, or nothing at all.

To carry one more operation, write its handler and add it to :data:`HANDLERS`.
"""

from __future__ import annotations

from mnist_draw.theano_bridge.native.handlers import arrays, products, row_operations
from mnist_draw.theano_bridge.native.plan import Handler

#: Handlers by the name of the operation's class.
HANDLERS: dict[str, Handler] = {
    # What checks values is interpreted, unless they are known with the shapes.
    **dict.fromkeys(arrays.VIEWS - {"Assert", "CheckAndRaise"}, arrays.view),
    **dict.fromkeys(("CAReduce", "Max", "Min", "Prod", "Sum"), row_operations.reduce),
    "AdvancedIncSubtensor": row_operations.scatter,
    "AdvancedSubtensor": row_operations.gather,
    "AdvancedSubtensor1": row_operations.take_rows,
    "Argmax": row_operations.argmax,
    "Conv2D": products.forward,
    "Conv2DByFilters": products.by_filters,
    "Conv2DByInput": products.by_input,
    "DeepCopyOp": arrays.deep_copy,
    "Dot": products.dot,
    "Elemwise": arrays.elemwise,
    "HashedUniform": arrays.hashed_uniform,
    "LogSoftmax": row_operations.softmax,
    **dict.fromkeys(("Pool2D", "Pool2DGrad"), products.pool),
    "Softmax": row_operations.softmax,
}
