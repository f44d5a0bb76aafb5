"""``lasagne.layers.dnn``, ``corrmm``, ``cuda_convnet`` without a graphics card: the CPU's layers.

These layers do not turn their filters round unless told to, and pool whole windows only.
"""

from __future__ import annotations

from typing import Any

from lasagne import layers
from lasagne.utils import as_tuple as as_tuple

from mnist_draw.theano_bridge.names import tell_once

tell_once("Lasagne's layers for a graphics card are asked for: the CPU's layers compute instead.")

#: Layer for cuDNN -> the CPU's, where Lasagne has it.
_SAME = {
    **{f"{kind}DNNLayer": f"{kind}Layer" for kind in (
        "BatchNorm", "MaxPool2D", "MaxPool3D", "Pool2D", "Pool3D", "SpatialPyramidPooling",
    )},
    "MaxPool2DCCLayer": "MaxPool2DLayer", "batch_norm_dnn": "batch_norm",
}  # fmt: skip
for _name, _layer in _SAME.items():
    if hasattr(layers, _layer):
        globals()[_name] = getattr(layers, _layer)


def _correlating(layer: Any) -> Any:
    """Make a layer that does not turn its filters round unless told to."""

    class Correlating(layer):  # type: ignore[misc]
        def __init__(
            self, *arguments: Any, flip_filters: bool = False, dimshuffle: bool = True,
            partial_sum: Any = None, **named: Any,
        ) -> None:  # fmt: skip
            if not dimshuffle:
                raise NotImplementedError("Images are (batch, channels, rows, columns) here.")
            super().__init__(*arguments, flip_filters=flip_filters, **named)

    return Correlating


Conv2DCCLayer = Conv2DDNNLayer = Conv2DMMLayer = _correlating(layers.Conv2DLayer)
Conv3DDNNLayer = _correlating(layers.Conv3DLayer)
