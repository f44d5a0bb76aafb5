"""Augmentation of the training pictures: named recipes, from slight slants to new handwriting.

Every picture is deformed and then normalised again as a drawing is (see
`mnist_draw.dataset.normalise`), with a little jitter of place and size, for a drawing's box is
never found exactly. A recipe may re-ink digits: paint them along their skeleton, half of them with
their own width made thinner or wider, half with a round pen. It may also write digits in styles
that MNIST hardly has: here an end prolonged or cut short, a gap; those of single digits are in
`mnist_draw.dataset.augmentation.digit_styles`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_draw.arrays import Bytes, Flags, Floats, Labels, Places
from mnist_draw.dataset.augmentation import moving
from mnist_draw.dataset.augmentation.digit_styles import (
    SHORT,
    Digit,
    add_curve,
    between,
    erase,
    style,
    values_of,
)
from mnist_draw.dataset.augmentation.numba_loops import Compiled, inlined, interpreted
from mnist_draw.dataset.augmentation.painting import BOX, Placement, paint_centered
from mnist_draw.dataset.augmentation.skeleton import MIDDLE, Strokes, StrokeStore
from mnist_draw.dataset.augmentation.warp import HashedRandom, Warp, WarpRange
from mnist_draw.i18n import _, pgettext

#: Jitter of place in pixels, and of size as a part of it.
PLACE_JITTER = 0.5
SIZE_JITTER = 0.05
#: The largest shift of the edge of re-inked digits, in pixels.
EDGE = 0.6
#: Share of re-inked digits that a round pen paints; the others keep their own width.
ROUND = 0.5
#: Radius of the round pens in pixels of the normalised picture.
PENS = (0.7, 1.8)
#: Width of the faint rim around the ink of the data's pictures, in pixels: without it, MNIST's
#: longer sides measure 19.4 pixels.
RIM = np.float32(0.31)
#: Least radius of a line, in pixels.
MIN_RADIUS = 0.45
#: Noise in two octaves, as `WarpRange.waves`.
_NOISE = ((0.8, 15.0, 32.0), (0.28, 8.5, 15.0))


@dataclass(frozen=True)
class Recipe:
    """One way to vary pictures; ``reinked`` is the share of pictures that are painted anew."""

    title: str
    meaning: str
    warp: WarpRange | None
    reinked: float = 0.0
    styles: bool = False


RECIPES: dict[str, Recipe] = {
    "off": Recipe(pgettext("augmentation", "Off"), _("the pictures unchanged"), None),
    "warp": Recipe(_("Warp"), _("turned, slanted, narrowed and widened"), WarpRange()),
    "elastic": Recipe(_("Elastic"), _("also bent by smooth noise"), WarpRange(waves=_NOISE)),
    "pen": Recipe(
        _("Pen width"),
        _("also written with thinner and thicker pens"),
        WarpRange(waves=_NOISE),
        0.7,
    ),
    "handwriting": Recipe(
        _("Handwriting"),
        _("also in rare styles, such as a slashed 0 or a barred 7: the best for drawn digits"),
        WarpRange(rotation=15.0, bend=1.5, waves=_NOISE),
        0.75,
        styles=True,
    ),
}


class Augmenter:
    """Varies the pictures of a data set, uint8 (N, 1, 28, 28), by one of `RECIPES`.

    Labels are the digits, of which some have rare styles, or -1 for other pictures; `side` is the
    longer side of the ink in pixels. A result depends only on recipe, seed, epoch and the picture's
    index, whatever the minibatches are. Several threads may call `batch` at once with different
    indices.
    """

    def __init__(
        self,
        recipe: str,
        images: Bytes,
        labels: Labels,
        seed: int,
        side: int = int(BOX),
    ) -> None:
        self.recipe = RECIPES[recipe]
        self._images = images[:, 0]
        self._labels = labels
        self._seed = seed
        self._side = np.float32(side)
        self._store = StrokeStore(self._images)

    def batch(
        self,
        indices: Labels,
        epoch: int,
        result: Bytes | None = None,
    ) -> Bytes:
        """Return the varied pictures of some indices, uint8 (n, 1, 28, 28), perhaps in `result`."""
        chosen = np.asarray(indices, np.intp)
        warp = self.recipe.warp
        if result is None:
            result = np.empty((len(chosen), 1, *self._images.shape[1:]), np.uint8)
        varied = result[:, 0]
        if warp is None:
            varied[...] = self._images[chosen]
            return result
        random = HashedRandom(self._seed, epoch, chosen)
        drawn = self._store.has_points(chosen)
        # Ink too faint for a skeleton is not varied.
        varied[~drawn] = self._images[chosen[~drawn]]
        reinked = random.happens(self.recipe.reinked)
        new = np.flatnonzero(drawn & reinked)
        moved = np.flatnonzero(drawn & ~reinked)
        if len(new):
            varied[new] = self._written(chosen[new], epoch, warp)
        if len(moved):
            varied[moved] = self._moved(chosen[moved], epoch, warp)
        return result

    def _written(self, chosen: Places, epoch: int, limits: WarpRange) -> Bytes:
        """Paint digits along their skeletons, with another pen."""
        random = HashedRandom(self._seed + 1, epoch, chosen)
        strokes = self._store.strokes(chosen)
        if self.recipe.styles:
            restyle(strokes, self._labels[chosen], random)
        warp = Warp(random, limits)
        strokes.points[:2] = warp.forward(strokes.x, strokes.y, strokes.used)
        round_pen = random.happens(ROUND)
        pen = random.uniform(*PENS)
        edge = random.uniform(-EDGE, EDGE)[:, None]
        radius = strokes.radius
        nowhere = strokes.radius <= 0
        radius += edge
        np.maximum(radius, np.float32(MIN_RADIUS), out=radius)
        radius[nowhere] = 0
        placement = Placement(strokes, *_jitter(random, self._side), round_pen, pen)
        return paint_centered(strokes, placement)

    def _moved(self, chosen: Places, epoch: int, limits: WarpRange) -> Bytes:
        random = HashedRandom(self._seed + 2, epoch, chosen)
        strokes = self._store.strokes(chosen)
        warp = Warp(random, limits)
        strokes.points[:2] = warp.forward(strokes.x, strokes.y, strokes.used)
        # A picture's box reaches to the faint rim around the edge of its ink.
        np.add(strokes.radius, RIM, out=strokes.radius, where=strokes.radius > 0)
        placement = Placement(strokes, *_jitter(random, self._side))
        images = self._images[chosen]
        nodes = np.arange(moving.NODES, dtype=np.float32) * moving.SPACING - MIDDLE
        across = np.tile(nodes, moving.NODES)
        down = np.repeat(nodes, moving.NODES)

        def places() -> tuple[Floats, Floats]:
            x, y = warp.backward(*placement.origin(across, down))
            return x + MIDDLE, y + MIDDLE

        placement.recenter(moving.moved_center(images, *places()))
        return moving.move(images, *places())


def _jitter(random: HashedRandom, side: np.float32) -> tuple[Floats, Floats, Floats]:
    """Return the size of each digit and the x and y of its center."""
    to_x, to_y = random.uniforms(2, -PLACE_JITTER, PLACE_JITTER)
    return side * (1 + random.uniform(-SIZE_JITTER, SIZE_JITTER)), to_x, to_y


def preview(
    recipe: str,
    images: Bytes,
    labels: Labels,
    seed: int,
    count: int = 16,
    side: int = int(BOX),
) -> Bytes:
    """Return at most `count` examples of a recipe, of all classes, chosen by the seed."""
    order = np.random.default_rng(seed).permutation(len(images))[: 40 * count]
    # Round by round one of each class.
    classes = labels[order]
    rounds = np.array([np.count_nonzero(classes[:place] == c) for place, c in enumerate(classes)])
    chosen = np.sort(order[np.lexsort((classes, rounds))][:count])
    with interpreted():
        return Augmenter(recipe, images[chosen], labels[chosen], seed, side).batch(
            np.arange(len(chosen)),
            1,
        )


#: Share of digits that are trimmed, that get a tail, and whose line has a gap.
TRIMMED = 0.12
TAILED = 0.15
TORN = 0.1


def restyle(strokes: Strokes, labels: Labels, random: HashedRandom) -> None:
    """Write random digits in another style, in place; labels are integers (n,), 0 to 9."""
    # Drawn for all pictures, so that a picture's numbers do not depend on its neighbors.
    amounts = np.ascontiguousarray(random.uniforms(20, 0, 1).T)
    _restyle(strokes.points, strokes.used, labels.astype(np.int32), amounts)


@Compiled
def _restyle(points: Any, used: Any, labels: Any, amounts: Any) -> None:
    for picture in range(len(used)):
        digit = (points, picture, used[picture])
        chances = amounts[picture]
        pen = _mean_radius(digit)
        _trim(digit, chances[:3])
        style(labels[picture], digit, chances[3:13], pen)
        _tail(digit, chances[13:17], pen)
        if labels[picture] != 1:  # it would become an i
            _gap(digit, chances[17:])


@inlined
def _mean_radius(digit: Digit) -> Any:
    radius = values_of(digit, 2)
    total = np.float32(0)
    count = 0
    for point in range(len(radius)):
        if radius[point] > 0:
            total += radius[point]
            count += 1
    return total / np.float32(max(count, 1))


@inlined
def _trim(digit: Digit, amounts: Floats) -> None:
    """Cut one end short: a tail that is hardly there."""
    if amounts[0] < TRIMMED:
        end = _one_end(digit, amounts[1])
        if end >= 0:
            x = values_of(digit, 0)[end]
            y = values_of(digit, 1)[end]
            erase(digit, x, y, between(amounts[2], 0.5, 3.0))


@inlined
def _tail(digit: Digit, amounts: Floats, pen: Any) -> None:
    """Prolong one end of a line by a little, slightly bent."""
    if amounts[0] >= TAILED or values_of(digit, 2)[-SHORT:].any():
        return
    end = _one_end(digit, amounts[1])
    if end >= 0:
        x = values_of(digit, 0)[end]
        y = values_of(digit, 1)[end]
        reach = between(amounts[2], 1.0, 3.5)
        go_x = reach * values_of(digit, 4)[end]
        go_y = reach * values_of(digit, 5)[end]
        turn = between(amounts[3], -0.6, 0.6)
        half = np.float32(0.5)
        to_x = x + go_x - turn * go_y
        to_y = y + go_y + turn * go_x
        add_curve(digit, SHORT, SHORT // 2, x, y, x + half * go_x, y + half * go_y, to_x, to_y, pen)


@inlined
def _gap(digit: Digit, amounts: Floats) -> None:
    """Lift the pen for a moment."""
    if amounts[0] >= TORN:
        return
    radius = values_of(digit, 2)
    point = _ranked(radius > 0, amounts[1])
    # The pen's round ends fill the gap again, up to its radius from either side.
    reach = radius[point] + between(amounts[2], 0.3, 1.2)
    erase(digit, values_of(digit, 0)[point], values_of(digit, 1)[point], reach)


@inlined
def _one_end(digit: Digit, share: Any) -> int:
    """Pick one of the line's ends; -1 where it has none."""
    end_x = values_of(digit, 4)
    end_y = values_of(digit, 5)
    ends = ((end_x != 0) | (end_y != 0)) & (values_of(digit, 2) > 0)
    return _ranked(ends, share) if ends.any() else -1


@inlined
def _ranked(chosen: Flags, share: Any) -> int:
    """Return the place of the chosen one that a share of 0 to 1 falls on."""
    rank = int(share * np.float32(chosen.sum()))
    for place in range(len(chosen)):
        if chosen[place]:
            rank -= 1
            if rank < 0:
                return place
    return 0
