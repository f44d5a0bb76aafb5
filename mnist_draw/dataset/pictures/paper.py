"""What surrounds the ink on a photograph: a threshold to it, the sheet's edge, ruled lines.

A line of ruled or squared paper is thin, straight and crosses the picture; no stroke of a pen is
for long. Lines are found as in P. Hough's transform: for each slope, the picture is sheared until
lines of that slope lie along its rows, and the rows that are dark from edge to edge are lines.
Within a line, only ink that continues beside it is kept: the strokes that cross it or run along it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Kind = TypeVar("Kind", bound=np.generic)

Float = npt.NDArray[np.float32]

_BINS = 256
#: The surroundings of a sheet cover at least this part of the picture's border …
_RIM = 0.55
#: … and the sheet this part of the picture, and of the box around it.
_AREA, _FILLED = 0.25, 0.7
#: The edge of a sheet is sharp: within a few pixels the light changes by this part of the whole
#: difference. The edge of a lamp's light or of a shadow does not.
_SHARP = 0.6
#: … and that difference is at least this, in logarithms.
_CONTRAST = 0.4
_REACH = 2
#: Pictures with shorter sides hold no lines that could be told from strokes.
_MIN_SIDE = 120
#: Lines are searched on a picture reduced to about this side.
_COARSE_SIDE = 420
#: Lines are at most this wide, as a part of the picture's longer side.
_WIDEST = 1 / 90
#: Slopes of lines: the camera may be held askew by some degrees.
_SLOPES = np.linspace(-0.09, 0.09, 37)
#: A line is visible along at least this part of the picture.
_SEEN = 0.65
#: Ink fainter than this part of the strongest is ignored.
_FAINTEST = 0.08
_MAX_LINES = 80
#: Fewer lines than this must reach the picture's edges: a long stroke of a thin pen does not.
_GRID = 5
#: … there, in the outermost part of this size, at least half of the line is seen.
_END = 0.06


def border(plane: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    """Return the values along the picture's four edges."""
    return np.concatenate([plane[0], plane[-1], plane[1:-1, 0], plane[1:-1, -1]])


def otsu_threshold(values: npt.NDArray[Any]) -> float:
    """Return the threshold between two classes of values, 0 to 1, of any shape.

    N. Otsu, "A threshold selection method from gray-level histograms", 1979: the variance
    between the two classes is greatest. Of equally good thresholds (between two separate peaks)
    the middle one is returned.
    """
    counts, edges = np.histogram(values, bins=_BINS, range=(0, 1))
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


def surroundings(coarse: Float) -> npt.NDArray[np.bool_] | None:
    """Return the mask (H, W) of pixels beside the sheet or on its edge; None without a sheet.

    `coarse` is the logarithm of the light, float32 (H, W), on a picture of about 100 pixels.
    """
    from scipy import ndimage

    low, high = float(np.min(coarse)), float(np.max(coarse))
    if high - low < _CONTRAST:
        return None
    middle = low + (high - low) * otsu_threshold((coarse - low) / (high - low))
    dark = coarse < middle
    for other in (dark, ~dark):
        beside = _from_the_rim(other)
        rim = border(beside)
        sheet = ndimage.binary_fill_holes(~beside)
        sheet = _largest(sheet)
        if float(np.mean(rim)) < _RIM or not sheet.any() or float(np.mean(sheet)) < _AREA:
            continue
        rows, columns = np.flatnonzero(sheet.any(axis=1)), np.flatnonzero(sheet.any(axis=0))
        box = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
        if np.count_nonzero(sheet) < _FILLED * box:
            continue
        inner = ndimage.binary_erosion(sheet, iterations=_REACH, border_value=1)
        outer = ndimage.binary_dilation(sheet, iterations=_REACH)
        near = inner & ~ndimage.binary_erosion(inner, iterations=_REACH, border_value=1)
        far = ndimage.binary_dilation(outer, iterations=_REACH) & ~outer
        if not near.any() or not far.any() or outer.all():
            continue
        jump = abs(float(np.median(coarse[near])) - float(np.median(coarse[far])))
        whole = abs(float(np.median(coarse[inner])) - float(np.median(coarse[~outer])))
        if whole >= _CONTRAST and jump >= _SHARP * whole:
            beside_or_edge: npt.NDArray[np.bool_] = ~inner
            return beside_or_edge
    return None


