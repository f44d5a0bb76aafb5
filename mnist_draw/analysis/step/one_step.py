"""One training step of a copy of a network, laid open number by number.

What dropout leaves out is told, so that the same step can be done again to the same numbers. Of
the minibatch's pictures the first is the one that is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw import theano_bridge
from mnist_draw.analysis.network.layer_probe import Floats, Layer, layers_of
from mnist_draw.analysis.step.accumulators import keep_filled, kept_by_run, read_filled
from mnist_draw.analysis.step.step_function import Found, StepExpressions
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.errors import UserError
from mnist_draw.library.network_data import own_data
from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFile
from mnist_draw.training.settings import TrainingSettings

#: A network with more numbers is not copied: each copy takes 100 MB, and a step keeps eight.
MAX_NUMBERS = 25_000_000
#: No minibatch here is larger: a step shall take a moment.
MAX_PICTURES = 1000
#: The rate is 0 in so many minibatches before the first step, where no run has left its
#: accumulators: with rmsprop's rho of 0.9 they then hold 1 - 0.9 ** 20 = 88 % of their mean.
#: Convolutions take ten times as long; fewer have to do: 1 - 0.9 ** 8 = 57 %, and Adam, with which
#: those that ship were trained, makes up for it by itself.
FILLING, CONVOLUTION_FILLING = 20, 8


class StoppedError(Exception):
    """Nobody waits for the step any more."""


class StepError(UserError):
    """The step of a network cannot be shown."""


@dataclass(frozen=True, eq=False)
class Minibatch:
    """What a step learns.

    Attributes
    ----------
    pictures : numpy.ndarray, float32, shape (N, 1, 28, 28)
        The picture that is looked at comes first.
    labels : numpy.ndarray, int32, shape (N,)
    masks : tuple of numpy.ndarray, float32
        For each dropout layer N rows of 1 for what stays and 0 for what is left out.
    """

    pictures: Floats = field(repr=False)
    labels: npt.NDArray[np.int32]
    masks: tuple[Floats, ...] = field(repr=False)


@dataclass(frozen=True, eq=False)
class StepFigures:
    """Everything about one step. What has no N is of the picture that is looked at.

    Attributes
    ----------
    number : int
        Steps before this one.
    minibatch : Minibatch
    losses, losses_after : numpy.ndarray, float32, shape (N,)
        Cross-entropy of each picture in nats, before and after; the same units are left out.
    z, p, p_after : numpy.ndarray, float32, shape (classes,)
        The last layer's sums; probabilities, not divided by any temperature.
    x : tuple of numpy.ndarray, float32
        What each layer with weights reads, dropout included.
    a : tuple of numpy.ndarray, float32
        What each hidden layer puts out before dropout: (units,) or (maps, height, width).
    pull_a : tuple of numpy.ndarray, float32
        By how much more each of these numbers would lower this picture's loss: minus the
        derivative of the loss.
    pull_x : numpy.ndarray, float32, shape (28, 28)
        The same for the pixels.
    delta : tuple of numpy.ndarray, float32
        The derivative of this picture's loss by what each layer with weights adds up.
    gradients : tuple of numpy.ndarray, float32
        The derivative of the minibatch's mean loss (with its L2 penalty) by each parameter.
    before, after : tuple of numpy.ndarray, float32
        The parameters.
    state_before, state_after : tuple of numpy.ndarray
        The update rule's accumulators.
    """

    number: int
    minibatch: Minibatch
    losses: Floats = field(repr=False)
    losses_after: Floats = field(repr=False)
    z: Floats
    p: Floats
    p_after: Floats
    x: tuple[Floats, ...] = field(repr=False)
    a: tuple[Floats, ...] = field(repr=False)
    pull_a: tuple[Floats, ...] = field(repr=False)
    pull_x: Floats = field(repr=False)
    delta: tuple[Floats, ...] = field(repr=False)
    gradients: tuple[Floats, ...] = field(repr=False)
    before: tuple[Floats, ...] = field(repr=False)
    after: tuple[Floats, ...] = field(repr=False)
    state_before: tuple[npt.NDArray[Any], ...] = field(repr=False)
    state_after: tuple[npt.NDArray[Any], ...] = field(repr=False)

    @property
    def label(self) -> int:
        """What the picture that is looked at is taught as."""
        return int(self.minibatch.labels[0])


def settings_of(model: ModelFile) -> TrainingSettings:
    """Return the settings that a network was trained with; the tutorial's where none are known."""
    kept = model.info.settings
    if kept is not None:
        try:
            settings = TrainingSettings.from_json(kept)
        except UserError:
            return TrainingSettings(network=model.network)
        return settings.replace(network=model.network)
    return TrainingSettings(network=model.network)


