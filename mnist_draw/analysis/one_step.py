"""One training step of a copy of a network, with every number on the way.

NumPy computes what the network makes of a minibatch, at once. The Theano function is the training
function of `mnist_draw.training.functions` with two differences: dropout masks are inputs, so that
a step can be repeated to the same numbers, and gradients are outputs. The first picture of the
minibatch is the one that is followed.

A network's file does not hold the accumulators of its update rule; a step with empty ones would
be many times too large. They are those of the network's own run where its checkpoint is still
there. Else those that are means are filled on some minibatches that are learned at the rate 0, and
cached; a velocity would stay 0, and a sum would be too small.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw import theano_bridge
from mnist_draw.analysis import network_probe
from mnist_draw.analysis.network_probe import ForwardPass, NetworkProbe
from mnist_draw.arrays import Array, Floats
from mnist_draw.dataset.mnist import Dataset, load_dataset, scale
from mnist_draw.errors import UserError
from mnist_draw.i18n import number
from mnist_draw.library.network_data import own_data
from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFile, ModelFileError
from mnist_draw.storage.cache import read, save
from mnist_draw.training.checkpoint import load_checkpoint
from mnist_draw.training.run_list import list_runs
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES, updates_of

#: A network with more numbers is not copied: each copy takes 100 MB, and a step keeps eight.
MAX_NUMBERS = 25_000_000
#: No minibatch here is larger: a step shall take a moment.
MAX_PICTURES = 1000
#: The rate is 0 in so many minibatches before the first step, where no run has left its
#: accumulators: with rmsprop's rho of 0.9 they then hold 1 - 0.9 ** 20 = 88% of their mean.
#: Convolutions take ten times as long; fewer have to do: 1 - 0.9 ** 8 = 57%, and Adam, with which
#: those that ship were trained, makes up for it by itself.
FILLING = 20
CONVOLUTION_FILLING = 8
#: Pictures that NumPy computes at a time: of 64, convolutions take 50 MB of fresh memory, and the
#: system as long to give it as the convolutions themselves.
_TOGETHER = 16


class StepError(UserError):
    """The step of a network cannot be shown."""


@dataclass(frozen=True, eq=False, repr=False)
class Mine:
    """A drawing that is learned in place of the first picture of each minibatch."""

    #: float32 (28, 28).
    picture: Floats
    label: int


@dataclass(frozen=True, eq=False, repr=False)
class Minibatch:
    """What a step learns from: N pictures, the followed one first."""

    #: float32 (N, 1, 28, 28).
    pictures: Floats
    #: int32 (N,).
    labels: npt.NDArray[np.int32]
    #: For each dropout layer float32, N rows: 1 for what stays, 0 for what is left out.
    masks: tuple[Floats, ...]

    def beginning_with(self, place: int) -> Minibatch:
        """Return the same pictures, one of them brought to the front."""
        order = np.roll(np.arange(len(self.labels)), -place)
        masks = tuple(mask[order] for mask in self.masks)
        return Minibatch(self.pictures[order], self.labels[order], masks)


@dataclass(frozen=True, eq=False, repr=False)
class StepFigures:
    """The numbers of a step, float32; what has no N is of the followed picture."""

    #: Steps before this one.
    number: int
    minibatch: Minibatch
    #: The parameters.
    before: tuple[Floats, ...]
    #: (N,), cross-entropy of each picture in nats.
    losses: Floats
    #: (classes,): the last layer's sums; probabilities, not divided by any temperature.
    z: Floats
    p: Floats
    #: Inputs of each layer with weights, dropout included.
    x: tuple[Floats, ...]
    #: Outputs of each hidden layer before dropout: (units,) or (maps, height, width).
    a: tuple[Floats, ...]
    #: The derivative of the followed picture's loss by the last sums, (classes,), by the pixels,
    #: (28, 28), and by `a`.
    error: Floats
    gradient_x: Floats
    gradient_a: tuple[Floats, ...]
    #: The derivative of the minibatch's mean loss (with its L2 penalty) by each parameter.
    gradients: tuple[Floats, ...]
    #: Losses and probabilities after the step, with the same masks.
    losses_after: Floats
    p_after: Floats
    after: tuple[Floats, ...]
    #: The update rule's accumulators.
    state_before: tuple[Array, ...]
    state_after: tuple[Array, ...]

    @property
    def label(self) -> int:
        return int(self.minibatch.labels[0])


def settings_of(model: ModelFile) -> TrainingSettings | None:
    """Return the settings that a network was trained with; None where they are not known."""
    if not model.info.settings:
        return None
    with contextlib.suppress(UserError):
        return TrainingSettings.from_json(model.info.settings).replace(network=model.network)
    return None


class OneStep:
    """A copy of a network that learns minibatches.

    Compiling takes a moment. It belongs to the thread that uses it. Of ``settings`` it takes
    update rule, learning rate, L2 and batch size; without, those of the network's run, or, where
    these are not known, the tutorial's.
    """

    def __init__(self, model: ModelFile, settings: TrainingSettings | None = None) -> None:
        specification = parse_network(model.network)
        model.require_shapes(specification.parameter_shapes())
        count = sum(int(np.prod(shape)) for shape in specification.parameter_shapes())
        if count > MAX_NUMBERS:
            raise StepError(
                "This network has {count} weights. A step can be shown for networks with "
                "up to {most}, because it needs eight copies of the weights. Choose "
                "another network.",
                count=number(count),
                most=number(MAX_NUMBERS),
            )
        #: Whether a step can be explained: its stages know no batch normalization.
        self.can_be_explained = not any(
            getattr(layer, "normalized", False) for layer in specification.layers
        )
        self.model = model
        known = settings or settings_of(model)
        #: Whether the update rule is that of the network's training; else it is the tutorial's.
        self.is_rule_known = known is not None
        self.settings = known or TrainingSettings(network=model.network)
        #: Whether the memory of `fill` is that of the network's own run.
        self.from_run = False
        #: A picture that each minibatch contains, and its label.
        self.mine: Mine | None = None
        with theano_bridge.fixed_shapes():
            self.network = specification.build()
        self.layers = network_probe.describe_layers(model)
        self._dropouts = _dropouts_of(self.network)
        #: For each dropout layer, by the next layer with weights, the share that it lets through.
        self.retained = {place: layer.retain for place, layer in self._dropouts.items()}

    @cached_property
    def expressions(self) -> StepExpressions:
        """The expressions of a step, with the network's weights: a film begins without them."""
        made = StepExpressions(self.network, self.settings, self._dropouts)
        for variable, value in zip(made.params, self.model.parameters, strict=True):
            variable.set_value(np.asarray(value, variable.dtype))
        return made

    @cached_property
    def data(self) -> Dataset:
        data = own_data(self.model) or load_dataset()
        return data.first(self.settings.training_examples or len(data.train_labels))

    @property
    def batch_size(self) -> int:
        """How many pictures a step learns: no more than there are."""
        return min(self.settings.batch_size, MAX_PICTURES, len(self.data.train_labels))

    def minibatch(self, number: int) -> Minibatch:
        """Return what is learned after ``number`` steps: each picture once in an epoch."""
        size = self.batch_size
        epoch, place = divmod(number, len(self.data.train_labels) // size)
        order = np.random.default_rng([epoch, 0]).permutation(len(self.data.train_labels))
        rows = order[place * size : (place + 1) * size]
        random = np.random.default_rng([number, 1])
        masks = tuple(
            (random.random((size, *layer.shape), np.float32) < layer.retain).astype(np.float32)
            for layer in self._dropouts.values()
        )
        labels = self.data.train_labels[rows].astype(np.int32)
        pictures = scale(self.data.train_images[rows])
        if self.mine is not None:
            pictures[0, 0] = self.mine.picture
            labels[0] = self.mine.label
        return Minibatch(pictures, labels, masks)

    def put(self, parameters: Sequence[Floats], state: Sequence[Array]) -> None:
        """Let the parameters and what the update rule remembers be these; () is no memory."""
        state = state or [np.zeros_like(v.get_value()) for v in self.expressions.accumulators]
        variables = (*self.expressions.params, *self.expressions.accumulators)
        for variable, value in zip(variables, (*parameters, *state), strict=True):
            variable.set_value(np.asarray(value, variable.dtype))

    def parameters(self) -> tuple[Floats, ...]:
        """Return copies of the parameters, in Lasagne's order."""
        return tuple(np.array(v.get_value(), np.float32) for v in self.expressions.params)

    def state(self) -> tuple[Array, ...]:
        """Return copies of the update rule's accumulators."""
        return tuple(np.array(v.get_value()) for v in self.expressions.accumulators)

    def learn(self, minibatch: Minibatch, rate: float | None = None) -> tuple[Floats, ...]:
        """Learn a minibatch; return the gradients by all that is learned."""
        rate = self.settings.learning_rate if rate is None else rate
        self.expressions.learning_rate.set_value(np.float32(rate))
        # What is not finite is said in words, not by NumPy.
        with np.errstate(all="ignore"):
            return tuple(self._learn(minibatch.pictures, minibatch.labels, *minibatch.masks))

    def step(self, minibatch: Minibatch, number: int = 0) -> StepFigures:
        """Learn a minibatch once and return everything about it."""
        before = self.parameters()
        state_before = self.state()
        probe, passed, losses = self._forward(minibatch, before)
        x, a = (tuple(value[0] for value in values) for values in (passed.x, passed.a))
        learned = self.learn(minibatch)
        after = self.parameters()
        _probe, passed_after, losses_after = self._forward(minibatch, after)
        error = passed.p[:1] - np.eye(passed.p.shape[1], dtype=np.float32)[minibatch.labels[:1]]
        kept = self._kept(minibatch, slice(1))
        by_first, *by_outputs = probe.gradients(passed, len(x) - 1, error, masks=kept)
        return StepFigures(
            number,
            minibatch,
            before,
            losses,
            passed.logits[0],
            passed.p[0],
            x,
            a,
            error[0],
            probe.by_pixels(by_first, minibatch.pictures[0, 0]),
            tuple(value[0] for value in by_outputs),
            tuple(np.array(value, np.float32) for value in learned),
            losses_after,
            passed_after.p[0],
            after,
            state_before,
            self.state(),
        )

    @property
    def can_be_filled(self) -> bool:
        """Whether all that the update rule remembers are means: a sum or velocity is a history."""
        return all(UPDATE_RULES[self.settings.update].accumulators.values())

    @property
    def filling(self) -> int:
        """How many minibatches fill the memory."""
        convolves = any(layer.convolves for layer in self.layers)
        return CONVOLUTION_FILLING if convolves else FILLING

    def fill(self) -> tuple[Array, ...] | None:
        """Return what the update rule remembers at the end of the run; None if that is lost."""
        settings = self.settings
        shapes = [variable.get_value().shape for variable in self.expressions.accumulators]
        values = read_from_run(self.model, settings, shapes) if shapes else ()
        self.from_run = values is not None
        if values is not None or not self.can_be_filled:
            return values
        chosen = settings.update, settings.update_parameters, settings.batch_size, settings.l2
        key = f"{self.model.fingerprint} {chosen}"
        cached = read(_KIND, _VERSION, key) or {}
        known = tuple(cached[name] for name in sorted(cached))
        if _fit(known, shapes):
            return known
        self.put(self.model.parameters, ())
        for step in range(self.filling):
            self.learn(self.minibatch(step), 0.0)
        found = self.state()
        arrays = {f"value_{number:03d}": value for number, value in enumerate(found)}
        save(_KIND, _VERSION, key, arrays)
        return found

    @cached_property
    def _learn(self) -> Any:
        return self.expressions.compile()

    def _forward(
        self,
        minibatch: Minibatch,
        parameters: Sequence[Floats],
    ) -> tuple[NetworkProbe, ForwardPass, Floats]:
        """Return a probe of parameters, the first pictures' numbers, and all losses."""
        losses: list[Floats] = []
        passes: list[ForwardPass] = []
        try:
            probe = NetworkProbe(ModelFile(self.model.network, tuple(parameters)))
            for start in range(0, len(minibatch.labels), _TOGETHER):
                some = slice(start, start + _TOGETHER)
                kept = self._kept(minibatch, some)
                passed = probe.run(minibatch.pictures[some], masks=kept)
                losses.append(network_probe.cross_entropies(passed.logits, minibatch.labels[some]))
                passes = passes or [passed]
        except ModelFileError as error:
            raise StepError(
                "The loss of this step is not finite: the weights are far too large. Choose "
                "a smaller learning rate.",
            ) from error
        return probe, passes[0], np.concatenate(losses)

    def _kept(self, minibatch: Minibatch, some: slice) -> dict[int, Floats]:
        """Return what dropout multiplies the input of each layer by."""
        masks = zip(self.retained.items(), minibatch.masks, strict=True)
        return {place: mask[some] / np.float32(part) for (place, part), mask in masks}


@dataclass(frozen=True, eq=False, repr=False)
class _Dropout:
    layer: Any
    #: The shape of its input, without the pictures.
    shape: tuple[int, ...]
    #: The share that it lets through.
    retain: float


def _dropouts_of(network: Any) -> dict[int, _Dropout]:
    """Return the dropout layers, each by the place of the next layer with weights."""
    import lasagne

    found = {}
    place = 0
    for layer in lasagne.layers.get_all_layers(network):
        place += hasattr(layer, "W")
        if isinstance(layer, lasagne.layers.DropoutLayer) and layer.p:
            shape = tuple(int(size) for size in layer.input_shape[1:])
            found[place] = _Dropout(layer, shape, 1.0 - float(layer.p))
    return found


class StepExpressions:
    """The expressions of a step; dropout takes its masks from outside."""

    def __init__(
        self,
        network: Any,
        settings: TrainingSettings,
        dropouts: dict[int, _Dropout],
    ) -> None:
        import lasagne
        import theano
        import theano.tensor as T

        self.pictures = T.tensor4("pictures")
        self.targets = T.ivector("targets")
        self.masks: list[Any] = []
        for place, dropout in enumerate(dropouts.values(), 1):
            kind = T.TensorType("float32", (False,) * (1 + len(dropout.shape)))
            mask = kind(f"mask {place}")
            self.masks.append(mask)
            # In place of the layer's random stream.
            dropout.layer._srng = SimpleNamespace(binomial=lambda *_, given=mask, **__: given)
        chain = network_probe.Chain(network, self.pictures, False)
        losses = lasagne.objectives.categorical_crossentropy(chain.outputs[-1], self.targets)
        self.loss = losses.mean()
        #: All parameters, the averages of batch normalization among them.
        self.params: list[Any] = lasagne.layers.get_all_params(network)
        learned = lasagne.layers.get_all_params(network, trainable=True)
        objective = self.loss
        if settings.l2:
            penalty = lasagne.regularization.regularize_network_params(
                network,
                lasagne.regularization.l2,
            )
            objective = objective + np.float32(settings.l2) * penalty
        self.gradients = T.grad(objective, learned)
        self.learning_rate = theano.shared(np.float32(settings.learning_rate), "learning_rate")
        rule = UPDATE_RULES[settings.update]
        self.updates = updates_of(
            rule,
            self.gradients,
            learned,
            self.learning_rate,
            settings.update_parameters,
        )
        self.accumulators = [variable for variable in self.updates if variable not in self.params]

    def compile(self) -> Any:
        """Compile pictures, labels, masks → gradients; updates all."""
        import theano

        return theano.function(
            [self.pictures, self.targets, *self.masks],
            self.gradients,
            updates=self.updates,
            mode=theano_bridge.fast_mode(),
        )


Shapes = Sequence[tuple[int, ...]]

_KIND = "accumulators"
_VERSION = 1
#: So many runs of the same network are compared, the newest first: each checkpoint is read.
_MAX_RUNS = 3


def read_from_run(
    model: ModelFile,
    settings: TrainingSettings,
    shapes: Shapes,
) -> tuple[Array, ...] | None:
    """Return the accumulators of the network's run; None without a checkpoint of these shapes."""
    try:
        runs, _ = list_runs()
    except UserError:
        return None
    wanted = model.network, settings.update
    alike = [run for run in runs if (run.settings.network, run.settings.update) == wanted]
    for run in alike[:_MAX_RUNS]:
        try:
            checkpoint = load_checkpoint(run.checkpoint)
        except UserError:
            continue
        same = len(checkpoint.parameters) == len(model.parameters) and all(
            map(np.array_equal, checkpoint.parameters, model.parameters),
        )
        state = checkpoint.state[: len(shapes)]
        if same and _fit(state, shapes):
            return state
    return None


def _fit(values: Sequence[Array], shapes: Shapes) -> bool:
    return [value.shape for value in values] == list(shapes) and all(
        bool(np.isfinite(value).all()) for value in values
    )
