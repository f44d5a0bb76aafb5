"""What programs ask ``theano.sandbox.cuda`` and ``theano.gpuarray`` for, computed by the CPU.

There is no graphics card here and the names say so (``cuda_enabled``, ``dnn_available()``); what
programs call without asking is the CPU's operation of the same arguments.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import pytensor.tensor as pt
from pytensor.tensor.special import log_softmax, softmax
from theano.tensor import nnet

from mnist_draw.theano_bridge import abstract_conv, pooling
from mnist_draw.theano_bridge.names import tell_once
from mnist_draw.theano_bridge.random_streams import RandomStreams

tell_once("Theano's graphics card is asked for: the CPU computes instead.")

CURAND_RandomStreams = RandomStreams
cuda_available = cuda_enabled = pycuda_available = pygpu_activated = False

gpu_contiguous = gpu_from_host = host_from_gpu = as_cuda_ndarray_variable = pt.as_tensor_variable
as_gpuarray_variable = pt.as_tensor_variable


def GpuAllocEmpty(dtype: str = "float32", context_name: Any = None) -> Any:
    """Return what makes arrays whose numbers do not matter, called with their lengths."""
    return lambda *shape: pt.zeros(shape, dtype=dtype)


gpu_alloc_empty = GpuAllocEmpty()


def use(*_: Any, **__: Any) -> None:
    """Choose a device, or name it: it remains the CPU."""


infer_context_name = use


def get_context(name: Any) -> Any:
    """Raise an error: no card has the name."""
    raise ValueError(f"context name {name} not defined")


def dnn_available(*_: Any) -> bool:
    """Whether cuDNN is there: it is not."""
    return False


dnn_available.msg = "the bridge computes on the CPU"  # type: ignore[attr-defined]
dnn_present = dnn_available


def dnn_conv(
    img: Any,
    kerns: Any,
    border_mode: Any = "valid",
    subsample: Any = None,
    dilation: Any = None,
    conv_mode: str = "conv",
    **_: Any,
) -> Any:
    """Convolve images or volumes; filters are turned round where `conv_mode` is ``"conv"``."""
    axes = pt.as_tensor_variable(img).ndim - 2
    return (abstract_conv.conv2d if axes == 2 else abstract_conv.conv3d)(
        img,
        kerns,
        border_mode=border_mode,
        subsample=subsample or (1,) * axes,
        filter_dilation=dilation or (1,) * axes,
        filter_flip=conv_mode == "conv",
    )


dnn_conv3d = dnn_conv


def dnn_pool(img: Any, ws: Any, stride: Any = None, mode: str = "max", pad: Any = None) -> Any:
    """``pool_2d``, or ``pool_3d`` for windows of three lengths, without partial windows."""
    pool = pooling.pool_2d if len(ws) == 2 else pooling.pool_3d
    return pool(img, ws, ignore_border=True, stride=stride, pad=pad or (0,) * len(ws), mode=mode)


def dnn_batch_normalization_train(
    inputs: Any,
    gamma: Any,
    beta: Any,
    mode: str = "per-activation",
    *how: Any,
    **named: Any,
) -> Any:
    """``batch_normalization_train`` along the axes of `mode`."""
    return nnet.batch_normalization_train(inputs, gamma, beta, mode, *how, **named)


def GpuDnnConvDesc(
    border_mode: Any,
    subsample: Any = (1, 1),
    conv_mode: str = "conv",
    **_: Any,
) -> Any:
    """Describe a convolution; the shapes that the result is called with are not needed."""
    how = {"border_mode": border_mode, "subsample": subsample, "filter_flip": conv_mode == "conv"}
    return lambda *_: how


def GpuDnnConvGradI(**_: Any) -> Any:
    """Return a convolution's gradient by its images, called with an array of their shape."""
    return lambda kerns, top, images, how, *_: abstract_conv.conv2d_grad_wrt_inputs(
        top,
        kerns,
        tuple(images.shape),
        **how,
    )


def GpuDnnSoftmax(*_: Any, algo: str = "accurate", **__: Any) -> Any:
    """Return the softmax over channels, or its logarithm."""
    return partial(log_softmax if algo == "log" else softmax, axis=1)


class _Absent:
    def __init__(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} needs a graphics card.")


@cache
def __getattr__(name: str) -> Any:
    """Return a class that nothing is an instance of, for operations and types of the card."""
    if name.startswith(("Cuda", "Gpu", "HostFromGpu")):
        return type(name, (_Absent,), {})
    raise AttributeError(name)
