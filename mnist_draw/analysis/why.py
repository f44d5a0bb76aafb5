"""Explain one answer against another, and a unit's sum: exactly, term by term.

The last layer is linear in its inputs. So the difference of two logits is a sum with
one term for each unit, and divided by the temperature it is the logarithm of how many times as
probable the one answer is as the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mnist_draw.analysis.network_probe import ForwardPass, Layer, NetworkProbe
from mnist_draw.arrays import Floats

#: So many pixels are changed at most, a fifth of what a digit's ink has; full ink, as in MNIST.
MAX_PIXELS = 30
_INK = np.float32(255 / 256)


@dataclass(frozen=True, eq=False, repr=False)
class Sum:
    """A sum of products, taken apart."""

    #: float32 (inputs,) or (maps, height, width).
    inputs: Floats
    weights: Floats
    bias: float
    #: All products and the bias together, as the network computed them.
    z: float
    #: The unit's output: after its nonlinearity, 0 if it is switched off.
    a: float = 0.0
    #: Row and column in a map; empty for a unit of a dense layer.
    place: tuple[int, ...] = ()

    @cached_property
    def terms(self) -> Floats:
        return self.inputs * self.weights

    @property
    def above(self) -> tuple[int, float]:
        return _part(self.terms[self.terms > 0])

    @property
    def below(self) -> tuple[int, float]:
        return _part(self.terms[self.terms < 0])


@dataclass(frozen=True, eq=False)
class WhySum(Sum):
    """The sum behind "this answer rather than that one".

    The inputs are the outputs of the last hidden layer, or the pixels if there is none; the weights
    are those to the answer less those to the rival, and so is the bias; z is the difference of
    their logits.
    """

    answer: int = 0
    rival: int = 0
    temperature: float = 1.0
    #: The units, each with one term: the products of a map are added.
    units: int = 0

    @cached_property
    def terms(self) -> Floats:
        terms: Floats = (self.inputs * self.weights).reshape(self.units, -1).sum(axis=1)
        return terms

    @property
    def log_ratio(self) -> float:
        return self.z / self.temperature

    @property
    def ratio(self) -> float:
        """How many times as probable the answer is as the rival."""
        return math.exp(min(self.log_ratio, 700.0))


def why_sum(layers: tuple[Layer, ...], passed: ForwardPass, answer: int, rival: int) -> WhySum:
    """Take the difference of two logits of the first picture apart."""
    last = layers[-1]
    inputs = passed.x[-1][0].reshape(-1)
    return WhySum(
        inputs,
        last.W[:, answer] - last.W[:, rival],
        float(last.b[answer] - last.b[rival]),
        float(passed.logits[0, answer] - passed.logits[0, rival]),
        answer=answer,
        rival=rival,
        temperature=passed.temperature,
        units=layers[-2].units if len(layers) > 1 else inputs.size,
    )


def unit_sum(
    layers: tuple[Layer, ...],
    passed: ForwardPass,
    layer: int,
    unit: int,
    place: tuple[int, int] | None = None,
) -> Sum:
    """Take a unit's sum for the first picture apart; of a map at a place, else at its strongest."""
    about = layers[layer]
    read = passed.x[layer][0]
    last = layer == len(layers) - 1
    bias = float(about.b[unit])
    if not about.convolves:
        z = float((passed.logits if last else passed.z[layer])[0, unit])
        a = float((passed.p if last else passed.a[layer])[0, unit])
        return Sum(read.reshape(-1), np.ascontiguousarray(about.W[:, unit]), bias, z, a)
    sums = passed.z[layer][0, unit]
    row, column = place or (int(n) for n in np.unravel_index(int(sums.argmax()), sums.shape))
    patch = about.patch(read, row, column)
    z = float(sums[row, column])
    a = float(passed.a[layer][0, unit, row, column])
    return Sum(patch, about.filter(unit), bias, z, a, (row, column))


def given_on(passed: ForwardPass, layer: int, off: bool) -> Floats:
    """Return a unit's contribution to each unit of the next layer, float32 (units,); maps summed.

    The two rows of `passed` differ in this unit alone; `off` says that it is off in the first.
    """
    sums = passed.z[layer + 1] if layer + 1 < len(passed.z) else passed.logits
    with_it, without = (sums[1], sums[0]) if off else (sums[0], sums[1])
    return (with_it - without).reshape(len(with_it), -1).sum(axis=1)


def strongest(terms: Floats, most_for: int, most_against: int) -> tuple[list[int], list[int]]:
    """Return the places of the largest terms above 0, and of the smallest below 0."""
    flat = terms.reshape(-1)
    order = np.argsort(flat, kind="stable")
    most = [int(n) for n in order[::-1][:most_for] if flat[n] > 0]
    least = [int(n) for n in order[:most_against] if flat[n] < 0]
    return most, least


def terms_by_unit(before: Layer, terms: Floats) -> Floats:
    """Return the terms of a sum by the units that they are from; those of a map are added."""
    return terms.reshape(before.units, -1).sum(axis=1) if before.convolves else terms


def few_pixels_to(probe: NetworkProbe, picture: Floats, answer: int, rival: int) -> Floats | None:
    """Return a picture, float32 (28, 28), with few pixels changed that is read as the rival.

    One pixel after the other becomes ink or paper: that which raises the rival's logit less the
    answer's most, by the gradient, which is computed anew each time. Then those that the rest does
    without are as they were: no single one of those left could be. None: `MAX_PIXELS` do not do.
    """
    pair = np.zeros(probe.layers[-1].units, np.float32)
    pair[rival] = 1
    pair[answer] = -1
    changed = picture.copy()

    def turned() -> bool:
        return int(probe.run(changed[None, None]).p[0].argmax()) == rival

    for __ in range(MAX_PIXELS + 1):
        if turned():
            while _leave_one_out(changed, picture, turned):
                pass
            return changed
        pull = probe.input_gradient(changed, pair)
        goal = np.where(pull > 0, _INK, np.float32(0))
        place = np.unravel_index(int((pull * (goal - changed)).argmax()), changed.shape)
        changed[place] = goal[place]
    return None


def _leave_one_out(changed: Floats, picture: Floats, turned: Callable[[], bool]) -> bool:
    """Make one changed pixel as it was, where the answer stays turned; return whether there is."""
    for place in map(tuple, np.argwhere(changed != picture)):
        kept, changed[place] = changed[place], picture[place]
        if turned():
            return True
        changed[place] = kept
    return False


def _part(terms: Floats) -> tuple[int, float]:
    return len(terms), float(terms.sum(dtype=np.float64))
