"""Find the units that speak most for an answer, and the strokes that they found in the picture.

The last layer is linear: each unit of the last hidden layer adds its value times its weight to a
class. Its part in "4 rather than 9" is what it adds to 4 less what it adds to 9, and all parts
together, with the biases, are the difference of the two last sums.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mnist_draw.analysis.network_probe import (
    ForwardPass,
    NetworkProbe,
    as_picture,
    probabilities_of,
)
from mnist_draw.analysis.why import strongest
from mnist_draw.arrays import Floats
from mnist_draw.i18n import N_, _, joined, listed, number
from mnist_draw.library.network_data import Name
from mnist_draw.networks.operations import SIDE
from mnist_draw.recognition.certainty import (
    Certainty,
    State,
    format_probability,
    two_best,
)

#: Units that are shown for the answer, and for the runner-up.
MOST_FOR = 6
MOST_AGAINST = 3
#: Activations whose values are above 0 for nearly every picture, or say nothing by being so.
_ALWAYS_ON = ("tanh", "sigmoid", "softplus", "linear")


@dataclass(frozen=True, eq=False, repr=False)
class Stroke:
    """What one unit found; without a hidden layer, all pixels that speak for a class."""

    #: Which units it is, or pixels.
    units: npt.NDArray[np.intp]
    #: What it adds to the answer less what it adds to the runner-up.
    part: float
    #: The ink that lifts the unit, float32 (28, 28) from 0 to 1.
    ink: Floats


@dataclass(frozen=True, eq=False, repr=False)
class Strokes:
    """The strokes behind an answer, and all parts of its sum."""

    answer: int
    rival: int
    #: What each unit adds to each class, float32 (units, classes).
    added: Floats
    #: The bias of each class, float32 (classes,).
    bias: Floats
    temperature: float
    #: float32 (units,).
    values: Floats
    #: The largest parts above 0, and the smallest below, the strongest first.
    most: tuple[Stroke, ...]
    least: tuple[Stroke, ...]
    activation: str = "rectify"

    def probabilities(self, off: Sequence[int] = ()) -> Floats:
        """Return the calibrated probabilities with some units switched off."""
        added = np.delete(self.added, off, axis=0) if len(off) else self.added
        return probabilities_of(self.bias + added.sum(axis=0), self.temperature)

    def bundles(self, off: Sequence[int] = ()) -> tuple[float, float]:
        """Return the sums of all parts above 0, and of all below 0 without their sign."""
        parts = self.added[:, self.answer] - self.added[:, self.rival]
        parts = np.delete(parts, off)
        return float(parts[parts > 0].sum()), float(-parts[parts < 0].sum())


def find_strokes(
    probe: NetworkProbe,
    picture: Floats,
    pair: Callable[[Floats], tuple[int, int]] = lambda p: two_best(p.tolist()),
) -> Strokes:
    """Find the strokes of a picture, float32 (28, 28); ``pair`` chooses two of its answers."""
    passed = probe.run(picture[None, None])
    last = probe.layers[-1]
    inputs = passed.x[-1][0].reshape(-1)
    added = inputs[:, None] * last.W
    values = inputs
    if len(probe.layers) > 1:
        before = probe.layers[-2]
        added = added.reshape(before.units, -1, last.units).sum(axis=1)
        values = passed.a[-1][0].reshape(before.units, -1).max(axis=1)
    answer, rival = pair(passed.p[0])
    parts = added[:, answer] - added[:, rival]
    if len(probe.layers) > 1:
        units = strongest(parts, MOST_FOR, MOST_AGAINST)
        inks = iter(_inks(probe, passed, [*units[0], *units[1]]))
        most, least = (
            tuple(Stroke(np.array([n]), float(parts[n]), next(inks)) for n in some)
            for some in units
        )
    else:
        most, least = (_pixels(parts, sign) for sign in (1, -1))
    activation = probe.layers[-2].activation if len(probe.layers) > 1 else ""
    temperature = passed.temperature
    return Strokes(
        answer, rival, added, last.b, temperature, values, most, least, activation,
    )  # fmt: skip


def _pixels(parts: Floats, sign: int) -> tuple[Stroke, ...]:
    """Return all pixels that speak for a class as one stroke; none where there are none."""
    shares = np.maximum(sign * parts, 0)
    if not shares.any():
        return ()
    pixels = np.flatnonzero(shares)
    return (Stroke(pixels, sign * float(shares.sum()), _scaled(as_picture(shares))),)


def _inks(probe: NetworkProbe, passed: ForwardPass, units: Sequence[int]) -> Floats:
    """Return the ink that lifts each of some units: its gradient times the picture, (N, 28, 28)."""
    place = len(probe.layers) - 2
    deltas = np.zeros((len(units), *passed.a[place][0].shape), np.float32)
    deltas[np.arange(len(units)), units] = probe.layers[place].slope(passed.z[place][0, units])
    deltas = probe.gradients(passed, place, deltas)[0]
    lifting = np.maximum(deltas[:, 0] * passed.x[0][0, 0], 0)
    padded = np.pad(lifting, ((0, 0), (1, 1), (1, 1)))
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    return np.array([_scaled(ink) for ink in around.mean(axis=(3, 4))], np.float32)


def _scaled(ink: Floats) -> Floats:
    """Return ink from 0 to 1 in the picture's size, also where that was pooled at once."""
    scaled: Floats = ink / max(float(ink.max()), 1e-12)
    places = np.arange(SIDE) * len(ink) // SIDE
    return scaled.astype(np.float32)[np.ix_(places, places)]


