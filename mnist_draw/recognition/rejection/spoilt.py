"""What enlarging and cameras do to pictures: soft edges and coarse pixels.

The rule that refuses is fitted on such pictures, too, so that neither tells it anything.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.augmentation.hashed_random import HashedRandom
from mnist_draw.dataset.normalise import SIDE, normalise_ink

Images = npt.NDArray[np.uint8]

#: Sides of coarse pixels, in pixels of the normalised picture: a digit is 6 to 10 of them high.
#: Those of scikit-learn's small data set are 8 high, with 17 levels of grey.
_CELLS = (2.0, 3.3)
_LEVELS = 16


def blurred(images: Images, random: HashedRandom, share: float) -> Images:
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


def coarsened(images: Images, random: HashedRandom, shares: npt.NDArray[np.floating]) -> Images:
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
