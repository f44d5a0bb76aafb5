"""Explain one answer against another, and a unit's sum: exactly, term by term.

The last layer is linear in its inputs. So the difference of two logits is a sum with
one term for each unit, and divided by the temperature it is the logarithm of how many times as
probable the one answer is as the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mnist_draw.analysis.network_probe import ForwardPass, Layer, NetworkProbe

Floats = npt.NDArray[np.float32]

_WORDS = ("", "", "twice", "three times", "four times", "five times", "six times", "seven times",
          "eight times", "nine times", "ten times")  # fmt: skip
#: Above this no figure is given: a larger one cannot be pictured.
_COUNTLESS = 1e6
#: So many pixels are changed at most, a fifth of what a digit's ink has; full ink, as in MNIST.
MAX_PIXELS, _INK = 30, np.float32(255 / 256)


@dataclass(frozen=True, eq=False)
class WhySum:
    """The sum behind "this answer rather than that one"."""

    answer: int
    rival: int
    #: float32 (units,): outputs of the last hidden layer; the pixels if there is none.
    outputs: Floats = field(repr=False)
    #: float32 (units,): of each unit: its weight to the answer less its weight to the rival.
    weights: Floats = field(repr=False)
    #: float32 (units,): outputs × weights: above 0 speaks for the answer, below 0 for the rival.
    terms: Floats = field(repr=False)
    #: The answer's bias less the rival's.
    bias: float
    #: The answer's logit less the rival's, as the network computed them; all terms and the bias
    #: together.
    difference: float
    temperature: float

    @property
    def speaking_for(self) -> tuple[int, float]:
        """How many units speak for the answer, and with what in all."""
        return _part(self.terms[self.terms > 0])

    @property
    def speaking_against(self) -> tuple[int, float]:
        """How many units speak for the rival, and with what in all."""
        return _part(self.terms[self.terms < 0])

    @property
    def log_ratio(self) -> float:
        return self.difference / self.temperature

    @property
    def ratio(self) -> float:
        """How many times as probable the answer is as the rival."""
        return math.exp(min(self.log_ratio, 700.0))

    def strongest(self, most_for: int, most_against: int) -> tuple[list[int], list[int]]:
        """Return the units that speak most for the answer, and those most for the rival."""
        return strongest(self.terms, most_for, most_against)


@dataclass(frozen=True, eq=False)
class UnitSum:
    #: Row and column where a map is strongest; empty for a unit of a dense layer.
    place: tuple[int, ...]
    #: float32 (inputs,) or (maps, height, width): inputs, weights, and their
    #: products.
    inputs: Floats = field(repr=False)
    weights: Floats = field(repr=False)
    terms: Floats = field(repr=False)
    bias: float
    #: The sum, as the network computed it.
    z: float
    #: The unit's output: after its nonlinearity, 0 if it is switched off.
    a: float

    @property
    def above(self) -> tuple[int, float]:
        """How many terms are above 0, and their sum."""
        return _part(self.terms[self.terms > 0])

    @property
    def below(self) -> tuple[int, float]:
        """How many terms are below 0, and their sum."""
        return _part(self.terms[self.terms < 0])


def why_sum(layers: tuple[Layer, ...], passed: ForwardPass, answer: int, rival: int) -> WhySum:
    """Take the difference of two logits of the first picture apart."""
    last = layers[-1]
    outputs = passed.x[-1][0].reshape(-1)
    weights = last.W[:, answer] - last.W[:, rival]
    return WhySum(
        answer,
        rival,
        outputs,
        weights,
        outputs * weights,
        float(last.b[answer] - last.b[rival]),
        float(passed.logits[0, answer] - passed.logits[0, rival]),
        passed.temperature,
    )


def unit_sum(
    layers: tuple[Layer, ...],
    passed: ForwardPass,
    layer: int,
    unit: int,
    place: tuple[int, int] | None = None,
) -> UnitSum:
    """Take the sum of one unit apart, for the first picture; of a map, at a place of it.

    ``place``: row and column in the map; where it is strongest if left out.
    """
    about = layers[layer]
    read = passed.x[layer][0]
    if about.convolves:
        return _map_sum(about, passed, layer, unit, place)
    last = layer == len(layers) - 1
    inputs = read.reshape(-1)
    weights = np.ascontiguousarray(about.W[:, unit])
    z = float((passed.logits if last else passed.z[layer])[0, unit])
    a = float((passed.p if last else passed.a[layer])[0, unit])
    return UnitSum((), inputs, weights, inputs * weights, float(about.b[unit]), z, a)


def _map_sum(
    about: Layer, passed: ForwardPass, layer: int, unit: int, place: tuple[int, int] | None
) -> UnitSum:
    sums = passed.z[layer][0, unit]
    row, column = place or (int(n) for n in np.unravel_index(int(sums.argmax()), sums.shape))
    weights = about.filter(unit)
    _, high, wide = weights.shape
    inputs = passed.x[layer][0][:, row : row + high, column : column + wide]
    a = float(passed.a[layer][0, unit, row, column])
    z = float(sums[row, column])
    return UnitSum((row, column), inputs, weights, inputs * weights, float(about.b[unit]), z, a)


def given_on(passed: ForwardPass, layer: int, off: bool) -> Floats:
    """Return a unit's contribution to each unit of the next layer, float32 (units,); maps summed.

    The two rows of `passed` differ in this unit alone; `off` says that it is off in the first.
    """
    sums = passed.z[layer + 1] if layer + 1 < len(passed.z) else passed.logits
    with_it, without = (sums[1], sums[0]) if off else (sums[0], sums[1])
    change: Floats = (with_it - without).reshape(len(with_it), -1).sum(axis=1)
    return change


def strongest(terms: Floats, most_for: int, most_against: int) -> tuple[list[int], list[int]]:
    """Return the places of the largest terms above 0, and of the smallest below 0."""
    flat = terms.reshape(-1)
    order = np.argsort(flat, kind="stable")
    most = [int(n) for n in order[::-1][:most_for] if flat[n] > 0]
    least = [int(n) for n in order[:most_against] if flat[n] < 0]
    return most, least


def lifting(layers: tuple[Layer, ...], passed: ForwardPass, layer: int, unit: int, count: int
            ) -> list[int]:  # fmt: skip
    """Return the units of the layer before that lift a unit's sum most, at most ``count``."""
    if layer == 0:
        return []
    terms = unit_sum(layers, passed, layer, unit).terms
    return strongest(terms_by_unit(layers[layer - 1], terms), count, 0)[0]


