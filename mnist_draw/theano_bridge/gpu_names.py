"""What programs ask ``theano.sandbox.cuda`` and ``theano.gpuarray`` for, computed by the CPU.

There is no graphics card here and the names say so (``cuda_enabled``, ``dnn_available()``); what
programs call without asking is the CPU's operation of the same arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytensor.tensor as pt

from mnist_draw.theano_bridge import abstract_conv, pooling
from mnist_draw.theano_bridge.names import tell_once
from mnist_draw.theano_bridge.random_streams import RandomStreams as CURAND_RandomStreams

__all__ = [
    "CURAND_RandomStreams", "CudaNdarraySharedVariable", "GpuCorrMM", "as_cuda_ndarray_variable",
    "cuda_available", "cuda_enabled", "dnn_available", "dnn_conv", "dnn_conv3d", "dnn_pool",
    "dnn_present", "gpu_contiguous", "gpu_from_host", "host_from_gpu", "pygpu_activated", "use",
]  # fmt: skip

tell_once("Theano's graphics card is asked for: the CPU computes instead.")

cuda_available = cuda_enabled = pygpu_activated = False

gpu_contiguous = gpu_from_host = host_from_gpu = as_cuda_ndarray_variable = pt.as_tensor_variable


class CudaNdarraySharedVariable:
    """A variable on a graphics card: no variable is one."""


def use(*_: Any, **__: Any) -> None:
    """Choose a device: it remains the CPU."""


def dnn_available(*_: Any) -> bool:
    """Whether cuDNN is there: it is not."""
    return False


dnn_available.msg = "the bridge computes on the CPU"  # type: ignore[attr-defined]
dnn_present = dnn_available


def dnn_conv(
    img: Any,
    kerns: Any,
    border_mode: Any = "valid",
    subsample: Sequence[int] = (1, 1),
    dilation: Sequence[int] = (1, 1),
    conv_mode: str = "conv",
    *_: Any,
    num_groups: int = 1,
    **__: Any,
) -> Any:
    """``conv2d``, with filters turned round where `conv_mode` is ``"conv"``."""
    return abstract_conv.conv2d(
        img, kerns, border_mode=border_mode, subsample=subsample, filter_dilation=dilation,
        filter_flip=conv_mode == "conv", num_groups=num_groups,
    )  # fmt: skip


def dnn_conv3d(
    img: Any,
    kerns: Any,
    border_mode: Any = "valid",
    subsample: Sequence[int] = (1, 1, 1),
    dilation: Sequence[int] = (1, 1, 1),
    conv_mode: str = "conv",
    *_: Any,
    **__: Any,
) -> Any:
    """``conv3d``, with filters turned round where `conv_mode` is ``"conv"``."""
    return abstract_conv.conv3d(
        img, kerns, border_mode=border_mode, subsample=subsample, filter_dilation=dilation,
        filter_flip=conv_mode == "conv",
    )  # fmt: skip


def dnn_pool(
    img: Any,
    ws: Sequence[int],
    stride: Sequence[int] | None = None,
    mode: str = "max",
    pad: Sequence[int] | None = None,
) -> Any:
    """``pool_2d``, or ``pool_3d`` for windows of three lengths, without partial windows."""
    pool = pooling.pool_2d if len(ws) == 2 else pooling.pool_3d
    pad = (0,) * len(ws) if pad is None else pad
    return pool(img, ws, ignore_border=True, stride=stride, pad=pad, mode=mode)


class GpuCorrMM:
    """Correlation with its options, called with images and filters."""

    def __init__(
        self,
        border_mode: Any = "valid",
        subsample: Sequence[int] = (1, 1),
        filter_dilation: Sequence[int] = (1, 1),
        **_: Any,
    ) -> None:
        self._how = (border_mode, subsample, filter_dilation)

    def __call__(self, img: Any, kern: Any) -> Any:
        return dnn_conv(img, kern, *self._how, conv_mode="cross")