def continued(plane: Float, outside: npt.NDArray[np.bool_]) -> Float:
    """Fill pixels outside with the value of the nearest pixel inside."""
    from scipy import ndimage

    places = ndimage.distance_transform_edt(outside, return_distances=False, return_indices=True)
    result: Float = plane[tuple(places)]
    return result


def _from_the_rim(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Keep the parts that touch the picture's border."""
    from scipy import ndimage

    parts, _ = ndimage.label(mask)
    touching = np.unique(border(parts))
    kept: npt.NDArray[np.bool_] = np.isin(parts, touching[touching > 0])
    return kept


def _largest(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    from scipy import ndimage

    parts, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    largest: npt.NDArray[np.bool_] = parts == int(np.argmax(sizes))
    return largest


@dataclass(frozen=True)
class RuledLine:
    """A line of the paper, nearly along the rows, in pixels."""

    start: float
    slope: float


def without_lines(ink: Float) -> Float:
    """Remove the lines of the paper from ink, float32 (H, W), 0 to 1.

    The same array is returned if there are no lines.
    """
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


def find_lines(ink: Float) -> list[RuledLine]:
    """Find the lines that cross a picture nearly along its rows."""
    from scipy import ndimage

    factor = max(1, round(max(ink.shape) / _COARSE_SIDE))
    # The strongest of each block: averaging would fade lines that are one pixel wide.
    rows, columns = ink.shape[0] // factor, ink.shape[1] // factor
    blocks = ink[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
    coarse = blocks.max(axis=(1, 3)) if factor > 1 else ink
    thickest = _line_width(coarse) + 1
    # What is wider than a line, across, is none: strokes of a pen, shadows.
    thin = coarse - ndimage.grey_opening(coarse, size=(thickest, 1), mode="nearest")
    seen = (thin > _FAINTEST).astype(np.float32)
    best = np.zeros(rows, np.float32)
    slopes = np.zeros(rows, np.float32)
    steps = np.arange(columns) - (columns - 1) / 2
    places = np.arange(rows)[:, None]
    # A line that is slightly bent or between two slopes is spread over neighbouring rows.
    seen = ndimage.maximum_filter1d(seen, 3, axis=0)
    for slope in _SLOPES:
        sheared = places + np.rint(slope * steps).astype(np.intp)
        inside = (sheared >= 0) & (sheared < rows)
        values = seen[np.clip(sheared, 0, rows - 1), np.arange(columns)] * inside
        count = inside.sum(axis=1)
        share = np.where(count > columns / 2, values.sum(axis=1) / np.maximum(count, 1), 0)
        better = share > best
        best[better], slopes[better] = share[better], slope
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
        RuledLine((row + 0.5) * factor - 0.5 - float(slopes[row]) * middle, float(slopes[row]))
        for row in found
    ]


def _reaches_both_edges(seen: Float, row: int, slope: float) -> bool:
    rows, columns = seen.shape
    places = np.arange(columns)
    line = np.rint(row + slope * (places - (columns - 1) / 2)).astype(np.intp)
    along = seen[np.clip(line, 0, rows - 1), places][(line >= 0) & (line < rows)]
    end = max(1, round(len(along) * _END))
    return float(np.mean(along[:end])) > 0.5 and float(np.mean(along[-end:])) > 0.5


def _line_width(ink: Float) -> int:
    width: int = max(2, round(max(ink.shape) * _WIDEST))
    return width


def _opened_across(ink: Float, lines: list[RuledLine]) -> Float:
    """Within lines, replace ink by its opening across the line."""
    from scipy import ndimage

    columns = np.arange(ink.shape[1])
    reach = _line_width(ink)
    places = [
        np.rint(line.start + line.slope * columns)[None] + np.arange(-reach, reach + 1)[:, None]
        for line in lines
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


def _half_width(ink: Float, places: list[npt.NDArray[np.float64]], reach: int) -> int:
    """Return half of the lines' width, in whole pixels.

    The median along a line ignores the strokes that cross it.
    """
    last = ink.shape[0] - 1
    columns = np.arange(ink.shape[1])
    profiles = [
        np.median(ink[np.clip(place, 0, last).astype(np.intp), columns], axis=1) for place in places
    ]
    profile = np.median(profiles, axis=0)
    profile = profile - float(np.min(profile))
    wide = np.flatnonzero(profile > float(np.max(profile)) / 3)
    half = int(np.max(np.abs(wide - reach))) if len(wide) else 1
    return min(max(half, 1), reach)