def terms_by_unit(before: Layer, terms: Floats) -> Floats:
    """Return the terms of a sum by the units that they are from; those of a map are added."""
    return terms.reshape(before.units, -1).sum(axis=1) if before.convolves else terms


def few_pixels_to(probe: NetworkProbe, picture: Floats, answer: int, rival: int) -> Floats | None:
    """Return a picture, float32 (28, 28), with few pixels changed that is read as the rival.

    One pixel after the other becomes ink or paper: that which raises the rival's logit less the
    answer's most, by the gradient, which is computed anew each time. None: `MAX_PIXELS` do not do.
    """
    pair = np.zeros(probe.layers[-1].units, np.float32)
    pair[rival], pair[answer] = 1, -1
    changed = picture.copy()
    for _ in range(MAX_PIXELS + 1):
        if int(probe.run(changed[None, None]).p[0].argmax()) == rival:
            return changed
        pull = probe.input_gradient(changed, pair)
        goal = np.where(pull > 0, _INK, np.float32(0))
        place = np.unravel_index(int((pull * (goal - changed)).argmax()), changed.shape)
        changed[place] = goal[place]
    return None


def times_as_probable(ratio: float) -> str:
    """Say how many times as probable something is: ``"four times"``, ``"about eight times"``."""
    if ratio > _COUNTLESS:
        return "more than a million times"
    rounded = round(ratio)
    if 2 <= rounded < len(_WORDS) and abs(ratio - rounded) < 0.05 * rounded:
        return _WORDS[rounded] if abs(ratio - rounded) < 0.05 else f"about {_WORDS[rounded]}"
    return f"{ratio:,.0f} times" if ratio >= 100 else f"{ratio:.2g} times"


def _part(terms: Floats) -> tuple[int, float]:
    return len(terms), float(terms.sum(dtype=np.float64))
