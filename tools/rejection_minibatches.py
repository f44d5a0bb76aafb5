"""The minibatches that the rule is fitted on.

Nothing but the shape shall tell a digit from what is none. So what people drew is not only painted
from its own lines, but also shown to the augmentation as a picture like those of MNIST, which
finds its skeleton and rewrites it as it rewrites digits. And letters that are written like a digit,
such as O, stand on the side of the digits: they come from the same pens and hands as the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from synthetic_negatives import lines_of, rare_digits, several, synthetic_negatives, written
from unipen_drawings import Drawings

from mnist_draw.dataset.augmentation.augmenter import RECIPES, Augmenter, restyle
from mnist_draw.dataset.augmentation.skeleton import StrokeStore
from mnist_draw.dataset.augmentation.warp import HashedRandom, WarpRange
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.dataset.normalise import SIDE, normalise_ink
from mnist_draw.recognition.rejection import NONE, SEVERAL

Images = npt.NDArray[np.uint8]
Kinds = npt.NDArray[Any]
Rows = npt.NDArray[np.intp]
Generator = np.random.Generator

#: Pictures in a minibatch: digits as the handwriting recipe varies them, digits written with
#: pens of any width, digits in rare styles, letters that are written like digits, several digits
#: at once, what people drew, and synthetic drawings.
VARIED, WRITTEN, RARE, TWINS, SEVERAL_AT_ONCE, DRAWN, SYNTHETIC = 95, 80, 25, 40, 35, 175, 50
BATCH = VARIED + WRITTEN + RARE + TWINS + SEVERAL_AT_ONCE + DRAWN + SYNTHETIC
#: Synthetic pictures, and pictures of several digits; each epoch sees them in another order.
SYNTHETIC_MADE, SEVERAL_MADE, RARE_MADE = 60_000, 30_000, 30_000
_MADE_AT_ONCE = 10_000
#: Share of pictures that are softened, and of digits and of others that are coarse: who shows
#: a picture of 8 by 8 pixels more often shows a digit.
BLURRED = 0.2
_COARSE_DIGITS, _COARSE_OTHERS = 0.1, 0.04
#: Share of what people drew that is painted from its own lines.
_DIRECT = 0.5
#: How much that is deformed: less than digits, for it varies enough already.
_DRAWN_WARP = WarpRange(rotation=12, shear=0.25, aspect=0.4, bend=1.3, waves=((0.9, 12.0, 32.0),))
#: How it is painted to become a picture like those of MNIST: as it is, with pens as wide as there.
_AS_IT_IS, _LIKE_MNIST = WarpRange(rotation=0, shear=0, aspect=0), (0.8, 1.8)
_ROWS_AT_ONCE = 1000
#: Sides of coarse pixels, in pixels of the normalised picture: a digit is 6 to 10 of them high.
#: Those of scikit-learn's small data set are 8 high, with 17 levels of gray.
_CELLS = (2.0, 3.3)
_LEVELS = 16


class Pictures:
    """Pictures in all variations.

    Parameters
    ----------
    images : numpy.ndarray, uint8, shape (N, 1, 28, 28)
    kinds : numpy.ndarray, shape (N,)
        Digits are varied in the styles of each digit.
    seed : int
    """

    def __init__(self, images: Images, kinds: Kinds, seed: int) -> None:
        self._kinds = kinds
        self._seed = seed
        self._augmenter = Augmenter("handwriting", images, kinds, seed)
        self._store = StrokeStore(images[:, 0])

    def has_points(self, indices: Rows) -> npt.NDArray[np.bool_]:
        """Tell which pictures have ink enough to be written anew."""
        return self._store.has_points(indices)

    def varied(self, indices: Rows, epoch: int) -> Images:
        """Return pictures as the recipe for handwriting varies them, uint8 (n, 28, 28)."""
        return self._augmenter.batch(indices, epoch)[:, 0]

    def written(self, indices: Rows, epoch: int) -> Images:
        """Return pictures written with pens of any width, uint8 (n, 28, 28)."""
        warp = RECIPES["handwriting"].warp
        assert warp is not None
        random = HashedRandom(self._seed + 3, epoch, indices)
        strokes = self._store.strokes(indices)
        restyle(strokes, self._kinds[indices], random)
        return written(strokes, random, warp)


class Drawn:
    """Variations of real drawings.

    Files and writers have weights like the square roots of how much they hold, so that nobody
    outweighs all others.

    Parameters
    ----------
    drawings : list of Drawings
        Of the writers that count.
    kinds : numpy.ndarray, shape (N,)
        The meaning of each drawing, one part after the other.
    seed : int
    """

    def __init__(self, drawings: list[Drawings], kinds: Kinds, seed: int) -> None:
        self.kinds = kinds
        self._seed = seed
        self._lines = lines_of([strokes for part in drawings for strokes in part.strokes])
        weights = [_weights(part.writers) for part in drawings]
        self._weights = np.concatenate(weights) / np.concatenate(weights).sum()
        self.plain = np.concatenate(
            [
                written(
                    self._lines.part(rows),
                    HashedRandom(seed + 6, 0, rows),
                    _AS_IT_IS,
                    _LIKE_MNIST,
                )
                for rows in _in_parts(np.arange(len(kinds)))
            ],
        )
        self._pictures = Pictures(self.plain[:, None], kinds, seed + 7)

    def weigh(self, factors: npt.NDArray[Any]) -> None:
        """Draw some of them more often, or, with a factor of 0, never."""
        self._weights = self._weights * factors
        self._weights /= self._weights.sum()

    def some(self, count: int, rng: Generator, number: int) -> tuple[Images, Kinds]:
        """Choose and vary; another number gives other variations.

        Returns
        -------
        pictures : numpy.ndarray, uint8, shape (count, 28, 28)
        kinds : numpy.ndarray, shape (count,)
        """
        rows = rng.choice(len(self.kinds), count, p=self._weights)
        way = rng.random(count)
        direct = (way < _DIRECT) | ~self._pictures.has_points(rows)
        varied = ~direct & (way < (1 + _DIRECT) / 2)
        pictures = np.empty((count, *self.plain.shape[1:]), np.uint8)
        random = HashedRandom(self._seed + 4, number, rows[direct])
        pictures[direct] = written(self._lines.part(rows[direct]), random, _DRAWN_WARP)
        pictures[varied] = self._pictures.varied(rows[varied], number)
        others = ~direct & ~varied
        pictures[others] = self._pictures.written(rows[others], number)
        return pictures, self.kinds[rows]


class Minibatches:
    """Minibatches of all kinds of pictures."""

    def __init__(self, drawn: Drawn, twins: Drawn, seed: int) -> None:
        data = load_dataset()
        images, self._labels = data.train_images, data.train_labels
        self._digits = Pictures(images, self._labels, seed)
        every = np.arange(len(images))
        self._usable = every[self._digits.has_points(every)]
        self._synthetic, self._several = _made(self._digits, self._labels, self._usable, seed)
        self._rare, self._rare_labels = rare_digits(RARE_MADE, seed)
        self._drawn, self._twins = drawn, twins
        self._seed = seed
        self.count = len(self._usable) // (VARIED + WRITTEN)

    def of(self, epoch: int) -> Iterator[tuple[Images, npt.NDArray[np.int32]]]:
        """Yield the pictures, uint8 (500, 1, 28, 28), and kinds, int32 (500,), of an epoch."""
        rng = np.random.default_rng((self._seed, 9, epoch))
        counts = (VARIED + WRITTEN, SEVERAL_AT_ONCE, SYNTHETIC, RARE)
        orders = [rng.permutation(self._usable)]
        orders += [
            rng.permutation(len(part)) for part in (self._several, self._synthetic, self._rare)
        ]
        for batch in range(self.count):
            digits, many, none, rare = (
                order[np.arange(batch * count, (batch + 1) * count) % len(order)]
                for order, count in zip(orders, counts, strict=True)
            )
            number = epoch * self.count + batch
            twins, twin_kinds = self._twins.some(TWINS, rng, number)
            drawn, drawn_kinds = self._drawn.some(DRAWN, rng, number)
            pictures = [
                self._digits.varied(digits[:VARIED], epoch),
                self._digits.written(digits[VARIED:], epoch),
                self._rare[rare],
                twins,
                self._several[many],
                self._synthetic[none],
                drawn,
            ]
            made = [SEVERAL] * SEVERAL_AT_ONCE + [NONE] * SYNTHETIC
            kinds = np.concatenate(
                [self._labels[digits], self._rare_labels[rare], twin_kinds, made, drawn_kinds],
            )
            random = HashedRandom(self._seed + 5, number, np.arange(BATCH))
            shares = np.where(kinds < SEVERAL, _COARSE_DIGITS, _COARSE_OTHERS)
            degraded = blur(np.concatenate(pictures), random, BLURRED)
            yield coarsen(degraded, random, shares)[:, None], kinds.astype(np.int32)


def _weights(writers: list[str]) -> npt.NDArray[np.float64]:
    """Return the weights of one file's drawings."""
    counts = Counter(writers)
    weights = np.array([counts[writer] ** -0.5 for writer in writers], np.float64)
    scaled: npt.NDArray[np.float64] = weights / weights.sum() * np.sqrt(len(writers))
    return scaled


