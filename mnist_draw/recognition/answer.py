"""Answers: a digit, a number, two candidates or none, with calibrated probabilities.

Of all answers given with 90 %, 90 % shall be right. Networks trained for long are too sure of
themselves. One number per network, the temperature T (Guo et al., "On Calibration of Modern Neural
Networks", 2017), corrects most of that: the logarithms of the probabilities are divided by T before
they are normalised again. The order of the digits stays the same. T is fitted on validation
pictures and stored in the model file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.classes import DIGITS
from mnist_draw.recognition.certainty import State, state_of, two_best

Probabilities = npt.NDArray[np.float32]

#: The text for what is no digit.
NOT_A_DIGIT = "?"
#: Limits of a fitted temperature; beyond them something else is wrong with the network.
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.2, 10.0


class Scores(NamedTuple):
    """The scores of N pictures: calibrated probabilities (N, classes), and log odds (N,).

    Those of being one digit (`log_odds`) are infinite where no rule applies, and those of being
    several digits minus infinity.
    """

    probabilities: Probabilities
    log_odds: Probabilities
    several: Probabilities


@dataclass(frozen=True, eq=False)
class Answer:
    """A digit, two candidates, or none; for a network of other pictures, read class for digit.

    `digit` is the best guess; None if there is no ink, the ink is no digit, or no digit stands out.
    `text` is ``"3"``, ``"3 or 8"`` if two digits are close, ``"?"`` without a digit, and empty
    without ink; `reason` explains it in a sentence. `confidence` is the probability of the best
    guess, also if it does not stand out, and 0 if the ink is no digit. `probabilities` are those of
    the network alone, calibrated, uniform without ink; `second` is the runner-up. `network_input`
    is float32 (28, 28), None without ink. For the log odds see :class:`Scores`.
    """

    digit: int | None
    text: str
    confidence: float
    probabilities: npt.NDArray[np.float32] = field(repr=False)
    second: int
    reason: str
    network_input: npt.NDArray[np.float32] | None = field(default=None, repr=False)
    log_odds: float = field(default=math.inf, repr=False)
    several: float = field(default=-math.inf, repr=False)
    names: tuple[str, ...] = field(default=DIGITS, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether there was no ink."""
        return self.network_input is None

    @property
    def is_sure(self) -> bool:
        """Whether the text is just the digit, or the class."""
        return self.digit is not None and self.text == self.names[self.digit]

    @property
    def are_digits(self) -> bool:
        """Whether the classes are digits."""
        return self.names == DIGITS

    @property
    def is_refused(self) -> bool:
        """Whether the ink is no digit, which differs from no digit standing out."""
        return self.digit is None and not self.is_empty and self.confidence == 0


@dataclass(frozen=True)
class DigitAnswer:
    """One digit of a number; None, with a confidence of 0, for what is no digit.

    `box` is left, top, width and height in pixels of the picture. `probabilities` are of the
    network for this digit alone, calibrated; all 0.1 if it did not run.
    """

    digit: int | None
    confidence: float
    box: tuple[int, int, int, int]
    probabilities: npt.NDArray[np.float32] = field(
        default_factory=lambda: np.full(10, 0.1, np.float32), repr=False, compare=False
    )
    network_input: npt.NDArray[np.float32] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class NumberAnswer:
    """A number.

    `text` has its digits from left to right, ``?`` for what is no digit; a single ``?`` if nothing
    is a digit; it is empty for an empty picture. `share` is the probability that the ink is rightly
    divided into these digits.
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

    @property
    def strange(self) -> int:
        """How many of the parts are no digits."""
        return sum(part.digit is None for part in self.digits)

    @property
    def is_number(self) -> bool:
        """Whether there are several parts, at least two of them digits, and most of them."""
        read = len(self.digits) - self.strange
        return read > max(1, self.strange)


def empty_answer(names: tuple[str, ...] = DIGITS) -> Answer:
    """Return the answer for a picture without ink."""
    return Answer(
        digit=None,
        text="",
        confidence=0.0,
        probabilities=np.full(len(names), 1 / len(names), dtype=np.float32),
        second=0,
        reason="There is no ink on the picture.",
        names=names,
    )


def answer_from(
    probabilities: npt.NDArray[np.float32],
    network_input: npt.NDArray[np.float32],
    objection: str = "",
    names: tuple[str, ...] = DIGITS,
) -> Answer:
    """Create the answer from calibrated probabilities; `objection` says why the ink is no digit."""
    first, second = two_best(probabilities.tolist())
    one, other = names[first], names[second]
    shares = f"{_percent(probabilities, first, names)}, {_percent(probabilities, second, names)}."
    confidence = float(probabilities[first])
    state = state_of(confidence, confidence + float(probabilities[second]))
    digit: int | None = first
    if objection:
        digit, text, reason, confidence = None, NOT_A_DIGIT, objection, 0.0
    elif state in (State.SURE, State.FAIRLY_SURE):
        text, reason = one, shares
    elif state is State.UNCLEAR:
        text = f"{one} or {other}"
        reason = f"Two {'digits' if names == DIGITS else 'classes'} are close: {shares}"
    else:
        digit, text = None, NOT_A_DIGIT
        reason = f"Perhaps {one} or {other}: {shares}"
    return Answer(
        digit, text, confidence, probabilities, second, reason, network_input, names=names
    )


def _percent(probabilities: npt.NDArray[np.float32], number: int, names: tuple[str, ...]) -> str:
    return f"{100 * float(probabilities[number]):.0f} % for {names[number]}"


# -- calibration


def apply_temperature(probabilities: npt.NDArray[np.floating], temperature: float) -> Probabilities:
    """Make probabilities (…, classes) less extreme (T > 1) or more extreme (T < 1)."""
    if temperature == 1:
        return np.asarray(probabilities, dtype=np.float32)
    scaled = _log(probabilities) / temperature
    scaled -= scaled.max(axis=-1, keepdims=True)
    powers = np.exp(scaled)
    result: Probabilities = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
    return result


def fit_temperature(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer]
) -> float:
    """Find the temperature, 0.2 to 10, under which the right answers are most likely.

    The probabilities are of pictures that the network was not trained on. Raises `ValueError` when
    there is no picture, or the arrays do not belong together.
    """
    if len(probabilities) != len(labels) or not len(labels):
        raise ValueError(f"got {len(probabilities)} probabilities for {len(labels)} labels")
    # Slow to import, and not needed to apply a temperature.
    from scipy.optimize import minimize_scalar

    logs = _log(probabilities)
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = logs / math.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, labels]))

    # The loss has one minimum, for it is convex in 1/T.
    bounds = (math.log(MIN_TEMPERATURE), math.log(MAX_TEMPERATURE))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-5})
    return math.exp(float(found.x))


def _log(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    # float32 softmax gives exact zeros far out; the smallest normal number replaces them.
    return np.log(np.maximum(np.asarray(probabilities, np.float64), np.finfo(np.float32).tiny))
