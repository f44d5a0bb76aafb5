"""Results of a network on many pictures: probabilities, confusion, reliability.

Confidence is calibrated, as everywhere in the program. The loss uses the network's own
probabilities, as in training, so that it equals the run's test loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import pairwise

import numpy as np

from mnist_draw.analysis.pictures import Pictures, in_slices
from mnist_draw.arrays import Array, Bytes, Doubles, Flags, Floats, Integers, Labels, Places
from mnist_draw.i18n import _
from mnist_draw.recognition.answer import apply_temperature
from mnist_draw.recognition.certainty import SURE
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import cache
from mnist_draw.storage.models import ModelFile
from mnist_draw.training.confusion import confusion_matrix

#: Edges of confidence between which answers are compared with how often they are right. They
#: are narrow where most answers are.
EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
#: Below this confidence the calibration is judged, if there are so many answers.
_DOUBTED = 0.99
_FEW = 20
#: A range of fewer answers says too little alone.
_LEAST = 10
#: Two-sided 95% quantile of the normal distribution.
_Z = 1.959964
_KIND = "results"
_VERSION = 1


class Calibration(Enum):
    AGREES = _("Yes, within chance.")
    TOO_SURE = _("Too sure.")
    TOO_MODEST = _("Not sure enough.")
    MIXED = _("Too sure in some ranges, not sure enough in others.")


@dataclass(frozen=True)
class Bin:
    """The answers within one range of confidence."""

    #: The range, 0 to 1.
    low: float
    high: float
    #: Number of answers in it.
    count: int
    #: Their mean confidence, 0 to 1.
    confidence: float
    #: Number of right answers.
    right: int
    #: Wilson's 95% score interval of their share (1927).
    least: float
    most: float

    @property
    def accuracy(self) -> float:
        return self.right / self.count


@dataclass(frozen=True, eq=False)
class Results:
    """A network's answers to pictures, the first n of N while they are being counted."""

    #: float32 (n, C): the network's own, not calibrated.
    probabilities: Floats
    #: Integers (n,), 0 to C − 1.
    labels: Labels
    #: Of the calibration.
    temperature: float
    #: Number of pictures, N.
    total: int

    @property
    def counted(self) -> int:
        """Number of pictures counted so far, n."""
        return len(self.probabilities)

    @property
    def is_complete(self) -> bool:
        return self.counted >= self.total

    @property
    def classes(self) -> int:
        return int(self.probabilities.shape[1])

    @cached_property
    def answers(self) -> Places:
        """The most probable answers: intp (n,)."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def calibrated(self) -> Floats:
        """The calibrated probabilities: float32 (n, C)."""
        return apply_temperature(self.probabilities, self.temperature)

    @cached_property
    def confidence(self) -> Floats:
        """Confidence of each answer, calibrated: float32 (n,), 0 to 1."""
        return self.calibrated[np.arange(self.counted), self.answers]

    @cached_property
    def right(self) -> Flags:
        """Which answers are right: bool (n,)."""
        return self.answers == self.labels

    @property
    def wrong(self) -> int:
        return self.counted - int(np.count_nonzero(self.right))

    @property
    def accuracy(self) -> float:
        """Which part of the answers is right, 0 to 1; not a number before the first."""
        return float(self.right.mean()) if self.counted else float("nan")

    @cached_property
    def loss(self) -> float:
        """Mean cross-entropy in nats, of the network's own probabilities as in training."""
        if not self.counted:
            return float("nan")
        likely = self.probabilities[np.arange(self.counted), self.labels].astype(np.float64)
        # float32 softmax gives exact zeros far out; the smallest normal number replaces them.
        return float(-np.log(np.maximum(likely, np.finfo(np.float32).tiny)).mean())

    @cached_property
    def confusion(self) -> Integers:
        """How often each true class (row) was read as each class (column): int64 (C, C)."""
        return confusion_matrix(self.labels, self.answers, self.classes)

    @property
    def recall(self) -> Doubles:
        """Which part of each true class was read rightly: float64 (C,), NaN for none of it."""
        return _shares(np.diag(self.confusion), self.confusion.sum(axis=1))

    @property
    def precision(self) -> Doubles:
        """Which part of each answer was right: float64 (C,), NaN where it was never given."""
        return _shares(np.diag(self.confusion), self.confusion.sum(axis=0))

    @property
    def weakest(self) -> int | None:
        """The class with the lowest recall; None where none is missed."""
        recall = np.nan_to_num(self.recall, nan=1.0)
        return int(recall.argmin()) if recall.min() < 1 else None

    @property
    def sure_and_wrong(self) -> int:
        """How many wrong answers are at least 90% sure."""
        return int(np.count_nonzero(~self.right & (self.confidence >= SURE)))

    def prepare(self) -> None:
        """Compute now, off the GUI thread, whatever takes more than a moment."""
        _ = self.confidence, self.right, self.loss, self.confusion, self.reliability

    def mistakes(self) -> Places:
        """Return the pictures that were read wrong, the surest mistake first."""
        return self._ordered(np.flatnonzero(~self.right), surest_first=True)

    def pictures_of(self, true: int | None, read: int | None) -> Places:
        """Return the pictures of a cell: mistakes the surest first, right answers the last.

        None means every class but the other of the two: all that were misread, or all that
        were wrongly read so.
        """
        chosen = ~self.right if None in (true, read) else np.ones(self.counted, np.bool_)
        if true is not None:
            chosen = chosen & (self.labels == true)
        if read is not None:
            chosen = chosen & (self.answers == read)
        return self._ordered(np.flatnonzero(chosen), surest_first=true != read)

    def least_sure(self) -> Places:
        """Return all pictures, the least sure first."""
        return self._ordered(np.arange(self.counted), surest_first=False)

    def most_taken(self, count: int) -> list[tuple[int, int, int]]:
        """Return (true, read, how often) of the most frequent mistakes, at most `count`."""
        errors = self.confusion.copy()
        np.fill_diagonal(errors, 0)
        order = np.argsort(-errors, axis=None, kind="stable")[:count]
        pairs = [divmod(int(place), self.classes) for place in order]
        return [(true, read, int(errors[true, read])) for true, read in pairs if errors[true, read]]

    def most_confused(self, count: int) -> tuple[int, ...]:
        """Return the classes with the most mistakes, at most `count`, in their order."""
        errors = self.confusion.copy()
        np.fill_diagonal(errors, 0)
        mistakes = errors.sum(axis=0) + errors.sum(axis=1)
        return tuple(sorted(np.argsort(-mistakes, kind="stable")[:count].tolist()))

    @cached_property
    def reliability(self) -> tuple[Bin, ...]:
        """Confidence compared with how often it is right; bins without an answer are left out."""
        if not self.counted:
            return ()
        # Each range holds its lower edge, rounded as the confidence is; the last one both.
        inner = np.array(EDGES[1:-1], np.float32)
        number = np.searchsorted(inner, self.confidence, side="right")
        bins = []
        for place, (low, high) in enumerate(pairwise(EDGES)):
            inside = number == place
            count = int(inside.sum())
            if count:
                right = int(self.right[inside].sum())
                least, most = wilson(right, count)
                mean = float(self.confidence[inside].mean(dtype=np.float64))
                bins.append(Bin(low, high, count, mean, right, least, most))
        return tuple(bins)

    @property
    def doubted(self) -> tuple[Bin, ...]:
        """The ranges below 99%: an accurate network is nearly always surer; all where few are."""
        below = tuple(part for part in self.reliability if part.high <= _DOUBTED)
        return below if sum(part.count for part in below) >= _FEW else self.reliability

    @property
    def calibration(self) -> Calibration:
        """Whether confidence and accuracy agree where the network doubts.

        The ranges are compared with their intervals, all together and each alone. One range in
        twenty is outside by chance: two are not.
        """
        if not self.doubted:
            return Calibration.AGREES
        large = [part for part in self.doubted if part.count >= _LEAST]
        too_sure = [part for part in large if part.confidence > part.most]
        too_modest = [part for part in large if part.confidence < part.least]
        both = together(self.doubted)
        if too_sure and too_modest:
            return Calibration.MIXED
        if both.confidence > both.most or len(too_sure) > 1:
            return Calibration.TOO_SURE
        if both.confidence < both.least or len(too_modest) > 1:
            return Calibration.TOO_MODEST
        return Calibration.AGREES

    def _ordered(self, chosen: Places, surest_first: bool) -> Places:
        confidence = self.confidence[chosen]
        order = np.argsort(-confidence if surest_first else confidence, kind="stable")
        return chosen[order]


