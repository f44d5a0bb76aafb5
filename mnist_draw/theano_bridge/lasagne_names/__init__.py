"""What newer programs import from Lasagne and Lasagne 0.1 lacks.

All but `dnn.py`, which answers for layers that need a graphics card, is written from the
documentation of Lasagne 0.2 and uses 0.1.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

#: Module of Lasagne -> names that it gets from ``functions.py``.
FUNCTIONS = {
    "nonlinearities": ("elu", "ScaledTanH", "ScaledTanh", "SELU", "selu", "softplus"),
    "objectives": (
        "align_targets",
        "binary_accuracy",
        "binary_crossentropy",
        "binary_hinge_loss",
        "categorical_accuracy",
        "huber_loss",
        "multiclass_hinge_loss",
        "Objective",
        "squared_error",
    ),
    "updates": ("adamax", "amsgrad"),
    "utils": ("collect_shared_vars", "inspect_kwargs", "int_types"),
}
#: Module of ``lasagne.layers`` -> names that it and its package get.
LAYERS = {
    "conv": (
        "BaseConvLayer",
        "Conv1DLayer",
        "Conv2DLayer",
        "Conv3DLayer",
        "Deconv2DLayer",
        "Deconv3DLayer",
        "DilatedConv2DLayer",
        "TransposedConv2DLayer",
        "TransposedConv3DLayer",
    ),
    "dense": ("DenseLayer",),
    "local": ("LocallyConnected2DLayer",),
    "merge": (
        "ConcatLayer",
        "ElemwiseMergeLayer",
        "ElemwiseSumLayer",
        "autocrop",
        "autocrop_array_shapes",
        "concat",
    ),
    "noise": (
        "DropoutLayer",
        "dropout",
        "dropout_channels",
        "dropout_locations",
        "spatial_dropout",
    ),
    "normalization": (
        "BatchNormLayer",
        "StandardizationLayer",
        "batch_norm",
        "instance_norm",
        "layer_norm",
    ),
    "pool": (
        "MaxPool3DLayer",
        "Pool1DLayer",
        "Pool3DLayer",
        "SpatialPyramidPoolingLayer",
        "Upscale1DLayer",
        "Upscale2DLayer",
        "Upscale3DLayer",
        "pool_2d",
        "pool_3d",
    ),
    "recurrent": ("CustomRecurrentLayer", "GRULayer", "LSTMLayer", "RecurrentLayer"),
    "shape": ("FlattenLayer", "PadLayer", "SliceLayer", "flatten", "pad"),
    "special": (
        "BiasLayer",
        "ExpressionLayer",
        "InverseLayer",
        "ParametricRectifierLayer",
        "RandomizedRectifierLayer",
        "ScaleLayer",
        "TPSTransformerLayer",
        "TransformerLayer",
        "prelu",
        "rrelu",
        "standardize",
    ),
}


def extend(lasagne: Any) -> None:
    """Add them to Lasagne 0.1."""
    functions, layers, *others = (
        import_module(f"{__name__}.{name}")
        for name in ("functions", "layers", "convolutions", "normalization")
    )
    functions.accept_expressions(lasagne.utils, lasagne.layers.Layer)
    for module, names in FUNCTIONS.items():
        for name in names:
            setattr(getattr(lasagne, module), name, getattr(functions, name))
    lasagne.layers.special = sys.modules["lasagne.layers.special"] = layers
    lasagne.layers.local = sys.modules["lasagne.layers.local"] = others[0]
    for module, names in LAYERS.items():
        home = getattr(lasagne.layers, module)
        for name in names:
            layer = next(vars(file)[name] for file in (*others, layers) if name in vars(file))
            setattr(lasagne.layers, name, layer)
            # Classes of 0.1 call themselves by their names in their modules.
            before = getattr(home, name, object)
            if before is object or before not in getattr(layer, "__mro__", ()):
                setattr(home, name, layer)
