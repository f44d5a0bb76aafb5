"""Separate ink from its ground: paper, blackboard, screen; evenly lit or not.

A photograph may also show the edge of the sheet and ruled lines. A line of ruled or squared paper
is thin, straight and crosses the picture; no stroke of a pen is so long. Lines are found as in
P. Hough's transform: for each slope, the picture is sheared until lines of that slope follow its
rows, and the rows that are dark from edge to edge are lines. Within a line, only ink that continues
beside it is kept: the strokes that cross it or run along it.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from mnist_draw.arrays import Array, Doubles, Flags, Floats

#: The least difference of ink from its ground, of the range from black to white.
MIN_CONTRAST = 0.06
#: A ground whose edges differ no more than this is even: a drawing or a scan, not a photograph.
EVEN = 0.03
#: … and one whose edges differ no more than this, one and a half of 255 gray levels, has no noise
#: of a camera. A noise of about 1% exceeds :data:`mnist_draw.dataset.normalise.FAINT` all over.
STILL = 1.5 / 255
#: The sheet, and light that falls, are found on a picture reduced to about this side, …
_COARSE_SIDE = 100
#: … and the ground under strokes on one in which they are darker than shadows still.
_GROUND_SIDE = 300
#: Windows of the closing over strokes, as parts of the picture's longer side: the narrowest that
#: closes over all ink follows shadows best.
_WINDOWS = (1 / 28, 1 / 20, 1 / 14, 1 / 9, 1 / 6, 1 / 4, 1 / 3)
#: Strokes take at least the rest of a picture, and are darker than shadows: half of what is seen
#: there is ink, and …
_STRONG = 0.999
#: … the window must find this part of the ink that the widest finds.
_ENOUGH = 0.93
#: Hard edges of shadows leave ink beside strokes: at least this part of them, and lighter by this,
#: in logarithms. Strokes are blurred over this part of the picture's longer side.
_SHADED = 0.2
_DARKER = 0.5
_BLURRED = 1 / 150
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
_SOFT_FROM = 0.6
_SOFT_TO = 1.4
#: … and that a patch of ink reaches somewhere.
_PEAK = 1.2


def ink_on_paper(luminance: Floats) -> Floats:
    """Return the ink of a luminance (0 black to 1 white), both float32 (H, W) from 0 to 1.

    On an even ground, which most of the picture's border shows, gray levels are kept in proportion.
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


def _on_even_ground(luminance: Floats, ground: float) -> Floats:
    """Return the difference from a ground of one gray level, the strongest as 1."""
    darker = ground - float(np.min(luminance))
    lighter = float(np.max(luminance)) - ground
    strongest = max(darker, lighter)
    if strongest < MIN_CONTRAST:
        return np.zeros_like(luminance)
    difference = ground - luminance if darker >= lighter else luminance - ground
    return np.maximum(difference, 0).astype(np.float32) / np.float32(strongest)


def _on_uneven_ground(luminance: Floats) -> Floats:
    """Return the share by which ink is darker than its ground (or lighter, on a dark one)."""
    height, width = luminance.shape
    factor = max(1, round(max(height, width) / _COARSE_SIDE))
    light = np.log(np.maximum(luminance, 0) + np.float32(_DARK))
    coarse = _reduced(light, factor)
    outside = surroundings(coarse)
    seen = light
    if outside is not None:
        # Beside the sheet of paper there is no ink.
        coarse = continued(coarse, outside)
        outside = outside.repeat(factor, 0).repeat(factor, 1)[:height, :width]
        seen = continued(light, outside)
    surface = _surface(coarse)
    sign = np.float32(1 if _is_dark_ink(coarse - surface) else -1)
    level = _enlarged(surface, (height, width), factor)
    fine = max(1, round(max(height, width) / _GROUND_SIDE))
    around = _ground_around(_reduced(sign * (seen - level), fine))
    ground = _enlarged(around, (height, width), fine) + sign * level
    ink = _darkness(sign * light, ground)
    if outside is not None:
        ink[outside] = 0
    return _without_shadows(ink, sign * (seen - level))


def _darkness(light: Floats, ground: Floats) -> Floats:
    darkness: Floats = 1 - np.exp(np.minimum(light - ground, 0))
    return darkness


def _without_shadows(ink: Floats, light: Floats) -> Floats:
    """Return ink without the dark sides of hard edges, if strokes are much darker than those.

    The ground is then the paper beside the strokes, on either side of the edge.
    """
    from scipy import ndimage

    seen = ink > otsu_threshold(ink)
    if not seen.any():
        return ink
    strokes = seen & (light <= _divide(light[seen]))
    away = ndimage.distance_transform_edt(~strokes)
    paper = away > _BLURRED * max(ink.shape)
    shadows = seen & paper
    if shadows.sum() < _SHADED * strokes.sum():
        return ink
    if light[shadows].mean() - light[strokes].mean() < _DARKER:
        return ink
    return np.where(paper, np.float32(0), _darkness(light, continued(light, ~paper)))


