"""Answers: a digit, a number, two candidates or none, with calibrated probabilities.

Of all answers given with 90%, 90% shall be right. Networks trained for long are too sure of
themselves. One number per network, the temperature T (Guo et al., "On Calibration of Modern Neural
Networks", 2017), corrects most of that: the logarithms of the probabilities are divided by T before
they are normalised again. The order of the digits stays the same. T is fitted on validation
pictures and stored in the model file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_draw.arrays import Doubles, Floats
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.recognition.certainty import (
    NOTHING_DRAWN,
    Certainty,
    certainty_from,
    certainty_of_letter,
    two_best,
)
from mnist_draw.storage.models import MAX_TEMPERATURE, MIN_TEMPERATURE

if TYPE_CHECKING:
    from mnist_draw.recognition.lines import Underlined
    from mnist_draw.recognition.pieces import Row

Probabilities = Floats

#: How close the logarithm of a fitted temperature comes to the best one.
_FIT_ACCURACY = 1e-5
#: The text for what is no digit.
NOT_A_DIGIT = "?"


class Scores(NamedTuple):
    """The scores of N pictures: calibrated probabilities (N, classes), and log odds (N,).

    Those of being one digit (`log_odds`) are infinite where no rule applies, and those of being
    several digits minus infinity. `glyphs` are what the strokes say, (N, `glyphs.CLASSES`), or
    (N, 0) where they are not known.
    """

    probabilities: Probabilities
    log_odds: Probabilities
    several: Probabilities
    glyphs: Probabilities


@dataclass(frozen=True, eq=False)
class Answer:
    """A digit, two candidates, or none; for a network of other pictures, read class for digit.

    `probabilities` are those of the network alone, calibrated, uniform without ink. `network_input`
    is float32 (28, 28), None without ink. `objection` says why the ink is no digit, if so. For the
    log odds see :class:`Scores`. `strokes` are the pen strokes, drawn again for reading; `letter`
    is one that they may be.
    """

    probabilities: Floats = field(repr=False)
    network_input: Floats | None = field(default=None, repr=False)
    objection: str = ""
    names: tuple[str, ...] = field(default=DIGITS, repr=False)
    log_odds: float = field(default=math.inf, repr=False)
    several: float = field(default=-math.inf, repr=False)
    strokes: Row | None = field(default=None, repr=False)
    #: How many lines of digits the strokes are.
    lines: int = 1
    letter: str = field(default="", repr=False)
    #: What is above lines that underline it, if it was read without them.
    rest: Underlined | None = field(default=None, repr=False)

    @cached_property
    def certainty(self) -> Certainty:
        """How sure it is, in words."""
        return certainty_of_letter(self.as_digit, self.letter)

    @cached_property
    def as_digit(self) -> Certainty:
        """How sure it is if it is no letter."""
        if self.is_empty:
            return NOTHING_DRAWN
        return certainty_from(self.probabilities, self.names, self.objection, lines=self.lines)

    @property
    def digit(self) -> int | None:
        """The best guess; None if there is no ink, it is no digit, or no digit stands out."""
        return self.as_digit.named[0] if self.as_digit.named else None

    @property
    def second(self) -> int:
        return two_best(self.probabilities.tolist())[1]

    @property
    def confidence(self) -> float:
        """The probability of the best guess, also if it does not stand out; 0 if it is no digit."""
        return 0.0 if self.is_empty or self.objection else float(self.probabilities.max())

    @property
    def text(self) -> str:
        """``"3"``, ``"3 or 8"`` if two are close, ``"?"`` without a digit, empty without ink."""
        found = self.as_digit
        return found.text if found.named or self.is_empty else NOT_A_DIGIT

    @property
    def is_empty(self) -> bool:
        """Whether there was no ink."""
        return self.network_input is None

    @property
    def are_digits(self) -> bool:
        return self.names == DIGITS


@dataclass(frozen=True)
class DigitAnswer:
    """One digit of a number; None, with a confidence of 0, for what is no digit.

    `sign` is a point, a comma or a minus, or "?" for ink beside the digits that none of them owns;
    otherwise empty. `box` is left, top, width and height in pixels of the picture.
    `probabilities` are of the network for this digit alone, calibrated, and weighed by the number
    of its strokes where they are known; all 0.1 if it did not run. `letter` is one that it may be.
    """

    digit: int | None
    confidence: float
    box: tuple[int, int, int, int]
    probabilities: Floats = field(
        default_factory=lambda: np.full(10, 0.1, np.float32),
        repr=False,
        compare=False,
    )
    network_input: Floats | None = field(default=None, repr=False, compare=False)
    sign: str = ""
    letter: str = field(default="", repr=False, compare=False)

    @property
    def text(self) -> str:
        return self.sign or (NOT_A_DIGIT if self.digit is None else str(self.digit))


@dataclass(frozen=True)
class NumberAnswer:
    """A number.

    `text` has its digits and signs from left to right, ``?`` for what is neither; a single ``?`` if
    nothing is a digit; it is empty for an empty picture. `share` is the probability that the ink is
    rightly divided into these digits.
    """

    text: str
    digits: tuple[DigitAnswer, ...]
    share: float = 1.0

    @property
    def confidence(self) -> float:
        """Probability that all digits are right, 0 to 1; 0 where one is none."""
        if not self.digits:
            return 0.0
        return self.share * math.prod(part.confidence for part in self.digits)

    def digits_until(self, place: int) -> int:
        """How many digits there are to a place and with it; signs are none."""
        return sum(not part.sign for part in self.digits[: place + 1])

    @property
    def strange(self) -> int:
        """How many of the parts are neither digits nor signs."""
        return sum(part.text == NOT_A_DIGIT for part in self.digits)

    @property
    def is_number(self) -> bool:
        """Whether there are several digits, and most parts are, or one digit with other ink."""
        read = sum(part.digit is not None for part in self.digits)
        signs = sum(bool(part.sign) for part in self.digits)
        refused = len(self.digits) - read - signs
        return read > max(1, refused) or (read == 1 and signs > 0 == refused)


# -- calibration


def apply_temperature(probabilities: npt.NDArray[np.floating], temperature: float) -> Probabilities:
    """Make probabilities (…, classes) less extreme (T > 1) or more extreme (T < 1)."""
    if temperature == 1:
        return np.asarray(probabilities, dtype=np.float32)
    scaled = _log(probabilities) / temperature
    scaled -= scaled.max(axis=-1, keepdims=True)
    powers = np.exp(scaled)
    return (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)


def fit_temperature(
    probabilities: npt.NDArray[np.floating],
    labels: npt.NDArray[np.integer],
) -> float:
    """Find the temperature, 0.2 to 10, under which the right answers are most likely.

    The probabilities are of pictures, at least one, that the network was not trained on.
    """
    logs = _log(probabilities)
    right = logs[np.arange(len(labels)), labels].mean()
    low = math.log(MIN_TEMPERATURE)
    high = math.log(MAX_TEMPERATURE)
    # The loss is convex in 1/T: its slope there changes its sign once.
    while high - low > _FIT_ACCURACY:
        middle = (low + high) / 2
        weights = logs / math.exp(middle)
        weights -= weights.max(axis=1, keepdims=True)
        np.exp(weights, out=weights)
        expected = (weights * logs).sum(axis=1) / weights.sum(axis=1)
        if expected.mean() > right:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def _log(probabilities: npt.NDArray[np.floating]) -> Doubles:
    # float32 softmax gives exact zeros far out; the smallest normal number replaces them.
    return np.log(np.maximum(np.asarray(probabilities, np.float64), np.finfo(np.float32).tiny))
