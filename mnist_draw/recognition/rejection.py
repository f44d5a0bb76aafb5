"""Reject what is no digit: by a small network, and by the shape of the ink.

A network of ten digits reads a digit into everything. So a small second one, the rejection rule, is
fitted to tell the augmented digits of MNIST from letters and symbols that people drew, from
synthetic drawings, and from several digits at once (``tools/fit_rejection.py``). It has the same
input of 28×28 pixels and twelve classes: the ten digits, "several" and "none". It is the same for
every network that reads digits, also for one that is being trained: two convolutions, each with
pooling, and one dense layer, computed with NumPy alone, so that several threads can use it and
nothing has to be compiled first.

Filled areas and level lines are rejected by their shape, which no digit has.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.normalise import ink_box
from mnist_draw.errors import reason_of
from mnist_draw.i18n import _
from mnist_draw.library.networks import RULE_FILE
from mnist_draw.networks.operations import (
    Convolution,
    Dense,
    MaxPooling,
    Operation,
    forward,
    parameter_shapes,
)
from mnist_draw.storage import ModelFile, ModelFileError, load_model, resource_path
from mnist_draw.storage.models import DamagedModelError

_logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]

#: The name of the rule's network in its file, followed by the numbers of filters of both
#: convolutions and of units of the dense layer.
NETWORK = "digit_or_not"
#: The classes after the ten digits, and the number of all.
SEVERAL = 10
NONE = 11
KINDS = 12
#: Sides of the filters of both convolutions.
FILTER_SIDES = (5, 3)

#: Mean ink within the box around it, above which a shape at least half as wide as high (or half
#: as high as wide) is a filled area or a dot. A disc has 0.79, a square 1. Of MNIST's 70,000
#: pictures 28 have more, of 7,355 digits drawn with a pen none.
FILLED = 0.70
FILLED_ASPECT = 0.5
#: The same for pictures of few pixels: the lines of a digit of 8×8 pixels fill much of it.
FILLED_COARSE = 0.85
#: Width over height above which ink is a level line. The widest of MNIST has 2.5.
LEVEL = 3.5

#: A straight line (its width as a share of its length) alone is no 1 if it leans further than so
#: many degrees to the left or right: 10 of MNIST's 10,000 validation digits do, and no 1 of 606
#: that people drew with a pen, but every other backslash.
_STRAIGHT = 0.2
_LEANS = (-25.0, 45.0)
#: Fewer pixels have no direction.
_FEWEST = 3

#: By how many log odds the threshold is lower for a picture of few pixels. Little in it tells
#: letters from digits, and people who show such pictures show digits. Of letters on 8×8 pixels 84%
#: are refused with it and 86% with 0.7, of scikit-learn's digits 1.6 and 1.8%.
COARSE_LENIENCE = 1.0


def operations_of(first: int, second: int, units: int) -> tuple[Operation, ...]:
    """Return the operations of the rule's network, from its numbers of filters and units."""
    return (
        *(Convolution(first, FILTER_SIDES[0]), MaxPooling()),
        *(Convolution(second, FILTER_SIDES[1]), MaxPooling()),
        *(Dense(units), Dense(KINDS, "linear")),
    )


@dataclass(frozen=True, eq=False)
class RejectionRule:
    """The fitted rule.

    `layers` are weights and biases of the four layers by turns, float32, in Lasagne's shapes;
    rectifiers follow all but the last. Log odds of being a digit below `threshold` are refused.
    """

    layers: tuple[Floats, ...]
    threshold: float

    @classmethod
    def from_model(cls, model: ModelFile) -> RejectionRule:
        """Create the rule from its file, after checking it."""
        name, _, widths = model.network.partition(":")
        if name != NETWORK:
            raise DamagedModelError(f"it holds the network {model.network!r}, not {NETWORK!r}")
        try:
            first, second, units = (int(width) for width in widths.split(","))
        except ValueError:
            raise DamagedModelError(f"the network {model.network!r} has no such widths") from None
        operations = operations_of(first, second, units)
        model.require_shapes(parameter_shapes(operations))
        threshold = model.info.threshold
        if threshold is None:
            found = model.metadata.get("threshold")
            raise DamagedModelError(f"its threshold is {found!r}, expected a number")
        return cls(model.parameters, threshold)

    def log_odds(self, inputs: npt.NDArray[np.floating]) -> tuple[Floats, Floats]:
        """Return the log odds, float32 (N,) each, of being one digit, whichever, and of being
        several.

        They are against everything else: 0 is as likely as not. The inputs are normalised pictures,
        (N, 1, 28, 28) from 0 to 255/256.
        """
        operations = operations_of(*(len(bias) for bias in self.layers[1:6:2]))
        scores = forward(operations, self.layers, np.asarray(inputs, np.float32))
        one = np.logaddexp.reduce(scores[:, :SEVERAL], axis=1)
        several = scores[:, SEVERAL]
        none = scores[:, NONE]
        return one - np.logaddexp(several, none), several - np.logaddexp(one, none)


@lru_cache(maxsize=1)
def shipped_rule() -> RejectionRule | None:
    """Read the rule that ships; None if it is missing, or damaged, which is reported once."""
    path = resource_path("models", RULE_FILE)
    if not path.exists():
        return None
    try:
        return RejectionRule.from_model(load_model(path))
    except ModelFileError as error:
        _logger.warning(
            "The file %s cannot be used: %s. Until it is installed again, what is no digit is not "
            "refused.",
            path,
            reason_of(error),
        )
        return None


def object_to_ink(ink: npt.NDArray[np.generic], coarse: bool = False) -> str:
    """Return a sentence why ink (H, W) is no digit by its shape, or an empty one.

    `coarse` is whether it was a picture of few pixels before it was enlarged.
    """
    top, left, bottom, right = ink_box(ink)
    box = ink[top:bottom, left:right]
    darkest = float(box.max())
    # From half-dark pixel to half-dark pixel: the soft rim would make much of a small dot's box.
    rows = np.flatnonzero(box.max(axis=1) >= darkest / 2)
    columns = np.flatnonzero(box.max(axis=0) >= darkest / 2)
    height = int(np.ptp(rows)) + 1
    width = int(np.ptp(columns)) + 1
    if width > LEVEL * height:
        return _("A horizontal line is not a digit.")
    fill = float(box.sum(dtype=np.float64)) / darkest / (height * width)
    most = FILLED_COARSE if coarse else FILLED
    if fill > most and min(height, width) >= FILLED_ASPECT * max(height, width):
        return _("A dot or a filled area is not a digit.")
    return ""


def is_leaning_line(ink: npt.NDArray[np.floating]) -> bool:
    """Whether ink (H, W) is a straight line that leans too far for a 1."""
    low, high = _LEANS
    degrees, bend = lean(ink)
    return bend <= _STRAIGHT and not low <= degrees <= high


def lean(ink: npt.NDArray[np.floating]) -> tuple[float, float]:
    """Return by how many degrees ink leans to the right, and its width as a share of its length."""
    rows, columns = np.nonzero(ink >= ink.max() / 2)
    if len(rows) < _FEWEST:
        return 0.0, 1.0
    spreads = np.cov(columns, -rows)
    least, most = np.linalg.eigvalsh(spreads).clip(0)
    return float(np.degrees(np.arctan2(*spreads[1]))), float(np.sqrt(least / most))
