"""``lasagne.layers.dnn``, ``corrmm``, ``cuda_convnet`` without a graphics card: the CPU's layers.

These layers do not turn their filters round unless told to, and pool whole windows only, but for
those of cuda-convnet, which take the axes (channels, rows, columns, batch) if told not to shuffle.
"""

from __future__ import annotations

from functools import partialmethod
from typing import Any

import theano.tensor as T
from lasagne import layers
from lasagne.utils import as_tuple as as_tuple

from mnist_draw.theano_bridge.names import tell_once

tell_once("Lasagne's layers for a graphics card are asked for: the CPU's layers compute instead.")

for _kind in ("BatchNorm", "MaxPool2D", "MaxPool3D", "Pool2D", "Pool3D", "SpatialPyramidPooling"):
    globals()[f"{_kind}DNNLayer"] = getattr(layers, f"{_kind}Layer")
batch_norm_dnn = layers.batch_norm


def _with_defaults(kind: Any, **defaults: Any) -> Any:
    """Make a layer with other defaults."""
    members = {"__init__": partialmethod(kind.__init__, **defaults), "__doc__": kind.__doc__}
    return type(kind.__name__, (kind,), members)


Conv2DDNNLayer = Conv2DMMLayer = _with_defaults(layers.Conv2DLayer, flip_filters=False)
Conv3DDNNLayer = _with_defaults(layers.Conv3DLayer, flip_filters=False)
bc01_to_c01b = _with_defaults(layers.DimshuffleLayer, pattern=(1, 2, 3, 0))
c01b_to_bc01 = _with_defaults(layers.DimshuffleLayer, pattern=(3, 0, 1, 2))
ShuffleBC01ToC01BLayer = bc01_to_c01b
ShuffleC01BToBC01Layer = c01b_to_bc01


def _of_cuda_convnet(kind: Any) -> Any:
    """Make a layer that takes images, and gives them, with the batch as the last axis if told."""

    class Turning(kind):  # type: ignore[misc]
        def __init__(
            self,
            incoming: Any,
            *arguments: Any,
            dimshuffle: bool = True,
            partial_sum: Any = 1,
            **named: Any,
        ) -> None:
            shape = getattr(incoming, "output_shape", incoming)
            self.partial_sum = partial_sum
            self._turns_filters = not dimshuffle
            # Made for the order of the CPU's layers, but for the filters.
            self.dimshuffle = True
            usual = incoming if dimshuffle else (shape[3], *shape[:3])
            super().__init__(usual, *arguments, **named)
            self.dimshuffle = dimshuffle
            self.input_shape = shape
            self.input_layer = None if incoming is shape else incoming

        def get_W_shape(self) -> Any:
            shape = super().get_W_shape()
            return (*shape[1:], shape[0]) if self._turns_filters else shape

        def filters(self) -> Any:
            return self.W.dimshuffle(3, 0, 1, 2) if self._turns_filters else self.W

        def get_output_shape_for(self, input_shape: Any) -> Any:
            if self.dimshuffle:
                return super().get_output_shape_for(input_shape)
            shape = super().get_output_shape_for((input_shape[3], *input_shape[:3]))
            return (*shape[1:], shape[0])

        def get_output_for(self, input: Any, **named: Any) -> Any:
            if self.dimshuffle:
                return super().get_output_for(input, **named)
            images = T.as_tensor_variable(input).dimshuffle(3, 0, 1, 2)
            return super().get_output_for(images, **named).dimshuffle(1, 2, 3, 0)

    return Turning


Conv2DCCLayer = _of_cuda_convnet(Conv2DDNNLayer)
MaxPool2DCCLayer = _with_defaults(_of_cuda_convnet(layers.MaxPool2DLayer), ignore_border=False)
