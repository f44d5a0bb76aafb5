"""The Theano function of one training step, with everything that happens on the way.

It is the training function of `mnist_draw.training.functions` with two differences: what dropout
leaves out is an input, and what happens on the way is an output.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mnist_draw import theano_bridge
from mnist_draw.analysis.network.layer_probe import Floats, activation_of
from mnist_draw.training.functions import weighted_layers
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import find_update_rule, updates_of


class StepExpressions:
    """The expressions of a step; dropout takes its masks from outside."""

    def __init__(self, network: Any, settings: TrainingSettings) -> None:
        import lasagne
        import theano
        import theano.tensor as T

        self.settings = settings
        self.layers: list[Any] = lasagne.layers.get_all_layers(network)
        self.weighted = weighted_layers(network)
        self.activations = [activation_of(layer) for layer in self.weighted]
        self.pictures, self.targets = T.tensor4("pictures"), T.ivector("targets")
        self.masks: list[Any] = []
        self.mask_shapes: list[tuple[tuple[int, ...], float]] = []
        self.mask_places: list[int] = []
        self.sums: list[Any] = []
        self.outputs: list[Any] = []
        self.inputs: list[Any] = []
        #: What each layer puts out first, in the order of the layers.
        self.values: list[Any] = [self.pictures]
        for layer in self.layers[1:]:
            self.values.append(self._pass(layer, self.values[-1]))
        self.prediction = self.values[-1]
        self.losses = lasagne.objectives.categorical_crossentropy(self.prediction, self.targets)
        self.loss = self.losses.mean()
        self.params: list[Any] = lasagne.layers.get_all_params(network, trainable=True)
        objective = self.loss
        if settings.l2:
            penalty = lasagne.regularization.regularize_network_params(
                network, lasagne.regularization.l2
            )
            objective = objective + np.float32(settings.l2) * penalty
        between = [self.pictures, *self.outputs[:-1], *self.sums]
        found = T.grad(objective, [*self.params, *between])
        self.gradients = found[: len(self.params)]
        self._between = found[len(self.params) :]
        self.learning_rate = theano.shared(np.float32(settings.learning_rate), "learning_rate")
        rule = find_update_rule(settings.update, settings.update_parameters)
        self.updates = updates_of(
            rule, self.gradients, self.params, self.learning_rate, settings.update_parameters
        )
        self.accumulators = [variable for variable in self.updates if variable not in self.params]

    def _pass(self, layer: Any, value: Any) -> Any:
        import lasagne
        import theano.tensor as T

        if isinstance(layer, lasagne.layers.DropoutLayer) and layer.p:
            mask = T.TensorType("float32", (False,) * value.ndim)(f"mask {len(self.masks) + 1}")
            self.masks.append(mask)
            shape = tuple(int(size) for size in layer.input_shape[1:])
            self.mask_shapes.append((shape, 1.0 - float(layer.p)))
            self.mask_places.append(len(self.sums))
            layer._srng = _Given(mask)
        if layer not in self.weighted:
            return layer.get_output_for(value)
        self.inputs.append(value)
        nonlinearity = layer.nonlinearity
        layer.nonlinearity = lasagne.nonlinearities.linear
        self.sums.append(layer.get_output_for(value))
        layer.nonlinearity = nonlinearity
        self.outputs.append(nonlinearity(self.sums[-1]))
        return self.outputs[-1]

    def compile(self) -> Any:
        """Compile pictures, labels, masks → what `Found` reads; updates parameters."""
        import theano
        import theano.tensor as T

        firsts = [self.sums[-1], self.prediction, *self.inputs, *self.outputs[:-1], *self._between]
        # Rows by number, as the training function takes them: the rules that move slices through a
        # graph would leave operations behind that the native linker does not know.
        rows = T.lvector("rows")
        return theano.function(
            [rows, self.pictures, self.targets, *self.masks],
            [self.losses, *(value[rows] for value in firsts), *self.gradients],
            updates=self.updates,
            mode=theano_bridge.fast_mode(),
        )


class _Given:
    """Stands in for a dropout layer's random stream: gives the mask that comes from outside."""

    def __init__(self, mask: Any) -> None:
        self._mask = mask

    def binomial(self, *_: Any, **__: Any) -> Any:
        return self._mask


class Found:
    """The results of the compiled function by name."""

    def __init__(self, values: Sequence[Floats], layers: int, count: int) -> None:
        self._values = list(values)
        self.losses = self._values.pop(0)
        self.z, self.p = self._firsts(2)
        self.x = self._firsts(layers)
        self.a = self._firsts(layers - 1)
        # The gradient is that of the mean, in which one picture's loss counts one N-th.
        self.pull_x = -count * self._firsts(1)[0][0]
        self.pull_a = tuple(-count * value for value in self._firsts(layers - 1))
        self.delta = tuple(count * value for value in self._firsts(layers))
        self.gradients = tuple(self._values)

    def _firsts(self, number: int) -> tuple[Floats, ...]:
        """Take so many results, and of each what is of the first picture."""
        taken, self._values = self._values[:number], self._values[number:]
        return tuple(value[0] for value in taken)