def _surface(plane: Floats) -> Floats:
    """Fit a quadratic surface to the ground, without pixels that differ from it like ink."""
    sides = [np.linspace(-1, 1, length) for length in plane.shape]
    down, across = np.meshgrid(*sides, indexing="ij")
    surfaces = [down**0, down, across, down * across, down**2, across**2]
    terms = np.stack(surfaces, axis=-1).reshape(-1, 6)
    values = plane.ravel().astype(np.float64)
    fitted = np.full_like(values, np.median(values))
    for _ in range(_FIT_ROUNDS):
        differs = np.abs(fitted - values)
        ground = differs <= 2 * np.median(differs) + 1e-3
        solution, *_ = np.linalg.lstsq(terms[ground], values[ground], rcond=None)
        fitted = terms @ solution
    return fitted.reshape(plane.shape).astype(np.float32)


def _is_dark_ink(coarse: Floats) -> bool:
    """Tell whether ink is darker than its surroundings: medians over a window larger than strokes.

    Third powers weigh large differences more than large areas, such as shadows.
    """
    from scipy import ndimage

    # Medians over large windows are slow; half the pixels tell as much.
    coarse = _reduced(coarse, 2)
    window = max(3, round(max(coarse.shape) / 3))
    differs = coarse - ndimage.median_filter(coarse, size=window, mode="nearest")
    return bool(np.sum(differs.astype(np.float64) ** 3) <= 0)


def _ground_around(coarse: Floats) -> Floats:
    """Close over dark ink with the narrowest window that closes over all of it."""
    from scipy import ndimage

    side = max(coarse.shape)
    sizes = sorted({max(3, round(side * part)) for part in _WINDOWS})
    grounds = [ndimage.grey_closing(coarse, size=size, mode="nearest") for size in sizes]
    widest = grounds[-1] - coarse
    least = float(np.quantile(widest, _STRONG)) / 2
    whole = np.count_nonzero(widest > least)
    for size, ground in zip(sizes, grounds, strict=True):  # noqa: B007
        if np.count_nonzero(ground - coarse > least) >= _ENOUGH * whole:
            break
    return ndimage.gaussian_filter(ground, max(1.0, size / 8), mode="nearest")