def together(parts: Sequence[Bin]) -> Bin:
    """Return the answers of neighboring ranges as one."""
    count = sum(part.count for part in parts)
    right = sum(part.right for part in parts)
    mean = sum(part.count * part.confidence for part in parts) / count
    return Bin(parts[0].low, parts[-1].high, count, mean, right, *wilson(right, count))


def wilson(right: int, count: int) -> tuple[float, float]:
    """Return Wilson's 95% score interval, 0 to 1, of the share of right answers."""
    share = right / count
    square = _Z * _Z
    middle = (share + square / (2 * count)) / (1 + square / count)
    spread = _Z * (share * (1 - share) / count + square / (4 * count * count)) ** 0.5
    half = spread / (1 + square / count)
    # Rounded, the ends would be beside 0 and 1, where the confidence may be.
    return middle - half if right else 0.0, middle + half if right < count else 1.0


def count_results(model: ModelFile, pictures: Pictures) -> Iterator[Results]:
    """Count a network's answers to pictures, slice by slice; a complete count is cached."""
    key = f"{model.fingerprint}-{pictures.digest}"
    temperature = model.info.temperature
    total = len(pictures)

    cached = cache.read_array(_KIND, _VERSION, key, "probabilities", np.float32, (total, -1))
    if cached is not None:
        yield Results(cached, pictures.labels, temperature, total)
        return
    network = Recogniser(model)
    # The network's own probabilities: calibration is applied to them later.
    network.temperature = 1.0
    found = np.empty((total, len(network.names)), np.float32)
    for some, images in in_slices(pictures.images):
        found[some] = network.predict(images)
        done = some.stop
        if done == total:
            cache.save(_KIND, _VERSION, key, {"probabilities": found})
        yield Results(found[:done], pictures.labels[:done], temperature, total)


def _shares(
    part: Labels,
    whole: Labels,
) -> Doubles:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


#: Turns a picture of MNIST, uint8 of shape (28, 28), into the ink of the drawing board.
AsDrawn = Callable[[Bytes], Array]


@dataclass(frozen=True)
class Mistake:
    """A test digit, by its index from 0, that the network reads as another, or as ``"4 or 9"``."""

    index: int
    label: int
    read: str


def find_mistakes(
    model: ModelFile,
    recogniser: Recogniser,
    pictures: Pictures,
    as_drawn: AsDrawn,
) -> tuple[Mistake, ...]:
    """Find labeled pictures that a network, which the recogniser uses, misreads on the board.

    A digit that it misreads in MNIST may be read rightly there, a fraction of a pixel to the side;
    so each candidate is read again as the board shows it.
    """
    *_, results = count_results(model, pictures)
    found = []
    for index in map(int, results.mistakes()):
        answer = recogniser.recognise_ink(as_drawn(pictures.images[index, 0]))
        label = int(pictures.labels[index])
        if answer.digit not in (None, label):
            found.append(Mistake(index, label, answer.text))
    return tuple(found)