class OneStep:
    """A copy of a network that learns one minibatch, as often as it is told to.

    Compiling takes some seconds. It belongs to the thread that uses it.

    Parameters
    ----------
    model : ModelFile
        Stays as it is.
    settings : TrainingSettings, optional
        Of these: update rule, learning rate, L2, batch size. Those of the network's run if left
        out.

    Raises
    ------
    StepError
        The network is too large to be copied.
    mnist_draw.storage.ModelFileError
        The parameters do not fit the network.

    Attributes
    ----------
    layers : tuple of Layer
        Those with weights, from the picture on; the last is the answer's.
    settings : TrainingSettings
    mask_places : tuple of int
        For each dropout layer the layer with weights that comes after it.
    from_run : bool
        Whether the accumulators are those of the network's own run.
    is_wanted : callable
        Asked between two minibatches that fill accumulators: False gives up.
    filled : callable
        Told ``(done, all)`` before each of these minibatches, and after the last.
    """

    def __init__(self, model: ModelFile, settings: TrainingSettings | None = None) -> None:
        specification = parse_network(model.network)
        model.require_shapes(specification.parameter_shapes())
        count = sum(int(np.prod(shape)) for shape in specification.parameter_shapes())
        if count > MAX_NUMBERS:
            raise StepError(
                f"This network has {count:,} weights; a step is shown of networks with up to "
                f"{MAX_NUMBERS:,}, because it needs eight copies of them. Choose another network."
            )
        self.model = model
        self.settings = settings or settings_of(model)
        self.number = 0
        self.from_run = False
        with theano_bridge.fixed_shapes():
            self.network = specification.build()
        self.expressions = StepExpressions(self.network, self.settings)
        self.layers: tuple[Layer, ...] = layers_of(
            self.expressions.weighted, self.expressions.activations, model.parameters
        )
        self.mask_places = tuple(self.expressions.mask_places)
        self._start: tuple[npt.NDArray[Any], ...] | None = None
        self.function: Any = None
        self.is_wanted: Callable[[], bool] = lambda: True
        self.filled: Callable[[int, int], None] = lambda done, total: None
        self.rewind()

    def compile(self) -> None:
        """Compile the step."""
        if self.function is None:
            self.function = self.expressions.compile()

    def fill(self) -> None:
        """Let the accumulators be what they are in the middle of a run, and compile if need be.

        They are those of the network's own run, or what was kept, or filled on some minibatches.
        """
        self.compile()
        if self._start is not None:
            return
        shapes = [value.shape for value in self.state()]
        values = kept_by_run(self.model, self.settings, shapes) if shapes else ()
        self.from_run = bool(values)
        if values is None:
            values = read_filled(self.model, self.settings, shapes)
        if values is None:
            values = self._filled()
            keep_filled(self.model, self.settings, values)
        self._start = tuple(values)
        self.rewind()

    def minibatch(self, picture: Floats, label: int, seed: int = 0) -> Minibatch:
        """Return a minibatch of training pictures with a picture of one's own in front.

        Parameters
        ----------
        picture : numpy.ndarray, float32, shape (28, 28)
        label : int
            What it is taught as, from 0.
        seed : int
            The same seed chooses the same pictures, and leaves the same units out.
        """
        data = own_data(self.model) or load_dataset()
        random = np.random.default_rng([seed, 0])
        count = min(self.settings.batch_size, MAX_PICTURES, len(data.train_labels))
        rows = random.choice(len(data.train_labels), count, replace=False)
        pictures = scale(data.train_images[rows])
        labels = data.train_labels[rows].astype(np.int32)
        pictures[0, 0], labels[0] = picture, label
        return Minibatch(pictures, labels, self.masks(count, seed))

    def masks(self, count: int, seed: int = 0) -> tuple[Floats, ...]:
        """Draw what dropout leaves out of ``count`` pictures."""
        random = np.random.default_rng([seed, 1])
        return tuple(
            (random.random((count, *shape), np.float32) < retained).astype(np.float32)
            for shape, retained in self.expressions.mask_shapes
        )

    def step(self, minibatch: Minibatch) -> StepFigures:
        """Learn a minibatch once and tell everything about it."""
        self.fill()
        before, state_before = self.parameters(), self.state()
        found = self._call(minibatch, self.settings.learning_rate)
        after, state_after = self.parameters(), self.state()
        again = self._call(minibatch, 0.0)
        # Momentum moves weights at the rate 0, too.
        self._set(after, state_after)
        figures = StepFigures(
            number=self.number, minibatch=minibatch, losses=found.losses,
            losses_after=again.losses, z=found.z, p=found.p, p_after=again.p, x=found.x,
            a=found.a, pull_a=found.pull_a, pull_x=found.pull_x, delta=found.delta,
            gradients=found.gradients, before=before, after=after, state_before=state_before,
            state_after=state_after,
        )  # fmt: skip
        self.number += 1
        return figures

    def learn(self, minibatch: Minibatch, times: int) -> None:
        """Learn a minibatch so many times."""
        self.fill()
        for _ in range(times):
            self._call(minibatch, self.settings.learning_rate)
            self.number += 1

    def rewind(self) -> None:
        """Let everything be as it was before the first step."""
        self.number = 0
        state = self.state() if self._start is None else self._start
        self._set(self.model.parameters, state)

    @property
    def filling(self) -> int:
        """On how many minibatches accumulators are filled."""
        convolves = any(layer.convolves for layer in self.layers)
        return CONVOLUTION_FILLING if convolves else FILLING

    @property
    def phases(self) -> int:
        """In how many phases the step runs; 0 where that is not known."""
        return 0 if self.function is None else theano_bridge.phases_of(self.function)

    def parameters(self) -> tuple[Floats, ...]:
        """Return copies of the parameters, in Lasagne's order."""
        return tuple(np.array(v.get_value(), np.float32) for v in self.expressions.params)

    def state(self) -> tuple[npt.NDArray[Any], ...]:
        """Return copies of the update rule's accumulators."""
        return tuple(np.array(v.get_value()) for v in self.expressions.accumulators)

    # -- within

    def _set(self, parameters: Sequence[Floats], state: Sequence[npt.NDArray[Any]]) -> None:
        for variable, value in zip(self.expressions.params, parameters, strict=True):
            variable.set_value(np.asarray(value, np.float32))
        for variable, value in zip(self.expressions.accumulators, state, strict=True):
            variable.set_value(np.asarray(value))

    def _call(self, minibatch: Minibatch, rate: float) -> Found:
        self.expressions.learning_rate.set_value(np.float32(rate))
        # What is not finite is told in words, not by NumPy.
        with np.errstate(all="ignore"):
            first = np.zeros(1, np.int64)
            results = self.function(first, minibatch.pictures, minibatch.labels, *minibatch.masks)
        values = [np.array(value, np.float32) for value in results]
        found = Found(values, len(self.layers), len(minibatch.labels))
        if not np.isfinite(found.losses).all():
            self.rewind()
            raise StepError(
                "The loss of this step is no finite number: the weights are unusably large. The "
                "copy of the network is as it was before the first step."
            )
        return found

    def _filled(self) -> tuple[npt.NDArray[Any], ...]:
        """Fill the accumulators on minibatches of training pictures, learnt at the rate 0."""
        data = own_data(self.model) or load_dataset()
        count = min(self.settings.batch_size, len(data.train_labels))
        for number in range(self.filling):
            if not self.is_wanted():
                raise StoppedError
            self.filled(number, self.filling)
            random = np.random.default_rng([1, number])
            rows = random.choice(len(data.train_labels), count, replace=False)
            pictures = scale(data.train_images[rows])
            labels = data.train_labels[rows].astype(np.int32)
            self._call(Minibatch(pictures, labels, self.masks(count, number + 1)), 0.0)
        self.filled(self.filling, self.filling)
        return self.state()
