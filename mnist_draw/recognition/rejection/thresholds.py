"""When to say "that is no digit" and when to name two.

Two kinds of evidence are looked at. The ink itself: filled areas and long level lines have a
shape that no digit has, whatever a network that knows nothing but digits says about them.
And the calibrated probabilities: one digit, two, or none speaks from them.

All thresholds are here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.normalise import ink_box

#: Mean ink within the box around it, above which a shape at least half as wide as high (or half
#: as high as wide) is a filled area or a dot. A disc has 0.79, a square 1. Of MNIST's 70,000
#: pictures 28 have more, of 7,355 digits drawn with a pen none.
FILLED = 0.70
FILLED_ASPECT = 0.5
#: The same for pictures of few pixels: the lines of a digit of 8×8 pixels fill much of it.
FILLED_COARSE = 0.85
#: Width over height above which ink is a level line. The widest of MNIST has 2.5.
LEVEL = 3.5

#: Calibrated probability from which one digit is named alone …
SURE = 0.65
#: … and of the two best together, from which both are named.
PAIR = 0.80

#: By how many log odds less a picture of few pixels must look like a digit. Little is left in it
#: that tells letters from digits, and who shows such pictures shows digits. Of letters on 8×8
#: pixels 84 % are refused with it and 86 % with 0.7, of scikit-learn's digits 1.6 and 1.8 %.
COARSE_LENIENCE = 1.0

#: What is said of ink that the fitted rule (:mod:`mnist_draw.recognition.rejection.rule`)
#: refuses.
UNLIKE_A_DIGIT = "It is more like letters and scribbles than like any digit."


@dataclass(frozen=True)
class Verdict:
    """What the probabilities say.

    Attributes
    ----------
    kind : str
        ``"digit"``, ``"pair"`` or ``"none"``.
    first, second : int
        The two most probable digits, whatever the kind.
    """

    kind: str
    first: int
    second: int


def object_to_ink(ink: npt.NDArray[np.generic], coarse: bool = False) -> str:
    """Say what about the ink's shape no digit has.

    Parameters
    ----------
    ink : numpy.ndarray, shape (H, W)
        With ink on it; as :func:`mnist_draw.dataset.normalise.normalise_ink` takes it.
    coarse : bool
        Whether it was a picture of few pixels before it was enlarged.

    Returns
    -------
    str
        A sentence, or an empty string when there is nothing to object to.
    """
    top, left, bottom, right = ink_box(ink)
    box = ink[top:bottom, left:right]
    darkest = float(box.max())
    # From half-dark pixel to half-dark pixel: the soft rim would make much of a small dot's box.
    rows = np.flatnonzero(box.max(axis=1) >= darkest / 2)
    columns = np.flatnonzero(box.max(axis=0) >= darkest / 2)
    height, width = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    if width > LEVEL * height:
        return "A level line is no digit."
    fill = float(box.sum(dtype=np.float64)) / darkest / (height * width)
    most = FILLED_COARSE if coarse else FILLED
    if fill > most and min(height, width) >= FILLED_ASPECT * max(height, width):
        return "A dot or a filled area is no digit."
    return ""


def judge(probabilities: npt.NDArray[np.floating]) -> Verdict:
    """Decide between one digit, two, and none.

    Parameters
    ----------
    probabilities : numpy.ndarray, shape (10,)
        Calibrated.
    """
    order = np.argsort(probabilities, kind="stable")[::-1]
    first, second = int(order[0]), int(order[1])
    best = float(probabilities[first])
    if best >= SURE:
        return Verdict("digit", first, second)
    if best + float(probabilities[second]) >= PAIR:
        return Verdict("pair", first, second)
    return Verdict("none", first, second)