def _reduced(plane: Floats, factor: int) -> Floats:
    """Average blocks of pixels; the last ones are filled up with the picture's edge."""
    height, width = plane.shape
    rows = -(-height // factor)
    columns = -(-width // factor)
    filled = ((0, rows * factor - height), (0, columns * factor - width))
    padded = np.pad(plane, filled, mode="edge")
    return padded.reshape(rows, factor, columns, factor).mean(axis=(1, 3))


def _enlarged(coarse: Floats, shape: tuple[int, int], factor: int) -> Floats:
    """Interpolate between the middles of blocks of pixels."""
    rows, columns = coarse.shape
    size = (columns * factor, rows * factor)
    fine = Image.fromarray(coarse).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(fine)[: shape[0], : shape[1]]


def _without_noise(ink: Floats, strongest: float) -> Floats:
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
    cleaned: Floats = np.clip(soft, 0, 1).astype(np.float32)
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


Kind = TypeVar("Kind", bound=np.generic)

# -- the sheet and its ruled lines

_BINS = 256
#: The surroundings of a sheet cover at least this part of the picture's border …
_RIM = 0.72
#: (a darker sheet lies inside the picture: what reaches its border is the shadow of a hand)
_RIM_OF_LIGHT = 0.97
#: … and the sheet this part of the picture, and of the box around it.
_AREA = 0.25
_FILLED = 0.7
#: The edge of a sheet is sharp: within a few pixels the light changes by this part of the whole
#: difference. The edge of a lamp's light or of a shadow does not.
_SHARP = 0.6
#: … and that difference is at least this, in logarithms.
_CONTRAST = 0.4
_REACH = 2
#: Pictures with shorter sides hold no lines that could be told from strokes.
_MIN_SIDE = 120
#: Lines are searched on a picture reduced to about this side.
_SEARCH_SIDE = 420
#: Lines are at most this wide, as a part of the picture's longer side.
_MAX_WIDTH = 1 / 90
#: Slopes of lines: the camera may be held askew by some degrees.
_SLOPES = np.linspace(-0.09, 0.09, 37)
#: A line is visible along at least this part of the picture.
_SEEN = 0.65
#: Ink fainter than this part of the strongest is ignored.
_MIN_STRENGTH = 0.08
_MAX_LINES = 80
#: Fewer lines than this must reach the picture's edges: a long stroke of a thin pen does not.
_GRID = 5
#: … there, in the outermost part of this size, at least half of the line is seen.
_END = 0.06


def border(plane: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    """Return the values along the picture's four edges."""
    return np.concatenate([plane[0], plane[-1], plane[1:-1, 0], plane[1:-1, -1]])


def otsu_threshold(values: Array) -> float:
    """Return the threshold between two classes of values, 0 to 1, of any shape.

    N. Otsu, "A threshold selection method from gray-level histograms", 1979. Of equally good ones
    (between two separate peaks) it is the middle one.
    """
    counts, edges = np.histogram(values, bins=_BINS, range=(0, 1))
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    sums = np.cumsum(counts * centers)
    means = sums[:-1] / np.maximum(below, 1)
    between = below * above * (means - (sums[-1] - sums[:-1]) / np.maximum(above, 1)) ** 2
    if not between.any():
        return 0.5
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    return float(edges[1 + (best[0] + best[-1]) // 2])


def _divide(values: Floats) -> float:
    """Return Otsu's threshold between values of any range."""
    low = float(np.min(values))
    span = max(float(np.ptp(values)), 1e-6)
    return low + span * otsu_threshold((values - low) / span)


def surroundings(coarse: Floats) -> Flags | None:
    """Return the mask (H, W) of pixels beside the sheet or on its edge; None without a sheet.

    `coarse` is the logarithm of the light, float32 (H, W), on a picture of about 100 pixels.
    """
    from scipy import ndimage

    if float(np.ptp(coarse)) < _CONTRAST:
        return None
    dark = coarse < _divide(coarse)
    for other, least in ((dark, _RIM), (~dark, _RIM_OF_LIGHT)):
        beside = _from_the_rim(other)
        sheet = _largest(ndimage.binary_fill_holes(~beside))
        if border(beside).mean() < least or sheet.mean() < _AREA:
            continue
        rows = np.flatnonzero(sheet.any(axis=1))
        columns = np.flatnonzero(sheet.any(axis=0))
        box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        if sheet.sum() < _FILLED * box:
            continue
        inner = ndimage.binary_erosion(sheet, iterations=_REACH, border_value=1)
        outer = ndimage.binary_dilation(sheet, iterations=_REACH)
        near = inner & ~ndimage.binary_erosion(inner, iterations=_REACH, border_value=1)
        far = ndimage.binary_dilation(outer, iterations=_REACH) & ~outer
        if not near.any() or not far.any():
            continue
        jump = abs(np.median(coarse[near]) - np.median(coarse[far]))
        whole = abs(np.median(coarse[inner]) - np.median(coarse[~outer]))
        if whole >= _CONTRAST and jump >= _SHARP * whole:
            return ~inner
    return None


def continued(plane: Floats, outside: Flags) -> Floats:
    """Fill pixels outside with the value of the nearest pixel inside."""
    from scipy import ndimage

    places = ndimage.distance_transform_edt(outside, return_distances=False, return_indices=True)
    return plane[tuple(places)]


def _from_the_rim(mask: Flags) -> Flags:
    """Keep the parts that touch the picture's border."""
    from scipy import ndimage

    parts, _ = ndimage.label(mask)
    touching = np.unique(border(parts))
    return np.isin(parts, touching[touching > 0])


def _largest(mask: Flags) -> Flags:
    from scipy import ndimage

    parts, _ = ndimage.label(mask)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return mask & (parts == sizes.argmax())


def without_lines(ink: Floats) -> Floats:
    """Remove the lines of the paper from ink, float32 (H, W); return the same array without any."""
    if min(ink.shape) < _MIN_SIDE:
        return ink
    found = [find_lines(ink), find_lines(ink.T)]
    if not any(found):
        return ink
    cleaned = ink
    for lines, turned in zip(found, (False, True), strict=True):
        if lines:
            plane = cleaned.T if turned else cleaned
            plane = _opened_across(plane, lines)
            cleaned = plane.T if turned else plane
    return np.ascontiguousarray(cleaned)


def find_lines(ink: Floats) -> list[tuple[float, float]]:
    """Find the lines that cross a picture nearly along its rows: row at the left, and slope."""
    from scipy import ndimage

    factor = max(1, round(max(ink.shape) / _SEARCH_SIDE))
    # The strongest of each block: averaging would fade lines that are one pixel wide.
    rows = ink.shape[0] // factor
    columns = ink.shape[1] // factor
    blocks = ink[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
    coarse = blocks.max(axis=(1, 3)) if factor > 1 else ink
    thickest = _line_width(coarse) + 1
    # What is wider than a line, across, is none: strokes of a pen, shadows.
    thin = coarse - ndimage.grey_opening(coarse, size=(thickest, 1), mode="nearest")
    seen = (thin > _MIN_STRENGTH).astype(np.float32)
    best = np.zeros(rows, np.float32)
    slopes = np.zeros(rows, np.float32)
    steps = np.arange(columns) - (columns - 1) / 2
    # A line that is slightly bent or between two slopes is spread over neighboring rows.
    seen = ndimage.maximum_filter1d(seen, 3, axis=0)
    beyond = round(float(_SLOPES.max() * steps.max())) + 1
    dark, inside = (_running_sums(plane, beyond) for plane in (seen, np.ones_like(seen)))
    for slope in _SLOPES:
        shifts = beyond + np.rint(slope * steps).astype(np.intp)
        count = _sums_along(inside, shifts)
        sums = _sums_along(dark, shifts)
        share = np.where(count > columns / 2, sums / np.maximum(count, 1), 0)
        better = share > best
        best[better] = share[better]
        slopes[better] = slope
    # Noise is everywhere: a line must stand out from the rows around.
    typical = float(np.median(best))
    least = max(_SEEN, typical + (1 - typical) * 0.4)
    peaks = (best >= least) & (best == ndimage.maximum_filter1d(best, 5))
    runs, count = ndimage.label(ndimage.binary_closing(peaks, iterations=1))
    # A line is equally clear in two or three rows: take the middle one.
    found = [int(np.median(np.flatnonzero((runs == run) & peaks))) for run in range(1, count + 1)]
    if len(found) < _GRID:
        found = [row for row in found if _reaches_both_edges(seen, row, float(slopes[row]))]
    if len(found) > _MAX_LINES:
        return []
    middle = (ink.shape[1] - 1) / 2
    return [
        ((row + 0.5) * factor - 0.5 - float(slopes[row]) * middle, float(slopes[row]))
        for row in found
    ]


def _running_sums(plane: Floats, beyond: int) -> npt.NDArray[np.int32]:
    """Sum a plane of zeros and ones along its rows, with so many empty rows around it.

    Returned are, for each column and distance downward from the first of these rows, the sums up to
    that column in as many rows as the plane has.
    """
    padded = np.pad(plane.T, ((1, 0), (beyond, beyond)))
    sums = np.cumsum(padded, axis=0, dtype=np.int32)
    return np.lib.stride_tricks.sliding_window_view(sums, len(plane), axis=1)


def _sums_along(
    running: npt.NDArray[np.int32],
    shifts: npt.NDArray[np.intp],
) -> npt.NDArray[np.int64]:
    """Sum along a line that is shifted downward by so much in each column, for each row.

    A nearly level line consists of few steps, each within one row.
    """
    starts = np.flatnonzero(np.diff(shifts, prepend=-1))
    ends = np.append(starts[1:], len(shifts))
    steps = shifts[starts]
    sums: npt.NDArray[np.int64] = (running[ends, steps] - running[starts, steps]).sum(axis=0)
    return sums


def _reaches_both_edges(seen: Floats, row: int, slope: float) -> bool:
    rows, columns = seen.shape
    places = np.arange(columns)
    line = np.rint(row + slope * (places - (columns - 1) / 2)).astype(np.intp)
    along = seen[np.clip(line, 0, rows - 1), places][(line >= 0) & (line < rows)]
    end = max(1, round(len(along) * _END))
    return float(np.mean(along[:end])) > 0.5 and float(np.mean(along[-end:])) > 0.5


def _line_width(ink: Floats) -> int:
    return max(2, round(max(ink.shape) * _MAX_WIDTH))


def _opened_across(ink: Floats, lines: list[tuple[float, float]]) -> Floats:
    """Within lines, replace ink by its opening across the line."""
    from scipy import ndimage

    columns = np.arange(ink.shape[1])
    reach = _line_width(ink)
    places = [
        np.rint(start + slope * columns)[None] + np.arange(-reach, reach + 1)[:, None]
        for start, slope in lines
    ]
    half = _half_width(ink, places, reach)
    opened = ndimage.grey_opening(ink, size=(2 * half + 1, 1), mode="constant")
    result = ink.copy()
    for place in places:
        rows = place[max(0, reach - half - 1) : reach + half + 2].astype(np.intp)
        across = np.broadcast_to(columns, rows.shape)
        inside = (rows >= 0) & (rows < ink.shape[0])
        result[rows[inside], across[inside]] = opened[rows[inside], across[inside]]
    return result


def _half_width(ink: Floats, places: list[Doubles], reach: int) -> int:
    """Return half of the lines' width, in whole pixels; medians ignore the strokes across."""
    last = ink.shape[0] - 1
    columns = np.arange(ink.shape[1])
    profiles = [
        np.median(ink[np.clip(place, 0, last).astype(np.intp), columns], axis=1) for place in places
    ]
    profile = np.median(profiles, axis=0)
    profile = profile - float(np.min(profile))
    wide = np.flatnonzero(profile > float(np.max(profile)) / 3)
    half = np.abs(wide - reach).max(initial=1)
    return int(min(half, reach))
