"""What a run will reach and take on this computer, before it starts."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np

from mnist_draw.i18n import _, format_percent, percent, time_words
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import Convolution, Dense, Operation, Shape
from mnist_draw.training.presets import PRESETS, differing
from mnist_draw.training.run import Run
from mnist_draw.training.settings import TrainingSettings

#: MNIST's training and validation pictures; data sets of one's own are counted by their last run.
TRAINING = 50_000
_VALIDATION = 10_000
#: Multiplications of a training step for each of the forward pass: it, and two of its size back.
_PASSES = 3
#: Seconds of the one matrix product that measures this computer.
_MEASURED = 0.04
#: The best of so many counts: what else the computer does only makes it slower.
_TRIES = 3
_MAX_SIDE = 8192
#: Seconds of a multiplication in training, for one of the matrix product, and of varying a picture
#: in multiplications: steps and products that took turns on a Xeon. Zeros of paper and rectifiers
#: are left out.
_SPARSE = 0.55
_DENSE = 1.3
_CONVOLUTION = 1.6
_VARIED = 0.45e6
#: Multiplications in the time that a step takes for each weight, however few pictures it learns
#: from: 3.6 ms for the tutorial's network. Those of the batch size below are in the figures above.
_UPDATED = 250
_BATCH = 500
#: A run on fewer of the pictures than one in so many tells more of validation than of training.
_TELLING = 4
#: Runs whose median counts: what else the computer did during one of them made it slower.
_RUNS = 3


@lru_cache(maxsize=1)
def matrix_speed() -> float:
    """Measure the multiplications a second of one matrix product of about 40 ms; once.

    Call it outside the GUI thread, and not during a run.
    """
    side = 512
    # The first one wakes the threads and tells how large the measured one is.
    for __ in range(2):
        speed = max(_speed_of(side) for _ in range(_TRIES))
        side = min(_MAX_SIDE, math.ceil((speed * _MEASURED) ** (1 / 3)))
    return max(speed, _speed_of(side))


def _speed_of(side: int) -> float:
    one = np.ones((side, side), np.float32)
    began = time.perf_counter()
    used = time.thread_time()
    one @ one
    seconds = time.perf_counter() - began
    used = time.thread_time() - used
    # The time of this thread alone: what other programs take now they may not take later. A coarse
    # clock may say that there was none.
    return side**3 / (min(seconds, used) if used > 0 else seconds)


def expected_seconds(settings: TrainingSettings, runs: Sequence[Run] = ()) -> float | None:
    """Return the seconds of a run's epochs; None for a data set whose size is not known.

    They are those of the last of ``runs``, newest first, that trained on this data, or else on
    MNIST, by their work: of networks with convolutions if it has some, of those without if not,
    or else of any; or where there is none by the speed of this computer. Times beside each other
    have one measure. The first time it may measure that speed for 0.1 s: not in the GUI thread.
    """
    of_known_size = settings.data_folder is None or settings.training_examples is not None
    alike = [run for run in runs if run.settings.data_folder == settings.data_folder]
    others = [run for run in runs if of_known_size and run.settings.data_folder is None]
    convolves = parse_network(settings.network).convolves
    work = settings.epochs * _work(settings)
    for kin in (True, False):
        for known in (alike, others):
            fitting = [
                run
                for run in known
                if (parse_network(run.settings.network).convolves == convolves) == kin
            ]
            each = list(islice(_seconds_of_work(fitting, settings), _RUNS))
            if each:
                return work * float(np.median(each))
    return work / matrix_speed() if of_known_size else None


def _work(settings: TrainingSettings) -> float:
    """Return the work of an epoch, in multiplications of the matrix product."""
    each, weights = _multiplications(settings.network)
    each += 0 if settings.augmentation == "off" else _VARIED
    # A picture that is only validated takes a third of the work.
    pictures = training_pictures(settings) + _VALIDATION / _PASSES
    steps = training_pictures(settings) * (1 / settings.batch_size - 1 / _BATCH)
    return pictures * each + steps * _UPDATED * weights


def _seconds_of_work(runs: Sequence[Run], settings: TrainingSettings) -> Iterator[float]:
    """Yield the seconds of one unit of `_work` in each run that tells them."""
    for run in runs:
        tells = _TELLING * training_pictures(run.settings) >= training_pictures(settings)
        if tells and run.epochs_done and run.seconds:
            yield run.seconds / run.epochs_done / _work(run.settings)


def training_pictures(settings: TrainingSettings) -> int:
    """Return how many pictures a run learns from; of data of one's own, those of MNIST if all."""
    pictures = settings.training_examples or TRAINING
    return min(pictures, TRAINING) if settings.data_folder is None else pictures


@lru_cache(maxsize=256)
def _multiplications(network: str) -> tuple[float, int]:
    """Return the work of training on a picture, in those of the matrix product; dense weights."""
    shape: Shape = (1, 28, 28)
    work = 0.0
    weights = 0
    # Pictures have paper, and convolutions have rectifiers.
    dense = _SPARSE
    for operation in parse_network(network).operations:
        products = _products(operation, shape)
        weight = _CONVOLUTION if isinstance(operation, Convolution) else dense
        work += _PASSES * weight * products
        if isinstance(operation, Dense):
            weights += products
            dense = _SPARSE if operation.activation == "rectify" else _DENSE
        shape = operation.output_shape(shape)
    return work, weights


def _products(operation: Operation, incoming: Shape) -> int:
    match operation:
        case Dense():
            return math.prod(incoming) * operation.units
        case Convolution():
            places = math.prod(operation.output_shape(incoming))
            return places * incoming[0] * operation.side**2
    return 0


@dataclass(frozen=True)
class Expectation:
    """What to promise of a run: an accuracy, where it is from, and a time."""

    accuracy: str
    source: str
    time: str
    #: The accuracy as a number, 0 to 1; None where none is known.
    share: float | None = None
    #: Seconds; None where the size of the data set is not known.
    seconds: float | None = None


#: Where a preset's accuracy is from.
# Translators: below an accuracy that a run will reach.
EXPECTED = _("expected")


def expect(settings: TrainingSettings, runs: Sequence[Run] = ()) -> Expectation:
    """Return a preset's measured accuracy, or that of the last run with the same settings.

    The first time not in the GUI thread, as `expected_seconds`.
    """
    seconds = expected_seconds(settings, runs)
    duration = "–" if seconds is None else time_words(seconds)
    for preset in PRESETS.values():
        if not differing(settings, preset.settings):
            share = preset.expected_accuracy
            return Expectation(percent(share, 1), EXPECTED, duration, share, seconds)
    for run in runs:
        accuracy = run.figures.get("test_accuracy")
        is_whole = run.epochs_done == settings.epochs and not run.changes
        if accuracy is not None and is_whole and not differing(run.settings, settings):
            reached = format_percent(accuracy)
            return Expectation(reached, _("last time"), duration, accuracy, seconds)
    return Expectation("–", _("not tried yet"), duration, seconds=seconds)
