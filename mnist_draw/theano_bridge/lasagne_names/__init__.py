"""What newer programs import from Lasagne and Lasagne 0.1 lacks.

`layers.py` and `functions.py` are written from the documentation of Lasagne 0.2 and use 0.1;
`dnn.py` answers for layers that need a graphics card.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

#: Module of Lasagne -> names that it gets from ``functions.py``.
FUNCTIONS = {
    "nonlinearities": ("elu", "SELU", "selu", "softplus"),
    "objectives": ("binary_accuracy", "categorical_accuracy", "huber_loss"),
    "updates": ("amsgrad",),
}  # fmt: skip
LAYERS = (
    "BatchNormLayer", "BiasLayer", "ConcatLayer", "Conv2DLayer", "CustomRecurrentLayer",
    "Deconv2DLayer", "DenseLayer", "DilatedConv2DLayer", "ElemwiseMergeLayer",
    "ElemwiseSumLayer", "ExpressionLayer", "GRULayer", "InverseLayer", "LSTMLayer",
    "ParametricRectifierLayer", "RecurrentLayer", "ScaleLayer", "TransformerLayer",
    "TransposedConv2DLayer", "Upscale1DLayer", "Upscale2DLayer", "Upscale3DLayer", "autocrop",
    "autocrop_array_shapes", "batch_norm", "concat", "prelu",
)  # fmt: skip


def extend(lasagne: Any) -> None:
    """Add them to Lasagne 0.1."""
    functions, layers = (import_module(f"{__name__}.{name}") for name in ("functions", "layers"))
    for module, names in FUNCTIONS.items():
        for name in names:
            setattr(getattr(lasagne, module), name, getattr(functions, name))
    for name in LAYERS:
        setattr(lasagne.layers, name, getattr(layers, name))
    lasagne.layers.normalization.BatchNormLayer = layers.BatchNormLayer
    lasagne.layers.normalization.batch_norm = layers.batch_norm
    lasagne.layers.special = sys.modules["lasagne.layers.special"] = layers
