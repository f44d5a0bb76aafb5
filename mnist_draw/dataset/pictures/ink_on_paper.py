"""Tell ink from the ground it is on: paper, blackboard, screen; evenly lit or not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.pictures.paper import (
    border,
    continued,
    otsu_threshold,
    surroundings,
    without_lines,
)

Float = npt.NDArray[np.float32]

#: The least difference of ink from its ground, of the range from black to white.
MIN_CONTRAST = 0.06
#: A ground whose edges differ no more than this is even: a drawing or a scan, not a photograph.
EVEN = 0.03
#: … and one whose edges differ no more than this, one and a half of 255 grey levels, has no noise
#: of a camera. A noise of about 1 % exceeds :data:`mnist_draw.dataset.normalise.FAINT` all over.
STILL = 1.5 / 255
#: The ground of a photograph is found on a picture reduced to about this side.
_COARSE_SIDE = 100
#: Windows of the closing over strokes, as parts of the picture's longer side: the narrowest that
#: closes over all ink follows shadows best.
_WINDOWS = (1 / 14, 1 / 9, 1 / 6, 1 / 4, 1 / 3)
#: … it must find this part of the ink that the widest finds.
_ENOUGH = 0.85
#: Light is compared by its logarithm, in which shadows only shift; this much is added first, so
#: that noise in the dark does not look like ink.
_DARK = 0.05
#: Patches of ink smaller than this part of the largest are dirt or noise on a photograph.
_SPECK = 0.03
#: Part of the picture's side over which noise is averaged.
_FINE = 280
_FIT_ROUNDS = 6
#: A patch along more than this part of the picture's border is an edge or a shadow.
_ALONG_RIM = 0.04
#: The strength of ink above which a pixel is surely ink, in units of Otsu's threshold.
_SOFT_FROM, _SOFT_TO = 0.6, 1.4
#: … and that a patch of ink reaches somewhere.
_PEAK = 1.2


def ink_on_paper(luminance: Float) -> Float:
    """Return the ink of a luminance (0 black to 1 white), both float32 (H, W) from 0 to 1.

    On an even ground, which most of the picture's border shows, grey levels are kept in proportion.
    On an uneven one (a photograph) the ground follows the light. There, and on an even ground with
    noise, ruled lines are removed, ink is cut softly at Otsu's threshold, and specks are removed.
    All 0 if nothing stands out.
    """
    rim = border(luminance)
    low, high = np.quantile(rim, [0.1, 0.9])
    if high - low <= EVEN:
        ink = _on_even_ground(luminance, float(np.median(rim)))
        # A scan of ruled paper has an even border, too.
        bare = without_lines(ink)
        if bare is ink and high - low <= STILL:
            return ink
        return _without_noise(bare, 1.0)
    ink = _on_uneven_ground(luminance)
    strongest = float(np.max(ink))
    if strongest < MIN_CONTRAST:
        return np.zeros_like(luminance)
    return _without_noise(without_lines(ink / np.float32(strongest)), strongest)


def _on_even_ground(luminance: Float, ground: float) -> Float:
    """Return the difference from a ground of one grey level, the strongest as 1."""
    darker, lighter = ground - float(np.min(luminance)), float(np.max(luminance)) - ground
    strongest = max(darker, lighter)
    if strongest < MIN_CONTRAST:
        return np.zeros_like(luminance)
    difference = ground - luminance if darker >= lighter else luminance - ground
    ink: Float = np.maximum(difference, 0).astype(np.float32) / np.float32(strongest)
    return ink


def _on_uneven_ground(luminance: Float) -> Float:
    """Return the share by which ink is darker than its ground (or lighter, on a dark one)."""
    height, width = luminance.shape
    factor = max(1, round(max(height, width) / _COARSE_SIDE))
    light = np.log(np.maximum(luminance, 0) + np.float32(_DARK))
    coarse = _reduced(light, factor)
    outside = surroundings(coarse)
    if outside is not None:
        # Beside the sheet of paper there is no ink.
        coarse = continued(coarse, outside)
        blocks = np.repeat(np.repeat(outside, factor, axis=0), factor, axis=1)
        outside = blocks[:height, :width]
    surface = _surface(coarse)
    coarse = coarse - surface
    sign = np.float32(1 if _is_dark_ink(coarse) else -1)
    ground = _enlarged(_ground_around(sign * coarse) + sign * surface, (height, width), factor)
    ink: Float = 1 - np.exp(np.minimum(sign * light - ground, 0))
    if outside is not None:
        ink[outside] = 0
    return ink


def _surface(plane: Float) -> Float:
    """Fit a quadratic surface to the ground, without pixels that differ from it like ink."""
    down, across = np.meshgrid(
        np.linspace(-1, 1, plane.shape[0]), np.linspace(-1, 1, plane.shape[1]), indexing="ij"
    )
    ones = np.ones_like(down)
    terms = np.stack([ones, down, across, down * across, down**2, across**2], axis=-1)
    terms, values = terms.reshape(-1, 6), plane.ravel().astype(np.float64)
    fitted = np.full_like(values, np.median(values))
    for _ in range(_FIT_ROUNDS):
        differs = np.abs(fitted - values)
        ground = differs <= 2 * float(np.median(differs)) + 1e-3
        solution, *_ = np.linalg.lstsq(terms[ground], values[ground], rcond=None)
        fitted = terms @ solution
    surface: Float = fitted.reshape(plane.shape).astype(np.float32)
    return surface


def _is_dark_ink(coarse: Float) -> bool:
    """Tell whether ink is darker than its surroundings: medians over a window larger than strokes.

    Third powers weigh large differences more than large areas, such as shadows.
    """
    from scipy import ndimage

    # Medians over large windows are slow; half the pixels tell as much.
    coarse = _reduced(coarse, 2)
    window = max(3, round(max(coarse.shape) / 3))
    differs = coarse - ndimage.median_filter(coarse, size=window, mode="nearest")
    return bool(np.sum(differs.astype(np.float64) ** 3) <= 0)


def _ground_around(coarse: Float) -> Float:
    """Close over dark ink with the narrowest window that closes over all of it."""
    from scipy import ndimage

    side = max(coarse.shape)
    sizes = sorted({max(3, round(side * part)) for part in _WINDOWS})
    grounds = [ndimage.grey_closing(coarse, size=size, mode="nearest") for size in sizes]
    widest = grounds[-1] - coarse
    least = float(np.quantile(widest, 0.997)) / 2
    whole = np.count_nonzero(widest > least)
    for size, ground in zip(sizes, grounds, strict=True):  # noqa: B007
        if np.count_nonzero(ground - coarse > least) >= _ENOUGH * whole:
            break
    smooth: Float = ndimage.gaussian_filter(ground, max(1.0, size / 8), mode="nearest")
    return smooth


def _reduced(plane: Float, factor: int) -> Float:
    """Average blocks of pixels; the last ones are filled up with the picture's edge."""
    height, width = plane.shape
    rows, columns = -(-height // factor), -(-width // factor)
    filled = ((0, rows * factor - height), (0, columns * factor - width))
    padded = np.pad(plane, filled, mode="edge")
    blocks: Float = padded.reshape(rows, factor, columns, factor).mean(axis=(1, 3))
    return blocks


def _enlarged(coarse: Float, shape: tuple[int, int], factor: int) -> Float:
    """Interpolate between the blocks of `_reduced`."""
    down, across = (
        np.clip((np.arange(length) + 0.5) / factor - 0.5, 0, blocks - 1)
        for length, blocks in zip(shape, coarse.shape, strict=True)
    )
    rows, columns = np.arange(coarse.shape[0]), np.arange(coarse.shape[1])
    to_rows = np.maximum(1 - np.abs(down[:, None] - rows), 0).astype(np.float32)
    to_columns = np.maximum(1 - np.abs(across[:, None] - columns), 0).astype(np.float32)
    full: Float = to_rows @ coarse @ to_columns.T
    return full


def _without_noise(ink: Float, strongest: float) -> Float:
    """Cut at Otsu's threshold and remove specks; nothing is left of mere noise."""
    from scipy import ndimage

    # Strokes are wider than the few pixels averaged here, the noise of a camera is not.
    smooth = ndimage.gaussian_filter(ink, max(0.5, max(ink.shape) / _FINE))
    highest = float(smooth.max())
    threshold = otsu_threshold(smooth / highest) * highest
    above = smooth > threshold
    contrast = float(smooth[above].mean() - smooth[~above].mean()) * strongest
    if contrast < MIN_CONTRAST:
        return np.zeros_like(ink)
    soft = (smooth / threshold - _SOFT_FROM) / (_SOFT_TO - _SOFT_FROM)
    cleaned: Float = np.clip(soft, 0, 1).astype(np.float32)
    patches, count = ndimage.label(smooth > threshold * _SOFT_FROM, structure=np.ones((3, 3)))
    if count > 1:
        areas = np.bincount(patches.ravel())
        areas[0] = 0
        rim = border(patches)
        along = np.bincount(rim, minlength=count + 1) > _ALONG_RIM * len(rim)
        if areas[~along].any():
            areas[along] = 0
        # Folds of the paper are faint all over; faint ink is part of strokes.
        peaks = ndimage.maximum(smooth, patches, np.arange(count + 1))
        areas[np.asarray(peaks) < min(_PEAK * threshold, highest)] = 0
        cleaned[~((areas > 0) & (areas >= _SPECK * areas.max()))[patches]] = 0
    return cleaned