# -- sentences


def headline(strokes: Strokes) -> tuple[str, str]:
    """Return the beginning of the headline, which is bold, and the rest."""
    total = number(len(strokes.values))
    if not strokes.activation:
        return _("{total} pixels", total=total), _("speak directly: no unit is in between.")
    if strokes.activation in _ALWAYS_ON:
        shown = number(len(strokes.most) + len(strokes.least))
        return _("Of {total} units", total=total), _("the strongest {count}.", count=shown)
    found = number(int((strokes.values > 0).sum()))
    # Translators: in bold; "found strokes they know." follows.
    return _("{found} of {total} units", found=found, total=total), _("found strokes they know.")


def describe_sum(certainty: Certainty) -> str:
    """Say what all parts together make of the answer."""
    if certainty.state is State.UNCLEAR:
        one, other = certainty.either
        return _("Added up, {one} and {other} are nearly equal.", one=one, other=other)
    if certainty.is_named_alone:
        return _("Added up, {answer} wins.", answer=certainty.text)
    return _("Added up, nothing stands out.")


def describe_without(certainty: Certainty, share: float, is_off: bool) -> str:
    """Say the answer without one of the strokes, or again with one that is off."""
    said = N_("Without this one: {answer}, {share}")
    if is_off:
        said = N_("With this one: {answer}, {share}")
    return _(said, answer=certainty.text, share=format_probability(share))


def describe_place(ink: Floats) -> str:
    """Say which thirds of the picture, down and across, hold half of the ink; "" where none do."""
    places = []
    down = _("top"), _("middle"), _("bottom")
    across = _("left"), _("center"), _("right")
    for axis, names in ((1, down), (0, across)):
        thirds = [part.sum() for part in np.array_split(ink.sum(axis=axis), 3)]
        largest = int(np.argmax(thirds))
        if 2 * thirds[largest] >= sum(thirds):
            places.append(names[largest])
    return listed(places)


def describe_stroke(strokes: Strokes, place: int, name: Name) -> str:
    """Describe one of the strokes, those for the answer first, to a screen reader."""
    shown = (*strokes.most, *strokes.least)
    stroke = shown[place]
    speaks_for, against = strokes.bundles()
    is_for = place < len(strokes.most)
    words = _(
        "Stroke {place} of {count}, speaks for {name}: part {part} of {total}.",
        place=place + 1,
        count=len(shown),
        name=name(strokes.answer if is_for else strokes.rival),
        part=number(abs(stroke.part), ".2f"),
        total=number(speaks_for if is_for else against, ".2f"),
    )
    where = describe_place(stroke.ink)
    return joined(words, _("Ink: {places}.", places=where) if where else "")
