"""A recogniser that reads numbers, too: what the board and the pictures beside it ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from mnist_draw.recognition.answer import Answer, NumberAnswer
from mnist_draw.recognition.numbers.number_reader import read_number
from mnist_draw.recognition.numbers.stroke_pieces import PenStroke
from mnist_draw.recognition.recogniser import Recogniser


class Reader(Recogniser):
    """Reads ink as one digit and as a number.

    The parameters and errors are those of
    :class:`mnist_draw.recognition.recogniser.Recogniser`.
    """

    def read_number(
        self,
        ink: npt.NDArray[Any],
        alone: Answer | None = None,
        beginning: bool = False,
        strokes: Sequence[PenStroke] | None = None,
    ) -> NumberAnswer:
        """Read the digits on a picture from left to right.

        The parameters are those of
        :func:`mnist_draw.recognition.numbers.number_reader.read_number`.
        """
        return read_number(self, ink, alone, beginning, strokes)