def _in_parts(rows: Rows) -> list[Rows]:
    return np.split(rows, range(_ROWS_AT_ONCE, len(rows), _ROWS_AT_ONCE))


def _made(digits: Pictures, labels: Kinds, usable: Rows, seed: int) -> tuple[Images, Images]:
    """Make negatives and pictures of several digits, from digits varied as in no epoch."""
    half = len(usable) // 2
    varied = [digits.varied(rows, 10_000) for rows in _in_parts(usable[:half])]
    varied += [digits.written(rows, 10_000) for rows in _in_parts(usable[half:])]
    images, labels = np.concatenate(varied), labels[usable]
    made = []
    for make, count in ((synthetic_negatives, SYNTHETIC_MADE), (several, SEVERAL_MADE)):
        parts = range(count // _MADE_AT_ONCE)
        made.append(
            np.concatenate(
                [make(_MADE_AT_ONCE, seed * 1000 + part, images, labels) for part in parts],
            ),
        )
    return made[0], made[1]


# -- what enlarging and cameras do to pictures


def blur(images: Images, random: HashedRandom, share: float) -> Images:
    """Soften a share of pictures as enlarging them or a camera out of focus does.

    Parameters
    ----------
    images : numpy.ndarray, uint8, shape (n, 28, 28)
    random : HashedRandom
    share : float

    Returns
    -------
    numpy.ndarray, uint8, shape (n, 28, 28)
        Softened by up to 1.4 pixels (standard deviation); the darkest pixel is 255.
    """
    rows = np.flatnonzero(random.happens(share))
    strength = random.uniform(0.05, 1 / 3)[rows, None, None]
    soft = images[rows].astype(np.float32)
    for _ in range(3):
        for axis in (1, 2):
            # Beyond the picture's rim there is paper, and rolling meets it on the other side.
            sides = np.roll(soft, 1, axis) + np.roll(soft, -1, axis)
            soft += strength * (sides - 2 * soft)
    result = images.copy()
    darkest = np.maximum(soft.max(axis=(1, 2), keepdims=True), 1)
    result[rows] = np.rint(soft * (255 / darkest)).astype(np.uint8)
    return result


def coarsen(images: Images, random: HashedRandom, shares: npt.NDArray[np.floating]) -> Images:
    """Show pictures in a few large pixels and enlarge them again, as blocks or smoothly.

    Parameters
    ----------
    images : numpy.ndarray, uint8, shape (n, 28, 28)
    random : HashedRandom
    shares : numpy.ndarray, shape (n,)
        How probable it is for each picture.

    Returns
    -------
    numpy.ndarray, uint8, shape (n, 28, 28)
        Normalised as drawings are.
    """
    chosen, blocks, cells, down, across = random.uniforms(5, 0, 1)
    result = images.copy()
    for row in np.flatnonzero(chosen < shares):
        cell = _CELLS[0] + (_CELLS[1] - _CELLS[0]) * float(cells[row])
        rows, columns = _cells(cell, float(down[row])), _cells(cell, float(across[row]))
        coarse = rows @ images[row].astype(np.float32) @ columns.T
        coarse = np.rint(coarse / max(float(coarse.max()), 1e-3) * _LEVELS) / _LEVELS
        if blocks[row] < 0.5:
            coarse = coarse.repeat(3, axis=0).repeat(3, axis=1)
        result[row] = np.rint(normalise_ink(coarse) * 256).astype(np.uint8)
    return result


def _cells(cell: float, phase: float) -> npt.NDArray[Any]:
    """Return the matrix that averages 28 pixels over cells, float32 (cells, 28)."""
    edges = (np.arange(SIDE / cell + 2) - phase) * cell
    inside = np.clip(edges[:, None] - np.arange(SIDE), 0, 1)
    matrix: npt.NDArray[Any] = (np.diff(inside, axis=0) / cell).astype(np.float32)
    return matrix
