"""Normalisation and dropout of Lasagne 0.2, as its documentation describes them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Any

import theano
import theano.tensor as T
from lasagne import init
from lasagne.layers import DropoutLayer as NoiseLayer
from lasagne.layers import Layer, NonlinearityLayer

from mnist_draw.theano_bridge.lasagne_names.layers import (
    BiasLayer,
    ScaleLayer,
    drawn,
    take_nonlinearity,
)
from mnist_draw.theano_bridge.random_streams import set_default_update


class BatchNormLayer(Layer):  # type: ignore[misc]
    """Batch normalisation (Ioffe and Szegedy, 2015), with running averages for later."""

    beta: Any
    gamma: Any
    mean: Any
    inv_std: Any

    def __init__(
        self,
        incoming: Any,
        axes: Any = "auto",
        epsilon: float = 1e-4,
        alpha: float = 0.1,
        beta: Any = init.Constant(0),  # noqa: B008
        gamma: Any = init.Constant(1),  # noqa: B008
        mean: Any = init.Constant(0),  # noqa: B008
        inv_std: Any = init.Constant(1),  # noqa: B008
        **named: Any,
    ) -> None:
        super().__init__(incoming, **named)
        self.epsilon = epsilon
        self.alpha = alpha
        if axes == "auto":
            axes = (0, *range(2, len(self.input_shape)))
        self.axes = (axes,) if isinstance(axes, int) else tuple(axes)
        shape = tuple(n for axis, n in enumerate(self.input_shape) if axis not in self.axes)
        if None in shape:
            raise ValueError("BatchNormLayer needs specified input sizes for other axes.")
        learned = {"beta": beta, "gamma": gamma, "mean": mean, "inv_std": inv_std}
        for name, spec in learned.items():
            tags = {
                "trainable": name in ("beta", "gamma"),
                "regularizable": name == "gamma",
                "batch_norm_stat": name in ("mean", "inv_std"),
            }
            variable = None if spec is None else self.add_param(spec, shape, name, **tags)
            setattr(self, name, variable)

    def get_output_for(
        self,
        input: Any,
        deterministic: bool = False,
        batch_norm_use_averages: bool | None = None,
        batch_norm_update_averages: bool | None = None,
        **_: Any,
    ) -> Any:
        use = deterministic if batch_norm_use_averages is None else batch_norm_use_averages
        update = batch_norm_update_averages
        update = not deterministic if update is None else update
        mean = self.mean
        inv_std = self.inv_std
        if update or not use:
            found = input.mean(self.axes), T.inv(T.sqrt(input.var(self.axes) + self.epsilon))
        if not use:
            mean, inv_std = found
        if update:
            averages = self._advance(*found)
            mean = mean + averages[0]
            inv_std = inv_std + averages[1]
        kept = iter(range(input.ndim))
        pattern = ["x" if axis in self.axes else next(kept) for axis in range(input.ndim)]
        scale = inv_std if self.gamma is None else inv_std * self.gamma
        out = (input - mean.dimshuffle(pattern)) * scale.dimshuffle(pattern)
        return out if self.beta is None else out + self.beta.dimshuffle(pattern)

    def _advance(self, *found: Any) -> list[Any]:
        """Zeros that bring the new running averages with them into every function."""
        zeros = []
        for average, new in zip((self.mean, self.inv_std), found, strict=True):
            same = theano.clone(average, share_inputs=False)
            set_default_update(same, (1 - self.alpha) * same + self.alpha * new)
            zeros.append(0 * same)
        return zeros


class StandardizationLayer(Layer):  # type: ignore[misc]
    """Gives each example a mean of 0 and a variance of 1, along some axes."""

    def __init__(
        self,
        incoming: Any,
        axes: Any = "auto",
        epsilon: float = 1e-4,
        **named: Any,
    ) -> None:
        super().__init__(incoming, **named)
        self.epsilon = epsilon
        if isinstance(axes, str):
            flat = axes == "features" or (axes == "auto" and len(self.input_shape) == 2)
            axes = range(1 if flat else 2, len(self.input_shape))
        self.axes = (axes,) if isinstance(axes, int) else tuple(axes)

    def get_output_for(self, input: Any, **_: Any) -> Any:
        mean, variance = (f(self.axes, keepdims=True) for f in (input.mean, input.var))
        return (input - mean) / T.sqrt(variance + self.epsilon)


def _normalised(layer: Any, ending: str, kind: Any, learned: Any, named: dict[str, Any]) -> Any:
    """Put layers between a layer and its nonlinearity, in place of its bias."""
    nonlinearity = take_nonlinearity(layer)
    if getattr(layer, "b", None) is not None:
        del layer.params[layer.b]
        layer.b = None
    name = named.pop("name", None) or (getattr(layer, "name", None) and f"{layer.name}_{ending}")
    layer = kind(layer, name=name, **named)
    for part, each in learned:
        layer = each(layer, name=name and f"{name}_{part}")
    if nonlinearity is None:
        return layer
    return NonlinearityLayer(layer, nonlinearity, name=name and f"{name}_nonlin")


def batch_norm(layer: Any, **named: Any) -> Any:
    """Normalise a layer before its nonlinearity, over the minibatch."""
    return _normalised(layer, "bn", BatchNormLayer, (), named)


_LEARNED = ("scale", ScaleLayer), ("bias", BiasLayer)


def instance_norm(
    layer: Any,
    learn_scale: bool = True,
    learn_bias: bool = True,
    **named: Any,
) -> Any:
    """Normalise each channel of each example (Ulyanov et al., 2016)."""
    learned = compress(_LEARNED, (learn_scale, learn_bias))
    return _normalised(layer, "in", StandardizationLayer, learned, {"axes": "spatial", **named})


def layer_norm(layer: Any, **named: Any) -> Any:
    """Normalise each example (Ba et al., 2016)."""
    return _normalised(layer, "ln", StandardizationLayer, _LEARNED, {"axes": "features", **named})


class DropoutLayer(NoiseLayer):  # type: ignore[misc]
    """Dropout of whole stretches along the shared axes."""

    def __init__(
        self,
        incoming: Any,
        p: Any = 0.5,
        rescale: bool = True,
        shared_axes: Sequence[int] = (),
        **named: Any,
    ) -> None:
        super().__init__(incoming, p, rescale, **named)
        self.shared_axes = tuple(shared_axes)

    def get_output_for(self, input: Any, deterministic: bool = False, **named: Any) -> Any:
        if deterministic or self.p == 0 or not self.shared_axes:
            return super().get_output_for(input, deterministic, **named)
        kept = T.constant(1, dtype="int8") - self.p
        mask = drawn(self._srng.binomial, input, self.shared_axes, 1, kept)
        return input * mask / kept if self.rescale else input * mask


dropout = DropoutLayer


def dropout_channels(incoming: Any, *how: Any, **named: Any) -> DropoutLayer:
    """Drop whole channels."""
    axes = range(2, len(getattr(incoming, "output_shape", incoming)))
    return DropoutLayer(incoming, *how, **{**named, "shared_axes": axes})


spatial_dropout = dropout_channels


def dropout_locations(incoming: Any, *how: Any, **named: Any) -> DropoutLayer:
    """Drop whole pixels, all their channels."""
    return DropoutLayer(incoming, *how, **{**named, "shared_axes": (1,)})
