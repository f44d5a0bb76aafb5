"""Find the sheet of paper on a photograph that shows the table around it, too."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.pictures.threshold import border, otsu_threshold

Float = npt.NDArray[np.float32]

#: The surroundings cover at least this part of the picture's border …
_RIM = 0.55
#: … and the sheet this part of the picture, and of the box around it.
_AREA, _FILLED = 0.25, 0.7
#: The edge of a sheet is sharp: within a few pixels the light changes by this part of the whole
#: difference. The edge of a lamp's light or of a shadow is not.
_SHARP = 0.6
#: … and that difference is at least this, in logarithms.
_CONTRAST = 0.4
_REACH = 2


def surroundings(coarse: Float) -> npt.NDArray[np.bool_] | None:
    """Return which pixels lie beside the sheet or on its edge.

    Parameters
    ----------
    coarse : numpy.ndarray, float32, shape (H, W)
        Logarithm of the light, on a picture of about 100 pixels.

    Returns
    -------
    numpy.ndarray, bool, shape (H, W), or None
        None if there is no sheet with something around it.
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
    """Give pixels outside the value of the nearest pixel that is not."""
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
