"""The compiled Theano functions: train, validate and predict, as in the tutorial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_draw import theano_bridge
from mnist_draw.arrays import Array, Floats, Integers
from mnist_draw.dataset.mnist import GRAY_LEVELS
from mnist_draw.i18n import N_, _, pgettext
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES, updates_of

Probabilities = Floats
#: pictures, labels → mean loss, share of right answers, answers
Step = Callable[[Array, Array], tuple[Any, Any, Any]]
#: pictures, labels, which of them → mean loss, share of right answers
ChoosingStep = Callable[[Array, Array, Integers], tuple[Any, Any]]


@dataclass
class TrainingFunctions:
    """What trains one network.

    `train` learns the minibatch that it is told to choose from pictures and labels (int64 rows),
    and returns its mean cross-entropy in nats and its share of right answers, both with dropout and
    before the update; the graph gathers the rows on all cores. `learning_rate` and `l2` are shared
    scalars that may be set between batches. `state` are all shared variables that a batch changes
    beside the parameters: the update rule's accumulators first, then the random states.
    """

    train: ChoosingStep
    learning_rate: Any
    l2: Any
    state: list[Any]


def compile_predict(network: Any) -> Callable[[Floats], Probabilities]:
    """Compile float32 (N, 1, 28, 28) → probabilities, float32 (N, classes), without dropout.

    Takes a fraction of a second; the function belongs to one thread.
    """
    import lasagne
    import theano
    import theano.tensor as T

    input_var = T.tensor4("pictures")
    test_prediction = lasagne.layers.get_output(network, input_var, deterministic=True)
    return theano.function(
        [input_var],
        test_prediction,
        mode=mode_for(network),
    )


def weighted_layers(network: Any) -> list[Any]:
    """Return the layers with weights that lead to an output layer, from the picture on."""
    import lasagne

    kinds = (lasagne.layers.DenseLayer, lasagne.layers.Conv2DLayer)
    return [layer for layer in lasagne.layers.get_all_layers(network) if isinstance(layer, kinds)]


def layer_names(parameters: Sequence[Array]) -> tuple[str, ...]:
    """Name the layers that have weights: convolutions, hidden layers, the output."""
    weights = [value for value in parameters if value.ndim > 1]
    convolutions = sum(value.ndim == 4 for value in weights)
    names = [f"convolution {number}" for number in range(1, convolutions + 1)]
    names += [f"hidden {number}" for number in range(1, len(weights) - convolutions)]
    return (*names, "output")


_NUMBERED = {"convolution": N_("convolution {number}"), "hidden": N_("hidden {number}")}
_LABELS = {
    "output": pgettext("a layer", "output"),
    "pixels": pgettext("a layer", "pixels"),
    "answer": pgettext("a layer", "answer"),
}


def layer_label(name: str) -> str:
    """Return a layer's name, from `layer_names`, ``"pixels"`` or ``"answer"``, as it is shown."""
    kind, __, number = name.partition(" ")
    return _(_NUMBERED[kind], number=number) if kind in _NUMBERED else _LABELS[kind]


def mode_for(network: Any) -> Any:
    """Return the mode that is ready soonest for a network and a few pictures."""
    import lasagne

    # Theano's own linker without a compiler neither convolves nor pools.
    kinds = (lasagne.layers.Conv2DLayer, lasagne.layers.Pool2DLayer)
    layers = lasagne.layers.get_all_layers(network)
    compiled = any(isinstance(layer, kinds) for layer in layers)
    return theano_bridge.fast_mode() if compiled else theano_bridge.quick_mode()


def compile_train(
    network: Any,
    settings: TrainingSettings,
    picture_dtype: str = "uint8",
) -> TrainingFunctions:
    """Build and compile the training function; `compile_evaluate` adds the other.

    The steps are the tutorial's. Three things are added: the minibatch's rows are gathered from
    pictures and labels; pictures may be bytes (``picture_dtype`` ``"uint8"``, else ``"float32"``,
    which is scaled already), which the graph scales; and the loss that is minimised has an L2
    penalty on the weights, whose weight is a shared scalar (0 by default).
    """
    import lasagne
    import theano
    import theano.tensor as T

    pictures = _pictures(picture_dtype)
    rows = T.lvector("rows")
    labels = T.ivector("labels")
    input_var = _scaled(pictures[rows])
    target_var = labels[rows]
    learning_rate = _scalar("learning_rate", settings.learning_rate)
    l2 = _scalar("l2", settings.l2)

    prediction = lasagne.layers.get_output(network, input_var)
    loss = lasagne.objectives.categorical_crossentropy(prediction, target_var).mean()
    accuracy = _share_of_right_answers(prediction, target_var)
    penalty = lasagne.regularization.regularize_network_params(network, lasagne.regularization.l2)
    params = lasagne.layers.get_all_params(network, trainable=True)
    rule = UPDATE_RULES[settings.update]
    updates = updates_of(
        rule,
        loss + l2 * penalty,
        params,
        learning_rate,
        settings.update_parameters,
    )
    step = theano.function(
        [pictures, labels, rows],
        [loss, accuracy],
        updates=updates,
        mode=theano_bridge.fast_mode(),
    )
    # The loop hands over what the graph takes. To check that costs a hundredth of a step.
    step.trust_input = True
    accumulators = [variable for variable in updates if variable not in params]
    return TrainingFunctions(step, learning_rate, l2, accumulators + _random_states(network))


def compile_evaluate(network: Any, picture_dtype: str = "uint8") -> Step:
    """Compile the function that validates and tests; parameters as for `compile_train`.

    It returns the mean loss, the share of right answers and the answers, int64 (N,).
    """
    import lasagne
    import theano
    import theano.tensor as T

    pictures = _pictures(picture_dtype)
    target_var = T.ivector("targets")
    test_prediction = lasagne.layers.get_output(network, _scaled(pictures), deterministic=True)
    test_loss = lasagne.objectives.categorical_crossentropy(test_prediction, target_var).mean()
    test_accuracy = _share_of_right_answers(test_prediction, target_var)
    return theano.function(
        [pictures, target_var],
        [test_loss, test_accuracy, T.argmax(test_prediction, axis=1)],
        mode=theano_bridge.fast_mode(),
    )


def _pictures(dtype: str) -> Any:
    """Return the variable of pictures, whose sizes are not known when it is compiled."""
    import theano.tensor as T

    return T.TensorType(dtype, (False,) * 4)("pictures")


def _scaled(pictures: Any) -> Any:
    """Return what the network takes: bytes become 0 to 255/256."""
    import theano.tensor as T

    if pictures.dtype == "uint8":
        return T.cast(pictures, "float32") * np.float32(1 / GRAY_LEVELS)
    return pictures


def _share_of_right_answers(prediction: Any, target_var: Any) -> Any:
    import theano.tensor as T

    return T.mean(T.eq(T.argmax(prediction, axis=1), target_var), dtype="float32")


def _scalar(name: str, value: float) -> Any:
    import theano

    return theano.shared(np.array(value, dtype=np.float32), name=name)


def _random_states(network: Any) -> list[Any]:
    """Find the states of the random streams that the network's layers draw from."""
    import lasagne

    states = []
    for layer in lasagne.layers.get_all_layers(network):
        stream = getattr(layer, "_srng", None)
        if stream is not None:
            # Every compilation adds a draw of its own to the stream; the last is this one's.
            states += [update[0] for update in stream.state_updates[-1:]]
    return states
