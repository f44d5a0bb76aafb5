"""Tell ink from the ground it is on: paper, blackboard, screen; evenly lit or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]

#: Ink that differs less from its ground is none (of the range from black to white).
LEAST_CONTRAST = 0.06
#: A ground whose edges differ no more than this is even: a drawing or a scan, not a photograph.
EVEN = 0.03
#: The ground is estimated on a picture reduced to about this side, with a window that no
#: stroke of a pen fills.
_COARSE_SIDE = 64
_WINDOW = 1 / 3
#: Patches of ink smaller than this part of the largest are dirt or noise on a photograph.
_SPECK = 0.03
#: Part of the picture's side over which noise is averaged.
_FINE = 280
_FIT_ROUNDS = 6
#: The strength of ink above which a pixel is surely ink, in units of Otsu's threshold.
_SOFT_FROM, _SOFT_TO = 0.6, 1.4


def ink_on_ground(luminance: Float) -> Float:
    """Return how much ink there is on each pixel.

    Parameters
    ----------
    luminance : numpy.ndarray, float32, shape (H, W)
        0 black to 1 white.

    Returns
    -------
    numpy.ndarray, float32, shape (H, W)
        0 to 1. The ground is what most of the picture's border shows. On an even ground grey
        levels are kept in proportion; on an uneven one they are cut at Otsu's threshold, softly,
        and specks are taken away. All 0 where nothing stands out.
    """
    rim = border(luminance)
    ground = float(np.median(rim))
    darkest, lightest = float(luminance.min()), float(luminance.max())
    dark_ink = ground - darkest >= lightest - ground
    low, high = np.quantile(rim, [0.1, 0.9])
    even = high - low <= EVEN
    if even:
        ink = _difference(luminance, ground, dark_ink)
    else:
        ink = _difference(luminance, _uneven_ground(luminance, dark_ink), dark_ink)
    strongest = float(ink.max())
    if strongest < LEAST_CONTRAST:
        return np.zeros_like(luminance)
    ink = ink / np.float32(strongest)
    return ink if even else _without_noise(ink, strongest)


def border(plane: Float) -> Float:
    """Return the values along the picture's four edges."""
    return np.concatenate([plane[0], plane[-1], plane[1:-1, 0], plane[1:-1, -1]])


def otsu_threshold(values: npt.NDArray[Any], bins: int = 256) -> float:
    """Return the threshold that parts values into two classes most clearly.

    N. Otsu, "A threshold selection method from gray-level histograms", 1979: the variance
    between the two classes is greatest.

    Parameters
    ----------
    values : numpy.ndarray
        0 to 1, any shape.
    bins : int

    Returns
    -------
    float
        The middle of all thresholds that are equally good (between two separate peaks).
    """
    counts, edges = np.histogram(values, bins=bins, range=(0, 1))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(np.float64)
    above = counts.sum() - below
    sums = np.cumsum(counts * centres)
    possible = (below > 0) & (above > 0)
    if not possible.any():
        return 0.5
    mean_below = sums[:-1] / np.where(possible, below, 1)
    mean_above = (sums[-1] - sums[:-1]) / np.where(possible, above, 1)
    between = np.where(possible, below * above * (mean_below - mean_above) ** 2, -1)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    return float(edges[1 + (best[0] + best[-1]) // 2])


def _difference(luminance: Float, ground: Any, dark_ink: bool) -> Float:
    difference = ground - luminance if dark_ink else luminance - ground
    positive: Float = np.maximum(difference, 0).astype(np.float32)
    return positive


def _uneven_ground(luminance: Float, dark_ink: bool) -> Float:
    """Estimate the ground below the ink.

    A quadratic surface, fitted without the ink, follows the fall of the light; shadows remain.
    What is left of them when everything thin is closed over is added.
    """
    from scipy import ndimage

    height, width = luminance.shape
    factor = max(1, round(max(height, width) / _COARSE_SIDE))
    rows, columns = -(-height // factor), -(-width // factor)
    padded = np.pad(
        luminance, ((0, rows * factor - height), (0, columns * factor - width)), mode="edge"
    )
    coarse = padded.reshape(rows, factor, columns, factor).mean(axis=(1, 3))
    surface = _surface(coarse, dark_ink)
    window = max(3, round(min(max(rows, columns) * _WINDOW, rows, columns)))
    close = ndimage.grey_closing if dark_ink else ndimage.grey_opening
    closed = close(coarse - surface, size=(window, window), mode="nearest")
    smooth = surface + ndimage.gaussian_filter(closed, window / 4, mode="nearest")
    down = (np.arange(height) + 0.5) / factor - 0.5
    across = (np.arange(width) + 0.5) / factor - 0.5
    places = np.meshgrid(down, across, indexing="ij", sparse=False)
    full = ndimage.map_coordinates(smooth, places, order=1, mode="nearest")
    ground: Float = full.astype(np.float32)
    return ground


def _surface(plane: npt.NDArray[Any], dark_ink: bool) -> npt.NDArray[Any]:
    """Fit a quadratic surface to the ground, leaving out what differs from it like ink."""
    down, across = np.meshgrid(
        np.linspace(-1, 1, plane.shape[0]), np.linspace(-1, 1, plane.shape[1]), indexing="ij"
    )
    ones = np.ones_like(down)
    terms = np.stack([ones, down, across, down * across, down**2, across**2], axis=-1)
    terms, values = terms.reshape(-1, 6), plane.ravel().astype(np.float64)
    fitted = np.full_like(values, np.median(values))
    for _ in range(_FIT_ROUNDS):
        inkward = (fitted - values) if dark_ink else (values - fitted)
        spread = float(np.median(np.abs(inkward))) + 1e-3
        ground = inkward < 2 * spread
        solution, *_ = np.linalg.lstsq(terms[ground], values[ground], rcond=None)
        fitted = terms @ solution
    return fitted.reshape(plane.shape)


def _without_noise(ink: Float, strongest: float) -> Float:
    """Cut at Otsu's threshold and take specks away; nothing is left of mere noise."""
    from scipy import ndimage

    # Averaging over a few pixels tells strokes, which are wider, from the noise of a camera.
    smooth = ndimage.gaussian_filter(ink, max(0.5, max(ink.shape) / _FINE))
    highest = float(smooth.max())
    threshold = otsu_threshold(smooth / highest) * highest
    above = smooth > threshold
    contrast = float(smooth[above].mean() - smooth[~above].mean()) * strongest
    if contrast < LEAST_CONTRAST:
        return np.zeros_like(ink)
    soft = (smooth / threshold - _SOFT_FROM) / (_SOFT_TO - _SOFT_FROM)
    cleaned: Float = np.clip(soft, 0, 1).astype(np.float32)
    patches, count = ndimage.label(smooth > threshold * _SOFT_FROM, structure=np.ones((3, 3)))
    if count > 1:
        areas = np.bincount(patches.ravel())
        areas[0] = 0
        cleaned[~(areas >= _SPECK * areas.max())[patches]] = 0
    return cleaned
