"""What the program says about a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.classes import DIGITS
from mnist_draw.recognition.rejection.thresholds import judge

#: What is shown when something is no digit.
NOT_A_DIGIT = "?"


@dataclass(frozen=True, eq=False)
class Answer:
    """A digit, two candidates, or the admission that there is none.

    Of a network that was trained on other pictures the classes take the place of the digits.

    Attributes
    ----------
    digit : int or None
        The best guess, from 0; None when there is no ink or the ink is no digit.
    text : str
        For the user: ``"3"`` when the program is sure, ``"3 or 8"`` when two digits are close,
        ``"?"`` for what is no digit and where no digit stands out, empty for an empty picture.
    confidence : float
        Calibrated probability of the best guess, 0 to 1; 0 when the ink itself cannot be a digit
        or there is none.
    probabilities : numpy.ndarray, float32, shape (classes,)
        Calibrated, sum 1: what the network says, also where the program does not follow it.
        For an empty picture, which the network is never asked about, all are the same.
    second : int
        The runner-up.
    reason : str
        A sentence on how the answer came about.
    network_input : numpy.ndarray or None
        What the network saw, float32, shape (28, 28); None for an empty picture.
    likeness, several : float
        How much the ink looks like one digit and like several digits, as log odds; see
        :class:`mnist_draw.recognition.recogniser.Reading`.
    names : tuple of str
        What the classes are called.
    """

    digit: int | None
    text: str
    confidence: float
    probabilities: npt.NDArray[np.float32] = field(repr=False)
    second: int
    reason: str
    network_input: npt.NDArray[np.float32] | None = field(default=None, repr=False)
    likeness: float = field(default=math.inf, repr=False)
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
        """Whether the ink is no digit; where no digit stands out, the network cannot tell."""
        return self.digit is None and not self.is_empty and self.confidence == 0


@dataclass(frozen=True)
class DigitAnswer:
    """One digit of a number.

    Attributes
    ----------
    digit : int or None
        None for what is no digit.
    confidence : float
        Calibrated probability of the digit, 0 to 1; 0 where there is none.
    box : tuple of int
        Left, top, width and height in pixels of the picture.
    probabilities : numpy.ndarray, float32, shape (10,)
        What the network says about this digit alone, calibrated; all 0.1 where it was not asked.
    network_input : numpy.ndarray or None
        What the network saw of it, float32, shape (28, 28).
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

    Attributes
    ----------
    text : str
        Its digits from left to right, ``?`` in the place of what is no digit; a single ``?``
        where nothing is a digit; empty for an empty picture.
    digits : tuple of DigitAnswer
    share : float
        The probability that the ink was rightly parted into these digits, 0 to 1.
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
    """Put probabilities into words.

    Parameters
    ----------
    probabilities : numpy.ndarray, float32, shape (classes,)
        Calibrated.
    network_input : numpy.ndarray, float32, shape (28, 28)
    objection : str
        Why the ink cannot be a digit, as a sentence; empty if it can.
    names : tuple of str
        What the classes are called.
    """
    verdict = judge(probabilities)
    first, second = verdict.first, verdict.second
    one, other = names[first], names[second]
    shares = f"{_percent(probabilities, first, names)}, {_percent(probabilities, second, names)}."
    confidence = float(probabilities[first])
    digit: int | None = first
    if objection:
        digit, text, reason, confidence = None, NOT_A_DIGIT, objection, 0.0
    elif verdict.kind == "digit":
        text, reason = one, shares
    elif verdict.kind == "pair":
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
