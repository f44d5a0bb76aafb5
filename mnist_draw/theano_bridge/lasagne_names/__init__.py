"""What newer programs import from Lasagne and Lasagne 0.1 lacks.

`layers.py`, `convolutions.py` and `functions.py` are written from the documentation of Lasagne 0.2
and use 0.1; `dnn.py` answers for layers that need a graphics card.
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
#: Module of ``lasagne.layers`` -> names that it and its package get.
LAYERS = {
    "conv": ("Conv2DLayer", "Deconv2DLayer", "DilatedConv2DLayer", "TransposedConv2DLayer"),
    "dense": ("DenseLayer",),
    "merge": ("ConcatLayer", "ElemwiseMergeLayer", "ElemwiseSumLayer", "autocrop",
              "autocrop_array_shapes", "concat"),
    "normalization": ("BatchNormLayer", "batch_norm"),
    "pool": ("Upscale1DLayer", "Upscale2DLayer", "Upscale3DLayer"),
    "recurrent": ("CustomRecurrentLayer", "GRULayer", "LSTMLayer", "RecurrentLayer"),
    "special": ("BiasLayer", "ExpressionLayer", "InverseLayer", "ParametricRectifierLayer",
                "ScaleLayer", "TransformerLayer", "prelu"),
}  # fmt: skip


def extend(lasagne: Any) -> None:
    """Add them to Lasagne 0.1."""
    functions, convolutions, layers = (
        import_module(f"{__name__}.{name}") for name in ("functions", "convolutions", "layers")
    )
    functions.accept_expressions(lasagne.utils, lasagne.layers.Layer)
    for module, names in FUNCTIONS.items():
        for name in names:
            setattr(getattr(lasagne, module), name, getattr(functions, name))
    lasagne.layers.special = sys.modules["lasagne.layers.special"] = layers
    for module, names in LAYERS.items():
        home = getattr(lasagne.layers, module)
        for name in names:
            layer = getattr(convolutions if module == "conv" else layers, name)
            setattr(lasagne.layers, name, layer)
            # Classes of 0.1 call themselves by their names in their modules.
            if not hasattr(home, name):
                setattr(home, name, layer)
